//! The subcommands that ask a running gateway, or start one for the answer.

use serde_json::{Value, json};
use traygate_tests::{Finished, Gateway, Home, eventually, fake, stdio};

async fn openapi(home: &Home, args: &[&str]) -> Finished {
    Gateway::builder(home).arg("openapi").args(args).config_file().finish().await
}

fn document(finished: &Finished) -> Value {
    assert_eq!(finished.code, Some(0), "{finished:?}");
    serde_json::from_str(&finished.stdout).unwrap()
}

#[tokio::test]
async fn openapi_prints_a_document() {
    let home = Home::new();
    let config = json!({"mcpServers": {"a": fake(&[])}});
    for builder in [Gateway::builder(&home), Gateway::builder(&home).api_key("k3y")] {
        let gateway = builder.config(&config).start().await;
        let served = gateway.wait_ready("a").await;
        // Nobody types the key.
        let printed = document(&openapi(&home, &["a"]).await);
        assert_eq!(printed["paths"], served["paths"]);
        // Without `--config` it is the one that runs, whatever it serves.
        let found = Gateway::builder(&home).arg("openapi").args(["a"]).finish().await;
        assert_eq!(document(&found), printed);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn openapi_without_a_gateway_prints_what_one_would_serve() {
    let home = Home::new();
    let config = json!({
        "mcpServers": {"a": fake(&[]), "b c": fake(&["--tools", "3"])},
        "traygate": {"pathPrefix": "/v1", "rootPath": "/behind"}
    });
    home.config().write(&config);
    let of_one = document(&openapi(&home, &["b c"]).await);
    let of_all = document(&openapi(&home, &[]).await);
    // The guardian sees the end of its pipe a moment after the end of the command.
    eventually("the last process to end", async || home.processes().is_empty()).await;
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_for_path("/v1/a/openapi.json", |_| true).await;
    assert_eq!(gateway.wait_for_path("/v1/b%20c/openapi.json", |_| true).await, of_one);
    assert_eq!(gateway.get("/openapi.json").await.ok(), of_all);
    gateway.stop().await;
}

#[tokio::test]
async fn openapi_waits_for_what_it_prints_and_for_nothing_else() {
    let home = Home::new();
    let go = home.path("go");
    let (slow, record) = stdio(&home, "slow", &["--wait-for", go.to_str().unwrap()]);
    home.config().write(&json!({"mcpServers": {"fast": fake(&[]), "slow": slow}}));
    // While `slow` is not there.
    assert!(document(&openapi(&home, &["fast"]).await)["paths"]["/add"].is_object());
    let before = record.named("start").len();
    let (printed, ()) = tokio::join!(openapi(&home, &[]), async {
        record.wait_for_count("start", before + 1).await;
        fs_err::write(&go, "").unwrap();
    });
    let printed = document(&printed);
    for path in ["/fast/add", "/slow/add"] {
        assert!(printed["paths"][path].is_object(), "{path} in {printed}");
    }
}

#[tokio::test]
async fn openapi_names_the_server_that_gives_no_tools() {
    let home = Home::new();
    home.config().write(&json!({"mcpServers": {
        "good": fake(&[]),
        "gone": {"command": "no-such-command"},
        "mute": fake(&["--exit-at-start", "3"]),
        "off": {"type": "demo", "disabled": true}
    }}));
    let reasons = [
        ("gone", "`gone` gave no tools: command `no-such-command` was not found"),
        ("mute", "`mute` gave no tools: "),
        ("off", "`off` gave no tools: Disabled"),
    ];
    let all = openapi(&home, &[]).await;
    assert!(document(&all)["paths"]["/good/add"].is_object(), "{all:?}");
    for (server, reason) in reasons {
        assert!(all.stderr.contains(reason), "{all:?}");
        let finished = openapi(&home, &[server]).await;
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(1), ""), "{finished:?}");
        assert!(finished.stderr.contains(reason), "{finished:?}");
    }
    let finished = openapi(&home, &["nope"]).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("The config has no server `nope`"), "{finished:?}");
}

#[tokio::test]
async fn openapi_needs_nothing_of_what_others_reach_the_gateway_by() {
    let home = Home::new();
    // No certificate, no key, and an address that is not this machine's.
    let settings = json!({"sslCertfile": "gone.pem", "apiKey": "${NOT_SET_ANYWHERE}", "host": "192.0.2.1"});
    home.config().write(&json!({"mcpServers": {"a": fake(&[])}, "traygate": settings}));
    assert!(document(&openapi(&home, &["a"]).await)["paths"]["/add"].is_object());
}

#[tokio::test]
async fn a_gateway_outside_of_the_login_session_is_found_from_inside() {
    let home = Home::new();
    // As cron and `docker exec` start it.
    let outside = Gateway::builder(&home).env("XDG_RUNTIME_DIR", "");
    let gateway = outside.config(&json!({"mcpServers": {"a": fake(&[])}})).start().await;
    let finished = Gateway::builder(&home).arg("status").finish().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains(gateway.base()), "{finished:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn status_finds_the_running_gateway() {
    let home = Home::new();
    let finished = Gateway::builder(&home).arg("status").finish().await;
    assert_eq!(finished.code, Some(4), "{finished:?}");
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    let finished = Gateway::builder(&home).arg("status").finish().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.contains("Ready"), "{}", finished.stdout);
    gateway.stop().await;
}

#[tokio::test]
async fn status_counts_as_the_log_does_and_names_what_schemas_lose() {
    let home = Home::new();
    let far = json!({"type": "object", "properties": {"p": {"$ref": "https://example.com/far.json"}}});
    let file = home.path("tools.json");
    let tools = json!([
        {"name": "far", "inputSchema": far}, {"name": "bad", "inputSchema": {"type": "array"}},
        {"name": "off", "inputSchema": {}}, {"name": "off", "inputSchema": {}},
        {"name": "twice", "inputSchema": {}}, {"name": "twice", "inputSchema": {}},
    ]);
    fs_err::write(&file, tools.to_string()).unwrap();
    let mut entry = fake(&["--tools-file", file.to_str().unwrap()]);
    entry["disabledTools"] = json!(["off", "twcie"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": entry}})).await;
    gateway.wait_for_stderr("a: ready, 2 tools, 1 disabled, 1 quarantined").await;
    gateway.wait_ready("a").await;
    gateway.wait_for_stderr("names `twcie`, a tool that it does not have; did you mean `twice`?").await;
    let finished = Gateway::builder(&home).arg("status").finish().await;
    assert!(finished.stdout.contains("2 tools, 1 disabled, 1 quarantined"), "{}", finished.stdout);
    let lines: Vec<_> = finished.stdout.lines().filter(|line| line.starts_with("  ")).collect();
    assert!(lines[0].starts_with("  quarantined `bad`: "), "{lines:?}");
    assert!(lines[1].starts_with("  warning: `far`: ") && lines[1].contains("example.com"), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_that_hangs_keeps_no_command() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    gateway.freeze();
    let status = Gateway::builder(&home).arg("status").finish();
    let (status, openapi) = tokio::join!(status, openapi(&home, &["a"]));
    for finished in [status, openapi] {
        assert_eq!(finished.code, Some(4), "{finished:?}");
        assert!(finished.stderr.contains("did not answer within 10 s"), "{finished:?}");
    }
    gateway.kill().await;
}
