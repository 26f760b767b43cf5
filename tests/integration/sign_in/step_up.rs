//! Servers that want more than was granted, that move to another authorization server, or that say little.

use serde_json::json;
use traygate_tests::{
    eventually,
    fake_oauth::{AuthorizationServer, Challenge, Document},
};

use super::stand::{SigningIn as _, Stand, reason};

async fn wanting(scope: &'static str) -> Stand {
    wanting_over("streamable-http", scope).await
}

async fn wanting_over(transport: &str, scope: &'static str) -> Stand {
    let stand = Stand::over(transport).await;
    stand.mcp.guard(|guard| {
        guard.scope = Some("read");
        guard.call_scope = Some(scope);
    });
    stand
}

#[tokio::test]
async fn a_call_that_needs_more_asks_for_the_union() {
    let stand = wanting("write").await;
    let gateway = stand.signed_in().await;
    let told = gateway.echo("up").await.refused(503);
    assert_eq!(told["code"], "sign-in-required");
    assert!(
        told["message"].as_str().unwrap().contains("needs more permissions (scopes read write)"),
        "{told}"
    );
    assert_eq!(gateway.server("up").await["state"], "ready", "what was granted is good for the rest");
    gateway.wait_for_sign_in("up", "step-up-needed").await;
    gateway.sign_in("up").await;
    let asked: Vec<_> =
        stand.server.seen("/authorize").iter().map(|seen| seen.query("scope").to_owned()).collect();
    assert_eq!(asked, ["read", "read write"]);
    gateway.echo("up").await.ok();
    assert!(stand.server.tokens("refresh_token").is_empty(), "a refresh gives no more scopes");
}

#[tokio::test]
async fn auto_asks_for_more_by_itself() {
    asks_for_more_by_itself("streamable-http").await;
}

#[tokio::test]
async fn auto_asks_for_more_by_itself_over_sse() {
    asks_for_more_by_itself("sse").await;
}

async fn asks_for_more_by_itself(transport: &str) {
    let stand = wanting_over(transport, "write").await;
    let gateway = stand.automatic().await;
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.refused(503);
    eventually("the call to work", async || gateway.echo("up").await.status == 200).await;
    assert_eq!(stand.server.seen("/authorize").len(), 2);
}

#[tokio::test]
async fn a_server_that_is_never_content_sees_three_authorization_requests() {
    let stand = wanting("write").await;
    stand.mcp.guard(|guard| guard.never_enough = true);
    let gateway = stand.automatic().await;
    gateway.wait_until_ready("up").await;
    eventually("it to give up", async || {
        assert_eq!(gateway.echo("up").await.refused(503)["code"], "sign-in-required");
        gateway.server("up").await["sign_in"]["state"] == "failed"
    })
    .await;
    for _ in 0..3 {
        gateway.echo("up").await.refused(503);
    }
    let told = reason(&gateway.wait_for_sign_in("up", "failed").await);
    assert!(told.contains("again and again"), "{told}");
    assert_eq!(stand.server.seen("/authorize").len(), 3);
}

#[tokio::test]
async fn a_server_that_moved_is_signed_in_to_at_its_new_authorization_server() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    let new = AuthorizationServer::start(&stand.home).await;
    stand.mcp.trusts(&new);
    assert_eq!(gateway.echo("up").await.refused(503)["code"], "sign-in-required");
    gateway.wait_for_sign_in("up", "reauth-needed").await;
    gateway.sign_in("up").await;
    gateway.echo("up").await.ok();
    assert_eq!(new.seen("/register").len(), 1, "no client is used at another server");
    assert_eq!(new.seen("/authorize").len(), 1);
    assert!(new.tokens("refresh_token").is_empty(), "no token is shown to another server");
    assert_eq!(
        new.seen("/authorize")[0].query("client_id"),
        new.tokens("authorization_code")[0].form("client_id")
    );
}

#[tokio::test]
async fn auto_follows_a_server_that_moved() {
    let stand = Stand::new().await;
    let gateway = stand.automatic().await;
    gateway.wait_until_ready("up").await;
    let new = AuthorizationServer::start(&stand.home).await;
    stand.mcp.trusts(&new);
    eventually("the call to work", async || gateway.echo("up").await.status == 200).await;
    assert_eq!((stand.server.seen("/authorize").len(), new.seen("/authorize").len()), (1, 1));
}

#[tokio::test]
async fn every_kind_of_challenge_leads_to_a_sign_in() {
    for challenge in
        [Challenge::Full, Challenge::Scheme, Challenge::Bare, Challenge::BasicFirst, Challenge::BasicBeside]
    {
        let stand = Stand::new().await;
        stand.mcp.guard(|guard| {
            guard.challenge = challenge;
            guard.scope = Some("read");
        });
        let gateway = stand.signed_in().await;
        gateway.echo("up").await.ok();
        let scope = stand.server.seen("/authorize")[0].query("scope").to_owned();
        assert_eq!(scope, if challenge == Challenge::Bare { "" } else { "read" }, "{challenge:?}");
    }
}

#[tokio::test]
async fn metadata_at_an_address_of_the_servers_choice_are_found() {
    let stand = Stand::new().await;
    stand.mcp.guard(|guard| guard.at = Some("/elsewhere/metadata"));
    stand.signed_in().await;
    assert_eq!(stand.mcp.seen("/elsewhere/metadata").len(), 1);
}

#[tokio::test]
async fn a_server_without_metadata_is_signed_in_to_at_the_server_url_of_the_config() {
    let stand = Stand::new().await;
    stand.mcp.guard(|guard| {
        guard.document = Document::Missing;
        guard.challenge = Challenge::Bare;
    });
    let gateway = stand.gateway_with(&json!({"server_url": stand.server.issuer()})).await;
    gateway.sign_in("up").await;
    gateway.echo("up").await.ok();
    assert_eq!(stand.server.seen("/authorize")[0].query("resource"), stand.mcp.url());
}

#[tokio::test]
async fn a_server_that_says_nothing_tells_what_to_set() {
    let stand = Stand::new().await;
    stand.mcp.guard(|guard| {
        guard.document = Document::Missing;
        guard.challenge = Challenge::Bare;
    });
    let gateway = stand.gateway().await;
    let told = gateway.failed("up").await;
    assert!(told.contains("`server_url`"), "{told}");
}

#[tokio::test]
async fn a_tenants_metadata_are_found_at_its_path() {
    let home = traygate_tests::Home::new();
    for (oauth, openid) in [(true, false), (false, true)] {
        let server = AuthorizationServer::start_at(&home, "/tenant1").await;
        server.metadata(|metadata| (metadata.oauth, metadata.openid) = (oauth, openid));
        let mcp = traygate_tests::fake_oauth::Protected::start(&home, "up", "streamable-http", &server).await;
        let stand = Stand { home: home.clone(), server, mcp };
        stand.signed_in().await.stop().await;
    }
}

#[tokio::test]
async fn a_sign_in_that_begins_before_the_first_refusal_waits_for_its_words() {
    let stand = Stand::new().await;
    stand.mcp.guard(|guard| {
        guard.at = Some("/elsewhere/metadata");
        guard.scope = Some("read");
    });
    // Again and again: who is first is chance.
    for _ in 0..5 {
        stand.signed_in().await.stop().await;
    }
    assert!(stand.server.seen("/authorize").iter().all(|seen| seen.query("scope") == "read"));
}
