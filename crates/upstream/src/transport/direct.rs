//! Messages handed over in memory, for a server that lives in this process.

use std::convert::Infallible;

use rmcp::{
    RoleClient, RoleServer,
    service::{RxJsonRpcMessage, ServiceRole, TxJsonRpcMessage},
    transport::Transport,
};
use tokio::sync::mpsc;

/// One end of a session without a wire.
#[derive(Debug)]
pub(crate) struct DirectTransport<R: ServiceRole> {
    to: Option<mpsc::UnboundedSender<TxJsonRpcMessage<R>>>,
    from: mpsc::UnboundedReceiver<RxJsonRpcMessage<R>>,
}

/// The client's end and the server's.
pub(crate) fn pair() -> (DirectTransport<RoleClient>, DirectTransport<RoleServer>) {
    let (to_server, from_client) = mpsc::unbounded_channel();
    let (to_client, from_server) = mpsc::unbounded_channel();
    (
        DirectTransport { to: Some(to_server), from: from_server },
        DirectTransport { to: Some(to_client), from: from_client },
    )
}

impl<R: ServiceRole> Transport<R> for DirectTransport<R>
where
    TxJsonRpcMessage<R>: Send,
    RxJsonRpcMessage<R>: Send,
{
    type Error = Infallible;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<R>,
    ) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        if let Some(to) = &self.to {
            // A closed other end shows as the end of `receive`.
            let _ = to.send(message);
        }
        std::future::ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<R>> {
        self.from.recv().await
    }

    async fn close(&mut self) -> Result<(), Infallible> {
        self.to = None;
        self.from.close();
        std::future::ready(Ok(())).await
    }
}
