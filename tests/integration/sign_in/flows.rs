//! One sign-in from the first refusal to the sign-out.

use reqwest::Method;
use serde_json::json;
use traygate_tests::{Answer, Gateway, http_client};

use super::{
    stand::{SigningIn as _, Stand, VISITOR, consent, visit},
    walk::parameter,
};

#[tokio::test]
async fn a_call_before_the_sign_in_is_told_what_to_do() {
    let stand = Stand::new().await;
    let gateway = stand.gateway().await;
    gateway.wait_for_refusal("/up/openapi.json", 503, "`up` needs sign-in").await;
    let told = gateway.echo("up").await.refused(503);
    assert_eq!(told["code"], "sign-in-required");
    assert_eq!(told["message"], "`up` needs sign-in before its tools can be used.");
    assert!(told["hint"].as_str().unwrap().contains("`traygate sign-in up`"), "{told}");
    assert_eq!(gateway.server("up").await["state"], "sign-in-needed");
    assert!(stand.server.seen_at_all().is_empty(), "nobody asked for a sign-in");
}

#[tokio::test]
async fn auto_signs_in_by_itself_over_streamable_http() {
    signs_in_by_itself("streamable-http").await;
}

#[tokio::test]
async fn auto_signs_in_by_itself_over_sse() {
    signs_in_by_itself("sse").await;
}

async fn signs_in_by_itself(transport: &str) {
    let stand = Stand::over(transport).await;
    let gateway = stand.automatic().await;
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.ok();
    let path = if transport == "sse" { "/messages" } else { "/mcp" };
    let calls = stand.mcp.seen(path).into_iter().filter(|seen| seen.json["method"] == "tools/call");
    assert!(calls.last().unwrap().header("authorization").starts_with("Bearer access-"));
    let asked = &stand.server.seen("/authorize")[0];
    assert_eq!(asked.query("resource"), stand.mcp.url());
    assert_eq!(stand.server.seen("/authorize").len(), 1, "one page");
    assert!(asked.twice.is_empty(), "{:?}", asked.twice);
    gateway.stop().await;
}

#[tokio::test]
async fn a_sign_in_over_the_admin_api_ends_on_a_page_that_says_so() {
    let stand = Stand::new().await;
    let gateway = stand.gateway().await;
    let page = gateway.page("up").await;
    let told = gateway.echo("up").await.refused(503);
    assert_eq!(told["message"], "`up` needs sign-in, and waits for the user in the browser.");
    let landed = visit(&page).await;
    assert_eq!(landed.status, 200, "{}", landed.text);
    assert!(landed.text.contains("Signed in to up"), "{}", landed.text);
    assert!(landed.text.contains("You can close this page.") && !landed.text.contains("<script"));
    assert!(landed.header("content-type").starts_with("text/html"));
    assert!(landed.header("content-security-policy").starts_with("default-src 'none'"));
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(landed.header(name), value);
    }
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.ok();
}

#[tokio::test]
async fn a_sign_in_can_be_cancelled() {
    let stand = Stand::new().await;
    let gateway = stand.gateway().await;
    let redirect = consent(&gateway.page("up").await).await;
    let answer = gateway.admin(Method::DELETE, "/servers/up/sign-in", None).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    gateway.wait_for_sign_in("up", "signed-out").await;
    let late = gateway.get(&path_of(&redirect)).await;
    assert_eq!(late.status, 400);
    assert!(late.text.contains("No sign-in waits for this answer"), "{}", late.text);
    assert!(stand.server.seen("/token").is_empty());
    gateway.sign_in("up").await;
}

#[tokio::test]
async fn the_whole_address_can_be_pasted_and_a_foreign_one_changes_nothing() {
    let stand = Stand::new().await;
    let gateway = stand.gateway_with(&json!({"flow": "manual"})).await;
    let redirect = consent(&gateway.page("up").await).await;
    let mut foreign = redirect.clone();
    foreign.set_query(Some("code=code-of-somebody-else&state=of-somebody-else"));
    let told = paste(&gateway, foreign.as_str()).await;
    assert_eq!(told["ok"], false);
    assert!(told["message"].as_str().unwrap().contains("the answer to another sign-in"), "{told}");
    let told = paste(&gateway, redirect.as_str()).await;
    assert_eq!(told["ok"], true, "{told}");
    gateway.wait_until_ready("up").await;
    assert_eq!(stand.server.seen("/token").len(), 1);
}

