mod tool_list;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use indexmap::{IndexMap, map::Entry};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use traygate_config::{ServerName, nearest};

pub use self::tool_list::Quarantined;
pub(crate) use self::tool_list::ToolList;
use self::tool_list::cut;
use crate::{CallError, State};

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
    /// Those that cannot be used, in the server's order, without disabled ones.
    pub quarantined: Vec<Quarantined>,
    /// How many of those that the server has `disabledTools` leaves out.
    pub disabled: usize,
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
    pub(crate) fn new(
        info: ServerInfo,
        tools: IndexMap<String, ToolEntry>,
        quarantined: Vec<Quarantined>,
        disabled: usize,
    ) -> Self {
        static REVISIONS: AtomicU64 = AtomicU64::new(1);
        Self { revision: REVISIONS.fetch_add(1, Ordering::Relaxed), info, tools, quarantined, disabled }
    }

    /// How many there are, as in [`tool_count`].
    pub(crate) fn count(&self) -> String {
        tool_count(self.tools.len(), self.disabled, self.quarantined.len())
    }

    /// What one tools/list gave, without the tools that are `disabled`, and what is to be said of it in the server's log.
    /// Of two tools with one name the first stays.
    pub(crate) fn from_list(
        info: ServerInfo,
        list: ToolList,
        disabled: &BTreeSet<String>,
    ) -> (Self, Vec<String>) {
        let ToolList { tools: listed, mut quarantined, remarks, .. } = list;
        let names =
            || listed.iter().map(|tool| &*tool.name).chain(quarantined.iter().map(|tool| tool.name.as_str()));
        let (there, nobody): (Vec<_>, Vec<_>) =
            disabled.iter().partition(|wanted| names().any(|name| name == wanted.as_str()));
        let there = there.len();
        let mut warnings: Vec<String> = nobody
            .into_iter()
            .map(|wanted| {
                let near = nearest(wanted, names())
                    .map_or_else(String::new, |name| format!("; did you mean `{}`?", cut(name)));
                format!("`disabledTools` names `{}`, a tool that it does not have{near}", cut(wanted))
            })
            .collect();
        quarantined.retain(|tool| !disabled.contains(&tool.name));
        let quarantine = |Quarantined { name, reason }: &Quarantined| {
            format!("the tool `{}` is quarantined: {reason}", cut(name))
        };
        warnings.extend(quarantined.iter().map(quarantine).chain(remarks));
        let mut tools = IndexMap::with_capacity(listed.len());
        for tool in listed {
            if disabled.contains(tool.name.as_ref()) {
                continue;
            }
            match tools.entry(tool.name.clone().into_owned()) {
                Entry::Vacant(place) => {
                    place.insert(ToolEntry::from(tool));
                }
                Entry::Occupied(place) => warnings
                    .push(format!("the tool `{}` is listed twice; the first one is used", cut(place.key()))),
            }
        }
        (Self::new(info, tools, quarantined, there), warnings)
    }

    /// This set without the tools that are `disabled`; itself where there is none of them.
    pub(crate) fn without(self: &Arc<Self>, disabled: &BTreeSet<String>) -> Arc<Self> {
        let names = self.tools.keys().chain(self.quarantined.iter().map(|tool| &tool.name));
        let there = names.filter(|name| disabled.contains(*name)).count();
        if there == 0 {
            return Arc::clone(self);
        }
        let (mut tools, mut quarantined) = (self.tools.clone(), self.quarantined.clone());
        tools.retain(|name, _| !disabled.contains(name));
        quarantined.retain(|tool| !disabled.contains(&tool.name));
        Arc::new(Self::new(self.info.clone(), tools, quarantined, self.disabled + there))
    }

    /// Whether a document made of one would equal that of the other, and all counts: order counts, the revision does
    /// not.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.info == other.info
            && self.tools.values().eq(other.tools.values())
            && self.quarantined == other.quarantined
            && self.disabled == other.disabled
    }
}

