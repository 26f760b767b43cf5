//! Access tokens that end, one way or another.

use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use traygate_tests::{
    Gateway, eventually, eventually_some,
    fake_oauth::{Refresh, Ttl},
};

use super::stand::{SigningIn as _, Stand, reason, visit};

/// How often it was asked to refresh, and to authorize.
fn asked(stand: &Stand) -> (usize, usize) {
    (stand.server.tokens("refresh_token").len(), stand.server.seen("/authorize").len())
}

#[tokio::test]
async fn tokens_are_renewed_before_their_end() {
    let stand = Stand::new().await;
    stand.server.ttl(Ttl::Told(Duration::from_secs(2)));
    let gateway = stand.signed_in().await;
    stand.server.wait_for_refreshes(2).await;
    gateway.echo("up").await.ok();
    assert_eq!(asked(&stand).1, 1);
    let refresh = &stand.server.tokens("refresh_token")[1];
    assert_eq!(refresh.form("resource"), stand.mcp.url(), "RFC 8707 §2.2");
}

#[tokio::test]
async fn a_refresh_token_that_is_not_rotated_stays_good() {
    let stand = Stand::new().await;
    stand.server.ttl(Ttl::Told(Duration::from_secs(2))).refresh(Refresh::Keeps);
    let gateway = stand.signed_in().await;
    stand.server.wait_for_refreshes(3).await;
    gateway.echo("up").await.ok();
    let spent = stand.server.tokens("refresh_token");
    assert_eq!(spent[0].form("refresh_token"), spent[2].form("refresh_token"));
}

#[tokio::test]
async fn fifty_calls_after_a_revocation_are_one_refresh_and_fifty_answers() {
    fifty_calls("streamable-http").await;
}

#[tokio::test]
async fn fifty_calls_after_a_revocation_are_one_refresh_over_sse_too() {
    fifty_calls("sse").await;
}

async fn fifty_calls(transport: &str) {
    let stand = Stand::over(transport).await;
    let gateway = stand.signed_in().await;
    stand.server.end_access_tokens();
    let answers = join_all((0..50).map(|_| gateway.echo("up"))).await;
    for answer in answers {
        answer.ok();
    }
    assert_eq!(asked(&stand), (1, 1));
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_lose_the_rotated_token() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    stand.server.refresh(Refresh::Held).end_access_tokens();
    let call = Box::pin(gateway.echo("up"));
    tokio::select! {
        answer = call => panic!("it was answered: {}", answer.text),
        () = stand.server.wait_for_refreshes(1) => {}
    }
    stand.server.release();
    gateway.echo("up").await.ok();
    assert_eq!(asked(&stand), (1, 1));
}

#[tokio::test]
async fn credentials_are_kept_while_the_authorization_server_has_a_failure() {
    for refresh in [Refresh::Status(500, None), Refresh::Status(429, Some(1)), Refresh::Error("server_error")]
    {
        let stand = Stand::new().await;
        let gateway = stand.signed_in().await;
        stand.server.refresh(refresh).end_access_tokens();
        let told = gateway.echo("up").await.refused(503);
        assert_eq!(told["code"], "server-unavailable", "{refresh:?} {told}");
        let message = told["message"].as_str().unwrap();
        assert!(message.contains("The authorization server could not answer"), "{refresh:?} {told}");
        assert!(!message.to_lowercase().contains("sign in again"), "{told}");
        stand.server.refresh(Refresh::Rotates);
        works_again(&gateway).await;
        assert_eq!(asked(&stand).1, 1, "{refresh:?}");
    }
}

#[tokio::test]
async fn a_refresh_that_is_never_answered_holds_up_no_call_while_the_token_is_good() {
    let stand = Stand::new().await;
    stand.server.ttl(Ttl::Told(Duration::from_secs(8))).refresh(Refresh::Silent);
    let gateway = stand.signed_in().await;
    stand.server.wait_for_refreshes(1).await;
    gateway.echo("up").await.ok();
    assert_eq!(asked(&stand), (1, 1));
    // Nor the end.
    gateway.stop().await;
}

#[tokio::test]
async fn an_authorization_server_that_is_gone_costs_no_credentials() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    let Stand { home: _home, server, mcp: _mcp } = stand;
    server.end_access_tokens();
    drop(server);
    let told = gateway.echo("up").await.refused(503);
    assert_eq!(told["code"], "server-unavailable", "{told}");
    assert!(told["message"].as_str().unwrap().contains("could not be reached"), "{told}");
    assert_ne!(gateway.server("up").await["sign_in"]["state"], "reauth-needed");
}

