//! The one place where a [`Catalogue`] is replaced.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use indexmap::IndexMap;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use traygate_config::ServerName;

use crate::{Catalogue, ServerSnapshot, State, ToolSet};

/// Holds the current catalogue and tells of each new one.
#[derive(Debug)]
pub(crate) struct Publisher {
    current: ArcSwap<Catalogue>,
    revisions: watch::Sender<u64>,
    /// Held by whoever makes the next catalogue out of the current one; readers never take it.
    writing: Mutex<()>,
}

impl Publisher {
    pub(crate) fn new() -> Self {
        Self {
            current: ArcSwap::from_pointee(Catalogue::default()),
            revisions: watch::Sender::new(0),
            writing: Mutex::new(()),
        }
    }

    pub(crate) fn current(&self) -> Arc<Catalogue> {
        self.current.load_full()
    }

    pub(crate) fn revisions(&self) -> watch::Receiver<u64> {
        self.revisions.subscribe()
    }

    /// Publishes a new state of `server`, and new tools where there are some. Nothing happens once `stopped`: then the
    /// server's place belongs to another supervisor, or is gone.
    pub(crate) fn publish(
        &self,
        server: &ServerName,
        state: State,
        tools: Option<Arc<ToolSet>>,
        stopped: &CancellationToken,
    ) {
        self.replace(|servers| {
            let Some(old) = servers.get(server).filter(|_| !stopped.is_cancelled()) else { return false };
            let tools = tools.or_else(|| old.tools.clone());
            let snapshot = ServerSnapshot { name: server.clone(), state, tools };
            servers.insert(server.clone(), Arc::new(snapshot));
            true
        });
    }

    /// Replaces the catalogue if `change` says that it changed something.
    pub(crate) fn replace(
        &self,
        change: impl FnOnce(&mut IndexMap<ServerName, Arc<ServerSnapshot>>) -> bool,
    ) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.current.load();
        let mut servers = current.servers.clone();
        if change(&mut servers) {
            let revision = current.revision + 1;
            self.current.store(Arc::new(Catalogue { revision, servers }));
            self.revisions.send_replace(revision);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::name;

    fn with(server: &ServerName) -> Publisher {
        let publisher = Publisher::new();
        publisher.replace(|servers| {
            let snapshot =
                ServerSnapshot { name: server.clone(), state: State::Connecting { last: None }, tools: None };
            servers.insert(server.clone(), Arc::new(snapshot)).is_none()
        });
        publisher
    }

    #[test]
    fn a_stopped_supervisor_writes_no_more() {
        let (a, stopped) = (name("a"), CancellationToken::new());
        let publisher = with(&a);
        publisher.publish(&a, State::Ready, None, &stopped);
        stopped.cancel();
        publisher.publish(&a, State::SignInNeeded, None, &stopped);
        assert_eq!(publisher.current().servers["a"].state, State::Ready);
        assert_eq!(publisher.current().revision, 2);
    }

    #[test]
    fn a_server_that_is_gone_does_not_come_back() {
        let publisher = with(&name("a"));
        publisher.publish(&name("b"), State::Ready, None, &CancellationToken::new());
        assert!(!publisher.current().servers.contains_key("b"));
    }

    #[test]
    fn readers_keep_the_snapshot_they_took_and_hear_of_the_next() {
        let a = name("a");
        let publisher = with(&a);
        let (before, mut revisions) = (publisher.current(), publisher.revisions());
        assert_eq!(*revisions.borrow_and_update(), 1);
        publisher.publish(&a, State::Ready, None, &CancellationToken::new());
        assert!(revisions.has_changed().is_ok_and(|changed| changed));
        assert_eq!(before.servers["a"].state, State::Connecting { last: None });
        publisher.replace(|_| false);
        assert_eq!(*revisions.borrow_and_update(), 2);
    }
}