/// How many tools a server has, for a person: "12 tools, 2 disabled, 1 quarantined".
pub fn tool_count(tools: usize, disabled: usize, quarantined: usize) -> String {
    let tools = if tools == 1 { "1 tool".to_owned() } else { format!("{tools} tools") };
    [(disabled, "disabled"), (quarantined, "quarantined")]
        .into_iter()
        .filter(|&(number, _)| number > 0)
        .fold(tools, |count, (number, what)| format!("{count}, {number} {what}"))
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

    fn listed(list: Vec<Tool>, disabled: &[&str]) -> (ToolSet, Vec<String>) {
        let disabled = disabled.iter().map(|&name| name.to_owned()).collect();
        ToolSet::from_list(ServerInfo::default(), list.into(), &disabled)
    }

    fn names(tools: &ToolSet) -> Vec<&str> {
        tools.tools.keys().map(String::as_str).collect()
    }

    #[test]
    fn the_servers_order_stays_and_disabled_tools_go() {
        let (set, _) = listed(vec![tool("z", ""), tool("a", ""), tool("m", "")], &["a"]);
        assert_eq!(names(&set), ["z", "m"]);
    }

    #[test]
    fn a_disabled_tool_that_is_not_there_is_told() {
        let (_, warnings) = listed(vec![tool("a", "")], &["a", "b"]);
        assert_eq!(warnings, ["`disabledTools` names `b`, a tool that it does not have"]);
        let (set, warnings) = listed(vec![tool("get_time", ""), tool("add", "")], &["get-tiem", "add"]);
        assert_eq!(
            warnings,
            ["`disabledTools` names `get-tiem`, a tool that it does not have; did you mean `get_time`?"]
        );
        assert_eq!(set.disabled, 1);
    }

    #[test]
    fn every_tool_of_a_list_is_counted_once() {
        let bad = Tool::new("bad", "", JsonObject::from_iter([("type".to_owned(), "array".into())]));
        let list =
            vec![tool("a", ""), tool("a", ""), tool("off", ""), tool("off", ""), bad.clone(), tool("b", "")];
        let (set, _) = listed(list, &["off", "gone"]);
        assert_eq!(set.count(), "2 tools, 1 disabled, 1 quarantined");
        assert_eq!(listed(vec![tool("a", ""), bad], &["bad"]).0.count(), "1 tool, 1 disabled");
        assert_eq!(listed(vec![], &[]).0.count(), "0 tools");
        let without = Arc::new(set).without(&BTreeSet::from(["b".to_owned()]));
        assert_eq!(without.count(), "1 tool, 2 disabled, 1 quarantined");
    }

    #[test]
    fn the_first_of_two_tools_with_one_name_stays_and_the_log_says_so() {
        let (set, warnings) = listed(vec![tool("t", "first"), tool("u", ""), tool("t", "second")], &[]);
        assert_eq!(names(&set), ["t", "u"]);
        assert_eq!(set.tools["t"].description.as_deref(), Some("first"));
        assert!(warnings[0].contains("`t` is listed twice"), "{warnings:?}");
    }

    #[test]
    fn a_tool_without_a_name_is_quarantined_and_a_long_name_stays() {
        let name = "x".repeat(400);
        let (set, warnings) = listed(vec![tool("", ""), tool(&name, "")], &[]);
        assert_eq!(names(&set), [name.as_str()]);
        assert_eq!(set.quarantined[0].name, "#1");
        assert!(warnings[0].starts_with("the tool `#1` is quarantined: it has no name"), "{warnings:?}");
    }

    #[test]
    fn a_disabled_tool_is_not_quarantined_either() {
        let bad = || {
            let mut bad = tool("bad", "");
            bad.input_schema = Arc::new(JsonObject::from_iter([("type".to_owned(), "array".into())]));
            vec![bad, tool("good", "")]
        };
        let (set, warnings) = listed(bad(), &["bad"]);
        assert_eq!((set.quarantined.len(), warnings.len()), (0, 0));
        let set = Arc::new(listed(bad(), &[]).0);
        assert_eq!(set.quarantined[0].name, "bad");
        assert!(!set.says_the_same(&listed(vec![tool("good", "")], &[]).0));
        assert!(set.without(&BTreeSet::from(["bad".to_owned()])).quarantined.is_empty());
    }

    #[test]
    fn the_title_of_the_annotations_stands_in() {
        let hints = ToolAnnotations::with_title("Hint");
        let untitled = tool("t", "").annotate(hints.clone());
        let titled = tool("u", "").annotate(hints).with_title("Own");
        let (set, _) = listed(vec![untitled, titled], &[]);
        assert_eq!(set.tools["t"].title.as_deref(), Some("Hint"));
        assert_eq!(set.tools["u"].title.as_deref(), Some("Own"));
    }

    #[test]
    fn two_lists_compare_by_content_and_order() {
        let set = |names: &[&str]| listed(names.iter().map(|name| tool(name, "")).collect(), &[]).0;
        assert!(set(&["a", "b"]).says_the_same(&set(&["a", "b"])));
        assert!(!set(&["a", "b"]).says_the_same(&set(&["b", "a"])));
        assert!(!set(&["a", "b"]).says_the_same(&set(&["a"])));
        assert_ne!(set(&["a"]).revision, set(&["a"]).revision);
    }
}
