//! stdio, streamable HTTP and HTTP+SSE, with every revision of the protocol; calls, results, timeouts.

use reqwest::StatusCode;
use serde_json::{Value, json};
use traygate_tests::{Gateway, Home, HttpUpstream, fake, stdio};

const REVISIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// The flags of every server that a transport can meet, by a name.
fn servers() -> Vec<(String, Vec<&'static str>)> {
    let mut servers = vec![
        ("both".to_owned(), vec!["--era", "both"]),
        ("modern".into(), vec!["--era", "modern"]),
        // Answers whatever it does not know with an empty result.
        ("empty".into(), vec!["--era", "legacy", "--unknown-method", "empty-result"]),
    ];
    servers.extend(
        REVISIONS.map(|revision| (revision.to_owned(), vec!["--era", "legacy", "--revision", revision])),
    );
    servers
}

async fn answers(gateway: &Gateway, server: &str) {
    gateway.wait_ready(server).await;
    assert_eq!(gateway.call(server, "add", json!({"a": 20, "b": 22})).await.ok(), "42", "{server}");
    assert_eq!(
        gateway.call(server, "slow", json!({"steps": 3, "interval_ms": 1})).await.ok(),
        "done",
        "{server}"
    );
}

#[tokio::test]
async fn stdio_speaks_every_revision() {
    let home = Home::new();
    let config: serde_json::Map<String, Value> =
        servers().into_iter().map(|(name, args)| (name, fake(&args))).collect();
    let gateway = Gateway::start(&home, &json!({"mcpServers": config})).await;
    for (server, _) in servers() {
        answers(&gateway, &server).await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn streamable_http_speaks_every_revision_with_json_and_event_streams() {
    let home = Home::new();
    let mut upstreams = Vec::new();
    for (name, args) in servers() {
        for extra in [None, Some("--event-streams")] {
            let name = format!("{name}{}", extra.unwrap_or_default());
            let args: Vec<&str> = args.iter().copied().chain(extra).collect();
            upstreams.push((name.clone(), HttpUpstream::start(&home, &name, "streamable-http", &args).await));
        }
    }
    let config: serde_json::Map<String, Value> =
        upstreams.iter().map(|(name, upstream)| (name.clone(), upstream.entry())).collect();
    let gateway = Gateway::start(&home, &json!({"mcpServers": config})).await;
    for (server, _) in &upstreams {
        answers(&gateway, server).await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn sse_speaks_every_revision_with_initialize() {
    let home = Home::new();
    let mut upstreams = Vec::new();
    for (name, args) in servers().into_iter().filter(|(_, args)| args[1] == "legacy") {
        upstreams.push((name.clone(), HttpUpstream::start(&home, &name, "sse", &args).await));
    }
    let config: serde_json::Map<String, Value> =
        upstreams.iter().map(|(name, upstream)| (name.clone(), upstream.entry())).collect();
    let gateway = Gateway::start(&home, &json!({"mcpServers": config})).await;
    for (server, _) in &upstreams {
        answers(&gateway, server).await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_server_silent_to_the_probe_is_probed_once_and_remembered() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "old", &["--era", "legacy", "--unknown-method", "ignore"]);
    let config = json!({"mcpServers": {"old": entry}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("old").await;
    gateway.stop().await;
    let probes = record.named("server/discover").len();
    assert_eq!(probes, 1);
    let starts = record.starts();
    let gateway = Gateway::start(&home, &config).await;
    record.wait_for_count("notifications/initialized", 2).await;
    answers(&gateway, "old").await;
    assert_eq!(record.named("server/discover").len(), probes);
    assert_eq!(record.starts(), starts + 1);
    gateway.stop().await;
}

#[tokio::test]
async fn arguments_arrive_as_they_were_sent() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "a", &[]);
    let upstream = HttpUpstream::start(&home, "http", "streamable-http", &[]).await;
    let sse = HttpUpstream::start(&home, "sse", "sse", &[]).await;
    let config = json!({"mcpServers": {"a": entry, "http": upstream.entry(), "sse": sse.entry()}});
    let gateway = Gateway::start(&home, &config).await;
    let body = r#"{"message":"x","null":null,"list":[{"a":null}],"int":5,"one":1.0,"big":12345678901234567890123,"exact":1.10,"e":1e+5,"_x":{"__y":[]}}"#;
    for (server, record) in [("a", &record), ("http", upstream.record()), ("sse", sse.record())] {
        gateway.wait_ready(server).await;
        let answer = gateway.post_text(&format!("/{server}/echo"), body).await;
        assert_eq!(answer.status, StatusCode::OK);
        // Digit for digit, both ways.
        assert_eq!(answer.text, body, "{server}");
        assert_eq!(record.wait_for("call").await.data["arguments"].to_string(), body, "{server}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn results_say_what_the_tool_said() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    let text = |text: &str| json!({"type": "text", "text": text});
    let rows = [
        (json!({"content": [text("plain")]}), json!("plain")),
        (json!({"content": [text("{\"a\": [1]}")]}), json!({"a": [1]})),
        (json!({"content": [text("007")]}), json!("007")),
        (json!({"content": [text("NaN")]}), json!("NaN")),
        (json!({"content": [text("null")]}), json!("null")),
        (json!({"content": [text("one"), text("two")]}), json!(["one", "two"])),
        (json!({"content": []}), json!("(no output)")),
        (json!({"content": [], "structuredContent": {"s": 1}}), json!({"s": 1})),
        (json!({"content": [text("{\"s\":1}")], "structuredContent": {"s": 1}}), json!({"s": 1})),
        (
            json!({"content": [{"type": "image", "data": "aGk=", "mimeType": "image/png"}]}),
            json!("data:image/png;base64,aGk="),
        ),
    ];
    for (result, wanted) in rows {
        let answer = gateway.call("a", "result", json!({"result": result})).await;
        assert_eq!(answer.ok(), wanted, "{result}");
    }
    // R01: not a digit is lost.
    let big = json!({"content": [text("[12345678901234567890.10]")]});
    assert_eq!(gateway.call("a", "result", json!({"result": big})).await.text, "[12345678901234567890.10]");
    gateway.stop().await;
}

#[tokio::test]
async fn errors_of_tools_keep_all_their_words() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    let texts = json!([{"type": "text", "text": "rate limited"}, {"type": "text", "text": "try at noon"}]);
    let answer = gateway.call("a", "result", json!({"result": {"content": texts, "isError": true}})).await;
    assert_eq!(answer.message(500), "rate limited\ntry at noon");
    // The log tells which call and when, and nothing that was said.
    gateway.wait_for_stderr("a: a call of `result` failed after ").await;
    assert!(!gateway.stderr().contains("rate limited"), "{}", gateway.stderr());
    for (code, status) in
        [(-32700, 400), (-32600, 400), (-32601, 404), (-32602, 422), (-32603, 500), (-1, 500)]
    {
        let error = json!({"code": code, "message": "as the server put it", "data": {"k": 1}});
        let detail = gateway.call("a", "rpc_error", error).await.refused(status);
        assert!(detail["message"].as_str().unwrap().contains("as the server put it"), "{detail}");
        assert_eq!(detail["data"], json!({"k": 1}), "{code}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_call_without_an_answer_is_504_and_cancelled() {
    let home = Home::new();
    let (mut local, local_record) = stdio(&home, "local", &[]);
    local["timeout"] = json!(1);
    let http = HttpUpstream::start(&home, "http", "streamable-http", &[]).await;
    let mut remote = http.entry();
    remote["timeout"] = json!(1);
    let sse = HttpUpstream::start(&home, "sse", "sse", &[]).await;
    let mut stream = sse.entry();
    stream["timeout"] = json!(1);
    let gateway =
        Gateway::start(&home, &json!({"mcpServers": {"local": local, "http": remote, "sse": stream}})).await;
    for (server, record) in [("local", &local_record), ("http", http.record()), ("sse", sse.record())] {
        gateway.wait_ready(server).await;
        let detail = gateway.call(server, "hang", json!({})).await.refused(504);
        assert_eq!(detail["code"], "timeout", "{server}");
        record.wait_for("abandoned").await;
        gateway.wait_for_stderr(&format!("{server}: a call of `hang` failed after ")).await;
        assert_eq!(gateway.call(server, "add", json!({"a": 1, "b": 1})).await.ok(), "2", "{server}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn progress_resets_the_timeout() {
    let home = Home::new();
    let (mut local, _) = stdio(&home, "local", &[]);
    local["timeout"] = json!(2);
    let http = HttpUpstream::start(&home, "http", "streamable-http", &[]).await;
    let mut remote = http.entry();
    remote["timeout"] = json!(2);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"local": local, "http": remote}})).await;
    gateway.wait_ready("local").await;
    gateway.wait_ready("http").await;
    // 3 s in all, more than the timeout; 0.3 s between signs of life.
    let steps = json!({"steps": 10, "interval_ms": 300});
    let (local, http) = tokio::join!(
        gateway.call("local", "slow", steps.clone()),
        gateway.call("http", "slow", steps.clone())
    );
    assert_eq!(local.ok(), "done");
    assert_eq!(http.ok(), "done");
    gateway.stop().await;
}

#[tokio::test]
async fn a_session_is_ended_at_the_server_when_the_gateway_ends() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "a", "streamable-http", &["--era", "legacy"]).await;
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": upstream.entry()}})).await;
    gateway.wait_ready("a").await;
    gateway.stop().await;
    upstream.record().wait_for("session ended").await;
}

#[tokio::test]
async fn tools_are_remembered_while_a_server_starts_again() {
    let home = Home::new();
    let gate = home.path("gate");
    fs_err::write(&gate, "").unwrap();
    let config = json!({"mcpServers": {"a": fake(&["--wait-for", gate.to_str().unwrap()])}});
    let gateway = Gateway::start(&home, &config).await;
    let document = gateway.wait_ready("a").await;
    gateway.stop().await;
    fs_err::remove_file(&gate).unwrap();
    // The server is held, the document is there: tools do not vanish from a chat.
    let gateway = Gateway::start(&home, &config).await;
    assert_eq!(gateway.openapi("a").await.ok(), document);
    gateway.stop().await;
}
