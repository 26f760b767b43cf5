use serde_json::json;
use traygate_gateway::SignedOutStatus;

use super::sign_in::Session;
use crate::{
    args::ServeArgs,
    exit::{Exit, Problem},
    output,
};

/// `traygate sign-out SERVER`.
pub(crate) async fn sign_out(args: &ServeArgs, server: String, forget_client: bool) -> Result<Exit, Problem> {
    let session = Session::open(args, server).await?;
    let body = json!({"forget_client": forget_client});
    let answered = session.act("sign-out", &body).await.and_then(|body| Session::read(&body));
    let name = session.server().to_owned();
    session.close().await;
    output::line(said(&name, answered?, forget_client));
    Ok(Exit::Ok)
}

fn said(server: &str, SignedOutStatus { was_signed_in, revoked }: SignedOutStatus, forgot: bool) -> String {
    let client = if forgot { " Its client is forgotten." } else { "" };
    if !was_signed_in {
        return format!("`{server}` was not signed in.{client}");
    }
    let tokens = match revoked {
        Some(true) => " Its tokens were revoked.",
        Some(false) => {
            " Its tokens are deleted here, but the authorization server did not take them back: they end by themselves."
        }
        None => " Its tokens are deleted here; the authorization server offers no revocation.",
    };
    format!("Signed out of `{server}`.{tokens}{client}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_the_tokens_is_told() {
        let said =
            |was_signed_in, revoked, forgot| said("a", SignedOutStatus { was_signed_in, revoked }, forgot);
        assert_eq!(said(true, Some(true), false), "Signed out of `a`. Its tokens were revoked.");
        assert!(said(true, Some(false), true).ends_with("end by themselves. Its client is forgotten."));
        assert!(said(true, None, false).contains("no revocation"));
        assert_eq!(said(false, None, false), "`a` was not signed in.");
    }
}
