use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use indexmap::{IndexMap, map::Entry};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use traygate_config::ServerName;

use crate::{CallError, State, log::ServerLog};

/// What is known of every server at one moment. Immutable: a change makes a new one with a higher revision.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Grows with every change of any server.
    pub revision: u64,
    /// The servers, in the config file's order.
    pub servers: IndexMap<ServerName, Arc<ServerSnapshot>>,
}

/// One server at one moment.
#[derive(Debug, Clone)]
pub struct ServerSnapshot {
    /// Its key in the config file.
    pub name: ServerName,
    /// What it is doing.
    pub state: State,
    /// Its tools: `None` before the first Ready (and none remembered); after that the last known.
    pub tools: Option<Arc<ToolSet>>,
}

/// The tools of one server as one tools/list gave them. Documents are cached per [`ToolSet::revision`].
#[derive(Debug, Clone)]
pub struct ToolSet {
    /// Unique in this process: a new number for every new list.
    pub revision: u64,
    /// What the server said of itself.
    pub info: ServerInfo,
    /// By name, in the server's order, without disabled and doubled ones.
    pub tools: IndexMap<String, ToolEntry>,
}

/// What a server said of itself at initialize or discover.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ServerInfo {
    /// `serverInfo.name`.
    pub name: String,
    /// `serverInfo.title`.
    pub title: Option<String>,
    /// `serverInfo.version`.
    pub version: String,
    /// `instructions`.
    pub instructions: Option<String>,
}

/// One tool as the server described it; schemas verbatim.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ToolEntry {
    /// The name that tools/call takes.
    pub name: String,
    /// The name for people.
    pub title: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// JSON Schema of the arguments.
    pub input_schema: Arc<JsonObject>,
    /// JSON Schema of `structuredContent`.
    pub output_schema: Option<Arc<JsonObject>>,
    /// `readOnlyHint` and the like.
    pub annotations: Option<ToolAnnotations>,
}

impl ServerSnapshot {
    /// Why this server cannot be called now, in a sentence for a person or a model; `None` while it is Ready.
    pub fn unavailable(&self) -> Option<CallError> {
        self.state.unavailable(&self.name)
    }
}

impl ToolSet {
    /// A new set with a new revision.
    pub(crate) fn new(info: ServerInfo, tools: IndexMap<String, ToolEntry>) -> Self {
        static REVISIONS: AtomicU64 = AtomicU64::new(1);
        Self { revision: REVISIONS.fetch_add(1, Ordering::Relaxed), info, tools }
    }

    /// What one tools/list gave, without the tools that are `disabled`. Of two with one name the first stays; one
    /// without a name cannot be called and goes. Both are said in the `log`.
    pub(crate) fn from_list(
        info: ServerInfo,
        list: Vec<Tool>,
        disabled: &BTreeSet<String>,
        log: &ServerLog,
    ) -> Self {
        let mut tools = IndexMap::with_capacity(list.len());
        for tool in list {
            if tool.name.is_empty() {
                log.push("warning: a tool without a name was left out");
                continue;
            }
            if disabled.contains(tool.name.as_ref()) {
                continue;
            }
            match tools.entry(tool.name.clone().into_owned()) {
                Entry::Vacant(place) => {
                    place.insert(ToolEntry::from(tool));
                }
                Entry::Occupied(place) => {
                    log.push(&format!(
                        "warning: the tool `{}` is listed twice; the first one is used",
                        place.key()
                    ));
                }
            }
        }
        Self::new(info, tools)
    }

    /// This set without the tools that are `disabled`; itself where there is none of them.
    pub(crate) fn without(self: &Arc<Self>, disabled: &BTreeSet<String>) -> Arc<Self> {
        if !self.tools.keys().any(|name| disabled.contains(name)) {
            return Arc::clone(self);
        }
        let mut tools = self.tools.clone();
        tools.retain(|name, _| !disabled.contains(name));
        Arc::new(Self::new(self.info.clone(), tools))
    }

    /// Whether a document made of one would equal that of the other: order counts, the revision does not.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.info == other.info && self.tools.values().eq(other.tools.values())
    }
}

impl From<Tool> for ToolEntry {
    fn from(tool: Tool) -> Self {
        // Specification 2025-11-25, basic/index, "title": a tool's annotations.title stands in where title is absent.
        let title = tool.title.or_else(|| tool.annotations.as_ref().and_then(|hints| hints.title.clone()));
        Self {
            name: tool.name.into_owned(),
            title,
            description: tool.description.map(std::borrow::Cow::into_owned),
            input_schema: tool.input_schema,
            output_schema: tool.output_schema,
            annotations: tool.annotations,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, description: &str) -> Tool {
        Tool::new(name.to_owned(), description.to_owned(), JsonObject::new())
    }

    fn listed(list: Vec<Tool>, disabled: &[&str], log: &ServerLog) -> ToolSet {
        let disabled = disabled.iter().map(|&name| name.to_owned()).collect();
        ToolSet::from_list(ServerInfo::default(), list, &disabled, log)
    }

    fn names(tools: &ToolSet) -> Vec<&str> {
        tools.tools.keys().map(String::as_str).collect()
    }

    #[test]
    fn the_servers_order_stays_and_disabled_tools_go() {
        let set = listed(vec![tool("z", ""), tool("a", ""), tool("m", "")], &["a"], &ServerLog::default());
        assert_eq!(names(&set), ["z", "m"]);
    }

    #[test]
    fn the_first_of_two_tools_with_one_name_stays_and_the_log_says_so() {
        let log = ServerLog::default();
        let set = listed(vec![tool("t", "first"), tool("u", ""), tool("t", "second")], &[], &log);
        assert_eq!(names(&set), ["t", "u"]);
        assert_eq!(set.tools["t"].description.as_deref(), Some("first"));
        assert!(log.lines().iter().any(|line| line.contains("`t` is listed twice")), "{:?}", log.lines());
    }

    #[test]
    fn a_tool_without_a_name_goes_and_a_long_name_stays() {
        let (log, name) = (ServerLog::default(), "x".repeat(400));
        let set = listed(vec![tool("", ""), tool(&name, "")], &[], &log);
        assert_eq!(names(&set), [name.as_str()]);
        assert!(log.lines().iter().any(|line| line.contains("without a name")));
    }

    #[test]
    fn the_title_of_the_annotations_stands_in() {
        let hints = ToolAnnotations::with_title("Hint");
        let untitled = tool("t", "").annotate(hints.clone());
        let titled = tool("u", "").annotate(hints).with_title("Own");
        let set = listed(vec![untitled, titled], &[], &ServerLog::default());
        assert_eq!(set.tools["t"].title.as_deref(), Some("Hint"));
        assert_eq!(set.tools["u"].title.as_deref(), Some("Own"));
    }

    #[test]
    fn two_lists_compare_by_content_and_order() {
        let log = ServerLog::default();
        let set = |names: &[&str]| listed(names.iter().map(|name| tool(name, "")).collect(), &[], &log);
        assert!(set(&["a", "b"]).says_the_same(&set(&["a", "b"])));
        assert!(!set(&["a", "b"]).says_the_same(&set(&["b", "a"])));
        assert!(!set(&["a", "b"]).says_the_same(&set(&["a"])));
        assert_ne!(set(&["a"]).revision, set(&["a"]).revision);
    }
}
