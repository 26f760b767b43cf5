//! What is derived from a server's tools, once per list: descriptions, checks of arguments, counters.

mod servers;

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use tokio::{
    sync::SetOnce,
    time::{Duration, Instant, timeout_at},
};
use traygate_config::ServerName;
use traygate_translation::{Allowance, ArgumentCheck};
use traygate_upstream::{ServerInfo, ToolEntry, ToolSet, tool_count};

use super::{
    aside::aside,
    document::Description,
    metrics::{Meter, Metrics},
    shown,
};

pub(crate) use self::servers::PreparedServers;

/// A tool, ready to be called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PreparedTool<'a> {
    pub(crate) entry: &'a ToolEntry,
    pub(crate) arguments: &'a ArgumentCheck,
    pub(crate) meter: &'a Arc<Meter>,
}

/// What is derived from one [`ToolSet`]: the descriptions in the background, the rest at its first need, since most tools
/// are never called.
#[derive(Debug)]
pub(crate) struct Prepared {
    server: ServerName,
    set: Arc<ToolSet>,
    /// One for each tool, in their order.
    callables: Box<[Callable]>,
    /// What the checks of its arguments may take together.
    allowance: Allowance,
    descriptions: SetOnce<Vec<Description>>,
    begun: Instant,
    /// The last list that was described, as long as this one is not.
    before: ArcSwapOption<Prepared>,
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
    /// How long documents wait for the descriptions of a server that has none yet: nearly all are there within
    /// milliseconds, and no caller should learn of a gateway that has just started that a known server has no tools.
    const MOMENT: Duration = Duration::from_secs(1);

    fn new(
        server: &ServerName,
        set: &Arc<ToolSet>,
        before: Option<Arc<Self>>,
        metrics: &Arc<Metrics>,
    ) -> Self {
        Self {
            server: server.clone(),
            set: Arc::clone(set),
            callables: set.tools.iter().map(|_| Callable::default()).collect(),
            allowance: Allowance::default(),
            descriptions: SetOnce::new(),
            begun: Instant::now(),
            before: ArcSwapOption::new(before),
            metrics: Arc::clone(metrics),
        }
    }

    /// The revision of the list.
    pub(crate) fn revision(&self) -> u64 {
        self.set.revision
    }

    /// What the server said of itself with the list.
    pub(crate) fn info(&self) -> &ServerInfo {
        &self.set.info
    }

    /// How documents describe the tools, in their order; nothing as long as that is not done.
    pub(crate) fn descriptions(&self) -> &[Description] {
        self.descriptions.get().map_or(&[], Vec::as_slice)
    }

    /// Waits for the descriptions.
    pub(crate) async fn described(&self) {
        self.descriptions.wait().await;
    }

    /// What documents show now: this list or, until it is described, the one before.
    fn documented(self: &Arc<Self>) -> Option<Arc<Self>> {
        // In this order: it is let go once this one is described.
        let before = self.before.load_full();
        if self.descriptions.initialized() { Some(Arc::clone(self)) } else { before }
    }

    /// Waits for the first list that is described, in all [`Self::MOMENT`] from when that began.
    async fn first_described(self: &Arc<Self>) {
        if self.documented().is_none() {
            // Without it, what is shown is what is there.
            let _ = timeout_at(self.begun + Self::MOMENT, self.described()).await;
        }
    }

    fn describe(&self, descriptions: Vec<Description>) {
        let before = self.before.load_full();
        for loss in Self::losses(&descriptions, before.as_deref()) {
            tracing::warn!("{}: {loss}", self.server);
        }
        // Fails only where they are set, and one task does that.
        let _ = self.descriptions.set(descriptions);
        self.before.store(None);
    }

