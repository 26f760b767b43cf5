//! Bad input and broken servers: nothing lost, no other server touched, no process left, no panic.

use futures::future::join_all;
use serde_json::{Value, json};
use traygate_tests::{Gateway, Home, HttpUpstream, Record, eventually, fake, processor_time, stdio};

#[tokio::test]
async fn a_server_that_never_answers_initialize_is_given_up_and_tried_again() {
    let home = Home::new();
    let (mut silent, record) = stdio(&home, "silent", &["--silent"]);
    silent["startupTimeout"] = json!(1);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"silent": silent, "ok": fake(&[])}})).await;
    gateway.wait_ready("ok").await;
    record.wait_for_count("start", 2).await;
    let answer = gateway.call("silent", "echo", json!({})).await;
    assert_eq!(answer.refused(503)["code"], "server-unavailable");
    assert!(answer.message(503).contains("silent"));
    works(&gateway, "ok").await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_server_that_never_lists_its_tools_is_given_up_too() {
    let home = Home::new();
    let (mut entry, record) = stdio(&home, "mute", &["--hang-list"]);
    entry["startupTimeout"] = json!(1);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"mute": entry, "ok": fake(&[])}})).await;
    record.wait_for_count("start", 2).await;
    gateway.openapi("mute").await.refused(503);
    gateway.wait_ready("ok").await;
    gateway.stop().await;
}

