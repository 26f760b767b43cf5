use tokio::sync::{mpsc, oneshot};

/// What goes out beside the answer to a request.
#[derive(Debug)]
pub(crate) enum Out {
    /// One JSON-RPC message.
    Message(String),
    /// Bytes that may be no message at all; the data of one event where there is an event stream.
    Bytes(Vec<u8>),
    /// Tells when everything before it is written.
    Flush(oneshot::Sender<()>),
}

/// Where messages to one client go: its stdout, or an event stream.
#[derive(Debug, Clone)]
pub(crate) struct Outbox(mpsc::UnboundedSender<Out>);

impl Outbox {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Out>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Sends a message; `false` where the client is gone.
    pub(crate) fn send(&self, message: String) -> bool {
        self.0.send(Out::Message(message)).is_ok()
    }

    pub(crate) fn send_bytes(&self, bytes: Vec<u8>) {
        let _ = self.0.send(Out::Bytes(bytes));
    }

    /// Waits until everything sent so far is written.
    pub(crate) async fn flushed(&self) {
        let (sender, receiver) = oneshot::channel();
        let _ = self.0.send(Out::Flush(sender));
        let _ = receiver.await;
    }
}
