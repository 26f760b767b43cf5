//! Sessions with scripted servers: a child process, an HTTP server on a random port, one in memory.

mod broken;
mod direct;
mod http;
mod shortcut;
mod sign_in;
#[cfg(unix)]
mod stdio;

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::*;
use crate::resolve::{ResolvedCommand, ResolvedHttp, ResolvedUpstream};

/// Longer than any answer takes.
const LONG: Duration = Duration::from_mins(1);

fn surroundings() -> Surroundings {
    Surroundings {
        tracker: TaskTracker::new(),
        log: ServerLog::default(),
        era: None,
        elicitation: Elicitation::default(),
        guardian: Guardian::new(Some("true".into())),
    }
}

async fn open_session(
    upstream: ResolvedUpstream,
    surroundings: &Surroundings,
) -> Result<Connection, ConnectError> {
    open::open(&upstream, surroundings).await
}

async fn call(connection: &Connection, tool: &str, arguments: Value) -> Result<CallToolResult, CallError> {
    call_within(connection, tool, arguments, LONG).await
}

fn limits(silence: Duration) -> Limits {
    Limits { silence, farewell: failure::FAREWELL }
}

async fn call_within(
    connection: &Connection,
    tool: &str,
    arguments: Value,
    limit: Duration,
) -> Result<CallToolResult, CallError> {
    let Value::Object(arguments) = arguments else { panic!("no object: {arguments}") };
    connection.call(tool, arguments, CallContext::default(), limits(limit)).await
}

fn text(result: &CallToolResult) -> &str {
    &result.content[0].as_text().unwrap().text
}
