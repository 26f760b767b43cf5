//! C01-C11: what a config file may say.

use serde_json::{Value, json};
use traygate_tests::{Gateway, Home, HttpUpstream, fake, stdio};

#[tokio::test]
async fn c01_every_spelling_of_streamable_http_is_understood() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "up", "streamable-http", &[]).await;
    let spellings = ["http", "streamable-http", "streamable_http", "streamablehttp", "streamableHttp"];
    let servers: serde_json::Map<String, Value> = spellings
        .iter()
        .map(|spelling| ((*spelling).to_owned(), json!({"type": spelling, "url": upstream.url()})))
        .collect();
    let gateway = Gateway::start(&home, &json!({"mcpServers": servers})).await;
    for spelling in spellings {
        gateway.wait_ready(spelling).await;
        assert_eq!(gateway.call(spelling, "add", json!({"a": 1, "b": 1})).await.ok(), "2", "{spelling}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn c02_an_entry_with_a_typo_fails_alone_and_names_the_typo() {
    let home = Home::new();
    let gateway =
        Gateway::start(&home, &json!({"mcpServers": {"typo": {"comand": "x"}, "ok": fake(&[])}})).await;
    gateway.wait_ready("ok").await;
    assert!(gateway.stderr().contains("typo (cannot start), ok\n"), "{}", gateway.stderr());
    assert_eq!(gateway.call("ok", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    let answer = gateway.openapi("typo").await;
    let detail = answer.refused(503);
    assert!(detail.to_string().contains("comand"), "{detail}");
    gateway.stop().await;
}

#[tokio::test]
async fn c03_comments_trailing_commas_bom_and_crlf_are_accepted() {
    let home = Home::new();
    let program = fake(&[])["command"].as_str().unwrap().to_owned();
    let text = format!(
        "\u{feff}{{\r\n  // my servers\r\n  \"mcpServers\": {{\r\n    /* one */ \"a\": {{\"command\": {program:?}, \
         \"args\": [],}},\r\n  }},\r\n}}\r\n"
    );
    home.config().write_text(&text);
    let gateway = Gateway::builder(&home).config_file().start().await;
    gateway.wait_ready("a").await;
    assert_eq!(gateway.call("a", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    gateway.stop().await;
}

#[tokio::test]
async fn c04_servers_as_in_vs_code_is_accepted() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"servers": {"a": fake(&[])}, "inputs": []})).await;
    gateway.wait_ready("a").await;
    gateway.stop().await;
}

#[tokio::test]
async fn c05_no_servers_is_a_running_gateway() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {}})).await;
    assert_eq!(gateway.get("/openapi.json").await.ok()["paths"], json!({}));
    gateway.stop().await;
}

#[tokio::test]
async fn c06_a_disabled_server_is_not_started_and_said_to_be_disabled() {
    let home = Home::new();
    let (mut entry, record) = stdio(&home, "off", &[]);
    entry["disabled"] = json!(true);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"off": entry, "on": fake(&[])}})).await;
    gateway.wait_ready("on").await;
    assert!(gateway.call("off", "echo", json!({})).await.message(503).contains("disabled"));
    assert_eq!(record.starts(), 0);
    // Enabled in the file: started.
    entry["disabled"] = json!(false);
    home.config().write(&json!({"mcpServers": {"off": entry, "on": fake(&[])}}));
    gateway.wait_ready("off").await;
    gateway.stop().await;
}

