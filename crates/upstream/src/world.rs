use std::sync::Arc;

use tokio_util::task::TaskTracker;
use traygate_config::Server;

use crate::{
    Environment, ToolSet,
    connection::Era,
    connector::Connector,
    process::Guardian,
    publisher::Publisher,
    resolve::Secrets,
    store::{Memory, Store},
    token_source::TokenSources,
};

/// What all supervisors of one hub share.
pub(crate) struct World {
    pub(crate) environment: Environment,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) sign_ins: Arc<dyn TokenSources>,
    pub(crate) publisher: Publisher,
    pub(crate) store: Option<Arc<Store>>,
    /// One for the children of all servers.
    pub(crate) guardian: Guardian,
    /// Every task of the hub.
    pub(crate) tracker: TaskTracker,
}

impl World {
    pub(crate) fn new(
        environment: Environment,
        connector: Arc<dyn Connector>,
        secrets: Arc<dyn Secrets>,
        sign_ins: Arc<dyn TokenSources>,
    ) -> Self {
        let store = environment.state_dir.as_deref().and_then(|folder| {
            Store::open(folder)
                .inspect_err(|error| tracing::warn!(%error, "catalogues are not kept across restarts"))
                .ok()
        });
        Self {
            guardian: Guardian::new(environment.guardian.clone()),
            environment,
            connector,
            secrets,
            sign_ins,
            publisher: Publisher::new(),
            store: store.map(Arc::new),
            tracker: TaskTracker::new(),
        }
    }

    /// Keeps a server's tools and era for the next start, on a thread of their own.
    pub(crate) fn remember(&self, server: &Server, era: Option<Era>, tools: &ToolSet) {
        let Some(store) = self.store.clone() else { return };
        let memory = Memory {
            era,
            info: tools.info.clone(),
            tools: tools.tools.values().cloned().collect(),
            quarantined: tools.quarantined.clone(),
            disabled: tools.disabled,
        };
        let save = store.save(server, memory);
        let name = server.name.clone();
        self.tracker.spawn_blocking(move || {
            if let Err(error) = store.write(save) {
                tracing::warn!(server = %name, %error, "its tools are not kept across restarts");
            }
        });
    }
}
