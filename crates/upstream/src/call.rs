use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use rmcp::model::ErrorData;

/// What comes with a call besides its arguments.
#[derive(Debug, Clone, Default)]
pub struct CallContext {
    /// The caller's headers, already filtered by the server's `client_header_forwarding`; empty for most.
    pub headers: HeaderMap,
}

/// Why a call gave no result. The gateway turns each into a status and a sentence for the model.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// No such server.
    #[error("no server has this name")]
    UnknownServer,
    /// The server is disabled, connecting, in backoff or failed; the text says which and why.
    #[error("{reason}")]
    Unavailable {
        /// One sentence.
        reason: Arc<str>,
        /// When trying again makes sense.
        retry_after: Option<Duration>,
    },
    /// The server wants a sign-in.
    #[error("this server needs sign-in")]
    SignInNeeded,
    /// No answer and no progress for the server's `timeout`.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection broke while the call ran. It may have taken effect, so it is not tried again.
    #[error("the connection was lost during the call: {0}")]
    ConnectionLost(Arc<str>),
    /// A JSON-RPC error of the server.
    #[error("{}", .0.message)]
    Rpc(ErrorData),
}