    /// What documents lose that they did not lose of the list before, for the log: so many tools by name, then how many
    /// more.
    fn losses(descriptions: &[Description], before: Option<&Self>) -> Vec<String> {
        const NAMED: usize = 10;
        let was_said = |tool: &Description| {
            let before = before
                .and_then(|before| before.descriptions().get(before.set.tools.get_index_of(tool.name())?));
            before.is_some_and(|before| before.warnings() == tool.warnings())
        };
        let lossy: Vec<_> =
            descriptions.iter().filter(|tool| !tool.warnings().is_empty() && !was_said(tool)).collect();
        let (named, rest) = lossy.split_at(lossy.len().min(NAMED));
        let mut losses: Vec<_> = named
            .iter()
            .map(|tool| format!("the tool `{}`: {}", shown(tool.name()), tool.warnings().join("; ")))
            .collect();
        if !rest.is_empty() {
            let rest = tool_count(rest.len(), 0, 0);
            losses.push(format!("{rest} more lost something of their schemas; see `traygate status`"));
        }
        losses
    }

    /// What is known by now to be lost of tools: of their schemas in documents, and in checks once a tool was called. Each
    /// tool by its name, in their order.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = (&str, String)> {
        self.names().zip(&self.callables).enumerate().filter_map(|(at, (name, callable))| {
            let shown = self.descriptions().get(at).map_or(&[][..], Description::warnings);
            let checks = callable.arguments.get().map_or(&[][..], |(_, warnings)| warnings);
            let fresh = checks.iter().filter(|warning| !shown.contains(warning));
            let all: Vec<&str> = shown.iter().chain(fresh).map(String::as_str).collect();
            (!all.is_empty()).then(|| (name, all.join("; ")))
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
            None => aside(|| arguments.get_or_init(|| self.compiled(at, entry))),
        };
        Some(PreparedTool { entry, arguments, meter })
    }

    fn compiled(&self, at: usize, entry: &ToolEntry) -> (ArgumentCheck, Vec<String>) {
        let (check, warnings) = ArgumentCheck::compile_within(&entry.input_schema, &self.allowance);
        let said = self.descriptions().get(at).map_or(&[][..], Description::warnings);
        if warnings.iter().any(|warning| !said.contains(warning)) {
            tracing::warn!("{}: the tool `{}`: {}", self.server, shown(&entry.name), warnings.join("; "));
        }
        (check, warnings)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prepared(tools: usize, far: &str, before: Option<Arc<Prepared>>) -> Arc<Prepared> {
        let schema = Arc::new(json!({"properties": {"p": {"$ref": far}}}).as_object().unwrap().clone());
        let tool = |at: usize| {
            let name = format!("tool{at}");
            let (title, description, output_schema, annotations) = (None, None, None, None);
            let input_schema = Arc::clone(&schema);
            (name.clone(), ToolEntry { name, title, description, input_schema, output_schema, annotations })
        };
        let set = ToolSet {
            revision: 1,
            info: ServerInfo::default(),
            tools: (0..tools).map(tool).collect(),
            quarantined: Vec::new(),
            disabled: 0,
        };
        Arc::new(Prepared::new(&ServerName::new("s").unwrap(), &Arc::new(set), before, &Arc::default()))
    }

    fn descriptions(prepared: &Prepared) -> Vec<Description> {
        let allowance = Allowance::default();
        prepared.set.tools.values().map(|tool| Description::of(tool, &allowance)).collect()
    }

    #[test]
    fn the_log_names_the_first_tools_that_lose_something_and_counts_the_rest() {
        let before = prepared(5, "http://example.com/", None);
        let losses = Prepared::losses(&descriptions(&before), None);
        assert_eq!(losses.len(), 5);
        assert!(
            losses[0].starts_with("the tool `tool0`: ") && losses[0].contains("example.com"),
            "{losses:?}"
        );
        before.describe(descriptions(&before));

        // What was said of the list before is not said again.
        let more = prepared(25, "http://example.com/", Some(Arc::clone(&before)));
        let losses = Prepared::losses(&descriptions(&more), Some(&before));
        assert_eq!(losses.len(), 11);
        assert!(losses[0].starts_with("the tool `tool5`: "), "{losses:?}");
        assert_eq!(losses[10], "10 tools more lost something of their schemas; see `traygate status`");
        let other = prepared(5, "http://example.org/", Some(Arc::clone(&before)));
        assert_eq!(Prepared::losses(&descriptions(&other), Some(&before)).len(), 5);
    }
}
