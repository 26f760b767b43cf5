use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::task::TaskTracker;
use url::Url;

/// A way to a server that can fall silent as networks do: nothing passes any more, and nobody is told.
#[derive(Debug)]
pub struct Relay {
    url: String,
    /// How many times the connections of before have fallen silent.
    silenced: watch::Sender<u64>,
}

impl Relay {
    /// Opens one to the server at this URL.
    ///
    /// # Panics
    /// Where the URL names no address.
    pub async fn to(url: &str) -> Self {
        let mut url = Url::parse(url).expect("a URL");
        let server = url.socket_addrs(|| None).expect("an address")[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own: SocketAddr = listener.local_addr().expect("a bound socket");
        url.set_port(Some(own.port())).expect("an http URL");
        let silenced = watch::Sender::new(0);
        TaskTracker::new().spawn(accept(listener, server, silenced.subscribe()));
        Self { url: url.into(), silenced }
    }

    /// Where the server is reached through it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on nothing passes over the connections that there are, and none of them is closed. New ones work.
    pub fn silence(&self) {
        self.silenced.send_modify(|times| *times += 1);
    }
}

/// Ends with the relay.
async fn accept(listener: TcpListener, server: SocketAddr, mut silenced: watch::Receiver<u64>) {
    let connections = TaskTracker::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((caller, _)) = accepted else { return };
                connections.spawn(pass(caller, server, silenced.clone()));
            }
            changed = silenced.changed() => if changed.is_err() {
                return;
            },
        }
    }
}

async fn pass(mut caller: TcpStream, server: SocketAddr, mut silenced: watch::Receiver<u64>) {
    silenced.mark_unchanged();
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut caller, &mut server) => {}
        Ok(()) = silenced.changed() => {
            // Both stay open until the relay itself is gone.
            while silenced.changed().await.is_ok() {}
        }
    }
}
