//! L01-L17: servers that start, fail, change and end, and what of it anyone else notices.

use serde_json::{Value, json};
use traygate_tests::{
    Gateway, Home, HttpUpstream, Record, Relay, descendants, eventually, fake, is_alive, kill,
    processor_time, stdio,
};

/// Nothing listens there: port 9 is `discard`.
const DEAD: &str = "http://127.0.0.1:9/mcp";

#[tokio::test]
async fn l01_a_dead_server_at_start_leaves_the_others_alone() {
    let home = Home::new();
    let dead = json!({"type": "streamable-http", "url": DEAD});
    let gateway =
        Gateway::start(&home, &json!({"mcpServers": {"ok": fake(&[]), "dead": dead, "ok2": fake(&[])}}))
            .await;
    for server in ["ok", "ok2"] {
        gateway.wait_ready(server).await;
        let sum = gateway.call(server, "add", json!({"a": 20, "b": 22})).await;
        assert_eq!(sum.ok(), "42");
    }
    gateway.wait_for_refusal("/dead/openapi.json", 503, "dead").await;
    let answer = gateway.call("dead", "echo", json!({})).await;
    assert_eq!(answer.refused(503)["code"], "server-unavailable");
    assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{:?}", answer.headers);
    gateway.stop().await;
}

#[tokio::test]
async fn l02_a_missing_command_is_503_with_the_reason() {
    let home = Home::new();
    let missing = json!({"command": "no-such-command-anywhere"});
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"missing": missing, "ok": fake(&[])}})).await;
    gateway.wait_ready("ok").await;
    gateway.wait_for_refusal("/missing/openapi.json", 503, "no-such-command-anywhere").await;
    assert_eq!(gateway.call("ok", "add", json!({"a": 1, "b": 2})).await.ok(), "3");
    gateway.stop().await;
}

#[tokio::test]
async fn l03_the_port_is_open_while_servers_are_still_starting() {
    let home = Home::new();
    let gate = home.path("gate");
    let slow = fake(&["--wait-for", gate.to_str().unwrap()]);
    // `start` returns once the port answers: these servers are held until the gate is there.
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"one": slow, "two": slow}})).await;
    for server in ["one", "two"] {
        let answer = gateway.openapi(server).await;
        assert_eq!(answer.refused(503)["code"], "server-unavailable");
        assert!(answer.header("retry-after").parse::<u32>().is_ok());
    }
    fs_err::write(&gate, "").unwrap();
    gateway.wait_ready("one").await;
    gateway.wait_ready("two").await;
    gateway.stop().await;
}

