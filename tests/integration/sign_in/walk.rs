//! A sign-in by hand, with nothing of Traygate in it: what proves that the servers of these tests are what they should be.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use traygate_tests::http_client;
use url::Url;

pub(super) const REDIRECT: &str = "http://127.0.0.1:1/callback";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-0123456789";

/// One server, as a client comes to know it.
pub(super) struct Walk {
    http: Client,
    mcp: String,
    resource: String,
    metadata: Value,
    pub(super) client: Value,
}

impl Walk {
    /// From the challenge to a registered client.
    pub(super) async fn begin(mcp: &str) -> Self {
        let http = http_client().clone();
        let refused = http.post(mcp).json(&json!({})).send().await.unwrap();
        assert_eq!(refused.status(), 401);
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
        let (_, at) =
            challenge.split_once("resource_metadata=\"").expect("a challenge that names its metadata");
        let resource = get(&http, at.split('"').next().unwrap()).await;
        let issuer = resource["authorization_servers"][0].as_str().unwrap().trim_end_matches('/').to_owned();
        let metadata = get(&http, &format!("{issuer}/.well-known/oauth-authorization-server")).await;
        let wanted = json!({
            "client_name": "A walk", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "application_type": "native",
        });
        let at = metadata["registration_endpoint"].as_str().expect("registration is offered");
        let client = json(http.post(at).json(&wanted)).await;
        let resource = resource["resource"].as_str().unwrap().to_owned();
        Self { http, mcp: mcp.into(), resource, metadata, client }
    }

    /// The address that a browser opens.
    pub(super) fn authorization(&self) -> Url {
        let mut url: Url = self.metadata["authorization_endpoint"].as_str().unwrap().parse().unwrap();
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", self.client["client_id"].as_str().unwrap())
            .append_pair("redirect_uri", REDIRECT)
            .append_pair("state", "of-a-walk")
            .append_pair("scope", "read")
            .append_pair("resource", &self.resource)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        url
    }

    /// Where a server redirects to that asks nobody; some redirect to pages of their own before.
    pub(super) async fn consent(&self) -> Url {
        let mut at = self.authorization();
        loop {
            let answer = self.http.get(at.clone()).send().await.unwrap();
            assert!(answer.status().is_redirection(), "{} {}", answer.status(), answer.text().await.unwrap());
            at = at.join(answer.headers()["location"].to_str().unwrap()).unwrap();
            if at.as_str().starts_with(REDIRECT) {
                return at;
            }
        }
    }

    /// The tokens for the code in this redirect.
    pub(super) async fn exchange(&self, redirect: &Url) -> Value {
        let code = parameter(redirect, "code");
        json(self.token(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ]))
        .await
    }

    /// What a refresh gives.
    pub(super) async fn refresh(&self, tokens: &Value) -> Response {
        let token = tokens["refresh_token"].as_str().expect("a refresh token").to_owned();
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", &token)]).send().await.unwrap()
    }

    fn token(&self, form: &[(&str, &str)]) -> RequestBuilder {
        let mut form = form.to_vec();
        form.push(("client_id", self.client["client_id"].as_str().unwrap()));
        form.push(("resource", &self.resource));
        if let Some(secret) = self.client["client_secret"].as_str() {
            form.push(("client_secret", secret));
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.http
            .post(self.metadata["token_endpoint"].as_str().unwrap())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// The status of an `initialize` with this token.
    pub(super) async fn initialize(&self, tokens: &Value) -> u16 {
        let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "walk", "version": "1"}}});
        let request =
            self.http.post(&self.mcp).json(&hello).bearer_auth(tokens["access_token"].as_str().unwrap());
        let request = request.header("accept", "application/json, text/event-stream");
        request.send().await.unwrap().status().as_u16()
    }
}

pub(super) fn parameter(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(of, _)| of == name);
    found.unwrap_or_else(|| panic!("no `{name}` in {url}")).1.into_owned()
}

async fn get(http: &Client, url: &str) -> Value {
    json(http.get(url)).await
}

async fn json(request: RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{status} {text}");
    serde_json::from_str(&text).unwrap()
}