#[tokio::test]
async fn garbage_on_stdout_is_passed_over() {
    let home = Home::new();
    let (entry, record) =
        stdio(&home, "noisy", &["--preamble", "npm warn hello\n\n\u{1b}[32mready\u{1b}[0m\n"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"noisy": entry}})).await;
    gateway.wait_ready("noisy").await;
    for garbage in [
        "not json",
        "{\"jsonrpc\":",
        "[1,2",
        "null",
        "{}",
        "\u{0}\u{1}",
        "{\"jsonrpc\":\"2.0\",\"id\":999999,\"result\":{}}",
    ] {
        let answer = gateway.call("noisy", "write", json!({"text": garbage})).await;
        assert_eq!(answer.ok(), "written", "{garbage}");
    }
    works(&gateway, "noisy").await;
    assert_eq!(record.starts(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn half_a_line_and_the_end_fails_the_call_only() {
    let home = Home::new();
    let config = json!({"mcpServers": {"a": fake(&[]), "b": fake(&[])}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("a").await;
    gateway.wait_ready("b").await;
    let half = json!({"text": "{\"jsonrpc\":\"2.0\",\"id\":", "newline": false, "then": "exit"});
    gateway.call("a", "write", half).await.refused(502);
    works(&gateway, "b").await;
    works(&gateway, "a").await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_line_of_50_mb_hurts_nobody_else() {
    let home = Home::new();
    let mut entry = fake(&[]);
    entry["timeout"] = json!(10);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": entry, "b": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    gateway.wait_ready("b").await;
    let line = json!({"text": "xxxxxxxxxx", "repeat": 5 * 1024 * 1024});
    let (answer, ()) = tokio::join!(gateway.call("a", "write", line), works(&gateway, "b"));
    // Below the limit of 64 MiB for a line: passed over, and the call's own answer comes after it.
    assert_eq!(answer.status, 200, "{}", answer.text);
    works(&gateway, "a").await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_big_result_arrives_whole() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "http", "streamable-http", &[]).await;
    let gateway =
        Gateway::start(&home, &json!({"mcpServers": {"a": fake(&[]), "http": upstream.entry()}})).await;
    for server in ["a", "http"] {
        gateway.wait_ready(server).await;
        let answer = gateway.call(server, "big", json!({"bytes": 5_000_000})).await;
        assert_eq!(answer.ok().as_str().map(str::len), Some(5_000_000), "{server}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_crash_loop_backs_off() {
    let home = Home::new();
    let (entry, record) =
        stdio(&home, "crash", &["--exit-at-start", "3", "--complain", "no API token given"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"crash": entry, "ok": fake(&[])}})).await;
    gateway.wait_ready("ok").await;
    record.wait_for_count("start", 3).await;
    // The pauses double from 1 s; each begins when the process has ended, so that they only get longer.
    let pauses = record.pauses("start");
    assert!(pauses.iter().all(|pause| pause.as_millis() >= 900), "{pauses:?}");
    let used = processor_time(gateway.pid());
    assert!(used < 300, "{used} hundredths of a second of processor time");
    let answer = gateway.call("crash", "echo", json!({})).await;
    assert!(answer.message(503).contains("crash"));
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1));
    works(&gateway, "ok").await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_port_in_use_names_who_holds_it() {
    let home = Home::new();
    let config = json!({"mcpServers": {}});
    let gateway = Gateway::start(&home, &config).await;
    let port = gateway.port().to_string();
    let finished = Gateway::builder(&home).config(&config).args(["--port", &port]).finish().await;
    assert_eq!(finished.code, Some(3), "{finished:?}");
    for part in [port.as_str(), "--port", &gateway.pid().to_string()] {
        assert!(finished.stderr.contains(part), "{part} in {}", finished.stderr);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_config_that_is_missing_or_unreadable_is_said_with_its_path() {
    let home = Home::new();
    let finished = Gateway::builder(&home).args(["--port", "0"]).config_file().finish().await;
    assert!(finished.code.is_some_and(|code| code != 0));
    assert!(finished.stderr.contains("config.json"), "{}", finished.stderr);

    fs_err::create_dir(home.config().path()).unwrap();
    let finished = Gateway::builder(&home).args(["--port", "0"]).config_file().finish().await;
    assert!(finished.code.is_some_and(|code| code != 0));
    assert!(finished.stderr.contains("config.json"), "{}", finished.stderr);
}

#[tokio::test]
async fn a_config_that_is_no_json_at_start_is_said_with_line_and_column() {
    let home = Home::new();
    home.config().write_text("{\n  \"mcpServers\": {\n    nonsense\n");
    let finished = Gateway::builder(&home).args(["--port", "0"]).config_file().finish().await;
    assert!(finished.code.is_some_and(|code| code != 0));
    assert!(finished.stderr.contains("3:5"), "{}", finished.stderr);
}

#[tokio::test]
async fn bodies_that_are_no_arguments_are_refused_in_words() {
    let home = Home::new();
    let config = json!({"mcpServers": {"a": fake(&[])}, "traygate": {"maxBodySize": 1000}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("a").await;
    assert_eq!(gateway.post_text("/a/add", "{\"a\": 1,").await.refused(400)["code"], "invalid-json");
    for body in ["[1]", "\"text\"", "1", "null"] {
        let answer = gateway.post_text("/a/add", body).await;
        assert!([400, 422].contains(&answer.status.as_u16()), "{body}: {}", answer.text);
    }
    let answer = gateway.post_text("/a/echo", format!("{{\"x\":\"{}\"}}", "y".repeat(2000))).await;
    assert_eq!(answer.refused(413)["code"], "payload-too-large");
    // FastAPI's shape: clients read it.
    let detail = gateway.call("a", "add", json!({"a": "one"})).await.refused(422);
    let list = detail.as_array().unwrap();
    assert!(list.iter().any(|item| item["loc"] == json!(["body", "a"])), "{detail}");
    assert!(list.iter().all(|item| item["type"].is_string() && item["msg"].is_string()), "{detail}");
    // An empty body is an empty object.
    assert_eq!(gateway.post_text("/a/echo", "").await.ok(), json!({}));
    works(&gateway, "a").await;
    gateway.stop().await;
}

#[tokio::test]
async fn unknown_names_come_with_the_nearest() {
    let home = Home::new();
    let gateway =
        Gateway::start(&home, &json!({"mcpServers": {"github": fake(&[]), "time": fake(&[])}})).await;
    gateway.wait_ready("github").await;
    let detail = gateway.call("gihub", "add", json!({})).await.refused(404);
    assert_eq!(detail["code"], "unknown-server");
    assert!(detail["hint"].as_str().unwrap().contains("github"), "{detail}");
    let detail = gateway.call("github", "ad", json!({})).await.refused(404);
    assert_eq!(detail["code"], "unknown-tool");
    assert!(detail["hint"].as_str().unwrap().contains("add"), "{detail}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_thousand_tools_on_one_server() {
    let home = Home::new();
    let config = json!({"mcpServers": {"many": fake(&["--tools", "1000", "--page", "100"])}});
    let gateway = Gateway::start(&home, &config).await;
    let document = gateway.wait_ready("many").await;
    assert_eq!(document["paths"].as_object().unwrap().len(), 1000);
    assert_eq!(gateway.call("many", "tool_0999", json!({"value": "x"})).await.ok(), json!({"value": "x"}));
    gateway.stop().await;
}

#[tokio::test]
async fn fifty_servers_at_once() {
    let home = Home::new();
    let names: Vec<String> = (0..50).map(|number| format!("s{number}")).collect();
    let servers: serde_json::Map<String, Value> =
        names.iter().map(|name| (name.clone(), fake(&[]))).collect();
    let gateway = Gateway::start(&home, &json!({"mcpServers": servers})).await;
    for name in &names {
        gateway.wait_ready(name).await;
    }
    join_all(names.iter().map(|name| works(&gateway, name))).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_stuck_server_with_200_callers_stops_nobody_else_over_stdio() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "stuck", &[]);
    stuck_with_200_callers(&home, entry, &record).await;
}

#[tokio::test]
async fn a_stuck_server_with_200_callers_stops_nobody_else_over_http() {
    let home = Home::new();
    for era in ["legacy", "modern"] {
        let upstream = HttpUpstream::start(&home, era, "streamable-http", &["--era", era]).await;
        stuck_with_200_callers(&home, upstream.entry(), upstream.record()).await;
    }
}

async fn stuck_with_200_callers(home: &Home, mut stuck: Value, record: &Record) {
    stuck["timeout"] = json!(5);
    let gateway = Gateway::start(home, &json!({"mcpServers": {"stuck": stuck, "ok": fake(&[])}})).await;
    gateway.wait_ready("stuck").await;
    gateway.wait_ready("ok").await;
    let callers = join_all((0..200).map(|_| gateway.call("stuck", "hang", json!({}))));
    let others = async {
        record.wait_for("call").await;
        for _ in 0..10 {
            works(&gateway, "ok").await;
            gateway.openapi("stuck").await.ok();
        }
    };
    let (answers, ()) = tokio::join!(callers, others);
    assert_eq!(answers.len(), 200);
    for answer in answers {
        assert_eq!(answer.refused(504)["code"], "timeout");
    }
    works(&gateway, "stuck").await;
    gateway.stop().await;
}

#[tokio::test]
async fn an_edit_while_a_call_runs_breaks_only_that_servers_calls() {
    let home = Home::new();
    let gate = home.path("gate");
    let config = json!({"mcpServers": {"kept": fake(&[]), "removed": fake(&[])}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("kept").await;
    gateway.wait_ready("removed").await;
    let waits = gateway.call("kept", "wait_for_file", json!({"path": gate}));
    let edit = async {
        home.config().write(&json!({"mcpServers": {"kept": fake(&[])}}));
        gateway.wait_for_status("/removed/openapi.json", 404).await;
        fs_err::write(&gate, "").unwrap();
    };
    let (answer, ()) = tokio::join!(waits, edit);
    assert_eq!(answer.ok(), "it is there");
    gateway.stop().await;
}

#[tokio::test]
async fn a_flood_on_stderr_blocks_nothing() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"loud": fake(&[])}})).await;
    gateway.wait_ready("loud").await;
    // More than any pipe holds.
    let line = "x".repeat(100_000);
    for _ in 0..10 {
        assert_eq!(gateway.call("loud", "log", json!({"text": line})).await.ok(), "logged");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_server_that_asks_for_a_sign_in_is_not_polled() {
    let home = Home::new();
    let challenge = "Bearer resource_metadata=\"http://127.0.0.1:9/.well-known/oauth-protected-resource\"";
    let bare =
        HttpUpstream::start(&home, "bare", "streamable-http", &["--authorization", "Bearer t0ken"]).await;
    let told = HttpUpstream::start(
        &home,
        "told",
        "streamable-http",
        &["--authorization", "x", "--challenge", challenge],
    )
    .await;
    let sse = HttpUpstream::start(&home, "sse", "sse", &["--authorization", "Bearer t0ken"]).await;
    let mut keyed = bare.entry();
    keyed["headers"] = json!({"Authorization": "Bearer t0ken"});
    let config = json!({"mcpServers": {
        "bare": bare.entry(), "told": told.entry(), "sse": sse.entry(), "keyed": keyed,
    }});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("keyed").await;
    works(&gateway, "keyed").await;
    for (server, upstream) in [("bare", &bare), ("told", &told), ("sse", &sse)] {
        eventually("the sign-in to be asked for", async || {
            gateway.openapi(server).await.refused(503)["code"] == "sign-in-required"
        })
        .await;
        let asked = upstream.record().named("refused").len();
        let detail = gateway.call(server, "echo", json!({})).await.refused(503);
        assert_eq!(detail["code"], "sign-in-required");
        assert_eq!(upstream.record().named("refused").len(), asked, "{server} was asked again");
    }
    gateway.stop().await;
}

/// No blind repetition of a call that may have run: a proxy that gave up on it answers as if it had not begun.
#[tokio::test]
async fn a_call_whose_answer_is_lost_runs_once() {
    let home = Home::new();
    let legacy = HttpUpstream::start(&home, "legacy", "streamable-http", &["--era", "legacy"]).await;
    let modern = HttpUpstream::start(&home, "modern", "streamable-http", &["--era", "modern"]).await;
    let config = json!({"mcpServers": {"legacy": legacy.entry(), "modern": modern.entry()}});
    let gateway = Gateway::start(&home, &config).await;
    // In a session 404 says that the session is gone (specification 2025-11-25, session management).
    for (server, upstream, statuses) in
        [("legacy", &legacy, &[400, 408, 500, 502][..]), ("modern", &modern, &[400, 404, 408, 500, 502])]
    {
        gateway.wait_ready(server).await;
        for status in statuses {
            upstream.lose_answers(None).await;
            // The second goes another way than the first.
            works(&gateway, server).await;
            works(&gateway, server).await;
            upstream.lose_answers(Some(*status)).await;
            let before = upstream.record().named("call").len();
            gateway.call(server, "add", json!({"a": 1, "b": 1})).await.refused(502);
            assert_eq!(upstream.record().named("call").len(), before + 1, "{server}, {status}");
        }
    }
    gateway.stop().await;
}

async fn works(gateway: &Gateway, server: &str) {
    assert_eq!(gateway.call(server, "add", json!({"a": 20, "b": 22})).await.ok(), "42", "{server}");
}