#[tokio::test]
async fn an_https_redirect_uri_is_received_at_its_path_behind_the_users_proxy() {
    let stand = Stand::new().await;
    let landing = "https://tools.example.com/oauth/landing";
    let gateway = stand.gateway_with(&json!({"client_metadata": {"redirect_uris": [landing]}})).await;
    let redirect = consent(&gateway.page("up").await).await;
    assert!(redirect.as_str().starts_with(&format!("{landing}?")), "{redirect}");
    // What a proxy at that address does.
    let forwarded = |query: &str| format!("{}/oauth/landing?{query}", gateway.base());
    let stranger = Answer::to(http_client().get(forwarded("code=c&state=s"))).await;
    assert_eq!(stranger.status, 400, "{}", stranger.text);
    let landed = Answer::to(http_client().get(forwarded(redirect.query().unwrap()))).await;
    assert_eq!(landed.status, 200, "{}", landed.text);
    gateway.wait_for_sign_in("up", "signed-in").await;
    let later = Answer::to(http_client().get(forwarded("code=c&state=s"))).await;
    assert_eq!(later.status, 404, "nobody waits there any more: {}", later.text);
}

#[tokio::test]
async fn a_bare_code_can_be_pasted_where_no_iss_is_due() {
    let stand = Stand::new().await;
    stand.server.iss(traygate_tests::fake_oauth::Iss::Unknown);
    let gateway = stand.gateway_with(&json!({"flow": "manual"})).await;
    let redirect = consent(&gateway.page("up").await).await;
    let told = paste(&gateway, &parameter(&redirect, "code")).await;
    assert_eq!(told["ok"], true, "{told}");
    gateway.wait_until_ready("up").await;
}

#[tokio::test]
async fn a_sign_out_takes_the_tokens_back() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    assert!(stand.server.has_live_tokens());
    assert_eq!(gateway.sign_out("up").await, json!({"was_signed_in": true, "revoked": true}));
    assert!(!stand.server.has_live_tokens());
    let revoked = stand.server.seen("/revoke");
    for kind in ["refresh", "access"] {
        assert!(revoked.iter().any(|seen| seen.form("token").starts_with(kind)), "{kind}");
    }
    gateway.wait_for_state("up", "sign-in-needed").await;
    assert_eq!(gateway.echo("up").await.refused(503)["code"], "sign-in-required");
    assert_eq!(gateway.sign_out("up").await, json!({"was_signed_in": false, "revoked": null}));
}

#[tokio::test]
async fn who_kept_the_tokens_in_files_is_signed_in_after_a_restart() {
    let stand = Stand::new().await;
    let start = async || stand.builder(&json!({}), "file").args(["--sign-in", "never"]).start().await;
    let gateway = start().await;
    gateway.sign_in("up").await;
    gateway.stop().await;
    stand.home.assert_no_secret_in_files();
    let gateway = start().await;
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.ok();
    assert_eq!(stand.server.seen("/authorize").len(), 1);
    assert_eq!(gateway.server("up").await["sign_in"]["state"], "signed-in");
    gateway.sign_out("up").await;
    gateway.stop().await;
    let gateway = start().await;
    // Its tools are remembered, its tokens are not.
    gateway.wait_for_state("up", "sign-in-needed").await;
    assert_eq!(gateway.echo("up").await.refused(503)["code"], "sign-in-required");
}

#[tokio::test]
async fn credentials_go_with_their_server() {
    let stand = Stand::new().await;
    let builder = stand.builder(&json!({}), "file").args(["--sign-in", "never", "--hot-reload"]);
    let gateway = builder.start().await;
    gateway.sign_in("up").await;
    stand.home.config().replace(&json!({"mcpServers": {}}));
    gateway.wait_for_status("/up/openapi.json", 404).await;
    stand.home.config().replace(&json!({"mcpServers": {"up": stand.mcp.entry()}}));
    gateway.wait_for_refusal("/up/openapi.json", 503, "needs sign-in").await;
    gateway.sign_in("up").await;
    assert_eq!(stand.server.seen("/register").len(), 2, "its client went too");
}

#[tokio::test]
async fn the_command_line_signs_in_and_out_through_the_gateway_that_runs() {
    let stand = Stand::new().await;
    let gateway = stand.gateway().await;
    gateway.wait_for_refusal("/up/openapi.json", 503, "needs sign-in").await;
    let command = |words: &[&str]| {
        Gateway::builder(&stand.home).args(words).config_file().env("BROWSER", VISITOR).finish()
    };
    let done = command(&["sign-in", "up"]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.starts_with("Signed in to `up`, "), "{done:?}");
    stand.home.assert_no_secret("the command", &format!("{done:?}"));
    gateway.echo("up").await.ok();
    let done = command(&["sign-out", "up"]).await;
    assert_eq!(done.stdout, "Signed out of `up`. Its tokens were revoked.\n", "{done:?}");
    assert!(!stand.server.has_live_tokens());
}