#[tokio::test]
async fn started_while_the_authorization_server_has_a_failure_it_keeps_its_credentials() {
    let stand = Stand::new().await;
    let start = async || stand.builder(&json!({}), "file").args(["--sign-in", "auto"]).start().await;
    let gateway = start().await;
    gateway.sign_in("up").await;
    gateway.stop().await;
    stand.server.end_access_tokens();
    stand.server.refresh(Refresh::Status(503, None));
    let gateway = start().await;
    stand.server.wait_for_refreshes(1).await;
    gateway.wait_for_state("up", "backoff").await;
    let told = gateway.echo("up").await.refused(503);
    assert_eq!(told["code"], "server-unavailable", "{told}");
    assert!(told["message"].as_str().unwrap().contains("it answered 503"), "{told}");
    stand.server.refresh(Refresh::Rotates);
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.ok();
    assert_eq!(asked(&stand).1, 1);
}

#[tokio::test]
async fn retry_after_is_waited_out() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    stand.server.refresh(Refresh::Status(429, Some(600))).end_access_tokens();
    for _ in 0..5 {
        assert_eq!(gateway.echo("up").await.refused(503)["code"], "server-unavailable");
    }
    assert_eq!(asked(&stand), (1, 1));
}

#[tokio::test]
async fn a_dead_refresh_token_asks_for_a_sign_in_and_never_loops() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    stand.server.revoke_everything();
    for _ in 0..3 {
        let told = gateway.echo("up").await.refused(503);
        assert_eq!(told["code"], "sign-in-required");
        assert!(told["message"].as_str().unwrap().starts_with("`up` needs a new sign-in: "), "{told}");
    }
    gateway.wait_for_sign_in("up", "reauth-needed").await;
    assert_eq!(asked(&stand), (1, 1));
    gateway.sign_in("up").await;
    gateway.echo("up").await.ok();
}

#[tokio::test]
async fn auto_signs_in_again_where_a_token_is_refused_later() {
    let stand = Stand::new().await;
    let gateway = stand.automatic().await;
    gateway.wait_until_ready("up").await;
    stand.server.revoke_everything();
    for answer in join_all((0..50).map(|_| gateway.echo("up"))).await {
        // Some come when it is signed in to again already.
        assert!(answer.status == 200 || answer.status == 503, "{}", answer.text);
    }
    works_again(&gateway).await;
    assert_eq!(asked(&stand).1, 2, "one page for all");
}

#[tokio::test]
async fn a_token_without_a_refresh_token_ends_with_a_sign_in() {
    let stand = Stand::new().await;
    stand.server.without_refresh();
    let gateway = stand.signed_in().await;
    stand.server.end_access_tokens();
    assert_eq!(gateway.echo("up").await.refused(503)["code"], "sign-in-required");
    let told = reason(&gateway.wait_for_sign_in("up", "reauth-needed").await);
    assert!(told.contains("none to renew it with"), "{told}");
    assert_eq!(asked(&stand), (0, 1));
}

#[tokio::test]
async fn a_token_of_untold_life_is_used_until_it_is_refused() {
    let stand = Stand::new().await;
    stand.server.ttl(Ttl::Untold);
    let gateway = stand.signed_in().await;
    assert_eq!(gateway.server("up").await["sign_in"]["expires_at"], Value::Null);
    stand.server.end_access_tokens();
    gateway.echo("up").await.ok();
    assert_eq!(asked(&stand), (1, 1));
}

#[tokio::test]
async fn answers_may_be_forms() {
    let stand = Stand::new().await;
    stand.server.answers_with_forms();
    let gateway = stand.signed_in().await;
    stand.server.end_access_tokens();
    gateway.echo("up").await.ok();
    assert_eq!(asked(&stand), (1, 1));
}

#[tokio::test]
async fn an_answer_that_was_lost_on_the_way_costs_a_sign_in_and_no_more() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    stand.server.refresh(Refresh::RotatesAndHangsUp).end_access_tokens();
    assert_eq!(gateway.echo("up").await.refused(503)["code"], "server-unavailable");
    stand.server.refresh(Refresh::Rotates);
    let told = eventually_some("the spent refresh token to be noticed", async || {
        let told = gateway.echo("up").await.refused(503);
        (told["code"] == "sign-in-required").then_some(told)
    })
    .await;
    assert!(told["message"].as_str().unwrap().contains("was used before"), "{told}");
    assert_eq!(asked(&stand).0, 2);
    gateway.sign_in("up").await;
}

