//! From rmcp's errors to ours: one sentence each, without secrets.

use std::{error::Error, sync::Arc, time::Duration};

use rmcp::{ServiceError, model::ErrorData, service::ClientInitializeError};

use super::{ConnectError, Session, endpoint::Endpoint};
use crate::{
    CallError,
    transport::{HttpError, ShortcutError, SseTransportError, StdioError, words},
};

/// The part of a server's answer that is shown.
const SHOWN: usize = 300;
/// How long the end of a session may take to be explained: that of a process needs this long at most.
pub(super) const FAREWELL: Duration = Duration::from_secs(3);
/// When a token that cannot be had now is worth asking for again.
const NOT_NOW: Duration = Duration::from_secs(10);

/// Why a handshake failed. The text follows "it" or a URL: "it refused the session: ...".
pub(super) fn of_handshake(error: &ClientInitializeError, server: Option<Endpoint<'_>>) -> ConnectError {
    use ClientInitializeError as E;
    if error.is_authorization_required() || error.auth_challenge().is_some() {
        return ConnectError::SignInNeeded;
    }
    let text = match error {
        E::LegacyFallbackFailed { fallback, .. } => return of_handshake(fallback, server),
        E::TransportError { error, .. } => return of_transport(error.error.as_ref(), server),
        E::JsonRpcError(error) => format!("it refused the session: {}", cut(&error.message)),
        E::ConnectionClosed(_) => "it closed the connection during the handshake".to_owned(),
        E::NoCompatibleProtocolVersion { server_supported, .. } => {
            let versions: Vec<_> = server_supported.iter().map(ToString::to_string).collect();
            format!("it speaks no known revision of MCP, only {}", cut(&versions.join(", ")))
        }
        E::Cancelled => "the handshake was cancelled".to_owned(),
        other => format!("its answer to the handshake makes no sense: {}", cut(&other.to_string())),
    };
    ConnectError::Transient(text.into())
}

/// Why a message could not be sent.
pub(super) fn of_transport(error: &(dyn Error + 'static), server: Option<Endpoint<'_>>) -> ConnectError {
    let text = match (HttpError::in_chain(error), server) {
        (Some(HttpError::SignInNeeded), _) => return ConnectError::SignInNeeded,
        (Some(HttpError::Request(_)), Some(server)) => {
            format!("{} cannot be reached: {}", server.place(), innermost(error))
        }
        (Some(HttpError::Status { status, body }), Some(server)) => {
            server.refused(*status, words(body).as_deref())
        }
        (None, Some(server)) => match error.downcast_ref() {
            Some(SseTransportError::NoEventStream(kind)) => server.no_events(kind),
            _ => innermost(error),
        },
        _ => innermost(error),
    };
    ConnectError::Transient(cut(&text).into())
}

/// Whether a handshake failed for want of a connection or a token: another era would not help.
pub(super) fn is_unreachable(error: &ClientInitializeError) -> bool {
    http_error(error).is_some_and(HttpError::has_not_run)
}

/// Whether a handshake failed without an answer: the connection broke, or was never there.
pub(super) fn is_silence(error: &ClientInitializeError) -> bool {
    match error {
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => is_silence(fallback),
        ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. } => true,
        _ => false,
    }
}

/// The status of the HTTP answer that a handshake failed with.
pub(super) fn status(error: &ClientInitializeError) -> Option<u16> {
    match http_error(error) {
        Some(HttpError::Status { status, .. }) => Some(*status),
        _ => None,
    }
}

fn http_error(error: &ClientInitializeError) -> Option<&HttpError> {
    match error {
        ClientInitializeError::TransportError { error, .. } => HttpError::in_chain(error.error.as_ref()),
        ClientInitializeError::LegacyFallbackFailed { fallback, .. } => http_error(fallback),
        _ => None,
    }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    if let Some(error) = HttpError::in_chain(error) {
        return error.to_string();
    }
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn cut(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// Why a request on a live session failed; waits for word of its end no longer than `farewell`.
pub(super) async fn of_request(error: ServiceError, session: &Session, farewell: Duration) -> CallError {
    if error.is_authorization_required() || error.auth_challenge().is_some() {
        return CallError::SignInNeeded;
    }
    match error {
        ServiceError::McpError(error) => CallError::Rpc(error),
        ServiceError::TransportSend(error) => {
            let error = error.error.as_ref();
            if let Some(error) = HttpError::in_chain(error).filter(|error| error.has_not_run()) {
                return of_unsent(error);
            }
            if matches!(error.downcast_ref(), Some(StdioError::Closed)) {
                // Nothing was sent.
                return CallError::Unavailable {
                    reason: reason_of_end(session, farewell).await,
                    retry_after: None,
                };
            }
            CallError::ConnectionLost(cut(&innermost(error)).into())
        }
        ServiceError::TransportClosed => CallError::ConnectionLost(reason_of_end(session, farewell).await),
        ServiceError::Cancelled { reason } => {
            let reason = reason.as_deref().map_or("no reason given", |reason| reason).to_owned();
            CallError::ConnectionLost(format!("the server cancelled the request: {}", cut(&reason)).into())
        }
        other => CallError::Rpc(ErrorData::internal_error(
            format!("the server's answer makes no sense: {}", cut(&other.to_string())),
            None,
        )),
    }
}

/// Why a request never reached the server, or was refused for its sender.
fn of_unsent(error: &HttpError) -> CallError {
    match error {
        HttpError::SignInNeeded => CallError::SignInNeeded,
        HttpError::NotNow(reason) => {
            CallError::Unavailable { reason: Arc::clone(reason), retry_after: Some(NOT_NOW) }
        }
        HttpError::CallersRefused => CallError::Rpc(ErrorData::invalid_request(error.to_string(), None)),
        other => CallError::Unavailable {
            reason: format!("it cannot be reached: {}", cut(&other.to_string())).into(),
            retry_after: None,
        },
    }
}

/// Why a call that took the shortcut failed.
pub(super) fn of_shortcut(error: ShortcutError) -> CallError {
    match error {
        ShortcutError::Rpc(error) => CallError::Rpc(error),
        ShortcutError::Http(error) => of_unsent(&error),
        ShortcutError::Lost(reason) => CallError::ConnectionLost(cut(&reason).into()),
        ShortcutError::NotRun => CallError::ConnectionLost("it refused the call".into()),
    }
}

/// What the session says of its end, which follows close behind the end itself: waits at most [`FAREWELL`], and at most
/// `farewell`.
pub(super) async fn reason_of_end(session: &Session, farewell: Duration) -> Arc<str> {
    tokio::time::timeout(farewell.min(FAREWELL), session.ended())
        .await
        .unwrap_or_else(|_| "the server closed the connection".into())
}
