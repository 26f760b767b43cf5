//! Why a server does not start, said where a person looks first: on stderr without any flag, and in the 503.

use serde_json::{Value, json};
use traygate_tests::{Gateway, Home, HttpUpstream, eventually, fake};

/// A server that is this shell script.
fn script(script: &str) -> Value {
    json!({"command": "sh", "args": ["-c", script]})
}

#[tokio::test]
async fn the_cause_is_told_and_the_end_of_stderr_stands_below_it() {
    let home = Home::new();
    let npx = "printf 'npm error code E404\\nnpm error 404 Not Found - GET https://registry.example/x\\n\
               npm error 404\\nnpm error 404  The requested resource x could not be found, $KEY\\n\
               npm error 404\\nnpm error A complete log of this run can be found in: /tmp/x.log\\n' >&2; exit 1";
    let mut npx = script(&npx.replace("$KEY", "'\"$KEY\"'"));
    npx["env"] = json!({"KEY": "s3cret-value"});
    let config = json!({"mcpServers": {"npx": npx, "ok": fake(&[])}});
    let gateway = Gateway::builder(&home).config(&config).args(["--log-level", "WARNING"]).start().await;
    let cause = "npm error 404  The requested resource x could not be found, ***";
    gateway
        .wait_for_stderr(&format!(
            "npx: could not start: its process exited with status 1; its last words: {cause}"
        ))
        .await;
    for line in ["npm error code E404", cause, "npm error A complete log of this run"] {
        gateway.wait_for_stderr(&format!(" WARN npx: {line}")).await;
    }
    let detail = gateway.wait_for_refusal("/npx/openapi.json", 503, "could not be found").await;
    // A crash loop does not say the same again and again.
    let times = |text: &str| gateway.stderr().matches(text).count();
    eventually("a second attempt to be over", async || times("npx: could not start") >= 2).await;
    gateway.wait_for_status("/-/healthy", 200).await;
    assert_eq!(times(" WARN npx: npm error code E404"), 1);
    assert!(!detail.to_string().contains("s3cret") && !gateway.stderr().contains("s3cret"), "{detail}");
    gateway.stop().await;
}

#[tokio::test]
async fn every_line_of_stderr_is_in_the_log_at_debug_without_colours_and_secrets() {
    let home = Home::new();
    let mut loud =
        script("printf '\\033[32mlistening\\033[0m with %s\\n' \"$KEY\" >&2; while read line; do :; done");
    loud["env"] = json!({"KEY": "s3cret-value"});
    let config = json!({"mcpServers": {"loud": loud}});
    let gateway = Gateway::builder(&home).config(&config).args(["--log-level", "DEBUG"]).start().await;
    gateway.wait_for_stderr("DEBUG loud: listening with ***\n").await;
    gateway.stop().await;
}

#[tokio::test]
async fn text_on_stdout_is_told_as_what_it_is() {
    let home = Home::new();
    let mut hello = script("echo 'hello I am not json'; echo again; while read line; do :; done");
    hello["startupTimeout"] = json!(1);
    let chatty = fake(&["--preamble", "welcome\nto all\n"]);
    let config = json!({"mcpServers": {"hello": hello, "chatty": chatty}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("chatty").await;
    let stray = "it wrote to stdout what is no MCP message: `hello I am not json`";
    gateway.wait_for_stderr(&format!(" WARN hello: {stray}")).await;
    let detail = gateway.wait_for_refusal("/hello/openapi.json", 503, stray).await;
    let message = detail["message"].as_str().unwrap();
    assert!(message.contains("not ready within 1 s") && !message.contains("startupTimeout"), "{message}");
    let log = gateway.stderr();
    assert!(log.contains(" WARN chatty: it wrote to stdout what is no MCP message: `welcome`"), "{log}");
    assert!(!log.contains("`again`") && !log.contains("`to all`"), "{log}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_wrong_path_and_a_wrong_type_say_the_address_and_what_to_do() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "a", "streamable-http", &["--era", "legacy"]).await;
    let base = upstream.url().rsplit_once('/').unwrap().0;
    let config = json!({"mcpServers": {
        "path": {"type": "streamable-http", "url": format!("{base}/nowhere?key=s3cret-value")},
        "type": {"type": "sse", "url": upstream.url()},
    }});
    let gateway = Gateway::start(&home, &config).await;
    for (server, told) in [
        ("path", format!("`{base}/nowhere` answered 404 to streamable HTTP")),
        ("type", format!("`{}` answered ", upstream.url())),
    ] {
        let detail = gateway.wait_for_refusal(&format!("/{server}/openapi.json"), 503, &told).await;
        let message = detail["message"].as_str().unwrap();
        assert!(message.contains("leave `type` out") && !message.contains("s3cret"), "{message}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_reason_that_asks_ends_with_its_question_mark() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"typo": {"comand": "npx"}}})).await;
    let detail = gateway.openapi("typo").await.refused(503);
    let message = detail["message"].as_str().unwrap();
    assert!(message.ends_with("did you mean `command`?"), "{message}");
    gateway.stop().await;
}
