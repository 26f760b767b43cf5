//! The first run: no config, no Node, no Python, no network.

use serde_json::json;
use traygate_tests::{Gateway, Home};

#[tokio::test]
async fn a_first_run_serves_the_demo_and_writes_a_starter_config() {
    let home = Home::new();
    let gateway = Gateway::builder(&home).start().await;
    let document = gateway
        .wait_for_path("/openapi.json", |document| {
            document["paths"].as_object().is_some_and(|paths| !paths.is_empty())
        })
        .await;
    assert!(document["paths"].as_object().unwrap().keys().any(|path| path.contains("time")), "{document}");
    gateway.stop().await;
    let written = find(&home.path("config"));
    let text = fs_err::read_to_string(written.expect("a starter config was written")).unwrap();
    assert!(text.contains("//") && text.contains("demo"), "{text}");
    // The second run keeps it.
    let gateway = Gateway::builder(&home).start().await;
    gateway
        .wait_for_path("/openapi.json", |document| {
            document["paths"].as_object().is_some_and(|paths| !paths.is_empty())
        })
        .await;
    gateway.stop().await;
    assert_eq!(fs_err::read_to_string(find(&home.path("config")).unwrap()).unwrap(), text);
}

#[tokio::test]
async fn the_demo_server_echoes() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"demo": {"type": "demo"}}})).await;
    let document = gateway.wait_ready("demo").await;
    for path in ["/current_time", "/convert_time", "/echo"] {
        assert!(document["paths"][path].is_object(), "{path} in {document}");
    }
    assert_eq!(gateway.call("demo", "echo", json!({"text": "hello"})).await.ok(), "hello");
    let noon = json!({"time": "2026-01-15T12:00", "from": "UTC", "to": "Asia/Tokyo"});
    assert!(gateway.call("demo", "convert_time", noon).await.ok().to_string().contains("21:00"));
    assert!(gateway.servers().is_empty());
    gateway.stop().await;
}

fn find(folder: &std::path::Path) -> Option<std::path::PathBuf> {
    for entry in fs_err::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        if path.is_dir() {
            if let Some(found) = find(&path) {
                return Some(found);
            }
        } else if path.extension().is_some_and(|extension| extension == "json" || extension == "jsonc") {
            return Some(path);
        }
    }
    None
}
