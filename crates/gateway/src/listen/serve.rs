use std::{io, net::SocketAddr, time::Duration};

use axum::Router;
use axum_server::{Handle, accept::NoDelayAcceptor, tls_rustls::RustlsAcceptor};
use tokio_util::task::TaskTracker;

use super::{Bound, TlsIdentity};

/// Listeners that are being served.
#[derive(Debug)]
pub(crate) struct Listening {
    handle: Handle<SocketAddr>,
    tasks: TaskTracker,
}

impl Bound {
    /// Serves `app` on every address, with the caller's address as `ConnectInfo`.
    ///
    /// # Errors
    /// The runtime takes no more sockets.
    pub(crate) fn serve(self, app: &Router, tls: Option<&TlsIdentity>) -> io::Result<Listening> {
        let listening = Listening { handle: Handle::new(), tasks: TaskTracker::new() };
        for listener in self.listeners {
            let server = axum_server::from_tcp(listener)?.handle(listening.handle.clone());
            let app = app.clone().into_make_service_with_connect_info::<SocketAddr>();
            match tls {
                // Small answers must not wait for Nagle's algorithm.
                None => listening.track(server.acceptor(NoDelayAcceptor::new()).serve(app)),
                Some(tls) => {
                    let acceptor = RustlsAcceptor::new(tls.config()).acceptor(NoDelayAcceptor::new());
                    listening.track(server.acceptor(acceptor).serve(app));
                }
            }
        }
        listening.tasks.close();
        Ok(listening)
    }
}

impl Listening {
    /// Accepts no more, and lets running requests end for up to `grace`.
    pub(crate) async fn close(self, grace: Duration) {
        self.handle.graceful_shutdown(Some(grace));
        self.tasks.wait().await;
    }

    fn track(&self, serving: impl Future<Output = io::Result<()>> + Send + 'static) {
        self.tasks.spawn(async {
            if let Err(error) = serving.await {
                tracing::error!(%error, "a listener ended");
            }
        });
    }
}
