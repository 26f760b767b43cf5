//! The real thing: servers out of `PyPI` and npm, driven through `traygate --config`. `./dev test` installs them.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use traygate_tests::{Gateway, Home, RealServers, eventually};

fn paths(document: &Value) -> Vec<String> {
    let mut paths: Vec<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn time_converts() {
    let home = Home::new();
    let time = RealServers::installed().python("mcp-server-time", &["--local-timezone=UTC"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"time": time}})).await;
    let document = gateway.wait_ready("time").await;
    assert_eq!(paths(&document), ["/convert_time", "/get_current_time"]);
    let arguments = json!({"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"});
    let converted = gateway.call("time", "convert_time", arguments).await.ok();
    assert!(converted["target"]["datetime"].as_str().unwrap().contains("T21:00"), "{converted}");
    let error = gateway.call("time", "get_current_time", json!({"timezone": "Nowhere/City"})).await;
    assert!(error.message(500).contains("Nowhere/City"), "{}", error.text);
    gateway.stop().await;
}

#[tokio::test]
async fn git_tells_of_a_repository() {
    let home = Home::new();
    let repository = home.path("data");
    for args in [
        &["init", "-q"][..],
        &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "the first"],
    ] {
        assert!(Command::new("git").arg("-C").arg(&repository).args(args).status().unwrap().success());
    }
    let git =
        RealServers::installed().python("mcp-server-git", &["--repository", repository.to_str().unwrap()]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"git": git}})).await;
    gateway.wait_ready("git").await;
    let log = gateway.call("git", "git_log", json!({"repo_path": repository, "max_count": 5})).await;
    assert!(log.ok().to_string().contains("the first"), "{}", log.text);
    let status = gateway.call("git", "git_status", json!({"repo_path": repository})).await;
    assert!(status.ok().to_string().contains("nothing to commit"), "{}", status.text);
    gateway.stop().await;
}

#[tokio::test]
async fn fetch_reads_a_page() {
    let home = Home::new();
    // The page is the gateway's own docs page: no network.
    let flags = ["--ignore-robots-txt", "--allow-private-ips"];
    let entry = RealServers::installed().python("mcp-server-fetch", &flags);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"fetch": entry}})).await;
    let document = gateway.wait_ready("fetch").await;
    assert_eq!(paths(&document), ["/fetch"]);
    let url = format!("{}/fetch/openapi.json", gateway.base());
    let page = gateway.call("fetch", "fetch", json!({"url": url, "raw": true, "max_length": 200})).await;
    assert!(page.ok().to_string().contains("openapi"), "{}", page.text);
    let bad = gateway.call("fetch", "fetch", json!({"url": "http://127.0.0.1:9/"})).await;
    assert!(bad.status.is_client_error() || bad.status.is_server_error(), "{}", bad.text);
    gateway.stop().await;
}

#[tokio::test]
async fn filesystem_writes_and_reads() {
    let home = Home::new();
    let folder = home.path("data");
    let entry = RealServers::installed().node("server-filesystem", &[folder.to_str().unwrap()]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"files": entry}})).await;
    gateway.wait_ready("files").await;
    let file = folder.join("note.txt");
    gateway.call("files", "write_file", json!({"path": file, "content": "1.10"})).await.ok();
    assert_eq!(fs_err::read_to_string(&file).unwrap(), "1.10");
    let read = gateway.call("files", "read_text_file", json!({"path": file})).await.ok();
    // Text stays text, not the number 1.1, and is told once: as the output schema has it.
    assert_eq!(read, json!({"content": "1.10"}));
    let refused = gateway.call("files", "read_text_file", json!({"path": "/etc/hostname"})).await;
    assert!(refused.message(500).to_lowercase().contains("denied"), "{}", refused.text);
    gateway.stop().await;
}

#[tokio::test]
async fn memory_remembers() {
    let home = Home::new();
    let mut entry = RealServers::installed().node("server-memory", &[]);
    entry["env"] = json!({"MEMORY_FILE_PATH": home.path("data/memory.jsonl")});
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"memory": entry}})).await;
    gateway.wait_ready("memory").await;
    let entities =
        json!({"entities": [{"name": "Traygate", "entityType": "program", "observations": ["small"]}]});
    let created = gateway.call("memory", "create_entities", entities.clone()).await.ok();
    assert_eq!(created, entities);
    let graph = gateway.call("memory", "read_graph", json!({})).await.ok();
    assert_eq!(graph["entities"][0]["name"], "Traygate", "{graph}");
    gateway.stop().await;
}

#[tokio::test]
async fn everything_over_stdio() {
    let home = Home::new();
    let entry = RealServers::installed().node("server-everything", &[]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"everything": entry}})).await;
    everything(&gateway).await;
    gateway.stop().await;
}

#[tokio::test]
async fn everything_over_streamable_http() {
    everything_over("streamableHttp", "streamable-http", "/mcp").await;
}

#[tokio::test]
async fn everything_over_sse() {
    everything_over("sse", "sse", "/sse").await;
}

async fn everything_over(mode: &str, transport: &str, path: &str) {
    let home = Home::new();
    let servers = RealServers::installed();
    // It takes its port from PORT and cannot say which free one it got.
    let port = free_port();
    let mut child = tokio::process::Command::new(servers.node_program())
        .arg(servers.script("server-everything"))
        .arg(mode)
        .env("PORT", port.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node starts server-everything");
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    eventually("server-everything to listen", async || {
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()
    })
    .await;
    let reading = async { while matches!(log.next_line().await, Ok(Some(_))) {} };
    let entry = json!({"type": transport, "url": format!("http://127.0.0.1:{port}{path}")});
    let test = async {
        let gateway = Gateway::start(&home, &json!({"mcpServers": {"everything": entry}})).await;
        everything(&gateway).await;
        gateway.stop().await;
    };
    tokio::select! {
        () = test => {}
        () = reading => panic!("server-everything ended"),
    }
    child.kill().await.unwrap();
}

async fn everything(gateway: &Gateway) {
    let document = gateway.wait_ready("everything").await;
    assert!(paths(&document).len() >= 10, "{:?}", paths(&document));
    let echo = gateway.call("everything", "echo", json!({"message": "hello"})).await.ok();
    assert!(echo.as_str().unwrap().contains("hello"), "{echo}");
    let sum = gateway.call("everything", "get-sum", json!({"a": 2, "b": 3})).await.ok();
    assert!(sum.as_str().unwrap().contains('5'), "{sum}");
    let image = gateway.call("everything", "get-tiny-image", json!({})).await.ok();
    assert!(image.to_string().contains("data:image/png;base64,"), "{image}");
    let weather =
        gateway.call("everything", "get-structured-content", json!({"location": "Chicago"})).await.ok();
    assert!(weather["temperature"].is_number(), "{weather}");
    let long = json!({"duration": 1, "steps": 2});
    let done = gateway.call("everything", "trigger-long-running-operation", long).await.ok();
    assert!(done.to_string().contains("completed"), "{done}");
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
