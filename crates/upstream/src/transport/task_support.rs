//! What a tool says of tasks (MCP 2025-11-25, server/tools, `execution.taskSupport`). rmcp's type of a tool has no place
//! for it and drops it; `_meta` it keeps.

use rmcp::model::{ServerCapabilities, Tool};
use serde_json::{Map, Value, json};

/// Where it stands in `_meta`.
const KEY: &str = "traygate/taskSupport";

/// A message with that of each tool in its `_meta` too, and whether the server runs tasks among its experimental
/// capabilities; `None` where it says nothing of either.
pub(super) fn kept(message: &[u8]) -> Option<Vec<u8>> {
    let says = |text: &&str| {
        text.contains("\"taskSupport\"") || text.contains("\"tasks\"") && text.contains("\"capabilities\"")
    };
    let text = std::str::from_utf8(message).ok().filter(says)?;
    let mut message: Value = serde_json::from_str(text).ok()?;
    let result = message.get_mut("result")?;
    if result.pointer("/capabilities/tasks/requests/tools/call").is_some_and(|call| !call.is_null()) {
        put(result.get_mut("capabilities")?.as_object_mut()?, "experimental", json!({}));
    }
    for tool in result.get_mut("tools").and_then(Value::as_array_mut).into_iter().flatten() {
        let support = tool.get("execution").and_then(|execution| execution.get("taskSupport")).cloned();
        if let (Some(tool), Some(support)) = (tool.as_object_mut(), support) {
            put(tool, "_meta", support);
        }
    }
    serde_json::to_vec(&message).ok()
}

/// Puts it among what rmcp keeps.
fn put(object: &mut Map<String, Value>, among: &str, value: Value) {
    let kept = object.entry(among).or_insert(Value::Null);
    if !kept.is_object() {
        *kept = json!({});
    }
    kept[KEY] = value;
}

/// Whether a server that was read from such a message runs tools as tasks: `taskSupport` binds there alone (MCP
/// 2025-11-25, basic/utilities/tasks, "Tool-Level Negotiation").
pub(crate) fn runs_tasks(server: &ServerCapabilities) -> bool {
    server.experimental.as_ref().is_some_and(|kept| kept.contains_key(KEY))
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
    fn that_a_server_runs_tasks_survives_rmcps_reading() {
        let read = |capabilities: Value| {
            let result = json!({ "protocolVersion": "2025-11-25", "capabilities": capabilities,
                "serverInfo": { "name": "s", "version": "1" } });
            let message = json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string();
            let kept = kept(message.as_bytes()).unwrap_or_else(|| message.into_bytes());
            let message: ServerJsonRpcMessage = serde_json::from_slice(&kept).unwrap();
            let JsonRpcMessage::Response(response) = message else { panic!("no response") };
            let ServerResult::InitializeResult(server) = response.result else { panic!("no handshake") };
            runs_tasks(&server.capabilities)
        };
        let call = json!({ "list": {}, "requests": { "tools": { "call": {} } } });
        assert!(read(json!({ "tools": {}, "tasks": call })));
        assert!(read(json!({ "experimental": { "x": {} }, "tasks": call })));
        for other in [json!({}), json!({ "tasks": {} }), json!({ "tasks": { "requests": { "tools": {} } } })]
        {
            assert!(!read(other.clone()), "{other}");
        }
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
