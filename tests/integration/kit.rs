//! The judge judged: `fake-mcp` by hand-written messages, so that a failing test speaks of the gateway.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};
use traygate_tests::{Home, HttpUpstream, eventually, fake_mcp, is_alive, kill};

const MODERN: &str = "2026-07-28";

struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Client {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(fake_mcp())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { input: child.stdin.take(), output, child }
    }

    async fn send(&mut self, message: Value) {
        self.input.as_mut().unwrap().write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn line(&mut self) -> String {
        self.output.next_line().await.unwrap().expect("one more line")
    }

    async fn receive(&mut self) -> Value {
        serde_json::from_str(&self.line().await).unwrap()
    }

    async fn ask(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        let answer = self.receive().await;
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    async fn initialize(&mut self, revision: &str) -> Value {
        let answer = self.ask(0, "initialize", json!({"protocolVersion": revision})).await;
        self.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        answer
    }
}

fn modern(mut params: Value) -> Value {
    params["_meta"] = json!({"io.modelcontextprotocol/protocolVersion": MODERN});
    params
}

#[tokio::test]
async fn eras_are_kept_apart() {
    let mut legacy = Client::start(&["--era", "legacy", "--revision", "2025-03-26"]);
    assert_eq!(legacy.ask(1, "server/discover", modern(json!({}))).await["error"]["code"], -32601);
    assert_eq!(legacy.ask(2, "tools/list", json!({})).await["error"]["code"], -32002);
    assert_eq!(legacy.initialize("2025-11-25").await["result"]["protocolVersion"], "2025-03-26");
    assert!(legacy.ask(3, "tools/list", json!({})).await["result"]["tools"].is_array());

    let mut modern_only = Client::start(&["--era", "modern"]);
    let refusal = modern_only.ask(1, "initialize", json!({"protocolVersion": "2025-11-25"})).await;
    assert_eq!(refusal["error"]["data"]["supported"], json!([MODERN]));
    let discovered = modern_only.ask(2, "server/discover", modern(json!({}))).await;
    assert_eq!(discovered["result"]["supportedVersions"], json!([MODERN]));
    assert!(modern_only.ask(3, "tools/list", modern(json!({}))).await["result"]["tools"].is_array());
    assert_eq!(modern_only.ask(4, "tools/list", json!({})).await["error"]["code"], -32022);
}

#[tokio::test]
async fn pages_and_list_changed() {
    let mut client = Client::start(&["--tools", "5", "--page", "2", "--repeat-cursor"]);
    client.initialize("2025-06-18").await;
    let mut cursor = json!({});
    let mut names = Vec::new();
    for id in 1..=3 {
        let page = client.ask(id, "tools/list", cursor).await["result"].clone();
        names.extend(page["tools"].as_array().unwrap().iter().map(|tool| tool["name"].clone()));
        cursor = json!({"cursor": page["nextCursor"]});
    }
    assert_eq!(names.len(), 5);
    assert_eq!(cursor["cursor"], "4", "the last page names itself");
    client
        .send(json!({"jsonrpc": "2.0", "id": 9, "method": "tools/call",
        "params": {"name": "add_tool", "arguments": {"name": "fresh"}}}))
        .await;
    let messages = [client.receive().await, client.receive().await];
    assert!(
        messages.iter().any(|message| message["method"] == "notifications/tools/list_changed"),
        "{messages:?}"
    );
    assert!(messages.iter().any(|message| message["id"] == 9), "{messages:?}");
}

#[tokio::test]
async fn arguments_come_back_as_written_and_progress_is_told() {
    let mut client = Client::start(&[]);
    client.initialize("2025-11-25").await;
    let raw = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"x":1.50,"n":null}}}"#;
    client.input.as_mut().unwrap().write_all(format!("{raw}\n").as_bytes()).await.unwrap();
    assert_eq!(client.receive().await["result"]["content"][0]["text"], r#"{"x":1.50,"n":null}"#);
    let call =
        json!({"name": "slow", "arguments": {"steps": 2, "interval_ms": 1}, "_meta": {"progressToken": "t"}});
    client.send(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call})).await;
    for step in 1..=2 {
        let progress = client.receive().await;
        assert_eq!(progress["params"]["progress"], step);
        assert_eq!(progress["params"]["progressToken"], "t");
    }
    assert_eq!(client.receive().await["result"]["content"][0]["text"], "done");
}

