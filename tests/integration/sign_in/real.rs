//! The gateway before real OAuth servers, from the first refusal to the sign-out.

use reqwest::redirect::Policy;
use serde_json::{Value, json};
use traygate_tests::{Answer, Gateway, Home, Peer, Peers, eventually, open_webui::Browser};
use url::Url;

use super::{
    peers::log_in,
    stand::SigningIn as _,
    states::{ready, wait_for},
};

/// How long access tokens live, in seconds: longer than a busy machine needs for a few calls, and short enough to be renewed
/// while a test looks on. `FastMCP`'s JWT verifier and oidc-provider count whole seconds.
const TTL: u32 = 8;

#[tokio::test]
async fn oidc_provider_with_a_person_in_a_real_browser() {
    let home = Home::new();
    let peer = Peers::installed().with_pages(&home, TTL).await;
    let browser = Browser::start().await;
    let stand = Stand { peer: &peer, home: Home::new(), call: ("whoami", json!({})) };
    let gateway = stand.before_the_sign_in().await;
    browser.open(gateway.page("up").await.as_str()).await;
    log_in(&browser).await;
    browser.wait_for_address(&format!("{}/-/oauth/callback", gateway.base())).await;
    assert!(browser.text("//body").await.contains("Signed in to up"));
    let who = stand.signed_in(&gateway).await;
    assert!(who.as_str().unwrap().starts_with("ada by "), "{who}");
    stand.renewed(&gateway).await;
    let gateway = stand.restarted(gateway).await;
    // A refresh token of before the restart is good for more.
    stand.renewed(&gateway).await;
    stand.signed_out(gateway, json!(true)).await;
}

#[tokio::test]
async fn fastmcp_with_rotation() {
    let home = Home::new();
    let peer = Peers::installed().rotating(&home, TTL).await;
    let stand = Stand { peer: &peer, home: Home::new(), call: ("add", json!({"a": 2, "b": 3})) };
    let gateway = stand.before_the_sign_in().await;
    visit(&gateway.page("up").await).await;
    stand.signed_in(&gateway).await;
    stand.renewed(&gateway).await;
    let gateway = stand.restarted(gateway).await;
    stand.renewed(&gateway).await;
    stand.signed_out(gateway, json!(true)).await;
}

#[tokio::test]
async fn the_typescript_demo_without_refresh_tokens() {
    let home = Home::new();
    let peer = Peers::installed().typescript(&home).await;
    let stand = Stand { peer: &peer, home: Home::new(), call: ("greet", json!({"name": "Ada"})) };
    let gateway = stand.before_the_sign_in().await;
    visit(&gateway.page("up").await).await;
    let greeting = stand.signed_in(&gateway).await;
    assert!(greeting.to_string().contains("Ada"), "{greeting}");
    let gateway = stand.restarted(gateway).await;
    stand.signed_out(gateway, Value::Null).await;
}

/// A gateway's home, the server that it signs in to, and a call.
struct Stand<'p> {
    peer: &'p Peer,
    home: Home,
    call: (&'static str, Value),
}

impl Stand<'_> {
    async fn gateway(&self) -> Gateway {
        let builder = Gateway::builder(&self.home).config(&json!({"mcpServers": {"up": self.peer.entry()}}));
        builder.env("TRAYGATE_TOKEN_STORAGE", "file").args(["--sign-in", "never"]).start().await
    }

    async fn before_the_sign_in(&self) -> Gateway {
        let gateway = self.gateway().await;
        wait_for(&gateway, "up", "sign-in-needed").await;
        gateway
    }

    /// The answer of the call.
    async fn signed_in(&self, gateway: &Gateway) -> Value {
        ready(gateway, "up").await;
        let (tool, arguments) = &self.call;
        gateway.call("up", tool, arguments.clone()).await.ok()
    }

    /// The token is replaced before it ends, and calls go on.
    async fn renewed(&self, gateway: &Gateway) {
        let end = async || gateway.wait_for_sign_in("up", "signed-in").await["expires_at"].clone();
        let before = end().await;
        assert!(before.is_string(), "{before}");
        eventually("another access token", async || end().await != before).await;
        self.signed_in(gateway).await;
    }

    async fn restarted(&self, gateway: Gateway) -> Gateway {
        gateway.stop().await;
        let gateway = self.gateway().await;
        self.signed_in(&gateway).await;
        gateway
    }

    async fn signed_out(&self, gateway: Gateway, revoked: Value) {
        assert_eq!(gateway.sign_out("up").await, json!({"was_signed_in": true, "revoked": revoked}));
        wait_for(&gateway, "up", "sign-in-needed").await;
        gateway.stop().await;
        let gateway = self.gateway().await;
        wait_for(&gateway, "up", "sign-in-needed").await;
        gateway.stop().await;
    }
}

/// What the browser does with a server that asks nobody; some redirect to pages of their own before.
async fn visit(page: &Url) {
    let client = reqwest::Client::builder().no_proxy().redirect(Policy::default()).build().unwrap();
    let landed = Answer::to(client.get(page.clone())).await;
    assert!(landed.status.is_success() && landed.text.contains("Signed in to up"), "{}", landed.text);
}