#[tokio::test]
async fn l04_a_server_that_exits_during_a_call_fails_that_call_only() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "a", &[]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": entry, "b": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    gateway.wait_ready("b").await;
    gateway.call("a", "exit", json!({"code": 3})).await.refused(502);
    assert_eq!(gateway.call("b", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    assert_eq!(gateway.call("a", "add", json!({"a": 2, "b": 2})).await.ok(), "4");
    assert_eq!(record.starts(), 2);
    // It may have run: never repeated behind the caller's back.
    assert_eq!(calls(&record, "exit"), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn l05_a_server_killed_while_idle_is_back_at_the_next_call() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "a", &[]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": entry}})).await;
    gateway.wait_ready("a").await;
    let pid = pid_of(&gateway, "a").await;
    kill(pid);
    // Idle: nobody calls before the gateway has taken notice, which is when no zombie is left.
    eventually("the killed server to be reaped", async || {
        !std::path::Path::new(&format!("/proc/{pid}")).exists()
    })
    .await;
    assert_eq!(gateway.call("a", "add", json!({"a": 2, "b": 3})).await.ok(), "5");
    assert_eq!(record.starts(), 2);
    gateway.stop().await;
}

#[tokio::test]
async fn l06_hot_edit_keeps_one_process() {
    let home = Home::new();
    let (kept, kept_record) = stdio(&home, "kept", &[]);
    let (entry, record) = stdio(&home, "edited", &[]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"edited": entry, "kept": kept}})).await;
    gateway.wait_ready("edited").await;
    gateway.wait_ready("kept").await;
    let kept_pid = pid_of(&gateway, "kept").await;

    let (entry, _) = stdio(&home, "edited", &["--tools", "1"]);
    home.config().write(&json!({"mcpServers": {"edited": entry, "kept": kept}}));
    gateway
        .wait_for_document("edited", |document| has(document, "/tool_0000") && !has(document, "/echo"))
        .await;
    eventually("one process of each server", async || gateway.servers().len() == 2).await;
    assert_eq!(record.starts(), 2);
    assert_eq!(pid_of(&gateway, "kept").await, kept_pid);
    assert_eq!(kept_record.starts(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn l06_an_editors_replace_on_save_is_seen() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    // Twice: a watch on the file itself would follow the first, deleted one.
    home.config().replace(&json!({"mcpServers": {"a": fake(&["--tools", "1"])}}));
    gateway.wait_for_document("a", |document| has(document, "/tool_0000")).await;
    home.config().replace(&json!({"mcpServers": {"a": fake(&["--tools", "2"])}}));
    gateway.wait_for_document("a", |document| has(document, "/tool_0001")).await;
    gateway.stop().await;
}

#[tokio::test]
async fn l06_a_config_behind_a_symlink_is_watched_where_it_lies() {
    let home = Home::new();
    let real = home.path("data/real.json");
    fs_err::write(&real, json!({"mcpServers": {"a": fake(&[])}}).to_string()).unwrap();
    fs_err::os::unix::fs::symlink(&real, home.config().path()).unwrap();
    let gateway = Gateway::builder(&home).config_file().start().await;
    gateway.wait_ready("a").await;
    fs_err::write(&real, json!({"mcpServers": {"a": fake(&["--tools", "1"])}}).to_string()).unwrap();
    gateway.wait_for_document("a", |document| has(document, "/tool_0000")).await;
    gateway.stop().await;
}

#[tokio::test]
async fn l07_a_hot_removed_server_is_404_and_its_process_gone() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": fake(&[]), "b": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    gateway.wait_ready("b").await;
    let pid = pid_of(&gateway, "a").await;
    home.config().write(&json!({"mcpServers": {"b": fake(&[])}}));
    gateway.wait_for_status("/a/openapi.json", 404).await;
    eventually("the removed server's process to be gone", async || !is_alive(pid)).await;
    assert_eq!(gateway.call("a", "echo", json!({})).await.refused(404)["code"], "unknown-server");
    assert_eq!(gateway.call("b", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    gateway.stop().await;
}

#[tokio::test]
async fn l08_a_hot_added_server_can_be_edited() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {}})).await;
    home.config().write(&json!({"mcpServers": {"a": fake(&[])}}));
    gateway.wait_ready("a").await;
    home.config().write(&json!({"mcpServers": {"a": fake(&["--tools", "1"])}}));
    gateway.wait_for_document("a", |document| has(document, "/tool_0000")).await;
    assert_eq!(gateway.call("a", "tool_0000", json!({"value": "x"})).await.ok(), json!({"value": "x"}));
    gateway.stop().await;
}