#[tokio::test]
async fn c06_disabled_tools_are_neither_listed_nor_callable() {
    let home = Home::new();
    let mut one = fake(&[]);
    one["disabledTools"] = json!(["add"]);
    let mut other = fake(&[]);
    other["disabled_tools"] = json!(["add"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"one": one, "other": other}})).await;
    for server in ["one", "other"] {
        let document = gateway.wait_ready(server).await;
        assert!(document["paths"]["/echo"].is_object());
        assert!(document["paths"]["/add"].is_null());
        let answer = gateway.call(server, "add", json!({"a": 1, "b": 1})).await;
        assert_eq!(answer.refused(404)["code"], "unknown-tool");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn c07_variables_are_expanded_in_args_env_headers_and_url() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "up", "streamable-http", &[]).await;
    let port = upstream.url().split(':').nth(2).unwrap().trim_end_matches("/mcp").to_owned();
    let mut local = fake(&["--name", "${PLACE}"]);
    local["env"] = json!({
        "PLAIN": "${PLACE}", "LONG": "${env:PLACE}/sub", "SPARE": "${NOT_SET_ANYWHERE:-spare}", "LITERAL": "$PLACE",
    });
    let remote = json!({
        "type": "http", "url": "http://127.0.0.1:${UP_PORT}/mcp", "headers": {"X-Place": "at ${PLACE}"},
    });
    let gateway = Gateway::builder(&home)
        .config(&json!({"mcpServers": {"local": local, "remote": remote}}))
        .env("PLACE", "here")
        .env("UP_PORT", port)
        .start()
        .await;
    gateway.wait_ready("local").await;
    gateway.wait_ready("remote").await;
    for (name, value) in [("PLAIN", "here"), ("LONG", "here/sub"), ("SPARE", "spare"), ("LITERAL", "$PLACE")]
    {
        assert_eq!(gateway.call("local", "environment", json!({"name": name})).await.ok(), value, "{name}");
    }
    assert_eq!(gateway.call("local", "process", json!({})).await.ok()["args"], json!(["--name", "here"]));
    assert_eq!(gateway.call("remote", "headers", json!({})).await.ok()["x-place"], "at here");
    gateway.stop().await;
}

