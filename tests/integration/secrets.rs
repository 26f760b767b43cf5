//! C07: `${keychain:NAME}`, with the real GNOME Keyring in a session of its own.

use serde_json::{Value, json};
use traygate_tests::{
    Answer, Finished, Gateway, GatewayBuilder, Home, HttpUpstream, KeychainSession, eventually, fake, stdio,
};

/// `traygate` in this home and this session.
fn traygate(home: &Home, session: &KeychainSession) -> GatewayBuilder {
    Gateway::builder(home).envs(session.variables().iter().cloned())
}

async fn secret(home: &Home, session: &KeychainSession, args: &[&str], input: &str) -> Finished {
    traygate(home, session).arg("secret").args(args).input(input).finish().await
}

async fn set(home: &Home, session: &KeychainSession, name: &str, value: &str) -> String {
    let finished = secret(home, session, &["set", name], value).await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    finished.stderr
}

async fn variable(gateway: &Gateway, server: &str, name: &str) -> Value {
    let answer = gateway.call(server, "environment", json!({"name": name})).await;
    if answer.status.is_success() { answer.json() } else { Value::Null }
}

#[tokio::test]
async fn c07_secrets_are_stored_listed_and_deleted() {
    let (home, session) = (Home::new(), KeychainSession::unlocked());
    let finished = secret(&home, &session, &["list"], "").await;
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), ""), "{finished:?}");
    assert!(finished.stderr.contains("No secrets are stored"), "{finished:?}");
    let told = set(&home, &session, "my token", "s3cret\n").await;
    assert!(told.contains("`${keychain:my token}`") && !told.contains("s3cret"), "{told}");
    set(&home, &session, "aws", "x").await;
    assert_eq!(secret(&home, &session, &["list"], "").await.stdout, "aws\nmy token\n");
    assert_eq!(secret(&home, &session, &["delete", "aws"], "").await.code, Some(0));
    assert_eq!(secret(&home, &session, &["list"], "").await.stdout, "my token\n");
    let finished = secret(&home, &session, &["delete", "aws"], "").await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("no secret `aws`"), "{finished:?}");
    assert_eq!(secret(&home, &session, &["set", "empty"], "\n").await.code, Some(2));
}

