//! A tool that cannot be expressed is left out alone, with the reason; the others of its server live.

use fs_err as fs;
use serde_json::{Value, json};
use traygate_tests::{Answer, Gateway, Home, HttpUpstream, fake};

/// Good and bad tools, some on each page.
fn tools() -> Value {
    let plain = json!({"type": "object"});
    json!([
        {"name": "first", "inputSchema": plain},
        {"name": "always", "inputSchema": true},
        {"name": "missing", "description": "has no schema"},
        {"name": "second", "inputSchema": {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}}},
        {"name": "listed", "inputSchema": {"type": "array", "items": {}}},
        {"name": "worded", "inputSchema": "object"},
        {"name": 7, "inputSchema": plain},
        {"name": "", "inputSchema": plain},
        "no tool",
        {"name": "third", "inputSchema": {}, "title": 5, "outputSchema": [], "annotations": "none", "icons": 1,
         "_meta": "x", "description": "kept"},
        {"name": "reread_tools", "inputSchema": plain},
    ])
}

fn write(home: &Home, tools: &Value) -> String {
    let path = home.path("tools.json");
    fs::write(&path, tools.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn admin(gateway: &Gateway, home: &Home, path: &str) -> Value {
    let request =
        gateway.bare_request(reqwest::Method::GET, path).bearer_auth(home.admin_token(gateway.pid()));
    Answer::to(request).await.ok()
}

fn paths(document: &Value) -> Vec<&str> {
    document["paths"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn bad_tools_are_left_out_alone_over_every_transport_era_and_page() {
    let home = Home::new();
    let file = write(&home, &tools());
    let mut config = json!({});
    let mut upstreams = Vec::new();
    for (name, transport, era) in [
        ("stdio-legacy", "stdio", "legacy"),
        ("stdio-modern", "stdio", "modern"),
        ("http-legacy", "streamable-http", "legacy"),
        ("http-modern", "streamable-http", "modern"),
        ("sse-legacy", "sse", "legacy"),
    ] {
        let args = ["--era", era, "--tools-file", &file, "--page", "3"];
        config[name] = if transport == "stdio" {
            fake(&args)
        } else {
            let upstream = HttpUpstream::start(&home, name, transport, &args).await;
            upstreams.push(upstream);
            upstreams[upstreams.len() - 1].entry()
        };
    }
    let gateway = Gateway::start(&home, &json!({"mcpServers": config})).await;
    for server in config.as_object().unwrap().keys() {
        let document = gateway.wait_ready(server).await;
        assert_eq!(paths(&document), ["/first", "/second", "/third", "/reread_tools"], "{server}");
        assert_eq!(document["paths"]["/third"]["post"]["description"], "kept");
        for tool in ["first", "second", "third"] {
            assert_eq!(gateway.call(server, tool, json!({"x": 1})).await.ok(), json!({"x": 1}), "{server}");
        }
        for (tool, word) in [
            ("always", "is true"),
            ("missing", "no `inputSchema`"),
            ("listed", "\"array\""),
            ("worded", "\"object\""),
        ] {
            let detail = gateway.call(server, tool, json!({})).await.refused(404);
            assert_eq!(detail["code"], "unknown-tool");
            let message = detail["message"].as_str().unwrap();
            assert!(message.contains(&format!("`{tool}` of `{server}` cannot be used")), "{message}");
            assert!(message.contains(word) && message.contains("author"), "{message}");
        }
        let log = admin(&gateway, &home, &format!("/-/api/servers/{server}/log")).await["lines"].to_string();
        for word in
            ["`always` is quarantined", "`#7` is quarantined", "`third` is used without its `outputSchema`"]
        {
            assert!(log.contains(word), "{server}: {word}: {log}");
        }
    }
    let status = admin(&gateway, &home, "/-/api/status").await;
    for server in status["servers"].as_array().unwrap() {
        let names: Vec<_> =
            server["quarantined"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
        assert_eq!(names, ["always", "missing", "listed", "worded", "#7", "#8", "#9"], "{server}");
        assert_eq!((&server["tools"], &server["state"]), (&json!(4), &json!("ready")));
    }
    let finished = Gateway::builder(&home).arg("status").finish().await;
    assert!(
        finished.stdout.contains("\n  quarantined `always`: its `inputSchema` is true."),
        "{}",
        finished.stdout
    );
    gateway.stop().await;
}

#[tokio::test]
async fn a_tool_that_runs_only_as_a_task_is_left_out_whatever_carries_the_list() {
    let home = Home::new();
    let tool = |name: &str, support: &str| {
        json!({"name": name, "inputSchema": {"type": "object"},
        "execution": {"taskSupport": support}, "_meta": {"kept": [1.10]}})
    };
    let tools = [tool("research", "required"), tool("either", "optional"), tool("plain", "forbidden")];
    let file = write(&home, &json!(tools));
    let mut config = json!({});
    let mut upstreams = Vec::new();
    for (name, transport, extra) in [
        ("stdio", "stdio", None),
        ("json", "streamable-http", None),
        ("events", "streamable-http", Some("--event-streams")),
        ("sse", "sse", None),
        ("taskless", "stdio", Some("--without-tasks")),
        ("taskless-json", "streamable-http", Some("--without-tasks")),
    ] {
        let mut args = vec!["--tools-file", &file];
        args.extend(extra);
        config[name] = if transport == "stdio" {
            fake(&args)
        } else {
            upstreams.push(HttpUpstream::start(&home, name, transport, &args).await);
            upstreams[upstreams.len() - 1].entry()
        };
    }
    let gateway = Gateway::start(&home, &json!({"mcpServers": config})).await;
    // MCP 2025-11-25, "Tool-Level Negotiation": what a tool says of tasks binds only where its server runs them.
    for server in ["taskless", "taskless-json"] {
        let document = gateway.wait_ready(server).await;
        assert_eq!(paths(&document), ["/research", "/either", "/plain"], "{server}");
        assert_eq!(gateway.call(server, "research", json!({"x": 1})).await.ok(), json!({"x": 1}));
    }
    for server in ["stdio", "json", "events", "sse"] {
        let document = gateway.wait_ready(server).await;
        assert_eq!(paths(&document), ["/either", "/plain"], "{server}");
        assert_eq!(gateway.call(server, "either", json!({"x": 1})).await.ok(), json!({"x": 1}), "{server}");
        let message = gateway.call(server, "research", json!({})).await.message(404);
        assert!(message.contains("can only be run as a task, which Traygate does not do"), "{message}");
    }
    let finished = Gateway::builder(&home).arg("status").finish().await;
    let told = finished.stdout.matches("quarantined `research`: it can only be run as a task").count();
    assert_eq!(told, 4, "{}", finished.stdout);
    gateway.stop().await;
}

#[tokio::test]
async fn a_tool_that_its_server_mends_is_free_again() {
    let home = Home::new();
    let file = write(&home, &tools());
    let config = json!({"mcpServers": {"s": fake(&["--tools-file", &file])}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("s").await;
    gateway.call("s", "always", json!({})).await.refused(404);
    let mut mended = tools();
    mended[1]["inputSchema"] = json!({"type": "object"});
    write(&home, &mended);
    gateway.call("s", "reread_tools", json!({})).await.ok();
    gateway.wait_for_document("s", |document| document["paths"].get("/always").is_some()).await;
    assert_eq!(gateway.call("s", "always", json!({"x": 1})).await.ok(), json!({"x": 1}));
    let status = admin(&gateway, &home, "/-/api/status").await;
    assert!(!status["servers"][0]["quarantined"].to_string().contains("always"), "{status}");
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_quarantined_is_known_before_the_server_is_back() {
    let home = Home::new();
    let file = write(&home, &tools());
    let gate = home.path("gate");
    fs::write(&gate, "").unwrap();
    let wait = ["--tools-file", &file, "--wait-for", gate.to_str().unwrap()];
    let config = json!({"mcpServers": {"s": fake(&wait)}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("s").await;
    gateway.stop().await;
    fs::remove_file(&gate).unwrap();
    let gateway = Gateway::start(&home, &config).await;
    let message = gateway.call("s", "always", json!({})).await.message(404);
    assert!(message.contains("its `inputSchema` is true"), "{message}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_list_of_ten_thousand_tools_and_a_schema_of_ten_megabytes_are_served() {
    let home = Home::new();
    let mut huge = json!({"type": "object", "properties": {"value": {"type": "string"}}});
    huge["description"] = json!("x".repeat(10 << 20));
    let file =
        write(&home, &json!([{"name": "huge", "inputSchema": huge}, {"name": "small", "inputSchema": {}}]));
    let many = fake(&["--tools", "10000", "--page", "2500"]);
    let config = json!({"mcpServers": {"huge": fake(&["--tools-file", &file]), "many": many}});
    let gateway = Gateway::start(&home, &config).await;
    let document = gateway.wait_ready("many").await;
    assert_eq!(document["paths"].as_object().unwrap().len(), 10_000);
    gateway.wait_ready("huge").await;
    for tool in ["huge", "small"] {
        assert_eq!(gateway.call("huge", tool, json!({"value": "1"})).await.ok(), json!({"value": "1"}));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_disabled_tool_that_does_not_exist_is_told_in_the_log() {
    let home = Home::new();
    let mut entry = fake(&[]);
    entry["disabledTools"] = json!(["add", "ad"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    gateway.wait_ready("s").await;
    gateway.wait_for_stderr("`disabledTools` names `ad`, a tool that it does not have").await;
    assert!(!gateway.stderr().contains("names `add`"));
    gateway.stop().await;
}
