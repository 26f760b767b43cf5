//! MCP over a child's standard input and output: one JSON-RPC message per line (specification, basic/transports).

mod outbox;
mod parse;

use std::{
    collections::{HashSet, VecDeque},
    fmt,
};

use futures::{
    FutureExt,
    future::{BoxFuture, Fuse},
};
use rmcp::{
    RoleClient,
    model::{ClientJsonRpcMessage, ClientNotification, ClientRequest, RequestId, ServerJsonRpcMessage},
    transport::Transport,
};
use tokio::process::ChildStdout;

use self::outbox::Outbox;
use super::{LineReader, MAX_MESSAGE, broken, lines::Line};
use crate::{
    connection::{ConnectError, Surroundings},
    log::ServerLog,
    process::{Child, Ended, Pipes, Why},
    resolve::ResolvedCommand,
};

/// Why a message could not be sent.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StdioError {
    #[error("the server closed its input")]
    Closed,
    #[error("the server does not read its input")]
    Stuck,
    #[error("the message could not be written as JSON: {0}")]
    Unwritable(String),
}

/// A session with a child process, which ends with it.
pub(crate) struct StdioTransport {
    child: Child,
    outbox: Outbox,
    lines: LineReader<ChildStdout>,
    log: ServerLog,
    /// The tools/call requests that wait for an answer: those are read by their own type, which is many times faster.
    calls: HashSet<RequestId>,
    /// The rest of a batch.
    received: VecDeque<ServerJsonRpcMessage>,
    /// A line that is no message was warned of: once is enough.
    warned: bool,
    /// A message came.
    answered: bool,
    ended: Fuse<BoxFuture<'static, Ended>>,
}

impl StdioTransport {
    /// Starts the child.
    pub(crate) fn start(
        command: &ResolvedCommand,
        surroundings: &Surroundings,
    ) -> Result<Self, ConnectError> {
        let (child, Pipes { input, output }) = Child::start(command, surroundings)?;
        let outbox = Outbox::default();
        surroundings.tracker.spawn(outbox.clone().write_to(input, child.stopping()));
        Ok(Self {
            ended: child.ended().boxed().fuse(),
            child,
            outbox,
            lines: LineReader::new(output, MAX_MESSAGE),
            log: surroundings.log.clone(),
            calls: HashSet::new(),
            received: VecDeque::new(),
            warned: false,
            answered: false,
        })
    }

    /// The child process.
    pub(crate) fn child(&self) -> &Child {
        &self.child
    }

    fn note_sent(&mut self, message: &ClientJsonRpcMessage) {
        match message {
            ClientJsonRpcMessage::Request(request)
                if matches!(request.request, ClientRequest::CallToolRequest(_)) =>
            {
                self.calls.insert(request.id.clone());
            }
            ClientJsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.calls.remove(id);
                }
            }
            _ => {}
        }
    }

    /// Reads a line. What is no message goes to the log, and the session goes on.
    fn read(&mut self, line: &Line) {
        if line.dropped > 0 {
            let size = line.bytes.len() + line.dropped;
            self.log.push(&format!("a line of {size} bytes on stdout was too long and was left out"));
            self.received.extend(broken::instead_of_oversized(&line.bytes, &line.end, size, MAX_MESSAGE));
            return;
        }
        if line.bytes.trim_ascii().is_empty() {
            return;
        }
        if let Err(error) = parse::line(&line.bytes, &mut self.calls, &mut self.received) {
            if let Some((id, mut error)) = broken::instead_of(&line.bytes, &error) {
                error.message = self.log.redact(&error.message).into_owned().into();
                self.calls.remove(&id);
                self.received.push_back(broken::message(id, error));
            }
            let beginning = &line.bytes[..line.bytes.len().min(1000)];
            let kind = if line.cut { "half a message" } else { "no MCP message" };
            let text = String::from_utf8_lossy(beginning);
            let error = self.log.redact(&error.to_string()).into_owned();
            tracing::debug!(error, "a line on stdout is no message");
            self.log.push(&format!("{kind} on stdout: {text}"));
            if !line.cut && !std::mem::replace(&mut self.warned, true) {
                self.log.warn_of_stray(&text);
                if self.answered {
                    self.log.answered();
                }
            }
        } else if !std::mem::replace(&mut self.answered, true) {
            self.log.answered();
        }
    }
}

impl fmt::Debug for StdioTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdioTransport").field("child", &self.child).finish_non_exhaustive()
    }
}

impl Transport<RoleClient> for StdioTransport {
    type Error = StdioError;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), StdioError>> + Send + 'static {
        self.note_sent(&message);
        let pushed = self.outbox.push(&message);
        if matches!(pushed, Err(StdioError::Closed)) {
            self.child.note_closed();
        }
        std::future::ready(pushed)
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            if let Some(message) = self.received.pop_front() {
                return Some(message);
            }
            let line = tokio::select! {
                biased;
                line = self.lines.next() => line,
                // Something that we could not end may still hold the pipe open.
                _ = &mut self.ended => None,
            };
            let Some(line) = line else {
                // Told at once: a handshake that fails of it drops us.
                self.child.note_closed();
                return None;
            };
            self.read(&line);
        }
    }

    async fn close(&mut self) -> Result<(), StdioError> {
        self.child.stop(Why::Unneeded);
        self.child.ended().await;
        Ok(())
    }
}
