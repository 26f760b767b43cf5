//! Authorization servers, and MCP servers, that mean harm. Wherever it must not be, no token request is made.

use reqwest::Method;
use serde_json::{Value, json};
use traygate_tests::{
    Answer, Gateway, Home,
    fake_oauth::{AuthorizationServer, Authorize, Document, Iss, Protected, Returned},
    http_client,
};
use url::Url;

use super::stand::{SigningIn as _, Stand, VISITOR, consent, reason, visit};

#[tokio::test]
async fn an_answer_with_another_state_or_none_belongs_to_nobody() {
    for state in [Returned::Wrong, Returned::Missing] {
        let stand = Stand::new().await;
        stand.server.state(state);
        let gateway = stand.gateway().await;
        let landed = visit(&gateway.page("up").await).await;
        assert_eq!(landed.status, 400);
        assert!(landed.text.contains("No sign-in waits for this answer"), "{}", landed.text);
        assert!(stand.server.seen("/token").is_empty());
        // Anybody can send such a thing: it must not end the sign-in of the person.
        stand.server.state(Returned::Same);
        let page = gateway.wait_for_sign_in("up", "awaiting-redirect").await["url"].clone();
        assert_eq!(visit(&page.as_str().unwrap().parse().unwrap()).await.status, 200, "{state:?}");
    }
}

#[tokio::test]
async fn an_answer_of_another_issuer_is_not_used() {
    for (iss, told) in [
        (Some("https://other.example"), "is from the authorization server `https://other.example`"),
        (Some("normalised"), "and `http://127.0.0.1"),
        (None, "does not say which authorization server it is from"),
    ] {
        let stand = Stand::new().await;
        let normalised = format!("{}/", stand.server.issuer());
        stand.server.iss(match iss {
            None => Iss::Missing,
            Some("normalised") => Iss::Other(normalised),
            Some(other) => Iss::Other(other.into()),
        });
        let gateway = stand.gateway().await;
        let landed = visit(&gateway.page("up").await).await;
        assert_eq!(landed.status, 400, "{iss:?}");
        let reason = reason(&gateway.wait_for_sign_in("up", "failed").await);
        assert!(reason.contains(told), "{reason}");
        assert!(stand.server.seen("/token").is_empty(), "{iss:?}");
        assert_eq!(gateway.echo("up").await.refused(503)["code"], "sign-in-required");
    }
}

#[tokio::test]
async fn an_iss_that_was_not_advertised_is_fine_where_it_is_right() {
    for iss in [Iss::Unadvertised, Iss::Unknown] {
        let stand = Stand::new().await;
        stand.server.iss(iss);
        stand.signed_in().await;
    }
}

#[tokio::test]
async fn what_a_foreign_issuer_says_is_not_shown() {
    let stand = Stand::new().await;
    stand.server.authorize(Authorize::Refuses("access_denied", "Call 555-0100 for help"));
    stand.server.iss(Iss::Other("https://other.example".into()));
    let gateway = stand.gateway().await;
    let landed = visit(&gateway.page("up").await).await;
    assert!(!landed.text.contains("555-0100"), "{}", landed.text);
    let told = reason(&gateway.wait_for_sign_in("up", "failed").await);
    assert!(!told.contains("555-0100") && !told.contains("access was denied"), "{told}");
}

#[tokio::test]
async fn a_refusal_is_shown_in_words_and_as_text() {
    let stand = Stand::new().await;
    stand.server.authorize(Authorize::Refuses("access_denied", "<script>alert(1)</script>"));
    let gateway = stand.gateway().await;
    let landed = visit(&gateway.page("up").await).await;
    assert_eq!(landed.status, 400);
    assert!(!landed.text.contains("<script"), "{}", landed.text);
    let told = reason(&gateway.wait_for_sign_in("up", "failed").await);
    assert!(told.starts_with("Access was denied"), "{told}");
}

/// Two servers, of which one means harm to the other.
struct Two {
    _home: Home,
    good: AuthorizationServer,
    evil: AuthorizationServer,
    gateway: Gateway,
    _servers: (Protected, Protected),
}

impl Two {
    async fn new() -> Self {
        Self::with("never").await
    }

