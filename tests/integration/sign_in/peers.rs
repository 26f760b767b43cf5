//! The servers of these tests, walked through by hand: first they must be what they say they are.

use traygate_tests::{
    Home, Peers,
    fake_oauth::{AuthorizationServer, Protected},
    open_webui::Browser,
};

use super::walk::{REDIRECT, Walk, parameter};

#[tokio::test]
async fn the_fake_one_signs_in_rotates_and_notices_reuse() {
    let home = Home::new();
    let server = AuthorizationServer::start(&home).await;
    let protected = Protected::start(&home, "up", "streamable-http", &server).await;
    let walk = Walk::begin(&protected.url()).await;
    let redirect = walk.consent().await;
    assert_eq!(parameter(&redirect, "state"), "of-a-walk");
    assert_eq!(parameter(&redirect, "iss"), server.issuer());
    let tokens = walk.exchange(&redirect).await;
    assert_eq!(walk.initialize(&tokens).await, 200);
    let renewed = walk.refresh(&tokens).await;
    assert_eq!(renewed.status(), 200);
    let renewed = renewed.json().await.unwrap();
    assert_eq!(walk.initialize(&renewed).await, 200);
    assert_eq!(walk.initialize(&tokens).await, 401, "rotation ends the access token of before");
    assert_eq!(walk.refresh(&tokens).await.status(), 400, "a spent refresh token");
    assert_eq!(walk.initialize(&renewed).await, 401, "reuse ends the family");
    assert!(!server.has_live_tokens());
    let shown = tokens["access_token"].as_str().unwrap();
    let caught = std::panic::catch_unwind(|| home.assert_no_secret("a text", &format!("<{shown}>")));
    assert!(caught.is_err(), "the judge of secrets sees nothing");
}

#[tokio::test]
async fn fastmcp_signs_in_and_rotates() {
    let home = Home::new();
    let peer = Peers::installed().rotating(&home, 3600).await;
    let walk = Walk::begin(peer.url()).await;
    let tokens = walk.exchange(&walk.consent().await).await;
    assert_eq!(walk.initialize(&tokens).await, 200);
    let renewed = walk.refresh(&tokens).await;
    assert_eq!(renewed.status(), 200);
    assert_eq!(walk.initialize(&renewed.json().await.unwrap()).await, 200);
    let spent = walk.refresh(&tokens).await;
    // Not 400, as RFC 6749 §5.2 has it.
    assert_eq!(spent.status(), 401);
    let spent: serde_json::Value = spent.json().await.unwrap();
    assert_eq!(spent["error"], "invalid_grant", "{spent}");
}

#[tokio::test]
async fn the_typescript_demo_signs_in() {
    let home = Home::new();
    let peer = Peers::installed().typescript(&home).await;
    let walk = Walk::begin(peer.url()).await;
    let tokens = walk.exchange(&walk.consent().await).await;
    assert_eq!(walk.initialize(&tokens).await, 200);
}

#[tokio::test]
async fn oidc_provider_signs_a_person_in_with_name_and_password() {
    let home = Home::new();
    let peer = Peers::installed().with_pages(&home, 3600).await;
    let walk = Walk::begin(peer.url()).await;
    let browser = Browser::start().await;
    browser.open(walk.authorization().as_str()).await;
    log_in(&browser).await;
    // Nobody listens there: the address that the browser ends on tells all.
    let redirect = browser.wait_for_address(REDIRECT).await;
    let tokens = walk.exchange(&redirect).await;
    assert_eq!(walk.initialize(&tokens).await, 200);
    assert_eq!(walk.refresh(&tokens).await.status(), 200);
}

/// Types a name and a password on oidc-provider's page, and consents on the next.
pub(super) async fn log_in(browser: &Browser) {
    browser.write("//input[@name='login']", "ada").await;
    browser.write("//input[@name='password']", "s3cret-password\u{E007}").await;
    browser.click("//button[contains(., 'Continue')]").await;
}
