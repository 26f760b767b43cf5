use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use indexmap::IndexMap;
use rmcp::model::{CallToolResult, JsonObject};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;
use traygate_config::{Config, Entry, Server, ServerName};

#[cfg(target_os = "linux")]
use crate::process::orphans;
use crate::{
    CallContext, CallError, Catalogue, Environment, ToolSet,
    connector::{Connector, LiveConnector},
    log::ServerLog,
    resolve::Secrets,
    store::Memory,
    supervisor::{Heritage, Supervisor},
    token_source::TokenSources,
    world::World,
};

/// All MCP servers of one config file. The one writer of the [`Catalogue`]; everyone else reads snapshots.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    world: Arc<World>,
    supervisors: ArcSwap<HashMap<ServerName, Arc<Supervisor>>>,
    /// Held by whoever changes the supervisors; calls never take it.
    changing: Mutex<Changing>,
    /// Cancelled when everything ends.
    ending: CancellationToken,
}

#[derive(Default)]
struct Changing {
    /// Removed servers that have not ended yet: one of the same name must wait for them.
    leaving: HashMap<ServerName, Arc<Supervisor>>,
    shut_down: bool,
}

impl Hub {
    /// How long a shutdown waits for all servers together.
    const SHUTDOWN: Duration = Duration::from_secs(5);

    /// Starts empty. Call inside a tokio runtime.
    pub fn new(environment: Environment) -> Self {
        let keychain = Arc::new(environment.keychain.clone());
        let sign_ins = Arc::new(environment.sign_ins.clone());
        Self::with(environment, Arc::new(LiveConnector), keychain, sign_ins)
    }

    pub(crate) fn with(
        environment: Environment,
        connector: Arc<dyn Connector>,
        secrets: Arc<dyn Secrets>,
        sign_ins: Arc<dyn TokenSources>,
    ) -> Self {
        let world = Arc::new(World::new(environment, connector, secrets, sign_ins));
        let ending = CancellationToken::new();
        #[cfg(target_os = "linux")]
        if orphans::are_ours() {
            world.tracker.spawn(ending.clone().run_until_cancelled_owned(orphans::reap()));
        }
        Self(Arc::new(Inner { world, supervisors: ArcSwap::default(), changing: Mutex::default(), ending }))
    }

    /// Brings the running servers in line with `config`: starts new ones, stops removed ones, restarts changed ones,
    /// and leaves the others, their processes and sessions alone. With a server that is gone from the file its credentials
    /// go too; one that is disabled or whose entry is broken keeps them. What is remembered of new servers is read from the
    /// state folder, small files; starting and stopping go on behind it.
    pub fn apply(&self, config: &Config) {
        let Inner { world, supervisors, changing, .. } = &*self.0;
        let mut changing = changing.lock().unwrap_or_else(PoisonError::into_inner);
        if changing.shut_down {
            return;
        }
        changing.leaving.retain(|_, supervisor| !supervisor.is_stopped());
        let old = supervisors.load_full();
        let mut next = HashMap::with_capacity(config.servers.len());
        let mut fresh = IndexMap::new();
        for (name, entry) in &config.servers {
            let last = old.get(name);
            if let Some(last) = last.filter(|last| last.entry() == entry) {
                // Whoever saves the file again may have put right what stands outside it: a command, a secret.
                if last.has_failed() {
                    last.restart();
                }
                next.insert(name.clone(), Arc::clone(last));
                continue;
            }
            let predecessor = last.cloned().or_else(|| changing.leaving.remove(name));
            if let Some(predecessor) = &predecessor {
                predecessor.stop();
            }
            let log =
                predecessor.as_ref().map_or_else(|| ServerLog::of(name.clone()), |last| last.log().clone());
            let supervisor = Supervisor::new(name.clone(), entry.clone(), log);
            next.insert(name.clone(), Arc::clone(&supervisor));
            fresh.insert(name.clone(), (supervisor, self.heritage(name, entry, predecessor)));
        }
        for (name, removed) in old.iter().filter(|(name, _)| !next.contains_key(*name)) {
            removed.stop();
            world.sign_ins.remove(name.as_str());
            changing.leaving.insert(name.clone(), Arc::clone(removed));
        }
        if let Some(store) = &world.store {
            store.prune(config.servers.keys());
        }
        supervisors.store(Arc::new(next));
        world.publisher.replace(|servers| {
            let new: IndexMap<_, _> = config
                .servers
                .keys()
                .filter_map(|name| {
                    let snapshot = match fresh.get(name) {
                        Some((supervisor, heritage)) => {
                            Arc::new(supervisor.first_snapshot(heritage.tools.clone()))
                        }
                        None => Arc::clone(servers.get(name)?),
                    };
                    Some((name.clone(), snapshot))
                })
                .collect();
            let changed = !fresh.is_empty() || !new.keys().eq(servers.keys());
            *servers = new;
            changed
        });
        for (supervisor, heritage) in fresh.into_values() {
            supervisor.start(world, heritage);
        }
    }

