//! What is derived from a server's tools, once per list: descriptions, checks of arguments, counters.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwap;
use traygate_config::ServerName;
use traygate_translation::ArgumentCheck;
use traygate_upstream::{Catalogue, ServerSnapshot, ToolEntry, ToolSet};

use super::{
    aside::aside,
    document::Description,
    metrics::{Meter, Metrics},
};

/// A tool, ready to be called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PreparedTool<'a> {
    pub(crate) entry: &'a ToolEntry,
    pub(crate) arguments: &'a ArgumentCheck,
    pub(crate) meter: &'a Arc<Meter>,
}

/// What is derived from one [`ToolSet`], each part at its first need: most tools are never called.
#[derive(Debug)]
pub(crate) struct Prepared {
    server: ServerName,
    set: Arc<ToolSet>,
    /// One for each tool, in their order.
    callables: Box<[Callable]>,
    descriptions: OnceLock<Vec<Description>>,
    metrics: Arc<Metrics>,
}

/// What the calls of one tool share.
#[derive(Debug, Default)]
struct Callable {
    /// With what of the schema cannot be checked.
    arguments: OnceLock<(ArgumentCheck, Vec<String>)>,
    meter: OnceLock<Arc<Meter>>,
}

impl Prepared {
    fn new(server: &ServerName, set: &Arc<ToolSet>, metrics: &Arc<Metrics>) -> Self {
        Self {
            server: server.clone(),
            set: Arc::clone(set),
            callables: set.tools.iter().map(|_| Callable::default()).collect(),
            descriptions: OnceLock::new(),
            metrics: Arc::clone(metrics),
        }
    }

    /// How documents describe the tools, in their order.
    pub(crate) fn descriptions(&self) -> &[Description] {
        self.descriptions.get_or_init(|| {
            let descriptions: Vec<_> = self.set.tools.values().map(Description::of).collect();
            for tool in descriptions.iter().filter(|tool| !tool.warnings().is_empty()) {
                tracing::warn!("{}: the tool `{}`: {}", self.server, tool.name(), tool.warnings().join("; "));
            }
            descriptions
        })
    }

    /// What is known to be lost of tools: of their schemas in documents, and in checks once a tool was called. Each tool
    /// by its name, in their order.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = (&str, String)> {
        let descriptions = match self.descriptions.get() {
            Some(descriptions) => descriptions,
            None => aside(|| self.descriptions()),
        };
        descriptions.iter().zip(&self.callables).filter_map(|(description, callable)| {
            let checks = callable.arguments.get().map_or(&[][..], |(_, warnings)| warnings);
            let fresh = checks.iter().filter(|warning| !description.warnings().contains(warning));
            let all: Vec<&str> = description.warnings().iter().chain(fresh).map(String::as_str).collect();
            (!all.is_empty()).then(|| (description.name(), all.join("; ")))
        })
    }

    /// The tools' names, in their order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.set.tools.keys().map(String::as_str)
    }

    /// A tool by its name. `/a/` finds the tool `a` too: a redirect would lose the call.
    pub(crate) fn find(&self, name: &str) -> Option<PreparedTool<'_>> {
        let tools = &self.set.tools;
        let (at, _, entry) = tools.get_full(name).or_else(|| tools.get_full(name.strip_suffix('/')?))?;
        let Callable { arguments, meter } = self.callables.get(at)?;
        let meter = meter.get_or_init(|| self.metrics.meter(&self.server, &entry.name));
        let (arguments, _) = match arguments.get() {
            Some(compiled) => compiled,
            None => aside(|| arguments.get_or_init(|| self.compiled(entry))),
        };
        Some(PreparedTool { entry, arguments, meter })
    }

    fn compiled(&self, entry: &ToolEntry) -> (ArgumentCheck, Vec<String>) {
        let (check, warnings) = ArgumentCheck::compile(&entry.input_schema);
        if !warnings.is_empty() {
            tracing::warn!("{}: the tool `{}`: {}", self.server, entry.name, warnings.join("; "));
        }
        (check, warnings)
    }
}

/// The current [`Prepared`] of every server that was asked for, and the counters, which outlive it.
#[derive(Debug, Default)]
pub(crate) struct PreparedServers {
    current: ArcSwap<HashMap<ServerName, Arc<Prepared>>>,
    pub(crate) metrics: Arc<Metrics>,
}

impl PreparedServers {
    /// What is prepared for this server's tools; `None` before they are known.
    pub(crate) fn get(&self, server: &ServerSnapshot) -> Option<Arc<Prepared>> {
        let set = server.tools.as_ref()?;
        let current = self.current.load();
        if let Some(prepared) = current.get(&server.name)
            && prepared.set.revision == set.revision
        {
            return Some(Arc::clone(prepared));
        }
        let fresh = Arc::new(Prepared::new(&server.name, set, &self.metrics));
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
            let set = catalogue.servers.get(name).and_then(|server| server.tools.as_ref());
            set.is_some_and(|set| set.revision == prepared.set.revision)
        };
        self.current.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.retain(|name, prepared| is_current(name, prepared));
            known
        });
        self.metrics.forget_the_gone(catalogue);
    }
}
