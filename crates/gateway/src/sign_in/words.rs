//! What a person reads of a sign-in.

use std::{borrow::Cow, time::SystemTime};

use traygate_auth::{Flow, SignInState};
use traygate_upstream::State;

use crate::state_words;

/// A server's state together with its sign-in, in the words that a person sees.
pub fn server_words(state: &State, sign_in: Option<&SignInState>, now: SystemTime) -> String {
    let waits = !matches!(state, State::Disabled | State::Failed { .. });
    let words = sign_in.filter(|_| waits).and_then(in_words);
    words.map_or_else(|| state_words(state, now), Cow::into_owned)
}

/// What a sign-in does or wants, as far as it is more than what the server's state says.
fn in_words(sign_in: &SignInState) -> Option<Cow<'static, str>> {
    Some(match sign_in {
        SignInState::Discovering | SignInState::Registering => "Beginning to sign in".into(),
        SignInState::AwaitingRedirect(awaiting) if awaiting.flow == Flow::Manual => {
            "Waiting for the address or code to be pasted".into()
        }
        SignInState::AwaitingRedirect(_) => "Waiting for the browser".into(),
        SignInState::AwaitingDevice(code) => {
            format!("Waiting for the code {} at {}", code.user_code, code.verification_uri).into()
        }
        SignInState::Exchanging | SignInState::Storing => "Signing in".into(),
        SignInState::ReauthNeeded { reason } => format!("Sign in again: {reason}").into(),
        SignInState::StepUpNeeded { scopes } => format!("Sign in again: more permissions ({scopes})").into(),
        SignInState::SignedOut
        | SignInState::SignedIn { .. }
        | SignInState::Refreshing
        | SignInState::Failed { .. } => return None,
    })
}

/// What a person types to sign in to a server.
pub fn command(server: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | ':');
    if !server.starts_with('-') && server.chars().all(is_plain) {
        format!("traygate sign-in {server}")
    } else if server.contains('"') {
        format!("traygate sign-in -- '{server}'")
    } else {
        format!("traygate sign-in -- \"{server}\"")
    }
}

/// The line for who reads the log.
pub(super) fn need(server: &str, sign_in: &SignInState, mcpo: bool) -> String {
    let command = command(server);
    match sign_in {
        SignInState::SignedOut if mcpo => {
            let takes_over = command.replacen("sign-in", "sign-in --from-mcpo", 1);
            format!(
                "`{server}` needs sign-in, and mcpo is signed in to it: run `{takes_over}` to use that, or `{command}`"
            )
        }
        SignInState::ReauthNeeded { reason } => {
            format!("`{server}` needs a new sign-in: {} Run `{command}`", stopped(reason))
        }
        SignInState::StepUpNeeded { scopes } => {
            format!("`{server}` needs more permissions ({scopes}): run `{command}`")
        }
        SignInState::Failed { reason } => {
            format!("`{server}` needs sign-in, and the last one failed: {} Run `{command}`", stopped(reason))
        }
        _ => format!("`{server}` needs sign-in: run `{command}`"),
    }
}

/// A sentence with an end.
pub(crate) fn stopped(sentence: &str) -> Cow<'_, str> {
    let sentence = sentence.trim_end();
    if sentence.ends_with(['.', '?', '!']) { sentence.into() } else { format!("{sentence}.").into() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use traygate_auth::{Awaiting, DeviceCode, Scopes};
    use url::Url;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_sign_in_is_said_in_the_products_words() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let awaiting = |flow| {
            SignInState::AwaitingRedirect(Awaiting {
                url: url("https://as/authorize?state=x"),
                redirect_uri: url("http://127.0.0.1:8000/-/oauth/callback"),
                flow,
                until: now,
            })
        };
        let device = SignInState::AwaitingDevice(DeviceCode {
            user_code: "ABCD-EFGH".into(),
            verification_uri: url("https://as/device"),
            verification_uri_complete: None,
            until: now,
        });
        for (sign_in, words) in [
            (SignInState::SignedOut, "Needs sign-in"),
            (SignInState::Failed { reason: "Nobody came.".into() }, "Needs sign-in"),
            (SignInState::Discovering, "Beginning to sign in"),
            (awaiting(Flow::Browser), "Waiting for the browser"),
            (awaiting(Flow::Manual), "Waiting for the address or code to be pasted"),
            (device, "Waiting for the code ABCD-EFGH at https://as/device"),
            (SignInState::Exchanging, "Signing in"),
            (
                SignInState::ReauthNeeded { reason: "It was revoked.".into() },
                "Sign in again: It was revoked.",
            ),
            (
                SignInState::StepUpNeeded { scopes: Scopes::parse("repo user") },
                "Sign in again: more permissions (repo user)",
            ),
        ] {
            assert_eq!(server_words(&State::SignInNeeded, Some(&sign_in), now), words);
        }
        let signed_in = SignInState::SignedIn { scopes: Scopes::default(), expires_at: None };
        assert_eq!(server_words(&State::Ready, Some(&signed_in), now), "Ready");
        assert_eq!(server_words(&State::Ready, None, now), "Ready");
        assert_eq!(server_words(&State::Disabled, Some(&SignInState::Exchanging), now), "Disabled");
    }

    #[test]
    fn a_command_can_be_typed_as_it_stands() {
        for (server, typed) in [
            ("github", "traygate sign-in github"),
            ("my server", "traygate sign-in -- \"my server\""),
            ("-x", "traygate sign-in -- \"-x\""),
            ("a\"b", "traygate sign-in -- 'a\"b'"),
        ] {
            assert_eq!(command(server), typed);
        }
    }

    #[test]
    fn the_log_tells_what_to_run_and_why() {
        let reauth = SignInState::ReauthNeeded { reason: "The refresh token was revoked".into() };
        assert_eq!(need("a", &SignInState::SignedOut, false), "`a` needs sign-in: run `traygate sign-in a`");
        assert_eq!(
            need("a", &reauth, true),
            "`a` needs a new sign-in: The refresh token was revoked. Run `traygate sign-in a`"
        );
        assert_eq!(
            need("a b", &SignInState::SignedOut, true),
            "`a b` needs sign-in, and mcpo is signed in to it: run `traygate sign-in --from-mcpo -- \"a b\"` to use that, \
             or `traygate sign-in -- \"a b\"`"
        );
    }
}
