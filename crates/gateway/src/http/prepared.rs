//! What is derived from a server's tools, once per list: descriptions, validators, counters.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwap;
use indexmap::IndexMap;
use traygate_config::ServerName;
use traygate_upstream::{Catalogue, ServerSnapshot, ToolEntry, ToolSet};

use super::{
    call::ToolValidator,
    document::Description,
    metrics::{Meter, Metrics},
};

/// A tool, ready to be called and described.
#[derive(Debug)]
pub(crate) struct PreparedTool {
    pub(crate) entry: ToolEntry,
    pub(crate) validator: ToolValidator,
    pub(crate) meter: Arc<Meter>,
}

/// The tools of one [`ToolSet`].
#[derive(Debug)]
pub(crate) struct Prepared {
    revision: u64,
    pub(crate) tools: IndexMap<String, PreparedTool>,
    descriptions: OnceLock<Vec<Description>>,
}

impl Prepared {
    /// How documents describe the tools, in their order. Made at the first need.
    pub(crate) fn descriptions(&self) -> &[Description] {
        self.descriptions
            .get_or_init(|| self.tools.values().map(|tool| Description::of(&tool.entry)).collect())
    }

    /// A tool by its name. `/a/` finds the tool `a` too: a redirect would lose the call.
    pub(crate) fn find(&self, name: &str) -> Option<&PreparedTool> {
        self.tools.get(name).or_else(|| self.tools.get(name.strip_suffix('/')?))
    }
}

/// The current [`Prepared`] of every server that was asked for, and the counters, which outlive it.
#[derive(Debug, Default)]
pub(crate) struct PreparedServers {
    current: ArcSwap<HashMap<ServerName, Arc<Prepared>>>,
    pub(crate) metrics: Metrics,
}

impl PreparedServers {
    /// What is prepared for this server's tools; `None` before they are known.
    pub(crate) fn get(&self, server: &ServerSnapshot) -> Option<Arc<Prepared>> {
        let tools = server.tools.as_deref()?;
        let current = self.current.load();
        if let Some(prepared) = current.get(&server.name)
            && prepared.revision == tools.revision
        {
            return Some(Arc::clone(prepared));
        }
        let fresh = Arc::new(prepare(&server.name, tools, &self.metrics));
        self.current.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.insert(server.name.clone(), Arc::clone(&fresh));
            known
        });
        Some(fresh)
    }

    /// Forgets what is no longer in the catalogue, counters included.
    pub(crate) fn forget_the_gone(&self, catalogue: &Catalogue) {
        let is_current = |name: &ServerName, prepared: &Prepared| {
            let tools = catalogue.servers.get(name).and_then(|server| server.tools.as_ref());
            tools.is_some_and(|tools| tools.revision == prepared.revision)
        };
        self.current.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.retain(|name, prepared| is_current(name, prepared));
            known
        });
        self.metrics.forget_the_gone(catalogue);
    }
}

fn prepare(server: &ServerName, tools: &ToolSet, metrics: &Metrics) -> Prepared {
    let prepared = |entry: &ToolEntry| PreparedTool {
        entry: entry.clone(),
        validator: ToolValidator::default(),
        meter: metrics.meter(server, &entry.name),
    };
    Prepared {
        revision: tools.revision,
        tools: tools.tools.iter().map(|(name, entry)| (name.clone(), prepared(entry))).collect(),
        descriptions: OnceLock::new(),
    }
}