#[tokio::test]
async fn c07_an_unset_variable_is_that_servers_error_and_never_sent() {
    let home = Home::new();
    let (mut entry, record) = stdio(&home, "unset", &[]);
    entry["env"] = json!({"TOKEN": "${NOT_SET_ANYWHERE}"});
    let upstream = HttpUpstream::start(&home, "up", "streamable-http", &[]).await;
    let mut remote = upstream.entry();
    remote["headers"] = json!({"Authorization": "Bearer ${NOT_SET_ANYWHERE}"});
    let config = json!({"mcpServers": {"unset": entry, "remote": remote, "ok": fake(&[])}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("ok").await;
    gateway.wait_for_refusal("/unset/openapi.json", 503, "NOT_SET_ANYWHERE").await;
    gateway.wait_for_refusal("/remote/openapi.json", 503, "NOT_SET_ANYWHERE").await;
    assert_eq!(record.starts(), 0);
    assert!(
        upstream.record().named("initialize").is_empty()
            && upstream.record().named("server/discover").is_empty()
    );
    gateway.stop().await;
}

#[tokio::test]
async fn c08_numbers_and_booleans_in_env_become_text() {
    let home = Home::new();
    let mut entry = fake(&[]);
    entry["env"] = json!({"PORT": 8080, "DEBUG": true});
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": entry}})).await;
    gateway.wait_ready("a").await;
    assert_eq!(gateway.call("a", "environment", json!({"name": "PORT"})).await.text, "\"8080\"");
    assert_eq!(gateway.call("a", "environment", json!({"name": "DEBUG"})).await.text, "\"true\"");
    gateway.stop().await;
}

#[tokio::test]
async fn c09_cwd_is_honoured() {
    let home = Home::new();
    let mut entry = fake(&[]);
    entry["cwd"] = json!(home.path("data"));
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": entry}})).await;
    gateway.wait_ready("a").await;
    assert_eq!(gateway.call("a", "process", json!({})).await.ok()["cwd"], json!(home.path("data")));
    gateway.stop().await;
}

#[tokio::test]
async fn c10_client_headers_are_forwarded_as_configured() {
    let home = Home::new();
    let legacy = HttpUpstream::start(&home, "legacy", "streamable-http", &["--era", "legacy"]).await;
    let modern = HttpUpstream::start(&home, "modern", "streamable-http", &["--era", "modern"]).await;
    let sse = HttpUpstream::start(&home, "sse", "sse", &["--era", "legacy"]).await;
    let mut servers = serde_json::Map::new();
    for (name, upstream) in [("legacy", &legacy), ("modern", &modern), ("sse", &sse)] {
        let mut entry = upstream.entry();
        entry["headers"] = json!({"X-Static": "always"});
        entry["client_header_forwarding"] =
            json!({"enabled": true, "whitelist": ["X-User-*", "X-Chat"], "blacklist": ["X-User-Secret"]});
        servers.insert(name.into(), entry);
        servers.insert(format!("{name}_closed"), upstream.entry());
    }
    let gateway =
        Gateway::builder(&home).config(&json!({"mcpServers": servers})).api_key("gateway-key").start().await;
    for server in ["legacy", "modern", "sse"] {
        let closed = format!("{server}_closed");
        gateway.wait_ready(server).await;
        gateway.wait_ready(&closed).await;
        let seen = headers_seen(&gateway, server).await;
        assert_eq!(seen["x-static"], "always", "{server}");
        assert_eq!(seen["x-user-id"], "7", "{server}");
        assert_eq!(seen["x-chat"], "c1", "{server}");
        for name in ["x-user-secret", "x-other", "cookie"] {
            assert!(seen[name].is_null(), "{server}: {name} was forwarded");
        }
        // The gateway's own key is never anyone else's business.
        assert!(!seen.to_string().contains("gateway-key"), "{server}: {seen}");
        assert!(headers_seen(&gateway, &closed).await["x-user-id"].is_null());
    }
    gateway.stop().await;
}

async fn headers_seen(gateway: &Gateway, server: &str) -> Value {
    let request = gateway
        .request(reqwest::Method::POST, &format!("/{server}/headers"))
        .header("X-User-Id", "7")
        .header("X-User-Secret", "s")
        .header("X-Chat", "c1")
        .header("X-Other", "o")
        .header("Cookie", "a=b")
        .json(&json!({}));
    traygate_tests::Answer::to(request).await.ok()
}

#[tokio::test]
async fn c11_a_url_without_a_type_is_streamable_http_or_else_sse() {
    let home = Home::new();
    let streamable = HttpUpstream::start(&home, "streamable", "streamable-http", &[]).await;
    let legacy = HttpUpstream::start(&home, "legacy", "streamable-http", &["--era", "legacy"]).await;
    let sse = HttpUpstream::start(&home, "sse", "sse", &["--era", "legacy"]).await;
    let config = json!({"mcpServers": {
        "streamable": {"url": streamable.url()}, "legacy": {"url": legacy.url()}, "sse": {"url": sse.url()},
    }});
    let gateway = Gateway::start(&home, &config).await;
    for server in ["streamable", "legacy", "sse"] {
        gateway.wait_ready(server).await;
        assert_eq!(gateway.call(server, "add", json!({"a": 1, "b": 1})).await.ok(), "2", "{server}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn the_traygate_block_is_what_flags_are() {
    let home = Home::new();
    let config =
        json!({"mcpServers": {"a": fake(&[])}, "traygate": {"apiKey": "${THE_KEY}", "operationIds": "mcpo"}});
    let gateway = Gateway::builder(&home).config(&config).env("THE_KEY", "from-the-block").start().await;
    assert_eq!(gateway.openapi("a").await.status, 401);
    let keyed =
        || gateway.bare_request(reqwest::Method::GET, "/a/openapi.json").bearer_auth("from-the-block");
    let document = traygate_tests::eventually_some("the document", async || {
        let answer = traygate_tests::Answer::to(keyed()).await;
        answer.status.is_success().then(|| answer.json())
    })
    .await;
    assert_eq!(document["paths"]["/echo"]["post"]["operationId"], "tool_echo_post");
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_remembered_of_one_config_survives_a_run_of_another() {
    let home = Home::new();
    let go = home.path("go");
    fs_err::write(&go, "").unwrap();
    let slow = fake(&["--wait-for", go.to_str().unwrap()]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": slow}})).await;
    let document = gateway.wait_ready("a").await;
    gateway.stop().await;

    // Another file with other servers, and one server from the command line.
    let other = home.path("other.json");
    fs_err::write(&other, json!({"mcpServers": {"b": fake(&[])}}).to_string()).unwrap();
    let gateway = Gateway::builder(&home).arg("--config").arg(other).start().await;
    gateway.wait_ready("b").await;
    gateway.stop().await;
    let program = fake(&[])["command"].as_str().unwrap().to_owned();
    let gateway = Gateway::builder(&home).args(["--", &program]).start().await;
    gateway.wait_for_path("/openapi.json", |document| document["paths"]["/echo"].is_object()).await;
    gateway.stop().await;

    // The server cannot start any more, so its document is out of the memory.
    fs_err::remove_file(&go).unwrap();
    let gateway = Gateway::builder(&home).config_file().start().await;
    assert_eq!(gateway.wait_ready("a").await["paths"], document["paths"]);
    gateway.stop().await;
}
