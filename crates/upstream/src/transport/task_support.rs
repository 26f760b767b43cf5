//! What a tool says of tasks (MCP 2025-11-25, server/tools, `execution.taskSupport`). rmcp's type of a tool has no place
//! for it and drops it; `_meta` it keeps.

use rmcp::model::Tool;
use serde_json::{Value, json};

/// Where it stands in `_meta`.
const KEY: &str = "traygate/taskSupport";

/// A message with that of each tool in its `_meta` too; `None` where none says anything of it.
pub(super) fn kept(message: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(message).ok().filter(|text| text.contains("\"taskSupport\""))?;
    let mut message: Value = serde_json::from_str(text).ok()?;
    let tools = message.get_mut("result")?.get_mut("tools")?.as_array_mut()?;
    for tool in tools.iter_mut().filter_map(Value::as_object_mut) {
        let support = tool.get("execution").and_then(|execution| execution.get("taskSupport")).cloned();
        let Some(support) = support else { continue };
        let meta = tool.entry("_meta").or_insert(Value::Null);
        if !meta.is_object() {
            *meta = json!({});
        }
        meta[KEY] = support;
    }
    serde_json::to_vec(&message).ok()
}

/// Whether a tool that was read from such a message can be run as a task alone.
pub(crate) fn is_task_only(tool: &Tool) -> bool {
    tool.meta.as_ref().is_some_and(|meta| meta.0.get(KEY).is_some_and(|support| support == "required"))
}

#[cfg(test)]
mod tests {
    use rmcp::model::{JsonRpcMessage, ServerJsonRpcMessage, ServerResult};

    use super::*;

    fn listed(message: &Value) -> Vec<Tool> {
        let kept = kept(message.to_string().as_bytes()).unwrap();
        let message: ServerJsonRpcMessage = serde_json::from_slice(&kept).unwrap();
        let JsonRpcMessage::Response(response) = message else { panic!("no response") };
        let ServerResult::ListToolsResult(list) = response.result else { panic!("no list") };
        list.tools
    }

    #[test]
    fn it_survives_rmcps_reading() {
        let tool = |execution: Value| json!({ "name": "t", "inputSchema": {}, "execution": execution });
        let tools = [
            tool(json!({ "taskSupport": "required" })),
            tool(json!({ "taskSupport": "optional" })),
            tool(json!({})),
            tool(json!(null)),
            json!({ "name": "t", "inputSchema": {}, "_meta": { "a": 1 }, "execution": { "taskSupport": "required" } }),
            json!({ "name": "t", "inputSchema": {}, "_meta": null, "execution": { "taskSupport": "required" } }),
        ];
        let tools =
            listed(&json!({ "jsonrpc": "2.0", "id": 1, "result": { "tools": tools, "nextCursor": "2" } }));
        let only: Vec<bool> = tools.iter().map(is_task_only).collect();
        assert_eq!(only, [true, false, false, false, true, true]);
        assert_eq!(tools[4].meta.as_ref().unwrap().0["a"], 1);
    }

    #[test]
    fn what_says_nothing_of_it_is_left_alone() {
        for message in [
            r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"\"taskSupport\""}]}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"taskSupport": "#,
        ] {
            assert_eq!(kept(message.as_bytes()), None, "{message}");
        }
    }
}
