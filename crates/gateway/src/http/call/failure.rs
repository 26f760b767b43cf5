//! Why a call gave no result, as the caller gets told.

use std::time::Duration;

use http::StatusCode;
use rmcp::model::{ErrorCode, ErrorData};
use serde_json::Value;
use traygate_auth::{SignInState, SignIns};
use traygate_upstream::{CallError, ServerSnapshot, tool_count};

use crate::{
    http::{document::is_documented, problem::Problem},
    sign_in,
};

/// When to come back where nothing better is known.
const SOON: Duration = Duration::from_secs(2);
/// When to come back where only a change of the config file helps.
const LATER: Duration = Duration::from_mins(1);

pub(super) fn problem(server: &ServerSnapshot, sign_ins: &SignIns, tool: &str, error: CallError) -> Problem {
    let name = &server.name;
    match error {
        CallError::UnknownServer => Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-server",
            format!("There is no server `{name}` any more."),
        ),
        CallError::Unavailable { reason, retry_after } => not_available(&reason, retry_after.unwrap_or(SOON)),
        CallError::SignInNeeded => sign_in_required(server, sign_ins),
        CallError::Timeout(limit) => Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "timeout",
            format!("`{tool}` of `{name}` did not answer within {} s.", limit.as_secs_f64()),
        )
        .hint("Ask for less, or raise the server's `timeout` in the config file."),
        CallError::ConnectionLost(reason) => Problem::new(
            StatusCode::BAD_GATEWAY,
            "connection-lost",
            format!("The connection to `{name}` was lost while `{tool}` ran: {reason}"),
        )
        .hint("The call may have taken effect: check before calling again."),
        CallError::Rpc(error) => rpc(name.as_str(), tool, error),
    }
}

/// JSON-RPC codes become statuses as in mcpo; a timeout that the server reports is 504.
fn rpc(server: &str, tool: &str, error: ErrorData) -> Problem {
    /// What the MCP SDKs send for "request timed out": Python's 408, TypeScript's -32001.
    const TIMED_OUT: [ErrorCode; 2] = [ErrorCode(408), ErrorCode(-32001)];
    /// Specification 2025-11-25, elicitation: URL mode.
    const URL_REQUIRED: ErrorCode = ErrorCode(-32042);
    let (status, code) = match error.code {
        ErrorCode::PARSE_ERROR | ErrorCode::INVALID_REQUEST => (StatusCode::BAD_REQUEST, "rpc-error"),
        ErrorCode::METHOD_NOT_FOUND => (StatusCode::NOT_FOUND, "rpc-error"),
        ErrorCode::INVALID_PARAMS => (StatusCode::UNPROCESSABLE_ENTITY, "rpc-error"),
        code if TIMED_OUT.contains(&code) => (StatusCode::GATEWAY_TIMEOUT, "timeout"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "rpc-error"),
    };
    let mut message = if error.message.trim().is_empty() {
        format!("`{tool}` of `{server}` failed with JSON-RPC error {}.", error.code.0)
    } else {
        error.message.into_owned()
    };
    if error.code == URL_REQUIRED
        && let Some(pages) = pages(error.data.as_ref())
    {
        if !message.ends_with(['.', '!', '?', ':']) {
            message.push('.');
        }
        message = format!("{message} A person must first open {pages}, then the call can be made again.");
    }
    Problem::new(status, code, message).data(error.data)
}

/// The pages that a person is asked to open.
fn pages(data: Option<&Value>) -> Option<String> {
    let asked = data?.get("elicitations")?.as_array()?;
    let urls: Vec<&str> = asked.iter().filter_map(|one| one.get("url")?.as_str()).collect();
    (!urls.is_empty()).then(|| urls.join(" and "))
}

fn sign_in_required(server: &ServerSnapshot, sign_ins: &SignIns) -> Problem {
    let state = sign_ins.find(server.name.as_str()).map(|sign_in| sign_in.state().borrow().clone());
    let (message, hint) = sign_in_words(server.name.as_str(), state.as_ref());
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "sign-in-required", message).hint(hint)
}

