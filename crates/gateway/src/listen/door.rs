use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use axum::extract::connect_info::Connected;
use axum_server::{AddrListener, Address};
use tokio::net::{TcpListener, TcpStream};

/// A listener that says when it cannot let anyone in.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    /// Whether that was said since the last connection.
    is_blocked: AtomicBool,
}

/// The address of a caller, or of a [`Door`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(SocketAddr);

impl Door {
    /// # Errors
    /// The runtime takes no more sockets.
    pub(super) fn new(listener: std::net::TcpListener) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::from_std(listener)?, is_blocked: AtomicBool::new(false) })
    }
}

impl Address for Peer {
    type Stream = TcpStream;
    type Listener = Door;
}

impl AddrListener<TcpStream, Peer> for Door {
    async fn bind_to(Peer(address): Peer) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, is_blocked: AtomicBool::new(false) })
    }

    async fn accept_stream(&self) -> io::Result<(TcpStream, Peer)> {
        match self.listener.accept().await {
            Ok((stream, peer)) => {
                self.is_blocked.store(false, Relaxed);
                Ok((stream, Peer(peer)))
            }
            Err(error) => {
                // Those who left before they were let in are nobody's trouble.
                let left =
                    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset);
                if !left && !self.is_blocked.swap(true, Relaxed) {
                    tracing::warn!(
                        "callers wait, since no connection can be accepted: {error}. Where too many files are \
                         open, close connections or raise the limit (`ulimit -n`)."
                    );
                }
                Err(error)
            }
        }
    }

    fn get_local_addr(&self) -> io::Result<Peer> {
        self.listener.local_addr().map(Peer)
    }
}

impl Connected<Peer> for SocketAddr {
    fn connect_info(Peer(address): Peer) -> Self {
        address
    }
}