#[tokio::test]
async fn c07_a_secret_reaches_env_and_headers_and_a_new_value_its_servers_only() {
    let (home, session) = (Home::new(), KeychainSession::unlocked());
    set(&home, &session, "token", "first\n").await;
    let upstream = HttpUpstream::start(&home, "up", "streamable-http", &[]).await;
    let mut local = fake(&[]);
    local["env"] = json!({"TOKEN": "<${keychain:token}>"});
    let mut remote = upstream.entry();
    remote["headers"] = json!({"Authorization": "Bearer ${keychain:token}"});
    let (other, record) = stdio(&home, "other", &[]);
    let config = json!({"mcpServers": {"local": local, "remote server": remote, "other": other}});
    let gateway = traygate(&home, &session).config(&config).start().await;
    for server in ["local", "remote%20server", "other"] {
        gateway.wait_ready(server).await;
    }
    assert_eq!(variable(&gateway, "local", "TOKEN").await, "<first>");
    assert_eq!(
        gateway.call("remote%20server", "headers", json!({})).await.ok()["authorization"],
        "Bearer first"
    );

    let told = set(&home, &session, "token", "second\n").await;
    assert!(told.contains("`local` uses it") && told.contains("`remote server` uses it"), "{told}");
    assert!(!told.contains("`other`"), "{told}");
    eventually("the new value in `local`", async || variable(&gateway, "local", "TOKEN").await == "<second>")
        .await;
    eventually("the new value at `remote server`", async || {
        let answer = gateway.call("remote%20server", "headers", json!({})).await;
        answer.status.is_success() && answer.json()["authorization"] == "Bearer second"
    })
    .await;
    assert_eq!(gateway.call("other", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    assert_eq!(record.named("start").len(), 1, "a server was restarted that does not name the secret");

    // Without it they do not start.
    assert_eq!(secret(&home, &session, &["delete", "token"], "").await.code, Some(0));
    eventually("the deleted secret to be missed", async || {
        let answer = gateway.call("local", "environment", json!({"name": "TOKEN"})).await;
        answer.status == 503 && answer.text.contains("no secret `token`")
    })
    .await;
    gateway.stop().await;
}

#[tokio::test]
async fn c07_the_gateways_own_key_changes_with_its_secret() {
    let (home, session) = (Home::new(), KeychainSession::unlocked());
    set(&home, &session, "key", "old-key").await;
    let config = json!({"mcpServers": {"a": fake(&[])}, "traygate": {"apiKey": "${keychain:key}"}});
    let gateway = traygate(&home, &session).config(&config).start().await;
    let status = async |key: &str| {
        Answer::to(gateway.bare_request(reqwest::Method::GET, "/openapi.json").bearer_auth(key)).await.status
    };
    assert_eq!(status("old-key").await, 200);
    let told = set(&home, &session, "key", "new-key").await;
    assert!(told.contains("`apiKey`"), "{told}");
    assert_eq!(status("old-key").await, 403);
    assert_eq!(status("new-key").await, 200);

    // Without its secret there is no key to read: whoever deletes it hears that the door has not changed.
    let finished = secret(&home, &session, &["delete", "key"], "").await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.starts_with("Deleted."), "{finished:?}");
    assert!(finished.stderr.contains("no secret `key`"), "{finished:?}");
    assert!(finished.stderr.contains("The key of before still opens the gateway"), "{finished:?}");
    assert!(!finished.stderr.contains("read its `apiKey` again"), "{finished:?}");
    assert_eq!(status("new-key").await, 200);
    gateway.stop().await;
}

#[tokio::test]
async fn c07_a_key_from_the_command_line_is_not_said_to_change_with_a_secret() {
    let (home, session) = (Home::new(), KeychainSession::unlocked());
    set(&home, &session, "key", "in-the-file").await;
    let config = json!({"mcpServers": {}, "traygate": {"apiKey": "${keychain:key}"}});
    let gateway = traygate(&home, &session).config(&config).api_key("on-the-line").start().await;
    let told = set(&home, &session, "key", "new-key").await;
    assert!(told.contains("`--api-key`") && !told.contains("again"), "{told}");
    assert_eq!(gateway.get("/openapi.json").await.status, 200);
    gateway.stop().await;
}

#[tokio::test]
async fn c07_a_gateway_that_cannot_be_told_is_named() {
    let (home, session) = (Home::new(), KeychainSession::unlocked());
    let mut wants = fake(&[]);
    wants["env"] = json!({"TOKEN": "${keychain:token}"});
    let config = json!({"mcpServers": {"wants": wants}});
    let gateway = traygate(&home, &session).config(&config).start().await;
    gateway.freeze();
    let told = set(&home, &session, "token", "value").await;
    let file = home.config().path().display().to_string();
    assert!(told.contains(&format!("The gateway that serves {file} was not told")), "{told}");
    assert!(!told.contains("is restarted"), "{told}");
    home.config().write_text("{ no");
    let told = set(&home, &session, "token", "value").await;
    assert!(told.contains("was not told") && told.contains("`traygate check"), "{told}");
    gateway.kill().await;
}

#[tokio::test]
async fn c07_a_locked_keychain_is_its_servers_error_until_it_is_unlocked() {
    let (home, session) = (Home::new(), KeychainSession::unlocked());
    set(&home, &session, "token", "value").await;
    session.lock();
    let mut wants = fake(&[]);
    wants["env"] = json!({"TOKEN": "${keychain:token}"});
    let config = json!({"mcpServers": {"wants": wants, "other": fake(&[])}});
    let gateway = traygate(&home, &session).config(&config).start().await;
    gateway.wait_ready("other").await;
    gateway.wait_for_refusal("/wants/openapi.json", 503, "the keychain is locked. Unlock it").await;
    let finished = secret(&home, &session, &["set", "token"], "x").await;
    assert_eq!(finished.code, Some(1));
    assert!(
        finished.stderr.starts_with("traygate: The keychain is locked. Unlock it"),
        "{}",
        finished.stderr
    );
    session.unlock();
    gateway.wait_ready("wants").await;
    assert_eq!(variable(&gateway, "wants", "TOKEN").await, "value");
    gateway.stop().await;
}

#[tokio::test]
async fn c07_without_a_desktop_session_the_error_says_so_in_a_persons_words() {
    let (home, session) = (Home::new(), KeychainSession::without_bus(None));
    let mut wants = fake(&[]);
    wants["env"] = json!({"TOKEN": "${keychain:token}"});
    let config = json!({"mcpServers": {"wants": wants, "other": fake(&[])}});
    let gateway = traygate(&home, &session).config(&config).start().await;
    gateway.wait_ready("other").await;
    let detail =
        gateway.wait_for_refusal("/wants/openapi.json", 503, "the keychain could not be reached").await;
    let message = detail["message"].as_str().unwrap();
    assert!(
        message.contains(
            "no desktop session answers on this machine. Log in to a desktop session, or use `${VAR}`"
        ),
        "{message}"
    );
    let finished = secret(&home, &session, &["list"], "").await;
    assert_eq!(finished.code, Some(1));
    for text in [message, &finished.stderr, &gateway.stderr()] {
        assert!(!text.contains("bus") && !text.contains("os error"), "{text}");
    }
    gateway.stop().await;
}