#[tokio::test]
async fn l09_a_good_server_added_beside_a_bad_one_works() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {}})).await;
    let bad = json!({"command": "no-such-command-anywhere"});
    home.config().write(&json!({"mcpServers": {"bad": bad, "good": fake(&[])}}));
    gateway.wait_ready("good").await;
    gateway.wait_for_refusal("/bad/openapi.json", 503, "no-such-command-anywhere").await;
    assert_eq!(gateway.call("good", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    gateway.stop().await;
}

#[tokio::test]
async fn l10_a_truncated_file_keeps_the_last_good_one_and_says_so() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "a", &[]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": entry}})).await;
    gateway.wait_ready("a").await;
    let said = gateway.stderr().len();
    home.config().write_text("{\n  \"mcpServers\": {\n    \"a\": {\"comm");
    eventually("a word about the file, with the line", async || {
        gateway.stderr()[said..].contains("config.json:3:")
    })
    .await;
    assert_eq!(gateway.call("a", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    assert_eq!(record.starts(), 1);
    home.config().write(&json!({"mcpServers": {"a": entry, "b": fake(&[])}}));
    gateway.wait_ready("b").await;
    assert_eq!(record.starts(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn l10_a_saved_setting_is_said_to_apply_or_to_wait() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {}})).await;
    let saved = async |settings: Value, words: &str| {
        let said = gateway.stderr().len();
        home.config().write(&json!({"mcpServers": {}, "traygate": settings}));
        eventually(words, async || gateway.stderr()[said..].contains(words)).await;
        gateway.stderr()[said..].to_owned()
    };
    saved(json!({"apiKey": "one"}), "`apiKey` was added; callers need it from now on").await;
    saved(json!({"apiKey": "two"}), "`apiKey` changed; callers need the new one").await;
    let removed = saved(json!({}), "`apiKey` was removed; callers need no key now").await;
    assert!(removed.contains("WARN"), "{removed}");
    saved(json!({"host": "127.0.0.2"}), "`host` changed from 127.0.0.1 to 127.0.0.2").await;
    let again = saved(json!({"host": "127.0.0.2", "openDocs": true}), "was read again").await;
    // What the next save says comes after all that this one did.
    let next = saved(json!({"host": "127.0.0.2", "apiKey": "three"}), "`apiKey` was added").await;
    assert!(!format!("{again}{next}").contains("`host` changed"), "{again}{next}");
    // The test kit gives a port as a flag.
    saved(json!({"port": 9000}), "`port` has no effect, for `--port` was given and wins").await;
    assert!(!gateway.stderr().contains("three"), "a key in the log");
    gateway.stop().await;
}

#[tokio::test]
async fn l11_tools_are_listed_to_the_last_page() {
    let home = Home::new();
    let config = json!({"mcpServers": {
        "pages": fake(&["--tools", "25", "--page", "10"]),
        "circle": fake(&["--tools", "25", "--page", "10", "--repeat-cursor"]),
    }});
    let gateway = Gateway::start(&home, &config).await;
    for server in ["pages", "circle"] {
        let document = gateway.wait_ready(server).await;
        assert_eq!(document["paths"].as_object().unwrap().len(), 25, "{server}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn l12_list_changed_refreshes_the_document_over_stdio() {
    let home = Home::new();
    let config = json!({"mcpServers": {
        "legacy": fake(&["--era", "legacy"]),
        "modern": fake(&["--era", "modern"]),
    }});
    let gateway = Gateway::start(&home, &config).await;
    for server in ["legacy", "modern"] {
        refreshes(&gateway, server).await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn l12_list_changed_refreshes_the_document_over_http() {
    let home = Home::new();
    let legacy = HttpUpstream::start(&home, "legacy", "streamable-http", &["--era", "legacy"]).await;
    let modern = HttpUpstream::start(&home, "modern", "streamable-http", &["--era", "modern"]).await;
    let sse = HttpUpstream::start(&home, "sse", "sse", &["--era", "legacy"]).await;
    let config = json!({"mcpServers": {
        "legacy": legacy.entry(), "modern": modern.entry(), "sse": sse.entry(),
    }});
    let gateway = Gateway::start(&home, &config).await;
    // What changed before anyone listens is nobody's news.
    legacy.record().wait_for("standing stream").await;
    modern.record().wait_for("subscriptions/listen").await;
    for server in ["legacy", "modern", "sse"] {
        refreshes(&gateway, server).await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn l13_a_caller_who_leaves_cancels_at_the_server() {
    let home = Home::new();
    let (legacy, legacy_record) = stdio(&home, "legacy", &["--era", "legacy"]);
    let (modern, modern_record) = stdio(&home, "modern", &["--era", "modern"]);
    let http = HttpUpstream::start(&home, "http", "streamable-http", &["--era", "legacy"]).await;
    let http_modern =
        HttpUpstream::start(&home, "http_modern", "streamable-http", &["--era", "modern"]).await;
    let sse = HttpUpstream::start(&home, "sse", "sse", &["--era", "legacy"]).await;
    let config = json!({"mcpServers": {
        "legacy": legacy, "modern": modern, "http": http.entry(), "http_modern": http_modern.entry(),
        "sse": sse.entry(),
    }});
    let gateway = Gateway::start(&home, &config).await;
    for (server, record) in [
        ("legacy", &legacy_record),
        ("modern", &modern_record),
        ("http", http.record()),
        ("http_modern", http_modern.record()),
        ("sse", sse.record()),
    ] {
        gateway.wait_ready(server).await;
        tokio::select! {
            answer = gateway.call(server, "hang", json!({})) => panic!("{server} answered: {answer:?}"),
            _ = record.wait_for("call") => {}
        }
        let abandoned = record.wait_for("abandoned").await;
        let called = record.wait_for("call").await;
        assert_eq!(abandoned.data["requestId"], called.data["id"], "{server}");
        assert_eq!(gateway.call(server, "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn l14_a_server_that_turns_502_is_retried_with_pauses() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "a", "streamable-http", &["--era", "legacy"]).await;
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": upstream.entry()}})).await;
    gateway.wait_ready("a").await;
    upstream.answer_with(Some(502)).await;
    let answer = gateway.call("a", "add", json!({"a": 1, "b": 1})).await;
    assert!(answer.status.is_server_error(), "{}", answer.text);
    let told = || gateway.stderr().contains("connection lost: it answered HTTP 502");
    eventually("the session to be given up", async || told()).await;
    let before = processor_time(gateway.pid());
    let pauses = |upstream: &HttpUpstream| -> Vec<_> {
        let pauses = upstream.record().pauses("refused").into_iter();
        pauses.map(|pause| pause.as_millis()).filter(|pause| *pause >= 900).collect()
    };
    // The call, a look at the session, and an attempt at once that asks in two eras; the next ones after pauses.
    eventually("pauses between the attempts", async || pauses(&upstream).len() >= 2).await;
    let refused = upstream.record().named("refused").len();
    assert!(refused <= 10, "refused {refused} times: {:?}", upstream.record().pauses("refused"));
    let used = processor_time(gateway.pid()) - before;
    assert!(used < 100, "{used} hundredths of a second of processor time");
    upstream.answer_with(None).await;
    eventually("the server to work again", async || {
        gateway.call("a", "add", json!({"a": 1, "b": 1})).await.status.is_success()
    })
    .await;
    gateway.stop().await;
}

#[tokio::test]
async fn l15_a_session_that_ended_while_idle_is_renewed() {
    let home = Home::new();
    let streamable = HttpUpstream::start(&home, "streamable", "streamable-http", &["--era", "legacy"]).await;
    let sse = HttpUpstream::start(&home, "sse", "sse", &["--era", "legacy"]).await;
    let config = json!({"mcpServers": {"streamable": streamable.entry(), "sse": sse.entry()}});
    let gateway = Gateway::start(&home, &config).await;
    for (server, upstream) in [("streamable", &streamable), ("sse", &sse)] {
        gateway.wait_ready(server).await;
        // What a server or a proxy does to a quiet client: the stream is closed and the session dropped.
        upstream.forget_sessions().await;
        if server == "sse" {
            // A call in the very moment of the end could only be lost.
            upstream.record().wait_for_count("standing stream", 2).await;
        }
        assert_eq!(gateway.call(server, "add", json!({"a": 1, "b": 1})).await.ok(), "2", "{server}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn l15_a_server_that_was_restarted_works_at_the_next_call() {
    let home = Home::new();
    let mut streamable = HttpUpstream::start(&home, "streamable", "streamable-http", &[]).await;
    let mut sse = HttpUpstream::start(&home, "sse", "sse", &["--era", "legacy"]).await;
    let config = json!({"mcpServers": {"streamable": streamable.entry(), "sse": sse.entry()}});
    let gateway = Gateway::start(&home, &config).await;
    for (server, upstream) in [("streamable", &mut streamable), ("sse", &mut sse)] {
        gateway.wait_ready(server).await;
        upstream.stop().await;
        upstream.start_again().await;
        eventually("the restarted server to answer", async || {
            gateway.call(server, "add", json!({"a": 1, "b": 1})).await.status.is_success()
        })
        .await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn l15_a_connection_that_fell_silent_costs_one_call_and_is_made_anew() {
    let home = Home::new();
    let streamable = HttpUpstream::start(&home, "streamable", "streamable-http", &["--era", "legacy"]).await;
    let modern = HttpUpstream::start(&home, "modern", "streamable-http", &["--era", "modern"]).await;
    let sse = HttpUpstream::start(&home, "sse", "sse", &["--era", "legacy"]).await;
    let mut relays = Vec::new();
    let mut servers = serde_json::Map::new();
    for (name, upstream) in [("streamable", &streamable), ("modern", &modern), ("sse", &sse)] {
        let relay = Relay::to(upstream.url()).await;
        let mut entry = upstream.entry();
        entry["url"] = json!(relay.url());
        entry["timeout"] = json!(3);
        entry["startupTimeout"] = json!(2);
        servers.insert(name.into(), entry);
        relays.push((name, relay));
    }
    let gateway = Gateway::start(&home, &json!({"mcpServers": servers})).await;
    for (server, relay) in &relays {
        gateway.wait_ready(server).await;
        let add = async || gateway.call(server, "add", json!({"a": 1, "b": 1})).await;
        assert_eq!(add().await.ok(), "2", "{server}");
        relay.silence();
        assert_eq!(add().await.status, 504, "{server}: nothing can have answered");
        eventually(&format!("{server} to answer again"), async || add().await.status.is_success()).await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn l16_a_stale_session_is_initialized_anew_and_the_call_made_once() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "a", "streamable-http", &["--era", "legacy"]).await;
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": upstream.entry()}})).await;
    gateway.wait_ready("a").await;
    assert_eq!(upstream.record().named("initialize").len(), 1);
    gateway.call("a", "forget_sessions", json!({})).await;
    assert_eq!(gateway.call("a", "add", json!({"a": 3, "b": 4})).await.ok(), "7");
    assert_eq!(upstream.record().named("initialize").len(), 2);
    assert_eq!(calls(upstream.record(), "add"), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn l17_nothing_survives_a_sigkill_of_the_gateway() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "stubborn", &["--stubborn", "--grandchild"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"stubborn": entry, "mild": fake(&[])}})).await;
    gateway.wait_ready("stubborn").await;
    gateway.wait_ready("mild").await;
    assert_stubborn_family_runs(&record);
    gateway.kill().await;
}

#[tokio::test]
async fn l17_nothing_survives_the_end_of_the_gateway() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "stubborn", &["--stubborn", "--grandchild"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"stubborn": entry, "mild": fake(&[])}})).await;
    gateway.wait_ready("stubborn").await;
    gateway.wait_ready("mild").await;
    assert_stubborn_family_runs(&record);
    gateway.stop().await;
}

#[tokio::test]
async fn l17_ctrl_c_ends_it_with_a_call_still_running() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "a", &[]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": entry}})).await;
    gateway.wait_ready("a").await;
    let hanging = gateway.request(reqwest::Method::POST, "/a/hang").json(&json!({}));
    let end = async {
        record.wait_for("call").await;
        gateway.interrupt().await;
    };
    // The caller gets an answer or a closed connection, whichever; it must not hold up the end.
    let (_, ()) = tokio::join!(hanging.send(), end);
}

#[tokio::test]
async fn l17_nothing_of_a_removed_server_survives() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "stubborn", &["--stubborn", "--grandchild"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"stubborn": entry}})).await;
    gateway.wait_ready("stubborn").await;
    assert_stubborn_family_runs(&record);
    home.config().write(&json!({"mcpServers": {}}));
    eventually("the removed server's family to be gone", async || gateway.servers().is_empty()).await;
    gateway.stop().await;
}

#[tokio::test]
async fn l17_a_server_that_is_still_starting_ends_with_the_gateway() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "held", &["--wait-for", "never", "--stubborn", "--grandchild"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"held": entry}})).await;
    record.wait_for("grandchild").await;
    gateway.stop().await;
}

/// That what must end was there.
fn assert_stubborn_family_runs(record: &Record) {
    let server = &record.named("start")[0];
    let grandchild = record.named("grandchild")[0].data["grandchild"].as_u64().unwrap();
    assert!(is_alive(server.pid));
    assert!(is_alive(grandchild.try_into().unwrap()));
    assert!(descendants(server.pid).iter().any(|process| u64::from(process.pid) == grandchild));
}

async fn refreshes(gateway: &Gateway, server: &str) {
    gateway.wait_ready(server).await;
    gateway.call(server, "add_tool", json!({"name": "fresh"})).await.ok();
    gateway.wait_for_document(server, |document| has(document, "/fresh")).await;
    assert_eq!(gateway.call(server, "fresh", json!({"x": 1})).await.ok(), json!({"x": 1}));
}

async fn pid_of(gateway: &Gateway, server: &str) -> u32 {
    let process = gateway.call(server, "process", json!({})).await.ok();
    process["pid"].as_u64().unwrap().try_into().unwrap()
}

fn calls(record: &Record, tool: &str) -> usize {
    record.named("call").iter().filter(|call| call.data["tool"] == tool).count()
}

fn has(document: &Value, path: &str) -> bool {
    document["paths"].get(path).is_some()
}