#[tokio::test]
async fn the_command_line_signs_in_where_no_gateway_runs() {
    let stand = Stand::new().await;
    let settings = json!({"tokenStorage": "file", "signIn": "never"});
    let config = json!({"mcpServers": {"up": stand.mcp.entry()}, "traygate": settings});
    stand.home.config().write(&config);
    let command = |words: &[&str]| {
        Gateway::builder(&stand.home).args(words).config_file().env("BROWSER", VISITOR).finish()
    };
    let done = command(&["sign-in", "up"]).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stdout.starts_with("Signed in to `up`, "), "{done:?}");
    let gateway = Gateway::start(&stand.home, &config).await;
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.ok();
    gateway.stop().await;
    let done = command(&["sign-out", "up"]).await;
    assert_eq!(done.stdout, "Signed out of `up`. Its tokens were revoked.\n", "{done:?}");
    stand.home.assert_no_secret_in_files();
}

#[tokio::test]
async fn ask_tells_the_command_and_asks_the_authorization_server_nothing() {
    let stand = Stand::new().await;
    let gateway = stand.builder(&json!({}), "memory").args(["--sign-in", "ask"]).start().await;
    gateway.wait_for_stderr("`up` needs sign-in: run `traygate sign-in up`").await;
    assert!(stand.server.seen_at_all().is_empty());
}

#[tokio::test]
async fn without_a_keychain_it_says_so_and_what_to_choose() {
    let stand = Stand::new().await;
    let config = json!({"mcpServers": {"up": stand.mcp.entry()}});
    let gateway = Gateway::builder(&stand.home).config(&config).args(["--sign-in", "never"]).start().await;
    gateway.wait_for_state("up", "sign-in-needed").await;
    gateway.begin("up", json!({})).await;
    let told = gateway.failed("up").await;
    assert!(told.contains("keychain") && told.contains("`storage_type`"), "{told}");
    assert!(stand.server.seen("/register").is_empty(), "nothing is registered that cannot be kept");
}

#[tokio::test]
async fn the_command_line_shows_a_code_for_another_device() {
    let stand = Stand::new().await;
    stand.server.metadata(|metadata| metadata.device = true);
    let gateway = stand.gateway().await;
    let words = ["sign-in", "up", "--flow", "device"];
    let command = Gateway::builder(&stand.home).args(words).config_file().finish();
    let types = async {
        let waiting = gateway.wait_for_sign_in("up", "awaiting-device").await;
        let code = waiting["user_code"].as_str().unwrap().to_owned();
        stand.server.types(&code, true);
        code
    };
    let (done, code) = futures::future::join(command, types).await;
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains(&format!("type the code {code}")), "{done:?}");
}

#[tokio::test]
async fn the_command_line_says_why_a_sign_in_failed() {
    let stand = Stand::new().await;
    stand.server.metadata(|metadata| metadata.registration = false);
    let gateway = stand.gateway().await;
    let done = Gateway::builder(&stand.home).args(["sign-in", "up"]).config_file().finish().await;
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.stderr.contains("Not signed in to `up`: Its authorization server"), "{done:?}");
    let done = Gateway::builder(&stand.home).arg("status").config_file().finish().await;
    assert!(done.stdout.contains("Needs sign-in"), "{done:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn the_callback_needs_no_key_and_the_admin_api_its_own() {
    let stand = Stand::new().await;
    let builder = stand.builder(&json!({}), "memory").args(["--sign-in", "never"]).api_key("key-of-a-caller");
    let gateway = builder.start().await;
    gateway.sign_in("up").await;
    gateway.echo("up").await.ok();
    let refused = gateway.request(Method::POST, "/-/api/servers/up/sign-out").send().await.unwrap();
    assert_eq!(refused.status(), 401, "a caller's key is not the admin's");
}

#[tokio::test]
async fn a_change_of_the_entry_keeps_the_sign_in() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    let entry = stand.mcp.entry_with(&json!({"scope": "read"}));
    stand.home.config().replace(&json!({"mcpServers": {"up": entry}}));
    gateway.admin(Method::POST, "/reload", None).await.ok();
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.ok();
    assert_eq!(gateway.server("up").await["sign_in"]["state"], "signed-in");
    assert_eq!(stand.server.seen("/authorize").len(), 1);
}

#[tokio::test]
async fn a_sign_in_that_waits_holds_up_no_end() {
    let stand = Stand::new().await;
    let gateway = stand.gateway().await;
    gateway.page("up").await;
    gateway.stop().await;
}

fn path_of(url: &url::Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap())
}

async fn paste(gateway: &Gateway, text: &str) -> serde_json::Value {
    gateway.admin(Method::POST, "/servers/up/sign-in/response", Some(&json!({"response": text}))).await.ok()
}
