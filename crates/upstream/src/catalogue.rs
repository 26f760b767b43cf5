use std::sync::Arc;

use indexmap::IndexMap;
use rmcp::model::{JsonObject, ToolAnnotations};
use traygate_config::ServerName;

use crate::State;

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