#[tokio::test]
async fn a_stubborn_server_outlives_its_input_and_has_a_grandchild() {
    let home = Home::new();
    let record = home.record("stubborn");
    let mut client =
        Client::start(&["--stubborn", "--grandchild", "--record", record.path().to_str().unwrap()]);
    client.initialize("2025-11-25").await;
    let grandchild: u32 =
        record.wait_for("grandchild").await.data["grandchild"].as_u64().unwrap().try_into().unwrap();
    client.input = None;
    record.wait_for("end of input").await;
    assert!(client.child.try_wait().unwrap().is_none());
    client.child.kill().await.unwrap();
    assert!(is_alive(grandchild), "nothing but a signal of its own ends it");
    kill(grandchild);
    eventually("the grandchild to be gone", async || !is_alive(grandchild)).await;
}

#[tokio::test]
async fn garbage_is_written_as_told() {
    let mut client = Client::start(&["--preamble", "hello\n"]);
    assert_eq!(client.line().await, "hello");
    client.initialize("2025-11-25").await;
    let call = json!({"name": "write", "arguments": {"text": "ab", "repeat": 3}});
    client.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call})).await;
    assert_eq!(client.line().await, "ababab");
    assert_eq!(client.receive().await["id"], 1);
    let call = json!({"name": "write", "arguments": {"text": "{\"half", "newline": false, "then": "exit"}});
    client.send(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call})).await;
    assert_eq!(client.line().await, "{\"half");
    assert!(client.output.next_line().await.unwrap().is_none());
}

#[tokio::test]
async fn streamable_http_has_sessions_and_forgets_them() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "a", "streamable-http", &["--era", "legacy"]).await;
    let post = |session: Option<String>, body: Value| {
        let request = client().post(upstream.url()).json(&body);
        session
            .map_or(request.try_clone().unwrap(), |session| request.header("Mcp-Session-Id", session))
            .send()
    };
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    let answer =
        post(None, json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})).await.unwrap();
    let session = Some(answer.headers()["mcp-session-id"].to_str().unwrap().to_owned());
    assert_eq!(post(session.clone(), list.clone()).await.unwrap().status(), 200);
    assert_eq!(post(None, list.clone()).await.unwrap().status(), 400);
    upstream.forget_sessions().await;
    assert_eq!(post(session.clone(), list.clone()).await.unwrap().status(), 404);
    upstream.answer_with(Some(502)).await;
    assert_eq!(post(session, list).await.unwrap().status(), 502);
}

#[tokio::test]
async fn the_stateless_revision_wants_headers_that_match_the_body() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "a", "streamable-http", &[]).await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": modern(json!({"name": "add", "arguments": {"a": 1, "b": 2}}))});
    let request = |name: &'static str| {
        client()
            .post(upstream.url())
            .header("MCP-Protocol-Version", MODERN)
            .header("Mcp-Method", "tools/call")
            .header("Mcp-Name", name)
            .json(&call)
            .send()
    };
    let good: Value = request("add").await.unwrap().json().await.unwrap();
    assert_eq!(good["result"]["content"][0]["text"], "3");
    let bad = request("echo").await.unwrap();
    assert_eq!(bad.status(), 400);
    assert_eq!(bad.json::<Value>().await.unwrap()["error"]["code"], -32020);
}

#[tokio::test]
async fn sse_names_its_endpoint_and_answers_on_the_stream() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "a", "sse", &[]).await;
    let mut stream = client().get(upstream.url()).send().await.unwrap();
    let first = String::from_utf8(stream.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    let endpoint = first.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let base = upstream.url().trim_end_matches("/sse");
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    let sent = client().post(format!("{base}{endpoint}")).json(&message).send().await.unwrap();
    assert_eq!(sent.status(), 202);
    let answer = String::from_utf8(stream.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(answer.contains(r#""id":1"#), "{answer}");
}

#[tokio::test]
async fn a_key_is_asked_for_with_and_without_a_challenge() {
    let home = Home::new();
    let args = ["--authorization", "Bearer t", "--challenge", "Bearer realm=\"x\""];
    let upstream = HttpUpstream::start(&home, "a", "streamable-http", &args).await;
    let refused = client().post(upstream.url()).body("{}").send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["www-authenticate"]),
        (401, &"Bearer realm=\"x\"".parse().unwrap())
    );
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}});
    let let_in = client().post(upstream.url()).bearer_auth("t").json(&ping).send().await.unwrap();
    assert_eq!(let_in.status(), 200);
}

fn client() -> reqwest::Client {
    // Without TLS in use, any provider does.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}
