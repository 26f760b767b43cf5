use serde_json::{Value, json};

use super::options::Options;

/// The tools that are listed, and how.
#[derive(Debug)]
pub(crate) struct Book {
    tools: Vec<Value>,
    page: usize,
    repeat_cursor: bool,
}

impl Book {
    pub(crate) fn new(options: &Options) -> Self {
        let tools = match (&options.tools_file, options.tools) {
            (Some(path), _) => {
                let text = fs_err::read_to_string(path).expect("the tools file can be read");
                serde_json::from_str(&text).expect("the tools file holds a JSON array")
            }
            (None, Some(count)) => (0..count).map(generated).collect(),
            (None, None) => serde_json::from_str(include_str!("tools.json")).expect("tools.json is an array"),
        };
        Self { tools, page: options.page.unwrap_or(usize::MAX).max(1), repeat_cursor: options.repeat_cursor }
    }

    /// One page of tools/list: the result as JSON text.
    pub(crate) fn page(&self, cursor: Option<&str>) -> String {
        let from = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0).min(self.tools.len());
        let to = from.saturating_add(self.page).min(self.tools.len());
        // ttlMs, cacheScope and resultType belong to 2026-07-28; older clients ignore them.
        let mut result = json!({"tools": &self.tools[from..to], "ttlMs": 0, "cacheScope": "private", "resultType": "complete"});
        if to < self.tools.len() {
            result["nextCursor"] = json!(to.to_string());
        } else if self.repeat_cursor {
            result["nextCursor"] = json!(from.to_string());
        }
        result.to_string()
    }

    /// Lists one more tool, an echo.
    pub(crate) fn add(&mut self, name: &str) {
        self.tools.push(json!({"name": name, "description": "Echoes.", "inputSchema": {"type": "object"}}));
    }

    /// Whether a tool says how it goes with tasks.
    pub(crate) fn speaks_of_tasks(&self) -> bool {
        self.tools.iter().any(|tool| tool["execution"].get("taskSupport").is_some())
    }

    /// Whether a tool of this name is listed.
    pub(crate) fn lists(&self, name: &str) -> bool {
        self.tools.iter().any(|tool| tool["name"] == name)
    }
}

fn generated(number: usize) -> Value {
    json!({
        "name": format!("tool_{number:04}"),
        "description": format!("Generated tool number {number}."),
        "inputSchema": {"type": "object", "properties": {"value": {"type": "string"}}},
    })
}
