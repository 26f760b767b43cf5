//! One live MCP session with one server, whatever the transport: opened, listed, called, watched, closed.

use std::sync::Arc;

use rmcp::model::{CallToolResult, JsonObject, Tool};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::{CallContext, CallError, ServerInfo, log::ServerLog, resolve::ResolvedServer};

/// How a session begins; remembered per server, so that a silent stdio server is probed only once
/// (specification 2026-07-28, basic/lifecycle: era detection).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Era {
    /// `initialize`, revisions 2024-11-05 to 2025-11-25.
    Initialize,
    /// `server/discover`, revision 2026-07-28 and later.
    Discover,
}

/// What a connection needs besides its server.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// Where its tasks run.
    pub(crate) tracker: TaskTracker,
    /// Where its stderr and what becomes of it are kept.
    pub(crate) log: ServerLog,
    /// The era of its last good session.
    pub(crate) era: Option<Era>,
}

/// Why no session came about.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ConnectError {
    /// 401, or 403 with a challenge. Holds the first WWW-Authenticate value; empty for a bare 401.
    #[error("it needs sign-in")]
    SignInNeeded { challenge: Arc<str> },
    /// Trying again cannot help before something outside changes: command not found, URL malformed.
    #[error("{0}")]
    Permanent(Arc<str>),
    /// Worth another try.
    #[error("{0}")]
    Transient(Arc<str>),
}

/// One live session. Shared by all calls; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Connection {}

impl Connection {
    /// Starts the process or connects, and shakes hands. The caller bounds the time by dropping the future, which
    /// leaves no child process behind.
    pub(crate) async fn open(
        server: &ResolvedServer,
        surroundings: Surroundings,
    ) -> Result<Self, ConnectError> {
        let _ = (server, surroundings);
        std::future::ready(Err(ConnectError::Permanent("".into()))).await
    }

    /// The era that worked.
    pub(crate) fn era(&self) -> Era {
        Era::Initialize
    }

    /// What the server says of itself.
    pub(crate) fn info(&self) -> ServerInfo {
        ServerInfo::default()
    }

    /// All pages of tools/list, bounded in pages and tools, cursor loops ended.
    pub(crate) async fn list_tools(&self) -> Result<Vec<Tool>, CallError> {
        std::future::ready(Ok(Vec::new())).await
    }

    /// Changes when the server says that its tools changed, in both eras.
    pub(crate) fn tool_changes(&self) -> watch::Receiver<u64> {
        watch::channel(0).1
    }

    /// Calls a tool. `timeout` starts anew with each progress notification; dropping the future cancels upstream.
    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: JsonObject,
        context: CallContext,
        timeout: std::time::Duration,
    ) -> Result<CallToolResult, CallError> {
        let _ = (tool, arguments, context, timeout);
        std::future::ready(Err(CallError::SignInNeeded)).await
    }

    /// Waits for the end of the session, and says why it ended.
    pub(crate) async fn closed(&self) -> Arc<str> {
        std::future::pending().await
    }

    /// Ends the session: a child gets the end of its input, then SIGTERM, then SIGKILL, its whole process group and
    /// every descendant that left the group, within 3 s.
    pub(crate) async fn close(&self) {
        std::future::ready(()).await;
    }
}
