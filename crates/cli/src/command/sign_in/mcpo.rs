use std::time::Duration;

use tokio::time::{Instant, sleep};
use traygate_gateway::ServerStatus;

use super::{PACE, Prompt, Session};
use crate::{exit::Problem, output};

/// How long a server that is only being started is waited for: before that it is not known whether a sign-in is needed.
const START: Duration = Duration::from_secs(5);

/// Asks whether mcpo's sign-in is to be used, where there is one.
pub(super) async fn is_wanted(session: &Session, prompt: &mut Prompt) -> Result<bool, Problem> {
    if !is_offered(session).await? {
        return Ok(false);
    }
    output::note(format_args!(
        "mcpo is signed in to `{}` (~/.mcpo/tokens). Use that? [Y/n]",
        session.server()
    ));
    prompt.listen();
    Ok(prompt.line().await.is_some_and(|answer| is_yes(&answer)))
}

async fn is_offered(session: &Session) -> Result<bool, Problem> {
    let begun = Instant::now();
    loop {
        let ServerStatus { state, sign_in, .. } = session.status().await?;
        if state != "connecting" || begun.elapsed() >= START {
            return Ok(sign_in.is_some_and(|sign_in| sign_in.mcpo));
        }
        sleep(PACE).await;
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.to_lowercase().as_str(), "" | "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_answer_is_yes_and_all_but_yes_is_no() {
        assert!(["", "y", "Y", "yes"].into_iter().all(is_yes));
        assert!(!["n", "no", "N", "http://127.0.0.1/callback?code=x"].into_iter().any(is_yes));
    }
}
