use std::{future::Future, sync::Arc};

use rmcp::model::{CallToolResult, JsonObject};
use traygate_upstream::{CallContext, CallError, Catalogue, Hub};

/// The servers as the HTTP side needs them: a snapshot, and calls.
pub(crate) trait Upstreams: Send + Sync + 'static {
    /// What is known now. Cheap.
    fn catalogue(&self) -> Arc<Catalogue>;

    /// Calls a tool; dropping the future cancels the call.
    fn call(
        &self,
        server: &str,
        tool: &str,
        arguments: JsonObject,
        context: CallContext,
    ) -> impl Future<Output = Result<CallToolResult, CallError>> + Send;
}

impl Upstreams for Hub {
    fn catalogue(&self) -> Arc<Catalogue> {
        Self::catalogue(self)
    }

    fn call(
        &self,
        server: &str,
        tool: &str,
        arguments: JsonObject,
        context: CallContext,
    ) -> impl Future<Output = Result<CallToolResult, CallError>> + Send {
        Self::call(self, server, tool, arguments, context)
    }
}
