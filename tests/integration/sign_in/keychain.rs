//! Where a sign-in is kept: the real GNOME Keyring in a session of its own.

use std::process::Command;

use serde_json::{Value, json};
use traygate_tests::{
    Gateway, GatewayBuilder, Home, KeychainSession, fake,
    fake_oauth::{AuthorizationServer, Protected},
};

use super::{
    stand::{SigningIn as _, reason},
    states::{ready, wait_for},
};

/// `traygate` in this home and this session, before a server that wants a sign-in and one that wants none.
fn traygate(home: &Home, session: &KeychainSession, mcp: &Protected) -> GatewayBuilder {
    let config = json!({"mcpServers": {"up": mcp.entry(), "other": fake(&[])}});
    Gateway::builder(home)
        .config(&config)
        .envs(session.variables().iter().cloned())
        .env("TRAYGATE_SIGN_IN", "never")
}

async fn servers(home: &Home) -> (AuthorizationServer, Protected) {
    let server = AuthorizationServer::start(home).await;
    let mcp = Protected::start(home, "up", "streamable-http", &server).await;
    (server, mcp)
}

/// What `secret-tool` tells of Traygate's items, without the secrets.
fn items(session: &KeychainSession) -> String {
    let mut command = Command::new("secret-tool");
    let found = session.place(command.args(["search", "--all", "service", "Traygate"])).output().unwrap();
    // The attributes are told on stderr.
    let told = [found.stdout, found.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    told.split_inclusive('\n').filter(|line| !line.starts_with("secret = ")).collect()
}

#[tokio::test]
async fn it_is_kept_there_under_a_readable_name_until_the_sign_out() {
    let (home, session) = (Home::new(), KeychainSession::unlocked());
    let (server, mcp) = servers(&home).await;
    assert_eq!(items(&session), "");
    let gateway = traygate(&home, &session, &mcp).start().await;
    gateway.sign_in("up").await;
    let kept = items(&session);
    for label in ["sign-in", "client"] {
        assert!(kept.contains(&format!("label = Traygate: {label} of up ({})\n", mcp.url())), "{kept}");
    }
    assert!(kept.contains("attribute.service = Traygate\n"), "{kept}");
    gateway.stop().await;

    let gateway = traygate(&home, &session, &mcp).start().await;
    ready(&gateway, "up").await;
    gateway.echo("up").await.ok();
    assert_eq!(server.seen("/authorize").len(), 1);
    assert_eq!(gateway.sign_out("up").await, json!({"was_signed_in": true, "revoked": true}));
    assert!(!items(&session).contains("sign-in of up"), "{}", items(&session));
    gateway.stop().await;

    let gateway = traygate(&home, &session, &mcp).start().await;
    wait_for(&gateway, "up", "sign-in-needed").await;
    let body = json!({"forget_client": true});
    gateway.admin(reqwest::Method::POST, "/servers/up/sign-out", Some(&body)).await.ok();
    assert_eq!(items(&session), "");
    gateway.stop().await;
}

#[tokio::test]
async fn a_locked_one_is_said_and_tried_again_and_nothing_takes_its_place() {
    let (home, session) = (Home::new(), KeychainSession::unlocked());
    let (server, mcp) = servers(&home).await;
    let gateway = traygate(&home, &session, &mcp).start().await;
    gateway.sign_in("up").await;
    gateway.stop().await;

    session.lock();
    let gateway = traygate(&home, &session, &mcp).start().await;
    ready(&gateway, "other").await;
    let told = wait_for(&gateway, "up", "backoff").await;
    assert!(reason(&told).contains("the keychain is locked. Unlock it"), "{told}");
    let refused = gateway.echo("up").await.message(503);
    assert!(refused.contains("the keychain is locked. Unlock it"), "{refused}");
    // A new sign-in could not be kept: it is not begun.
    let failed = gateway.failed("up").await;
    assert!(failed.starts_with("The keychain is locked. Unlock it"), "{failed}");
    assert_eq!(server.seen("/authorize").len(), 1);
    assert!(!home.path("state/traygate/credentials").exists(), "a file took its place");

    session.unlock();
    ready(&gateway, "up").await;
    gateway.echo("up").await.ok();
    assert_eq!(gateway.wait_for_sign_in("up", "signed-in").await["reason"], Value::Null);
    assert_eq!(server.seen("/authorize").len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn without_a_desktop_session_a_sign_in_says_what_to_do() {
    let (home, session) = (Home::new(), KeychainSession::without_bus(None));
    let (server, mcp) = servers(&home).await;
    let gateway = traygate(&home, &session, &mcp).start().await;
    let finished = traygate(&home, &session, &mcp).args(["sign-in", "up", "--flow", "manual"]).finish().await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let told = "The keychain could not be reached: no desktop session answers on this machine. Log in to a desktop session. Or set `storage_type` to `file`";
    assert!(finished.stderr.contains(told), "{}", finished.stderr);
    assert!(!finished.stderr.contains("bus"), "{}", finished.stderr);
    assert!(server.seen("/authorize").is_empty() && server.seen("/register").is_empty());
    assert!(!home.path("state/traygate/credentials").exists());
    gateway.stop().await;

    // What it names does it.
    let config = json!({"mcpServers": {"up": mcp.entry_with(&json!({"storage_type": "file"}))}});
    let gateway = Gateway::builder(&home).config(&config).env("TRAYGATE_SIGN_IN", "never").start().await;
    gateway.sign_in("up").await;
    gateway.echo("up").await.ok();
    gateway.stop().await;
}

#[tokio::test]
async fn a_server_that_wants_no_sign_in_needs_no_keychain() {
    let (home, session) = (Home::new(), KeychainSession::without_bus(None));
    let open = traygate_tests::HttpUpstream::start(&home, "open", "streamable-http", &[]).await;
    let config = json!({"mcpServers": {"open": open.entry()}});
    let builder = Gateway::builder(&home).config(&config).envs(session.variables().iter().cloned());
    let gateway = builder.start().await;
    ready(&gateway, "open").await;
    gateway.echo("open").await.ok();
    gateway.stop().await;
}