    async fn with(policy: &str) -> Self {
        let home = Home::new();
        let (good, evil) = (AuthorizationServer::start(&home).await, AuthorizationServer::start(&home).await);
        let one = Protected::start(&home, "good", "streamable-http", &good).await;
        let two = Protected::start(&home, "evil", "streamable-http", &evil).await;
        let config = json!({"mcpServers": {"good": one.entry(), "evil": two.entry()}});
        let builder = Gateway::builder(&home).config(&config);
        let gateway = builder
            .args(["--token-storage", "memory", "--sign-in", policy])
            .env("BROWSER", VISITOR)
            .start()
            .await;
        Self { _home: home, good, evil, gateway, _servers: (one, two) }
    }
}

#[tokio::test]
async fn one_that_fails_does_not_keep_auto_from_the_other() {
    let Two { evil, gateway, .. } = &Two::with("auto").await;
    evil.iss(Iss::Other("https://other.example".into()));
    gateway.wait_until_ready("good").await;
    gateway.wait_for_sign_in("evil", "failed").await;
    gateway.echo("good").await.ok();
    assert_eq!(evil.seen("/authorize").len(), 1, "no page after an unanswered one");
}

#[tokio::test]
async fn a_code_of_another_server_goes_to_nobody_in_a_mix_up() {
    let Two { good, evil, gateway, .. } = &Two::new().await;
    gateway.sign_in("good").await;
    let before = good.seen("/token").len();
    // Its authorization endpoint hands the person on to the good one, whose answer comes back.
    evil.iss(Iss::Other(good.issuer().to_owned()));
    assert_eq!(visit(&gateway.page("evil").await).await.status, 400);
    let told = reason(&gateway.wait_for_sign_in("evil", "failed").await);
    assert!(told.contains(good.issuer()) && told.contains("Nothing of it was used"), "{told}");
    assert!(evil.seen("/token").is_empty());
    assert_eq!(good.seen("/token").len(), before);
    gateway.echo("good").await.ok();
}

#[tokio::test]
async fn an_answer_with_the_state_of_another_servers_sign_in_reaches_no_token_endpoint() {
    let Two { good, evil, gateway, .. } = &Two::new().await;
    let (page, other) = (gateway.page("good").await, gateway.page("evil").await);
    let state = super::walk::parameter(&page, "state");
    let mut forged = consent(&other).await;
    let pairs: Vec<(String, String)> = forged.query_pairs().into_owned().collect();
    forged
        .query_pairs_mut()
        .clear()
        .extend_pairs(pairs.iter().map(|(name, value)| (name, if name == "state" { &state } else { value })));
    assert_eq!(get(&forged).await.status, 400);
    gateway.wait_for_sign_in("good", "failed").await;
    assert!(good.seen("/token").is_empty() && evil.seen("/token").is_empty());
    assert_eq!(gateway.server("evil").await["sign_in"]["state"], "awaiting-redirect", "it goes on");
}

#[tokio::test]
async fn a_code_is_used_once() {
    let stand = Stand::new().await;
    stand.server.replays();
    let gateway = stand.gateway().await;
    let redirect = consent(&gateway.page("up").await).await;
    assert_eq!(get(&redirect).await.status, 200);
    gateway.wait_until_ready("up").await;
    let again = get(&redirect).await;
    assert_eq!(again.status, 400);
    assert!(again.text.contains("No sign-in waits for this answer"), "{}", again.text);
    assert_eq!(stand.server.seen("/token").len(), 1);
    gateway.echo("up").await.ok();
}

#[tokio::test]
async fn a_stolen_code_is_no_good_for_another_sign_in() {
    let stand = Stand::new().await;
    let gateway = stand.gateway().await;
    let stolen = super::walk::parameter(&consent(&gateway.page("up").await).await, "code");
    gateway.admin(Method::DELETE, "/servers/up/sign-in", None).await;
    gateway.wait_for_sign_in("up", "signed-out").await;
    let page = gateway.page("up").await;
    let mut forged: Url = super::walk::parameter(&page, "redirect_uri").parse().unwrap();
    forged
        .query_pairs_mut()
        .append_pair("code", &stolen)
        .append_pair("state", &super::walk::parameter(&page, "state"))
        .append_pair("iss", stand.server.issuer());
    assert_eq!(get(&forged).await.status, 400);
    let told = reason(&gateway.wait_for_sign_in("up", "failed").await);
    assert!(told.contains("PKCE verification failed"), "{told}");
}

