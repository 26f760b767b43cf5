//! What a caller may send, and what of it reaches the server (docs/calls.md).

use serde_json::{Value, json};
use traygate_tests::{Gateway, Home, Record, stdio};

/// A gateway before a server with one tool, `t`, that takes what this schema says and echoes it.
async fn tool(home: &Home, schema: Value) -> (Gateway, Record) {
    tools(home, json!([{"name": "t", "inputSchema": schema}])).await
}

async fn tools(home: &Home, tools: Value) -> (Gateway, Record) {
    let file = home.path("tools.json");
    fs_err::write(&file, tools.to_string()).unwrap();
    let (entry, record) = stdio(home, "a", &["--tools-file", file.to_str().unwrap()]);
    let gateway = Gateway::start(home, &json!({"mcpServers": {"a": entry}})).await;
    gateway.wait_ready("a").await;
    (gateway, record)
}

/// What reached the server, in order.
fn reached(record: &Record) -> Vec<String> {
    record.named("call").iter().map(|event| event.data["arguments"].to_string()).collect()
}

/// Each body is taken, and reaches the server as what stands beside it.
async fn arrive(schema: Value, rows: &[(&str, &str)]) {
    let home = Home::new();
    let (gateway, record) = tool(&home, schema).await;
    for (sent, _) in rows {
        let answer = gateway.post_text("/a/t", *sent).await;
        assert_eq!(answer.status, 200, "{sent} {}", answer.text);
    }
    assert_eq!(reached(&record), rows.iter().map(|(_, arrived)| *arrived).collect::<Vec<_>>());
    gateway.stop().await;
}

