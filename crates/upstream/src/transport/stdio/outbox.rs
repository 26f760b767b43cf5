use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::ClientJsonRpcMessage;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;

use super::StdioError;

/// Unwritten bytes beyond which a server counts as stuck.
const FULL: usize = 64 * 1024 * 1024;
/// A buffer that grew beyond this is given back.
const KEEP: usize = 256 * 1024;

/// Messages on their way to a child. All that wait are written by one syscall, straight from the buffer that they were
/// serialised into. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Outbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    pending: Mutex<Pending>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    closed: bool,
}

impl Outbox {
    /// Serialises a message behind those that wait.
    pub(super) fn push(&self, message: &ClientJsonRpcMessage) -> Result<(), StdioError> {
        let mut pending = self.pending();
        if pending.closed {
            return Err(StdioError::Closed);
        }
        let before = pending.bytes.len();
        if before > FULL {
            return Err(StdioError::Stuck);
        }
        if let Err(error) = serde_json::to_writer(&mut pending.bytes, message) {
            pending.bytes.truncate(before);
            return Err(StdioError::Unwritable(error.to_string()));
        }
        pending.bytes.push(b'\n');
        drop(pending);
        if before == 0 {
            self.0.filled.notify_one();
        }
        Ok(())
    }

    /// Writes what is pushed until `stop` is cancelled or nobody reads any more, then closes `pipe` by dropping it.
    pub(super) async fn write_to(self, mut pipe: impl AsyncWrite + Unpin, stop: CancellationToken) {
        let mut batch = Vec::new();
        let broken = stop.run_until_cancelled(async {
            loop {
                self.0.filled.notified().await;
                while self.swap(&mut batch) {
                    if let Err(error) = pipe.write_all(&batch).await {
                        return error;
                    }
                    batch.clear();
                    batch.shrink_to(KEEP);
                }
            }
        });
        if let Some(error) = broken.await {
            tracing::debug!(%error, "a server's input is closed");
        }
        *self.pending() = Pending { bytes: Vec::new(), closed: true };
    }

    /// Takes all that waits, leaving the empty `batch` in its place; false if nothing waits.
    fn swap(&self, batch: &mut Vec<u8>) -> bool {
        std::mem::swap(&mut self.pending().bytes, batch);
        !batch.is_empty()
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::{ClientNotification, InitializedNotification};
    use tokio::io::{AsyncBufReadExt, BufReader};

    use super::*;

    fn message() -> ClientJsonRpcMessage {
        ClientJsonRpcMessage::notification(ClientNotification::InitializedNotification(
            InitializedNotification::default(),
        ))
    }

    #[tokio::test]
    async fn all_that_waits_is_one_write() {
        let outbox = Outbox::default();
        for _ in 0..3 {
            outbox.push(&message()).unwrap();
        }
        let written = Arc::new(Mutex::new(Vec::new()));
        let stop = CancellationToken::new();
        let writer = outbox.clone().write_to(Recorder(written.clone(), stop.clone()), stop);
        writer.await;
        let written = written.lock().unwrap();
        assert_eq!(written.len(), 1);
        assert_eq!(written[0], b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n".repeat(3));
    }

    #[tokio::test]
    async fn what_is_pushed_later_is_written_too_and_a_closed_pipe_is_told() {
        let outbox = Outbox::default();
        let (pipe, reader) = tokio::io::duplex(16);
        let tracker = tokio_util::task::TaskTracker::new();
        let writer = tracker.spawn(outbox.clone().write_to(pipe, CancellationToken::new()));
        let mut lines = BufReader::new(reader).lines();
        for _ in 0..2 {
            outbox.push(&message()).unwrap();
            assert!(lines.next_line().await.unwrap().unwrap().contains("initialized"));
        }
        drop(lines);
        outbox.push(&message()).unwrap();
        writer.await.unwrap();
        assert!(matches!(outbox.push(&message()), Err(StdioError::Closed)));
    }

    /// Keeps every write by itself and stops after the first.
    struct Recorder(Arc<Mutex<Vec<Vec<u8>>>>, CancellationToken);

    impl AsyncWrite for Recorder {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            bytes: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            self.0.lock().unwrap().push(bytes.to_vec());
            self.1.cancel();
            std::task::Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn poll_shutdown(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
    }
}
