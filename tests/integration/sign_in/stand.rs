//! A gateway before a protected server and its authorization server, and a person who consents to everything.

use reqwest::Method;
use serde_json::{Value, json};
use traygate_tests::{
    Answer, Gateway, GatewayBuilder, Home, eventually_some,
    fake_oauth::{AuthorizationServer, Protected},
    http_client,
};
use url::Url;

/// What `$BROWSER` is where a page is to be visited at once.
pub(super) const VISITOR: &str = "curl --silent --location --output /dev/null --noproxy '*' %s";

/// One of each.
pub(super) struct Stand {
    pub(super) home: Home,
    pub(super) server: AuthorizationServer,
    pub(super) mcp: Protected,
}

impl Stand {
    pub(super) async fn new() -> Self {
        Self::over("streamable-http").await
    }

    pub(super) async fn over(transport: &str) -> Self {
        let home = Home::new();
        let server = AuthorizationServer::start(&home).await;
        let mcp = Protected::start(&home, "up", transport, &server).await;
        Self { home, server, mcp }
    }

    /// A gateway for `up` alone that asks nobody by itself.
    pub(super) async fn gateway(&self) -> Gateway {
        self.gateway_with(&json!({})).await
    }

    /// The same, with this `oauth` block.
    pub(super) async fn gateway_with(&self, oauth: &Value) -> Gateway {
        self.builder(oauth, "memory").args(["--sign-in", "never"]).start().await
    }

    /// A gateway for `up` alone that opens pages by itself, before a browser that follows them.
    pub(super) async fn automatic(&self) -> Gateway {
        self.builder(&json!({}), "memory").args(["--sign-in", "auto"]).env("BROWSER", VISITOR).start().await
    }

    pub(super) fn builder(&self, oauth: &Value, storage: &str) -> GatewayBuilder {
        let config = json!({"mcpServers": {"up": self.mcp.entry_with(oauth)}});
        Gateway::builder(&self.home).config(&config).args(["--token-storage", storage])
    }

    /// A gateway that is signed in.
    pub(super) async fn signed_in(&self) -> Gateway {
        let gateway = self.gateway().await;
        gateway.sign_in("up").await;
        gateway
    }
}

/// What a person does, and sees.
pub(super) trait SigningIn {
    /// The server in `/-/api/status`.
    async fn server(&self, name: &str) -> Value;
    /// Waits for a state of its sign-in; gives all that is said of that.
    async fn wait_for_sign_in(&self, name: &str, state: &str) -> Value;
    /// Begins a sign-in.
    async fn begin(&self, name: &str, body: Value);
    /// Begins a sign-in; the address that a browser is to open.
    async fn page(&self, name: &str) -> Url;
    /// Signs in, with consent to everything, and waits until the server is ready.
    async fn sign_in(&self, name: &str);
    /// Begins a sign-in that comes to nothing; the reason.
    async fn failed(&self, name: &str) -> String;
    /// `echo`.
    async fn echo(&self, name: &str) -> Answer;
    /// The sign-out's answer.
    async fn sign_out(&self, name: &str) -> Value;
}

impl SigningIn for Gateway {
    async fn server(&self, name: &str) -> Value {
        let status = self.admin(Method::GET, "/status", None).await.ok();
        let servers = status["servers"].as_array().unwrap();
        servers.iter().find(|server| server["name"] == name).unwrap().clone()
    }

    async fn wait_for_sign_in(&self, name: &str, state: &str) -> Value {
        let seen = std::cell::RefCell::new(Value::Null);
        eventually_some(
            &format!("the sign-in of `{name}` to be {state}; the log:\n{}", self.stderr()),
            async || {
                let now = self.server(name).await["sign_in"].clone();
                let over = now["state"] == "failed" && state != "failed";
                assert!(!over, "it failed: {}", now["reason"]);
                (now["state"] == state).then_some(now)
            },
        )
        .await
    }

    async fn begin(&self, name: &str, body: Value) {
        let path = format!("/servers/{name}/sign-in");
        eventually_some("the sign-in to begin", async || {
            let answer = self.admin(Method::POST, &path, Some(&body)).await;
            let begun = answer.status == 202;
            assert!(begun || answer.json()["detail"]["code"] == "sign-in-not-ready", "{}", answer.text);
            begun.then_some(())
        })
        .await;
    }

    async fn page(&self, name: &str) -> Url {
        self.begin(name, json!({"open": false})).await;
        let waiting = self.wait_for_sign_in(name, "awaiting-redirect").await;
        waiting["url"].as_str().unwrap().parse().unwrap()
    }

    async fn sign_in(&self, name: &str) {
        let landed = visit(&self.page(name).await).await;
        assert_eq!(landed.status, 200, "{}", landed.text);
        self.wait_for_sign_in(name, "signed-in").await;
        self.wait_ready(name).await;
    }

    async fn failed(&self, name: &str) -> String {
        self.begin(name, json!({"open": false})).await;
        reason(&self.wait_for_sign_in(name, "failed").await)
    }

    async fn echo(&self, name: &str) -> Answer {
        self.call(name, "echo", json!({"message": "hi"})).await
    }

    async fn sign_out(&self, name: &str) -> Value {
        self.admin(Method::POST, &format!("/servers/{name}/sign-out"), Some(&json!({}))).await.ok()
    }
}

pub(super) fn reason(sign_in: &Value) -> String {
    sign_in["reason"].as_str().unwrap_or_else(|| panic!("no reason in {sign_in}")).to_owned()
}

/// Where the page of an authorization server sends a browser that consents.
pub(super) async fn consent(page: &Url) -> Url {
    let answer = Answer::to(http_client().get(page.clone())).await;
    assert!(answer.status.is_redirection(), "{} {}", answer.status, answer.text);
    page.join(answer.header("location")).unwrap()
}

/// Consents; what the browser ends on.
pub(super) async fn visit(page: &Url) -> Answer {
    let redirect = consent(page).await;
    Answer::to(http_client().get(redirect)).await
}
