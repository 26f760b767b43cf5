//! Why a call gave no result, as the caller gets told.

use std::time::Duration;

use http::StatusCode;
use rmcp::model::{ErrorCode, ErrorData};
use serde_json::Value;
use traygate_upstream::{CallError, ServerSnapshot, tool_count};

use crate::http::{document::is_documented, problem::Problem};

/// When to come back where nothing better is known.
const SOON: Duration = Duration::from_secs(2);
/// When to come back where only a change of the config file helps.
const LATER: Duration = Duration::from_mins(1);

pub(super) fn problem(server: &ServerSnapshot, tool: &str, error: CallError) -> Problem {
    let name = &server.name;
    match error {
        CallError::UnknownServer => Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-server",
            format!("There is no server `{name}` any more."),
        ),
        CallError::Unavailable { reason, retry_after } => not_available(&reason, retry_after.unwrap_or(SOON)),
        CallError::SignInNeeded => sign_in_required(server),
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

fn sign_in_required(server: &ServerSnapshot) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "sign-in-required",
        format!("`{}` needs sign-in, which this version cannot do.", server.name),
    )
    .hint("Put a token into its `headers` in the config file.")
}

/// Why nothing is known of a server's tools yet.
pub(crate) fn unavailable(server: &ServerSnapshot) -> Problem {
    match server.unavailable() {
        Some(CallError::SignInNeeded) => sign_in_required(server).retry_after(LATER),
        Some(CallError::Unavailable { reason, retry_after }) => {
            not_available(&reason, retry_after.unwrap_or(LATER))
        }
        _ => not_available(&format!("`{}` is just becoming ready; try again.", server.name), SOON),
    }
}

/// Why there is no document of a server.
pub(crate) fn undocumented(server: &ServerSnapshot) -> Problem {
    match &server.tools {
        Some(set) if is_documented(server) => {
            let (name, tools) = (&server.name, tool_count(set.tools.len(), 0, 0));
            let reason = format!(
                "The document of `{name}` is still being made, of {tools}; try again. Its tools can be called already."
            );
            not_available(&reason, SOON)
        }
        _ => unavailable(server),
    }
}

fn not_available(reason: &str, retry_after: Duration) -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "server-unavailable", reason).retry_after(retry_after)
}
