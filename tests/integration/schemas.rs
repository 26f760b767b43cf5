//! S14, S21, S23: schemas on their way through the whole program.

use serde_json::{Value, json};
use traygate_tests::{Gateway, Home, fake};

/// An entry whose server lists these tools and answers each call with its arguments.
fn server_with(home: &Home, tools: &Value) -> Value {
    let path = home.path("tools.json");
    fs_err::write(&path, tools.to_string()).unwrap();
    fake(&["--tools-file", path.to_str().unwrap()])
}

fn arguments<'a>(document: &'a Value, tool: &str) -> &'a Value {
    &document["paths"][format!("/{tool}")]["post"]["requestBody"]["content"]["application/json"]["schema"]
}

#[tokio::test]
async fn s14_a_bad_schema_costs_its_own_place_and_is_logged_once() {
    let home = Home::new();
    let entry = server_with(
        &home,
        &json!([
            {"name": "bad", "inputSchema": {"type": "object", "properties": {
                "gone": {"$ref": "#/$defs/Missing"}, "far": {"$ref": "https://example.invalid/schema.json"}, "kept": {"type": "string"}}}},
            {"name": "good", "inputSchema": {"type": "object", "properties": {"c": {"enum": [1, 2]}}, "required": ["c"]}},
        ]),
    );
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    let document = gateway.wait_ready("s").await;
    assert_eq!(arguments(&document, "bad")["properties"]["kept"], json!({"type": "string"}));
    assert_eq!(arguments(&document, "good")["properties"]["c"], json!({"enum": [1, 2], "type": "integer"}));
    assert_eq!(gateway.call("s", "good", json!({"c": 2})).await.ok(), json!({"c": 2}));
    gateway.get("/s/openapi.json").await.ok();
    gateway.get("/openapi.json").await.ok();
    let log = gateway.stderr();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("leads nowhere")).collect();
    assert!(matches!(told[..], [one] if one.contains("`bad`") && one.contains("s:")), "{log}");
    gateway.stop().await;
}

#[tokio::test]
async fn s21_the_branches_of_a_union_are_told_and_arrive() {
    let home = Home::new();
    let entry = server_with(
        &home,
        &json!([{"name": "find", "title": "Find it", "description": "Finds one.", "annotations": {"readOnlyHint": true},
        "inputSchema": {"type": "object", "oneOf": [
            {"properties": {"id": {"type": "string"}}, "required": ["id"]},
            {"properties": {"name": {"type": "string"}, "owner": {"type": "string"}}, "required": ["name", "owner"]},
        ]}}]),
    );
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    let document = gateway.wait_ready("s").await;
    let operation = &document["paths"]["/find"]["post"];
    assert_eq!(operation["summary"], "Find it (read-only)");
    assert_eq!(operation["description"], "Finds one.\n\nGive one of: `id`; or `name` and `owner`.");
    assert_eq!(
        operation["x-mcp-tool"],
        json!({"name": "find", "title": "Find it", "annotations": {"readOnlyHint": true}})
    );
    let sent = json!({"name": "n", "owner": "o"});
    assert_eq!(gateway.call("s", "find", sent.clone()).await.ok(), sent);
    gateway.stop().await;
}

#[tokio::test]
async fn s23_a_free_form_tool_gets_what_stands_in_its_one_property() {
    let home = Home::new();
    let entry = server_with(
        &home,
        &json!([{"name": "set", "inputSchema": {"type": "object", "$ref": "#/$defs/Free",
            "$defs": {"Free": {"type": "object", "additionalProperties": true}}}}]),
    );
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    let document = gateway.wait_ready("s").await;
    assert_eq!(arguments(&document, "set")["properties"]["arguments"]["type"], "object");
    for sent in [json!({"arguments": {"x": null, "y": 1}}), json!({"x": null, "y": 1})] {
        assert_eq!(gateway.call("s", "set", sent).await.ok(), json!({"x": null, "y": 1}));
    }
    gateway.stop().await;
}
