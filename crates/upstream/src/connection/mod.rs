//! One live MCP session with one server, whatever the transport: opened, listed, called, watched, closed.

mod call;
mod endpoint;
mod events;
mod failure;
mod handshake;
mod listing;
mod open;
mod questions;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use rmcp::{
    Peer, RoleClient,
    model::{CallToolResult, JsonObject},
};
use tokio::{sync::watch, time::timeout};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use traygate_config::Elicitation;

use self::{events::Progress, questions::Questions};
use crate::{
    CallContext, CallError, ServerInfo, catalogue::ToolList, log::ServerLog, process::Guardian,
    resolve::ResolvedServer, transport::HttpClient,
};

/// How long [`Connection::close`] waits: the ladder of a child process ends within.
const CLOSING: Duration = Duration::from_secs(3);

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
    /// What becomes of the server's questions to a person.
    pub(crate) elicitation: Elicitation,
    /// One for all children of the gateway.
    pub(crate) guardian: Guardian,
}

/// How long a call waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// For its answer, from the last sign of life on.
    pub(crate) silence: Duration,
    /// For word of how its session ended, once it is lost with it.
    pub(crate) farewell: Duration,
}

/// Why no session came about.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum ConnectError {
    /// 401, or 403 for want of scopes; its sign-in knows the challenge.
    #[error("it needs sign-in")]
    SignInNeeded,
    /// Trying again cannot help before the config changes: a URL that is none, a reference that stands for nothing.
    #[error("{0}")]
    Permanent(Arc<str>),
    /// Worth another try.
    #[error("{0}")]
    Transient(Arc<str>),
}

/// One live session. Shared by all calls; cheap to clone. Dropping the last clone ends it.
#[derive(Debug, Clone)]
pub(crate) struct Connection(Arc<Session>);

#[derive(Debug)]
struct Session {
    peer: Peer<RoleClient>,
    era: Era,
    info: ServerInfo,
    progress: Progress,
    questions: Questions,
    /// Where calls may be posted without rmcp's loops: streamable HTTP.
    shortcut: Option<HttpClient>,
    tool_changes: watch::Receiver<u64>,
    ended: watch::Receiver<Option<Arc<str>>>,
    /// Of its process: cancelled as soon as that is gone, before all that it left behind is.
    stopping: Option<CancellationToken>,
    tracker: TaskTracker,
    _end_on_drop: DropGuard,
    end: CancellationToken,
}

impl Connection {
    /// Starts the process or connects, and shakes hands. The caller bounds the time by dropping the future, which
    /// leaves no child process behind.
    pub(crate) async fn open(
        server: &ResolvedServer,
        surroundings: Surroundings,
    ) -> Result<Self, ConnectError> {
        open::open(&server.upstream, &surroundings).await
    }

    /// The era that worked.
    pub(crate) fn era(&self) -> Era {
        self.0.era
    }

    /// What the server says of itself.
    pub(crate) fn info(&self) -> ServerInfo {
        self.0.info.clone()
    }

    /// All pages of tools/list, bounded in pages, tools and bytes, cursor loops ended.
    pub(crate) async fn list_tools(&self) -> Result<ToolList, CallError> {
        listing::tools(&self.0).await
    }

    /// Changes when the server says that its tools changed, in both eras.
    pub(crate) fn tool_changes(&self) -> watch::Receiver<u64> {
        self.0.tool_changes.clone()
    }

    /// Calls a tool; dropping the future cancels upstream.
    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: JsonObject,
        context: CallContext,
        limits: Limits,
    ) -> Result<CallToolResult, CallError> {
        call::call(&self.0, tool, arguments, context, limits).await
    }

    /// Whether the session has ended, so that nothing can be sent any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.stopping.as_ref().is_some_and(CancellationToken::is_cancelled)
            || self.0.ended.borrow().is_some()
            || self.0.peer.is_transport_closed()
    }

    /// Waits for the end of the session, and says why it ended.
    pub(crate) async fn closed(&self) -> Arc<str> {
        self.0.ended().await
    }

    /// Ends the session: a child gets the end of its input, then SIGTERM, then SIGKILL, its whole process group and
    /// every descendant that left the group, within 3 s.
    pub(crate) async fn close(&self) {
        self.0.end.cancel();
        // The farewell to a slow HTTP server goes on behind it, on the tracker.
        let _ = timeout(CLOSING, self.0.ended()).await;
    }
}

impl Session {
    async fn ended(&self) -> Arc<str> {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "the session was ended".into(),
        }
    }
}