#[tokio::test]
async fn a01_an_explicit_null_arrives() {
    let schema =
        json!({"type": "object", "required": ["s"], "properties": {"s": {"type": ["string", "null"]}}});
    arrive(schema, &[(r#"{"s":null}"#, r#"{"s":null}"#)]).await;
}

#[tokio::test]
async fn a02_a_null_inside_a_list_arrives() {
    let schema = json!({"type": "object", "properties": {"l": {"type": "array", "items": {"type": "object",
        "properties": {"a": {"type": ["string", "null"]}}}}}});
    arrive(schema, &[(r#"{"l":[{"a":null},{}]}"#, r#"{"l":[{"a":null},{}]}"#)]).await;
}

#[tokio::test]
async fn a03_an_extra_key_of_an_open_object_arrives() {
    let schema = json!({"type": "object", "properties": {"o": {"type": "object", "additionalProperties": true,
        "properties": {"a": {"type": "string"}}}}});
    arrive(schema, &[(r#"{"o":{"z":{"y":[null]},"a":"b"}}"#, r#"{"o":{"z":{"y":[null]},"a":"b"}}"#)]).await;
}

#[tokio::test]
async fn a04_an_extra_key_at_the_top_arrives_if_the_schema_allows_else_422() {
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    arrive(open.clone(), &[(r#"{"z":1,"a":"b"}"#, r#"{"z":1,"a":"b"}"#)]).await;
    let mut closed = open;
    closed["additionalProperties"] = json!(false);
    let home = Home::new();
    let (gateway, record) = tool(&home, closed).await;
    let answer = gateway.post("/a/t", &json!({"A": "b"})).await;
    let item = &answer.refused(422)[0];
    assert_eq!((&item["type"], &item["loc"]), (&json!("extra_forbidden"), &json!(["body", "A"])));
    let message = answer.json()["message"].clone();
    assert_eq!(message, "The arguments of `t` do not fit: `A` is not known (did you mean `a`?).");
    assert_eq!(reached(&record), [""; 0], "it was refused before the server");
    gateway.stop().await;
}

#[tokio::test]
async fn a05_numbers_arrive_digit_for_digit() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "number"}, "i": {"type": "integer"}}});
    let same = [
        r#"{"n":5}"#,
        r#"{"n":5.0}"#,
        r#"{"n":12345678901234567890.10}"#,
        r#"{"n":1e+400}"#,
        r#"{"i":123456789012345678901234567890,"n":0.1000}"#,
    ];
    arrive(schema, &same.map(|same| (same, same))).await;
}

#[tokio::test]
async fn a06_texts_that_stand_for_something_else_are_read_where_the_schema_refuses_the_text() {
    let schema = json!({"type": "object", "properties": {
        "b": {"type": "boolean"}, "i": {"type": "integer"}, "s": {"type": "string"}, "o": {"type": "object"},
        "u": {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "l": {"items": {"type": "number"}, "type": "array"}}});
    arrive(
        schema.clone(),
        &[
            (r#"{"b":"yes"}"#, r#"{"b":true}"#),
            (r#"{"s":"7","i":"7"}"#, r#"{"s":"7","i":7}"#),
            (r#"{"u":"7","more":"7"}"#, r#"{"u":7,"more":"7"}"#),
            (r#"{"o":"{\"a\": 1.10}","l":["2",3]}"#, r#"{"o":{"a":1.10},"l":[2,3]}"#),
        ],
    )
    .await;
    let home = Home::new();
    let (gateway, record) = tool(&home, schema).await;
    for refused in [json!({"i": ""}), json!({"i": "null"}), json!({"i": "7.5"}), json!({"b": "2"})] {
        gateway.post("/a/t", &refused).await.refused(422);
    }
    assert_eq!(reached(&record), [""; 0]);
    gateway.stop().await;
}

#[tokio::test]
async fn a07_a_default_is_the_servers_to_fill_in() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer", "default": 10}}});
    arrive(schema, &[("{}", "{}"), (r#"{"n":3}"#, r#"{"n":3}"#)]).await;
}

#[tokio::test]
async fn a08_no_body_is_no_arguments() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let home = Home::new();
    let required = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}});
    let list = json!([{"name": "t", "inputSchema": schema}, {"name": "r", "inputSchema": required}]);
    let (gateway, record) = tools(&home, list).await;
    for body in ["", " \n", "{}", "null", "\"{}\""] {
        assert_eq!(gateway.post_text("/a/t", body).await.ok(), json!({}), "{body:?}");
        assert_eq!(gateway.post_text("/a/r", body).await.refused(422)[0]["type"], "missing", "{body:?}");
    }
    let bare = gateway.request(reqwest::Method::POST, "/a/t").send().await.unwrap();
    assert_eq!(bare.status(), 200);
    assert_eq!(reached(&record), ["{}"; 6]);
    gateway.stop().await;
}

#[tokio::test]
async fn a09_a_refusal_has_fastapis_shape() {
    let home = Home::new();
    let schema = json!({"type": "object", "required": ["path"], "properties": {"path": {"type": "string"},
        "l": {"type": "array", "items": {"type": "integer", "minimum": 1}}, "unit": {"enum": ["c", "f"]}}});
    let (gateway, record) = tool(&home, schema).await;
    let answer = gateway.post("/a/t", &json!({"l": [1, 0], "unit": "k"})).await;
    assert_eq!(answer.status, 422);
    assert_eq!(
        answer.json(),
        json!({
            "detail": [
                {"type": "missing", "loc": ["body", "path"], "msg": "Field required",
                    "input": {"l": [1, 0], "unit": "k"}},
                {"type": "greater_than_equal", "loc": ["body", "l", 1], "msg": "Input should be at least 1", "input": 0},
                {"type": "literal_error", "loc": ["body", "unit"], "msg": "Input should be \"c\" or \"f\"", "input": "k"},
            ],
            "message": "The arguments of `t` do not fit: `path` is missing: it should be a string; `l[1]` should be at \
                least 1, not 0; `unit` should be \"c\" or \"f\", not the string \"k\".",
            "code": "invalid-arguments",
            "hint": "Correct the arguments and call again.",
        })
    );
    assert_eq!(reached(&record), [""; 0]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_free_form_tool_takes_its_arguments_wrapped_or_bare() {
    let rows = [
        (r#"{"arguments":{"a":null}}"#, r#"{"a":null}"#),
        (r#"{"arguments":"{\"a\":1}"}"#, r#"{"a":1}"#),
        (r#"{"a":1}"#, r#"{"a":1}"#),
        ("{}", "{}"),
    ];
    arrive(json!({"type": "object", "additionalProperties": true}), &rows).await;
}

#[tokio::test]
async fn an_unusable_schema_costs_its_own_place_and_nothing_is_fetched() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/s.json", listener.local_addr().unwrap());
    let home = Home::new();
    // What would be fetched refuses everything.
    fs_err::write(home.path("near.json"), "false").unwrap();
    let near = reqwest::Url::from_file_path(home.path("near.json")).unwrap();
    let schema = json!({"type": "object", "properties": {
        "far": {"$ref": url}, "near": {"$ref": near.as_str()}, "p": {"pattern": "("}, "n": {"type": "integer"},
        "slow": {"type": "string", "pattern": "^(a|aa)+(?!c)\\1b$"}}});
    let (gateway, record) = tool(&home, schema).await;
    let slow = "a".repeat(100_000);
    let body = json!({"far": 1, "near": [], "p": "x", "n": 1, "slow": slow});
    assert_eq!(gateway.post("/a/t", &body).await.ok(), body);
    assert_eq!(gateway.post("/a/t", &json!({"n": "x"})).await.refused(422)[0]["loc"], json!(["body", "n"]));
    assert_eq!(reached(&record).len(), 1);
    gateway.stop().await;
    let nobody = listener.accept().map(|_| ()).unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock, "somebody called");
}

#[tokio::test]
async fn what_the_document_shows_as_nullable_takes_null() {
    let schema = json!({"type": "object", "required": ["s", "s"],
        "properties": {"s": {"type": "string", "nullable": true, "enum": ["x"]}}});
    arrive(schema.clone(), &[(r#"{"s":null}"#, r#"{"s":null}"#)]).await;
    let home = Home::new();
    let (gateway, record) = tool(&home, schema).await;
    let document = gateway.get("/a/openapi.json").await.ok();
    let body = &document["paths"]["/t"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(body["properties"]["s"]["type"], json!(["string", "null"]), "{body}");
    assert_eq!(body["required"], json!(["s"]));
    gateway.post("/a/t", &json!({})).await.refused(422);
    assert_eq!(reached(&record), [""; 0]);
    gateway.stop().await;
}