#[tokio::test]
async fn killed_between_the_answer_and_the_save_it_asks_once_and_never_loops() {
    let stand = Stand::new().await;
    let start = async || stand.builder(&json!({}), "file").args(["--sign-in", "never"]).start().await;
    let gateway = start().await;
    gateway.sign_in("up").await;
    // As near to it as it gets: the authorization server has rotated, and nobody has saved what came of it.
    stand.server.refresh(Refresh::RotatesAndHangsUp).end_access_tokens();
    assert_eq!(gateway.echo("up").await.refused(503)["code"], "server-unavailable");
    gateway.kill().await;
    stand.server.refresh(Refresh::Rotates);
    let before = asked(&stand).0;
    let gateway = start().await;
    gateway.wait_for_sign_in("up", "reauth-needed").await;
    for _ in 0..3 {
        assert_eq!(gateway.echo("up").await.refused(503)["code"], "sign-in-required");
    }
    assert_eq!(asked(&stand), (before + 1, 1));
    gateway.sign_in("up").await;
}

#[tokio::test]
async fn two_processes_on_one_store_lose_no_rotated_token() {
    let stand = Stand::new().await;
    stand.server.ttl(Ttl::Told(Duration::from_secs(2)));
    let start = async || stand.builder(&json!({}), "file").args(["--sign-in", "never"]).start().await;
    let one = start().await;
    one.sign_in("up").await;
    let two = start().await;
    two.wait_until_ready("up").await;
    stand.server.wait_for_refreshes(4).await;
    for gateway in [&one, &two] {
        gateway.echo("up").await.ok();
    }
    let mut spent: Vec<_> = stand
        .server
        .tokens("refresh_token")
        .iter()
        .map(|seen| seen.form("refresh_token").to_owned())
        .collect();
    let all = spent.len();
    spent.sort();
    spent.dedup();
    assert_eq!(spent.len(), all, "one was used twice");
    assert_eq!(asked(&stand).1, 1);
}

#[tokio::test]
async fn two_processes_after_a_revocation_make_one_refresh() {
    let stand = Stand::new().await;
    let start = async || stand.builder(&json!({}), "file").args(["--sign-in", "never"]).start().await;
    let one = start().await;
    one.sign_in("up").await;
    let two = start().await;
    two.wait_until_ready("up").await;
    stand.server.end_access_tokens();
    for answer in join_all((0..20).map(|n| if n % 2 == 0 { one.echo("up") } else { two.echo("up") })).await {
        answer.ok();
    }
    assert_eq!(asked(&stand), (1, 1));
    // What one signs out of, the other does not go on with.
    one.sign_out("up").await;
    assert_eq!(two.echo("up").await.refused(503)["code"], "sign-in-required");
}

#[tokio::test]
async fn a_connection_that_is_made_anew_refreshes_once() {
    for transport in ["streamable-http", "sse"] {
        let stand = Stand::over(transport).await;
        let gateway = stand.signed_in().await;
        stand.server.end_access_tokens();
        let answer = gateway.admin(Method::POST, "/servers/up/restart", None).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        stand.server.wait_for_refreshes(1).await;
        works_again(&gateway).await;
        assert_eq!(asked(&stand), (1, 1), "{transport}");
    }
}

#[tokio::test]
async fn a_token_that_is_never_taken_opens_no_page_after_page() {
    let stand = Stand::new().await;
    let builder = stand.builder(&json!({"resource": "https://elsewhere.example/mcp"}), "memory");
    let gateway = builder.args(["--sign-in", "auto"]).env("BROWSER", super::stand::VISITOR).start().await;
    gateway.wait_for_stderr("`up` needs a new sign-in").await;
    assert!(asked(&stand).1 <= 5, "{} pages", asked(&stand).1);
}

async fn works_again(gateway: &Gateway) {
    eventually(&format!("calls to work again; the log:\n{}", gateway.stderr()), async || {
        gateway.echo("up").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn tokens_that_die_leave_a_sign_in_under_way_alone() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    let page = gateway.page("up").await;
    stand.server.revoke_everything();
    gateway.echo("up").await.refused(503);
    assert_eq!(gateway.server("up").await["sign_in"]["state"], "awaiting-redirect");
    let landed = visit(&page).await;
    assert_eq!(landed.status, 200, "{}", landed.text);
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.ok();
}
