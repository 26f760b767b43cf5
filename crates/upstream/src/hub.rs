use std::sync::Arc;

use rmcp::model::{CallToolResult, JsonObject};
use tokio::sync::watch;
use traygate_config::Config;

use crate::{CallContext, CallError, Catalogue, Environment};

/// All MCP servers of one config file. The one writer of the [`Catalogue`]; everyone else reads snapshots.
#[derive(Debug, Clone)]
pub struct Hub {}

impl Hub {
    /// Starts empty. Call inside a tokio runtime.
    pub fn new(environment: Environment) -> Self {
        let _ = environment;
        Self {}
    }

    /// Brings the running servers in line with `config`: starts new ones, stops removed ones, restarts changed ones,
    /// and leaves the others, their processes and sessions alone. Returns at once; starting goes on behind it.
    pub fn apply(&self, config: &Config) {
        let _ = config;
    }

    /// The current catalogue. Cheap: one atomic load.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::default()
    }

    /// Tells of every new catalogue revision.
    pub fn revisions(&self) -> watch::Receiver<u64> {
        watch::channel(0).1
    }

    /// Calls a tool. Dropping the future cancels the call at the server (`notifications/cancelled`).
    ///
    /// # Errors
    /// [`CallError`]. A call that may have run is never repeated.
    pub async fn call(
        &self,
        server: &str,
        tool: &str,
        arguments: JsonObject,
        context: CallContext,
    ) -> Result<CallToolResult, CallError> {
        let _ = (server, tool, arguments, context);
        std::future::ready(Err(CallError::UnknownServer)).await
    }

    /// The last lines of a server's log: its stderr and what became of its connection.
    pub fn log(&self, server: &str) -> Vec<Arc<str>> {
        let _ = server;
        Vec::new()
    }

    /// Stops and starts one server again; `false` if there is none of this name.
    pub fn restart(&self, server: &str) -> bool {
        let _ = server;
        false
    }

    /// Ends every connection and child process, grandchildren included, within 5 s.
    pub async fn shutdown(&self) {
        std::future::ready(()).await;
    }
}