/// What the model reads, and tells its user. Neither address nor code of a sign-in is in it: they are for the person at
/// this machine, and a caller may be anybody with the key.
fn sign_in_words(server: &str, state: Option<&SignInState>) -> (String, String) {
    let message = match state {
        Some(SignInState::AwaitingDevice(_)) => {
            return (
                format!("`{server}` needs sign-in, and waits for the user to type its code on a web page."),
                "Ask the user to finish it there, then call again.".to_owned(),
            );
        }
        Some(SignInState::AwaitingRedirect(_)) => {
            return (
                format!("`{server}` needs sign-in, and waits for the user in the browser."),
                "Ask the user to finish it there, then call again.".to_owned(),
            );
        }
        Some(state) if state.is_under_way() => {
            return (
                format!("`{server}` needs sign-in, which is under way."),
                "Call again in a moment.".to_owned(),
            );
        }
        Some(SignInState::ReauthNeeded { reason }) => {
            format!("`{server}` needs a new sign-in: {}", sign_in::stopped(reason))
        }
        Some(SignInState::StepUpNeeded { scopes }) => {
            format!("`{server}` needs more permissions (scopes {scopes}) before it does this.")
        }
        _ => format!("`{server}` needs sign-in before its tools can be used."),
    };
    let command = sign_in::command(server);
    (
        message,
        format!("Ask the user to sign in: `{command}`, or \"Sign in\" in Traygate's menu. Then call again."),
    )
}

/// Why nothing is known of a server's tools yet.
pub(crate) fn unavailable(server: &ServerSnapshot, sign_ins: &SignIns) -> Problem {
    match server.unavailable() {
        Some(CallError::SignInNeeded) => sign_in_required(server, sign_ins).retry_after(LATER),
        Some(CallError::Unavailable { reason, retry_after }) => {
            not_available(&reason, retry_after.unwrap_or(LATER))
        }
        _ => not_available(&format!("`{}` is just becoming ready; try again.", server.name), SOON),
    }
}

/// Why there is no document of a server.
pub(crate) fn undocumented(server: &ServerSnapshot, sign_ins: &SignIns) -> Problem {
    match &server.tools {
        Some(set) if is_documented(server) => {
            let (name, tools) = (&server.name, tool_count(set.tools.len(), 0, 0));
            let reason = format!(
                "The document of `{name}` is still being made, of {tools}; try again. Its tools can be called already."
            );
            not_available(&reason, SOON)
        }
        _ => unavailable(server, sign_ins),
    }
}

fn not_available(reason: &str, retry_after: Duration) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "server-unavailable", reason).retry_after(retry_after)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use traygate_auth::{Awaiting, DeviceCode, Flow, Scopes};
    use url::Url;

    use super::*;

    #[test]
    fn a_call_is_told_in_a_sentence_what_the_user_has_to_do() {
        let url = |text: &str| Url::parse(text).unwrap();
        let until = SystemTime::UNIX_EPOCH;
        let awaiting = SignInState::AwaitingRedirect(Awaiting {
            url: url("https://as/authorize?state=s3cret"),
            redirect_uri: url("http://127.0.0.1/-/oauth/callback"),
            flow: Flow::Browser,
            until,
        });
        let device = SignInState::AwaitingDevice(DeviceCode {
            user_code: "s3cret".into(),
            verification_uri: url("https://as/device"),
            verification_uri_complete: None,
            until,
        });
        for (state, message, typed) in [
            (None, "`a` needs sign-in before its tools can be used.", true),
            (Some(SignInState::Failed { reason: "No.".into() }), "before its tools can be used.", true),
            (
                Some(SignInState::ReauthNeeded { reason: "It ended".into() }),
                "`a` needs a new sign-in: It ended.",
                true,
            ),
            (
                Some(SignInState::StepUpNeeded { scopes: Scopes::parse("repo user") }),
                "`a` needs more permissions (scopes repo user)",
                true,
            ),
            (Some(awaiting), "waits for the user in the browser", false),
            (Some(device), "waits for the user to type its code", false),
            (Some(SignInState::Exchanging), "is under way", false),
        ] {
            let (told, hint) = sign_in_words("a", state.as_ref());
            assert!(told.contains(message), "{told}");
            assert_eq!(hint.contains("`traygate sign-in a`"), typed, "{hint}");
            assert!(!told.contains("s3cret") && !hint.contains("s3cret"), "{told} {hint}");
        }
    }
}
