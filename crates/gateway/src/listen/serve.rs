use std::{io, net::SocketAddr, time::Duration};

use axum::Router;
use axum_server::{Handle, Server, accept::NoDelayAcceptor, tls_rustls::RustlsAcceptor};
use hyper_util::rt::TokioTimer;
use tokio_util::task::TaskTracker;

use super::{
    Bound, TlsIdentity,
    door::{Door, Peer},
    preface::PrefaceAcceptor,
};

/// Listeners that are being served.
#[derive(Debug)]
pub(crate) struct Listening {
    handle: Handle<Peer>,
    tasks: TaskTracker,
}

impl Bound {
    /// Serves `app` on every address, with the caller's address as `ConnectInfo`. A caller has `patience` to send the
    /// head of a request, the first or the next one; a silent one would hold its socket for ever.
    ///
    /// # Errors
    /// The runtime takes no more sockets.
    pub(crate) fn serve(
        self,
        app: &Router,
        tls: Option<&TlsIdentity>,
        patience: Duration,
    ) -> io::Result<Listening> {
        let listening = Listening { handle: Handle::new(), tasks: TaskTracker::new() };
        for listener in self.listeners {
            let mut server =
                Server::<Peer>::from_listener(Door::new(listener)?).handle(listening.handle.clone());
            let http = server.http_builder();
            http.http1().timer(TokioTimer::new()).header_read_timeout(patience);
            // There the idle are asked whether they are still there.
            http.http2().timer(TokioTimer::new()).keep_alive_interval(patience).keep_alive_timeout(patience);
            let app = app.clone().into_make_service_with_connect_info::<SocketAddr>();
            // Small answers must not wait for Nagle's algorithm.
            let plain = NoDelayAcceptor::new();
            match tls {
                None => listening.track(server.acceptor(PrefaceAcceptor::new(plain, patience)).serve(app)),
                Some(tls) => {
                    let acceptor =
                        RustlsAcceptor::new(tls.config()).handshake_timeout(patience).acceptor(plain);
                    listening.track(server.acceptor(PrefaceAcceptor::new(acceptor, patience)).serve(app));
                }
            }
        }
        listening.tasks.close();
        Ok(listening)
    }
}

impl Listening {
    /// How long a caller may take to send the head of a request.
    pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::*;

    /// All that a listener which waits as short as can be says to who sends `text` and no more.
    async fn heard(text: &str) -> String {
        let bound = Bound::new(&[Ipv4Addr::LOCALHOST.into()], 0, None).expect("a free port");
        let mut socket = TcpStream::connect(bound.addresses()[0]).await.expect("a connection");
        // What it sends is there before anyone waits for it.
        socket.write_all(text.as_bytes()).await.expect("the system takes it");
        let app = Router::new().fallback(|| async { "here" });
        let listening = bound.serve(&app, None, Duration::from_millis(1)).expect("served");
        let mut heard = Vec::new();
        // Until the other side ends the connection, which it never did without a limit.
        socket.read_to_end(&mut heard).await.expect("the connection is not reset");
        listening.close(Duration::ZERO).await;
        String::from_utf8_lossy(&heard).into_owned()
    }

    #[tokio::test]
    async fn who_stays_silent_is_left() {
        for silent in ["", "P", "PRI * HTTP/2.0\r\n", "G", "GET / HTTP/1.1\r\nHost: local"] {
            let heard = heard(silent).await;
            assert!(!heard.contains("here"), "{silent:?}: {heard}");
        }
    }

    #[tokio::test]
    async fn who_asks_is_answered_and_left_when_no_other_request_follows() {
        let heard = heard("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert!(heard.ends_with("here"), "{heard}");
    }
}
