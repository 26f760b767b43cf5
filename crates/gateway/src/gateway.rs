use std::net::SocketAddr;

use traygate_config::Diagnostic;
use traygate_upstream::Hub;

use crate::Options;

/// A running gateway: listeners, hub and config watcher.
#[derive(Debug)]
pub struct Gateway {
    hub: Hub,
    addresses: Vec<SocketAddr>,
}

/// Why a gateway could not start. Each text says what, which and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The config file cannot be read or is not valid as a whole.
    #[error("{0}")]
    Config(String),
    /// A bind beyond loopback without a key.
    #[error("{0}")]
    Unguarded(String),
    /// The port is in use; names the process where the system tells it.
    #[error("{0}")]
    Listen(String),
    /// The certificate or its key.
    #[error("{0}")]
    Tls(String),
}

impl Gateway {
    /// Opens the port first, then starts every server in the background.
    ///
    /// # Errors
    /// [`StartError`]; a server that fails is never one.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let _ = options;
        std::future::ready(Err(StartError::Config(String::new()))).await
    }

    /// The addresses it listens on, ports resolved.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The servers behind it.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// What is to be said about the config file as it stands now.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        Vec::new()
    }

    /// Stops listening, lets running calls end for a moment, ends every server: all within 5 s.
    pub async fn shutdown(self) {
        self.hub.shutdown().await;
    }
}