    /// What a new supervisor of `entry` knows before its first connect: the tools of the last session with a server
    /// that was reached in the same way, in this process or one before.
    fn heritage(&self, name: &ServerName, entry: &Entry, predecessor: Option<Arc<Supervisor>>) -> Heritage {
        let server = match entry {
            Entry::Valid(server) if !server.disabled => server,
            _ => return Heritage { predecessor, ..Heritage::default() },
        };
        let last = predecessor.as_ref().and_then(|last| last.server());
        let known = last.filter(|last| same_tools(last, server)).and_then(|_| {
            let catalogue = self.catalogue();
            catalogue.servers.get(name)?.tools.clone()
        });
        let memory = self.0.world.store.as_ref().and_then(|store| store.load(server));
        let era = memory.as_ref().and_then(|memory| memory.era);
        let remembered = |Memory { info, tools, quarantined, disabled, .. }| {
            let by_name = |tool: crate::ToolEntry| (tool.name.clone(), tool);
            Arc::new(ToolSet::new(info, tools.into_iter().map(by_name).collect(), quarantined, disabled))
        };
        let tools =
            known.or_else(|| memory.map(remembered)).map(|tools| tools.without(&server.disabled_tools));
        Heritage { predecessor, tools, era }
    }

    /// The current catalogue. Cheap: one atomic load.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.0.world.publisher.current()
    }

    /// Tells of every new catalogue revision.
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.0.world.publisher.revisions()
    }

    /// Calls a tool. Dropping the future cancels the call at the server (`notifications/cancelled`).
    ///
    /// # Errors
    /// [`CallError`]. A call that may have run is never repeated.
    pub async fn call(
        &self,
        server: &str,
        tool: &str,
        arguments: JsonObject,
        context: CallContext,
    ) -> Result<CallToolResult, CallError> {
        let supervisor = self.supervisor(server).ok_or(CallError::UnknownServer)?;
        supervisor.call(tool, arguments, context).await
    }

    /// The last lines of a server's log: its stderr and what became of its connection.
    pub fn log(&self, server: &str) -> Vec<Arc<str>> {
        self.supervisor(server).map_or_else(Vec::new, |supervisor| supervisor.log().lines())
    }

    /// Stops and starts one server again; `false` if there is none of this name. A disabled one stays disabled.
    pub fn restart(&self, server: &str) -> bool {
        self.supervisor(server).inspect(|supervisor| supervisor.restart()).is_some()
    }

    /// Ends every connection and child process, grandchildren included, within 5 s.
    pub async fn shutdown(&self) {
        let Inner { world, supervisors, changing, ending } = &*self.0;
        ending.cancel();
        changing.lock().unwrap_or_else(PoisonError::into_inner).shut_down = true;
        for supervisor in supervisors.load().values() {
            supervisor.stop();
        }
        world.tracker.close();
        if timeout(Self::SHUTDOWN, world.tracker.wait()).await.is_err() {
            tracing::warn!(tasks = world.tracker.len(), "some servers did not end in time");
        }
    }

    fn supervisor(&self, server: &str) -> Option<Arc<Supervisor>> {
        self.0.supervisors.load().get(server).cloned()
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("revision", &self.catalogue().revision).finish_non_exhaustive()
    }
}

/// Whether two entries lead to the same server, so that the tools of one are the tools of the other.
fn same_tools(one: &Server, other: &Server) -> bool {
    one.upstream == other.upstream && one.oauth == other.oauth
}

#[cfg(test)]
mod tests;
