//! `traygate sign-in SERVER`: through the running gateway, else by one that is started for it.

mod client;
mod mcpo;
mod prompt;
mod session;
mod sight;

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use traygate_auth::{Browser as _, SystemBrowser};
use traygate_gateway::{ServerStatus, SignInStatus, Signals};
use traygate_upstream::tool_count;
use url::Url;

pub(super) use self::session::Session;
use self::{client::Client, prompt::Prompt, sight::Sight};
use crate::{
    args::{FlowWord, ServeArgs},
    exit::{Exit, Problem},
    output, serve,
};

/// How often the gateway is asked how far it is.
const PACE: Duration = Duration::from_millis(300);
/// How long the server may take, once signed in, to be ready for the last line.
const READY: Duration = Duration::from_secs(20);
/// How often a person may type in a client that is not taken.
const CLIENTS: usize = 3;

/// `traygate sign-in SERVER`.
pub(crate) async fn sign_in(
    args: &ServeArgs,
    server: String,
    flow: Option<FlowWord>,
    client_id: Option<String>,
    from_mcpo: bool,
) -> Result<Exit, Problem> {
    let client = client_id.as_deref().map(Client::with_id).transpose()?;
    let mut signals = Signals::take()
        .map_err(|error| Exit::Failed.because(format!("Signals cannot be received: {error}.")))?;
    let session = tokio::select! {
        session = Session::open(args, server) => session?,
        () = signals.next() => return Err(cancelled()),
    };
    let done = tokio::select! {
        done = through(&session, flow, client, from_mcpo) => done,
        () = signals.next() => {
            session.cancel().await;
            Err(cancelled())
        }
    };
    session.close().await;
    output::line(done?);
    Ok(Exit::Ok)
}

fn cancelled() -> Problem {
    Exit::Failed.because("The sign-in was cancelled.")
}

/// Signs in, asks for a client where one is needed, and tells what came of it.
async fn through(
    session: &Session,
    flow: Option<FlowWord>,
    mut client: Option<Client>,
    from_mcpo: bool,
) -> Result<String, Problem> {
    let mut prompt = Prompt::default();
    let asks = flow.is_none() && client.is_none() && !from_mcpo && io::stdin().is_terminal();
    let from_mcpo = from_mcpo || (asks && mcpo::is_wanted(session, &mut prompt).await?);
    for asked in 0.. {
        session.act("sign-in", &request(flow, client.as_ref(), from_mcpo)).await?;
        match attempt(session, &mut prompt).await? {
            Sight::Done => break,
            Sight::Failed { reason, client_needed: true } if asked < CLIENTS && io::stdin().is_terminal() => {
                output::note(reason);
                client = Some(Client::ask(&mut prompt).await?);
            }
            Sight::Failed { reason, .. } => {
                return Err(
                    Exit::Failed.because(format!("Not signed in to `{}`: {reason}", session.server()))
                );
            }
            _ => return Err(cancelled()),
        }
    }
    ready(session).await
}

fn request(flow: Option<FlowWord>, client: Option<&Client>, from_mcpo: bool) -> Value {
    let mut request = json!({"flow": flow.map(FlowWord::word), "open": false, "mcpo": from_mcpo});
    if let Some(client) = client {
        client.add_to(&mut request);
    }
    request
}

/// Waits for the end of one sign-in, and has the person do what it needs.
async fn attempt(session: &Session, prompt: &mut Prompt) -> Result<Sight, Problem> {
    let mut shown = None;
    loop {
        let now = session.status().await?.sign_in.unwrap_or_default();
        let sight = Sight::of(&now);
        match &sight {
            Sight::Waits => {}
            Sight::Page { url, is_pasted } => {
                if shown.as_ref() != Some(url) {
                    show(session.server(), url, *is_pasted, prompt);
                    shown = Some(url.clone());
                }
            }
            Sight::Code { code, at } => {
                if shown.as_ref() != Some(code) {
                    output::note(format_args!(
                        "Open {at} on any device and type the code {code}\nWaiting for you to sign in. Ctrl-C ends this."
                    ));
                    shown = Some(code.clone());
                }
            }
            Sight::Done | Sight::Failed { .. } | Sight::Over => return Ok(sight),
        }
        tokio::select! {
            () = sleep(PACE) => {}
            pasted = prompt.next() => {
                if let Some(said) = session.paste(&pasted).await? {
                    output::note(said);
                }
            }
        }
    }
}

