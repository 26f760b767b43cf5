//! Each line of MCP 2026-07-28 on authorization server discovery, against servers on this machine that write down what
//! they were asked for.

mod fallbacks;
mod hostile;
mod metadata;
mod resource;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    http::{StatusCode, Uri},
    response::IntoResponse,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::*;
use crate::Challenge;

const PRM: &str = "/.well-known/oauth-protected-resource";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

type Page = (StatusCode, String);

/// One origin. What it was not told to have it answers with 404.
struct Site {
    address: SocketAddr,
    pages: Arc<Mutex<HashMap<String, Page>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    async fn start() -> Self {
        let pages: Arc<Mutex<HashMap<String, Page>>> = Arc::default();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let app = {
            let (pages, asked) = (Arc::clone(&pages), Arc::clone(&asked));
            Router::new().fallback(|uri: Uri| async move {
                asked.lock().unwrap().push(uri.path().to_owned());
                let page = pages.lock().unwrap().get(uri.path()).cloned();
                match page {
                    Some((status, location)) if status.is_redirection() => {
                        (status, [("location", location)]).into_response()
                    }
                    page => page.unwrap_or((StatusCode::NOT_FOUND, "none".to_owned())).into_response(),
                }
            })
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, pages, asked }
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn url(&self, path: &str) -> Url {
        self.at(path).parse().unwrap()
    }

    fn answer(&self, path: &str, status: StatusCode, body: impl Into<String>) -> &Self {
        self.pages.lock().unwrap().insert(path.to_owned(), (status, body.into()));
        self
    }

    fn json(&self, path: &str, value: &Value) -> &Self {
        self.answer(path, StatusCode::OK, value.to_string())
    }

    /// Protected resource metadata at `path`.
    fn resource(&self, path: &str, resource: &str, servers: &[String]) -> &Self {
        self.json(path, &json!({"resource": resource, "authorization_servers": servers}))
    }

    /// Authorization server metadata at `path`.
    fn metadata(&self, path: &str, issuer: &str) -> &Self {
        self.json(path, &self.document(issuer))
    }

    fn document(&self, issuer: &str) -> Value {
        json!({
            "issuer": issuer,
            "authorization_endpoint": self.at("/authorize"),
            "token_endpoint": self.at("/token"),
            "registration_endpoint": self.at("/register"),
            "code_challenge_methods_supported": ["S256"],
        })
    }

    /// What was asked for, in order.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// An MCP server at `/mcp`, and how it is searched.
struct Search {
    server: Url,
    challenge: Challenge,
    hint: Option<Url>,
    preferred: Option<Issuer>,
}

impl Search {
    fn of(site: &Site) -> Self {
        Self { server: site.url("/mcp"), challenge: Challenge::default(), hint: None, preferred: None }
    }

    fn challenged(site: &Site, metadata: &str) -> Self {
        let challenge = Challenge::parse_value(&format!("Bearer resource_metadata=\"{metadata}\""));
        Self { challenge, ..Self::of(site) }
    }

    async fn run(&self) -> Result<Discovered, DiscoveryError> {
        let http = Http::new(&self.server, false).unwrap();
        discover(&http, self.start()).await
    }

    fn start(&self) -> Start<'_> {
        Start {
            server: &self.server,
            challenge: &self.challenge,
            hint: self.hint.as_ref(),
            preferred: self.preferred.as_ref(),
        }
    }
}
