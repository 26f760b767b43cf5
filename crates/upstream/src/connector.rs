//! What a supervisor asks of a connection, as traits: production opens real ones, tests script theirs.

use std::sync::Arc;

use futures::future::BoxFuture;
use rmcp::model::{CallToolResult, JsonObject};
use tokio::sync::watch;

use crate::{
    CallContext, CallError, ServerInfo,
    catalogue::ToolList,
    connection::{ConnectError, Connection, Era, Limits, Surroundings},
    resolve::ResolvedServer,
};

/// Opens sessions.
pub(crate) trait Connector: Send + Sync {
    /// See [`Connection::open`].
    fn open<'a>(
        &'a self,
        server: &'a ResolvedServer,
        surroundings: Surroundings,
    ) -> BoxFuture<'a, Result<Arc<dyn Session>, ConnectError>>;
}

/// One live session: see the methods of the same names of [`Connection`].
pub(crate) trait Session: Send + Sync {
    fn era(&self) -> Era;
    fn info(&self) -> ServerInfo;
    fn list_tools(&self) -> BoxFuture<'_, Result<ToolList, CallError>>;
    fn tool_changes(&self) -> watch::Receiver<u64>;
    fn call<'a>(
        &'a self,
        tool: &'a str,
        arguments: JsonObject,
        context: CallContext,
        limits: Limits,
    ) -> BoxFuture<'a, Result<CallToolResult, CallError>>;
    /// Whether it has ended, so that nothing can be sent any more.
    fn is_closed(&self) -> bool;
    fn closed(&self) -> BoxFuture<'_, Arc<str>>;
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The production connector: child processes and the network.
#[derive(Debug)]
pub(crate) struct LiveConnector;

impl Connector for LiveConnector {
    fn open<'a>(
        &'a self,
        server: &'a ResolvedServer,
        surroundings: Surroundings,
    ) -> BoxFuture<'a, Result<Arc<dyn Session>, ConnectError>> {
        Box::pin(async move {
            let connection = Connection::open(server, surroundings).await?;
            Ok(Arc::new(connection) as Arc<dyn Session>)
        })
    }
}

impl Session for Connection {
    fn era(&self) -> Era {
        Connection::era(self)
    }

    fn info(&self) -> ServerInfo {
        Connection::info(self)
    }

    fn list_tools(&self) -> BoxFuture<'_, Result<ToolList, CallError>> {
        Box::pin(Connection::list_tools(self))
    }

    fn tool_changes(&self) -> watch::Receiver<u64> {
        Connection::tool_changes(self)
    }

    fn call<'a>(
        &'a self,
        tool: &'a str,
        arguments: JsonObject,
        context: CallContext,
        limits: Limits,
    ) -> BoxFuture<'a, Result<CallToolResult, CallError>> {
        Box::pin(Connection::call(self, tool, arguments, context, limits))
    }

    fn is_closed(&self) -> bool {
        Connection::is_closed(self)
    }

    fn closed(&self) -> BoxFuture<'_, Arc<str>> {
        Box::pin(Connection::closed(self))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(Connection::close(self))
    }
}