#[tokio::test]
async fn an_answer_at_another_path_is_none() {
    let stand = Stand::new().await;
    stand.server.authorize(Authorize::Elsewhere("/up/elsewhere"));
    let gateway = stand.gateway().await;
    let landed = visit(&gateway.page("up").await).await;
    assert!(landed.status.is_client_error() || landed.status.is_server_error(), "{}", landed.status);
    assert!(stand.server.seen("/token").is_empty());
    assert_eq!(gateway.server("up").await["sign_in"]["state"], "awaiting-redirect");
}

#[tokio::test]
async fn metadata_that_are_none_are_told() {
    for (document, told) in [
        (Document::Html, "answered with"),
        (Document::Oversized, "KiB"),
        (Document::Missing, "has no metadata at any of its well-known addresses"),
        (Document::Status(500), "answered HTTP 500"),
    ] {
        let stand = Stand::new().await;
        stand.server.metadata(|metadata| metadata.document = document);
        let gateway = stand.gateway().await;
        let reason = gateway.failed("up").await;
        assert!(reason.contains(told), "{document:?}: {reason}");
        // And the next try may go well.
        stand.server.metadata(|metadata| metadata.document = Document::Json);
        gateway.sign_in("up").await;
    }
}

#[tokio::test]
async fn one_that_never_answers_holds_nobody_else_up_and_can_be_cancelled() {
    for document in [Document::Slow, Document::Silent] {
        let Two { evil, gateway, .. } = &Two::new().await;
        evil.metadata(|metadata| metadata.document = document);
        gateway.begin("evil", json!({})).await;
        evil.wait_for("/.well-known/oauth-authorization-server").await;
        gateway.sign_in("good").await;
        gateway.echo("good").await.ok();
        assert_eq!(gateway.server("evil").await["sign_in"]["state"], "discovering");
        gateway.admin(Method::DELETE, "/servers/evil/sign-in", None).await;
        gateway.wait_for_sign_in("evil", "signed-out").await;
    }
}

#[tokio::test]
async fn endpoints_that_are_not_safe_are_not_used() {
    for (endpoint, address, told) in [
        ("authorization_endpoint", "javascript:alert(1)", "authorization endpoint"),
        ("authorization_endpoint", "http://as.example/authorize", "authorization endpoint"),
        ("token_endpoint", "http://as.example/token", "token endpoint"),
        ("registration_endpoint", "file:///etc/passwd", "registration endpoint"),
        ("issuer", "https://other.example", "not of"),
        ("code_challenge_methods_supported", "", "PKCE"),
    ] {
        let stand = Stand::new().await;
        let value = if address.is_empty() { Value::Null } else { address.into() };
        stand.server.tells(endpoint, value);
        let gateway = stand.gateway().await;
        let reason = gateway.failed("up").await;
        assert!(reason.contains(told), "{endpoint} {address}: {reason}");
        let beyond = stand
            .server
            .seen_at_all()
            .iter()
            .any(|seen| ["/authorize", "/token"].contains(&seen.path.as_str()));
        assert!(!beyond, "{endpoint} {address}");
    }
}

#[tokio::test]
async fn metadata_that_point_to_a_clouds_own_addresses_are_not_followed() {
    let inwards = "https://169.254.169.254";
    let stand = Stand::new().await;
    stand.server.tells("registration_endpoint", format!("{inwards}/register"));
    let gateway = stand.gateway().await;
    let told = gateway.failed("up").await;
    assert!(told.contains("an address that Traygate never asks"), "{told}");
    stand.mcp.guard(|guard| guard.issuers = Some(vec![inwards.into()]));
    let told = gateway.failed("up").await;
    assert!(told.contains("an address that Traygate never asks"), "{told}");
}

#[tokio::test]
async fn a_server_that_says_it_is_another_is_not_signed_in_to() {
    let stand = Stand::new().await;
    stand.mcp.guard(|guard| guard.resource = Some("https://bank.example/mcp".into()));
    let gateway = stand.gateway().await;
    let told = gateway.failed("up").await;
    assert!(told.contains("says that it is `https://bank.example/mcp`"), "{told}");
    assert!(stand.server.seen_at_all().is_empty());
}

#[tokio::test]
async fn a_page_in_place_of_tokens_is_told() {
    let stand = Stand::new().await;
    stand.server.answers_with_html();
    let gateway = stand.gateway().await;
    assert_eq!(visit(&gateway.page("up").await).await.status, 400);
    let told = reason(&gateway.wait_for_sign_in("up", "failed").await);
    assert!(told.contains("gave no usable answer"), "{told}");
}

async fn get(url: &Url) -> Answer {
    Answer::to(http_client().get(url.clone())).await
}
