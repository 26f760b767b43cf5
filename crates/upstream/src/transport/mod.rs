//! What carries JSON-RPC messages to a server and back, behind rmcp's `Transport` trait.

mod broken;
mod direct;
mod http;
mod lines;
mod sse;
mod stdio;
mod task_support;

pub(crate) use direct::pair;
pub(crate) use http::{
    CallHeaders, HttpClient, HttpError, ShortcutError, speaks_of_session, streamable, words,
};
pub(crate) use lines::LineReader;
pub(crate) use sse::{SseTransport, SseTransportError};
pub(crate) use stdio::{StdioError, StdioTransport};
pub(crate) use task_support::{is_task_only, runs_tasks};

/// The largest message that is accepted from a server, in bytes.
const MAX_MESSAGE: usize = 64 * 1024 * 1024;
