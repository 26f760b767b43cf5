use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use arc_swap::ArcSwap;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use traygate_config::ServerName;
use traygate_translation::Allowance;
use traygate_upstream::{Catalogue, Hub, ServerSnapshot, State, ToolSet};

use super::{Description, Metrics, Prepared};

/// The current [`Prepared`] of every server whose tools are known, and the counters, which outlive it.
#[derive(Debug, Default)]
pub(crate) struct PreparedServers {
    current: ArcSwap<Current>,
    /// Whoever holds it may replace `current`.
    following: Mutex<()>,
    pub(crate) metrics: Arc<Metrics>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

#[derive(Debug, Default)]
struct Current {
    /// Of the catalogue that it was made from.
    revision: u64,
    servers: HashMap<ServerName, Arc<Prepared>>,
}

impl PreparedServers {
    /// Starts empty. Descriptions are made on `tasks`, until `stop`.
    pub(crate) fn new(tasks: TaskTracker, stop: CancellationToken) -> Self {
        Self { tasks, stop, ..Self::default() }
    }

    /// Follows each new catalogue until the gateway stops.
    pub(crate) async fn keep_up(self: Arc<Self>, hub: Hub) {
        let mut revisions = hub.revisions();
        let following = async {
            loop {
                self.follow(&hub.catalogue());
                if revisions.changed().await.is_err() {
                    break;
                }
            }
        };
        self.stop.run_until_cancelled(following).await;
    }

    /// Begins to describe the tools that are new in `catalogue`, and forgets what is no longer in it, counters included.
    /// Cheap where it was followed before.
    pub(crate) fn follow(&self, catalogue: &Catalogue) {
        let is_followed = || self.current.load().revision >= catalogue.revision;
        if is_followed() {
            return;
        }
        let _alone = self.following.lock().unwrap_or_else(PoisonError::into_inner);
        if is_followed() {
            return;
        }
        let last = self.current.load();
        let prepared = |server: &ServerSnapshot| {
            // Nobody is shown the tools of a disabled server.
            let set = server.tools.as_ref().filter(|_| server.state != State::Disabled)?;
            Some(match last.servers.get(&server.name) {
                Some(last) if last.revision() == set.revision => Arc::clone(last),
                last => self.begin(&server.name, set, last),
            })
        };
        let servers = catalogue
            .servers
            .values()
            .filter_map(|server| prepared(server).map(|prepared| (server.name.clone(), prepared)));
        let current = Current { revision: catalogue.revision, servers: servers.collect() };
        self.current.store(Arc::new(current));
        self.metrics.forget_the_gone(catalogue);
    }

    /// Begins to describe the tools of a new list.
    fn begin(&self, server: &ServerName, set: &Arc<ToolSet>, last: Option<&Arc<Prepared>>) -> Arc<Prepared> {
        let before = last.and_then(Prepared::documented);
        let prepared = Arc::new(Prepared::new(server, set, before, &self.metrics));
        let (waiting, set, stop) = (Arc::downgrade(&prepared), Arc::clone(set), self.stop.clone());
        self.tasks.spawn_blocking(move || describe(&waiting, &set, &stop));
        prepared
    }

    /// What is prepared for a server's newest tools; `None` before they are known.
    pub(crate) fn get(&self, server: &ServerName) -> Option<Arc<Prepared>> {
        self.current.load().servers.get(server).cloned()
    }

    /// What documents show of a server; `None` before its first tools are described.
    pub(crate) fn documented(&self, server: &ServerName) -> Option<Arc<Prepared>> {
        self.current.load().servers.get(server).and_then(Prepared::documented)
    }

    /// Waits a moment for the servers whose first tools are being described; no longer for all than for the last.
    pub(crate) async fn first_described(&self, servers: impl Iterator<Item = &ServerName>) {
        for server in servers {
            if let Some(prepared) = self.get(server) {
                prepared.first_described().await;
            }
        }
    }
}

/// Describes all tools, unless nobody waits for that any more: there is a newer list, or the server is gone.
fn describe(waiting: &Weak<Prepared>, set: &ToolSet, stop: &CancellationToken) {
    let is_in_vain = || stop.is_cancelled() || waiting.strong_count() == 0;
    let allowance = Allowance::default();
    let mut descriptions = Vec::with_capacity(set.tools.len());
    for tool in set.tools.values() {
        if is_in_vain() {
            return;
        }
        descriptions.push(Description::of(tool, &allowance));
    }
    if let Some(prepared) = waiting.upgrade() {
        prepared.describe(descriptions);
    }
}