/// Opens the page, or shows its address where that is not to be or does not work; what the browser ended on can be pasted.
fn show(server: &str, url: &str, is_pasted: bool, prompt: &mut Prompt) {
    let parsed = Url::parse(url).ok().filter(|_| !is_pasted && serve::has_desktop());
    let opened = parsed.map(|page| {
        let variables = std::env::vars_os().collect();
        SystemBrowser::new(&variables).open(&page).map(|()| page.origin().ascii_serialization())
    });
    let is_open = matches!(opened, Some(Ok(_)));
    match opened {
        Some(Ok(origin)) => {
            output::note(format_args!(
                "Opening {origin} in your browser.\nWaiting for you to sign in. Ctrl-C ends this."
            ));
        }
        Some(Err(reason)) => {
            output::note(format_args!("No browser opened: {reason}"));
            invite(server, url);
        }
        None => invite(server, url),
    }
    // A page that opened may still end where nobody listens: in a browser of another machine.
    if !is_open || io::stdin().is_terminal() {
        prompt.listen();
    }
}

fn invite(server: &str, url: &str) {
    output::note(format_args!(
        "To sign in to `{server}`, open this address in a browser:\n\n  {url}\n\nThen paste here the address that it ends \
         on, or the code that it shows."
    ));
}

/// Waits a moment for the server, now that it has what it asked for.
async fn ready(session: &Session) -> Result<String, Problem> {
    let begun = Instant::now();
    loop {
        let status = session.status().await?;
        if let Some(SignInStatus { state, reason, .. }) = &status.sign_in
            && state == "reauth-needed"
        {
            // The server takes no token, not even this one.
            let reason = reason.as_deref().unwrap_or("The server refuses the token.");
            return Err(Exit::Failed.because(format!("Not signed in to `{}`: {reason}", session.server())));
        }
        let is_starting = matches!(status.state.as_str(), "connecting" | "sign-in-needed");
        if !is_starting || begun.elapsed() >= READY {
            return Ok(signed_in(&status));
        }
        sleep(PACE).await;
    }
}

fn signed_in(status: &ServerStatus) -> String {
    let ServerStatus { name, state, words, tools, disabled, quarantined, reason, .. } = status;
    match (state.as_str(), tools) {
        ("ready", Some(tools)) => {
            format!("Signed in to `{name}`, {}.", tool_count(*tools, *disabled, quarantined.len()))
        }
        ("ready", None) => format!("Signed in to `{name}`."),
        _ => {
            let reason = reason.as_deref().filter(|reason| !words.contains(reason));
            let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!("Signed in to `{name}`, which is not ready yet: {words}{reason}")
        }
    }
}

impl Sight {
    fn of(status: &SignInStatus) -> Self {
        let SignInStatus { state, reason, flow, url, user_code, verification_uri, .. } = status;
        let reason = || reason.clone().unwrap_or_else(|| "It gave no reason.".to_owned());
        match (state.as_str(), url, user_code.as_ref().zip(verification_uri.as_ref())) {
            ("signed-in" | "refreshing", ..) => Self::Done,
            ("failed" | "reauth-needed", ..) => {
                Self::Failed { reason: reason(), client_needed: status.client_needed }
            }
            ("step-up-needed", ..) => Self::Failed {
                reason: format!("The server wants more scopes: {}.", status.scopes.join(" ")),
                client_needed: false,
            },
            ("awaiting-redirect", Some(url), _) => {
                Self::Page { url: url.clone(), is_pasted: flow.as_deref() == Some("manual") }
            }
            ("awaiting-device", _, Some((code, at))) => Self::Code { code: code.clone(), at: at.clone() },
            _ if status.is_under_way() => Self::Waits,
            _ => Self::Over,
        }
    }
}

#[cfg(test)]
mod tests;
