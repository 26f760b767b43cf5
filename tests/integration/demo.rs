//! The first run: no config, no Node, no Python, no network.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
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
async fn the_readme_shows_what_a_first_run_shows() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs_err::read_to_string(readme).unwrap();
    let home = Home::new();
    let gateway = Gateway::builder(&home).start().await;
    gateway.wait_for_stderr("demo: ready").await;
    let seen = gateway.stderr();
    let port = gateway.port().to_string();
    let seen = seen.replace(home.path("config").to_str().unwrap(), "~/.config").replace(&port, "8000");
    assert_eq!(timeless(seen.trim_end()), timeless(transcript(&readme, "traygate\n")));

    let (arguments, answer) =
        transcript(&readme, "curl http://localhost:8000/demo/current_time -d '").split_once("'\n").unwrap();
    let called = gateway.post_text("/demo/current_time", arguments).await;
    called.ok();
    assert_eq!(undated(&called.text), undated(answer));
    gateway.stop().await;
}

/// What README shows after this command, up to the end of its block.
fn transcript<'r>(readme: &'r str, command: &str) -> &'r str {
    let (_, after) = readme.split_once(&format!("```\n$ {command}")).expect("the command stands in README");
    after.split_once("\n```").unwrap().0
}

/// With the time at the start of a line of the log as 00:00:00.
fn timeless(text: &str) -> String {
    let timeless = |line: &str| match line.split_once("  ") {
        Some((time, rest)) if zeroed(time) == "00:00:00" => format!("00:00:00  {rest}"),
        _ => line.to_owned(),
    };
    text.lines().map(timeless).collect::<Vec<_>>().join("\n")
}

/// With every digit as 0: the form of a time.
fn zeroed(text: &str) -> String {
    text.replace(|c: char| c.is_ascii_digit(), "0")
}

/// Without what depends on the date; the order of the keys stays.
fn undated(answer: &str) -> String {
    let mut answer: Value = serde_json::from_str(answer).unwrap();
    let weekday = answer["weekday"].as_str().unwrap().to_owned();
    assert!(weekday.ends_with("day"), "{weekday}");
    assert!(answer["is_dst"].is_boolean(), "{answer}");
    (answer["weekday"], answer["is_dst"]) = (json!("Monday"), json!(false));
    answer["datetime"] = zeroed(answer["datetime"].as_str().unwrap()).into();
    answer.to_string()
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

fn find(folder: &Path) -> Option<PathBuf> {
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
