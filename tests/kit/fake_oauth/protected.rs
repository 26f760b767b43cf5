use std::sync::{Arc, Mutex};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, Response, Uri, header},
};
use serde_json::{Value, json};

use super::{
    AuthorizationServer, Document, Seen,
    http::{self, Handler, Listener},
    server::{Server, lock},
};
use crate::{Home, HttpUpstream, Record, gateway::http_client};

/// A `fake-mcp` behind a check of bearer tokens, on both HTTP transports. Ends when dropped.
#[derive(Debug)]
pub struct Protected {
    inner: Arc<Inner>,
    transport: String,
    upstream: HttpUpstream,
    listener: Listener,
}

#[derive(Debug)]
struct Inner {
    /// `http://127.0.0.1:PORT` of the server behind.
    behind: String,
    /// This server's own.
    base: String,
    /// The path of its MCP endpoint.
    path: &'static str,
    guard: Mutex<Guard>,
    trusted: Mutex<Vec<Arc<Server>>>,
    seen: Mutex<Vec<Seen>>,
}

/// What a [`Protected`] wants, and how it says so.
#[derive(Debug, Clone)]
pub struct Guard {
    /// `WWW-Authenticate` of a 401.
    pub challenge: Challenge,
    /// The `scope` of the challenge.
    pub scope: Option<&'static str>,
    /// The protected resource metadata.
    pub document: Document,
    /// Where that is; `None`: where RFC 9728 has it for this path.
    pub at: Option<&'static str>,
    /// `resource` in it, where not the truth.
    pub resource: Option<String>,
    /// `authorization_servers` in it, where not those that are trusted.
    pub issuers: Option<Vec<String>>,
    /// `scopes_supported` in it.
    pub scopes: Option<Vec<&'static str>>,
    /// Calls of tools need this scope: 403 `insufficient_scope` without.
    pub call_scope: Option<&'static str>,
    /// They are refused even with it.
    pub never_enough: bool,
    /// Tokens must be for this resource (RFC 8707).
    pub checks_resource: bool,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            challenge: Challenge::Full,
            scope: None,
            document: Document::Json,
            at: None,
            resource: None,
            issuers: None,
            scopes: None,
            call_scope: None,
            never_enough: false,
            checks_resource: true,
        }
    }
}

/// `WWW-Authenticate` of a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Challenge {
    /// `Bearer` with `resource_metadata`.
    #[default]
    Full,
    /// `Bearer` alone.
    Scheme,
    /// No header.
    Bare,
    /// Two headers: `Basic`, then [`Challenge::Full`].
    BasicFirst,
    /// One header with `Basic` and [`Challenge::Full`].
    BasicBeside,
}

impl Protected {
    /// Starts one that takes the tokens of this authorization server; `transport` is `streamable-http` or `sse`.
    pub async fn start(home: &Home, name: &str, transport: &str, server: &AuthorizationServer) -> Self {
        let upstream = HttpUpstream::start(home, name, transport, &[]).await;
        let path = if transport == "sse" { "/sse" } else { "/mcp" };
        let behind = upstream.url().strip_suffix(path).expect("the fake server's path").to_owned();
        let mut made = None;
        let listener = Listener::start(|base| {
            let inner = Arc::new(Inner {
                behind,
                base: base.into(),
                path,
                guard: Mutex::default(),
                trusted: Mutex::new(vec![server.shared()]),
                seen: Mutex::default(),
            });
            made = Some(Arc::clone(&inner));
            let handler: Handler = Arc::new(move |method, uri, headers, body| {
                let inner = Arc::clone(&inner);
                Box::pin(async move { Some(inner.answer(method, uri, headers, body).await) })
            });
            handler
        })
        .await;
        Self { inner: made.expect("the handler was made"), transport: transport.into(), upstream, listener }
    }

    /// Its MCP endpoint.
    pub fn url(&self) -> String {
        format!("{}{}", self.listener.base, self.inner.path)
    }

    /// A config entry for it.
    pub fn entry(&self) -> Value {
        json!({"type": self.transport, "url": self.url()})
    }

    /// A config entry with this `oauth` block.
    pub fn entry_with(&self, oauth: &Value) -> Value {
        json!({"type": self.transport, "url": self.url(), "oauth": oauth})
    }

    /// Changes what it wants.
    pub fn guard(&self, change: impl FnOnce(&mut Guard)) -> &Self {
        change(&mut lock(&self.inner.guard));
        self
    }

    /// Takes this server's tokens from now on, and no other's.
    pub fn trusts(&self, server: &AuthorizationServer) {
        *lock(&self.inner.trusted) = vec![server.shared()];
    }

    /// Everything that it was asked at this path.
    pub fn seen(&self, path: &str) -> Vec<Seen> {
        lock(&self.inner.seen).iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// What happened to the server behind.
    pub fn record(&self) -> &Record {
        self.upstream.record()
    }
}

impl Inner {
    async fn answer(&self, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
        let seen = Seen::new(method.clone(), &uri, headers.clone(), &body);
        lock(&self.seen).push(seen.clone());
        let guard = lock(&self.guard).clone();
        let own = guard
            .at
            .map_or_else(|| format!("/.well-known/oauth-protected-resource{}", self.path), ToOwned::to_owned);
        if seen.path == own && guard.document != Document::Missing {
            return http::document(guard.document, &self.metadata(&guard)).await;
        }
        if seen.path != self.path && seen.path != "/messages" {
            return http::page(404, "Not found");
        }
        let Some(scope) = self.allowed(&guard, &seen) else { return self.unauthorized(&guard, &own) };
        if seen.json["method"] == "tools/call"
            && let Some(wanted) = guard.call_scope
            && (guard.never_enough || !wanted.split(' ').all(|one| scope.split(' ').any(|had| had == one)))
        {
            let challenge = format!(
                "Bearer error=\"insufficient_scope\", scope=\"{wanted}\", resource_metadata=\"{}{own}\", \
                 error_description=\"Calls need more\"",
                self.base
            );
            return with_challenge(http::page(403, "Not enough"), &[challenge]);
        }
        self.pass(method, &uri, headers, body).await
    }

    /// The scope of the token, where it has a good one.
    fn allowed(&self, guard: &Guard, seen: &Seen) -> Option<String> {
        let token = seen.header("authorization").strip_prefix("Bearer ")?;
        lock(&self.trusted).iter().find_map(|server| {
            let store = server.store();
            let grant = store.live(token)?;
            let url = format!("{}{}", self.base, self.path);
            let meant = grant
                .resource
                .as_ref()
                .is_none_or(|resource| !guard.checks_resource || *resource == url || *resource == self.base);
            meant.then(|| grant.scope.clone())
        })
    }

    fn unauthorized(&self, guard: &Guard, own: &str) -> Response<Body> {
        let mut full = format!("Bearer resource_metadata=\"{}{own}\"", self.base);
        let mut scheme = "Bearer".to_owned();
        if let Some(scope) = guard.scope {
            full = format!("{full}, scope=\"{scope}\"");
            scheme = format!("{scheme} scope=\"{scope}\"");
        }
        let basic = "Basic realm=\"old, with \\\"quotes\\\", scope=none\"";
        let headers = match guard.challenge {
            Challenge::Full => vec![full],
            Challenge::Scheme => vec![scheme],
            Challenge::Bare => vec![],
            Challenge::BasicFirst => vec![basic.into(), full],
            Challenge::BasicBeside => vec![format!("{basic}, {full}")],
        };
        with_challenge(http::page(401, "Who are you?"), &headers)
    }

    fn metadata(&self, guard: &Guard) -> Value {
        let trusted: Vec<_> = lock(&self.trusted).iter().map(|server| server.issuer.clone()).collect();
        let mut document = json!({
            "resource": guard.resource.clone().unwrap_or_else(|| format!("{}{}", self.base, self.path)),
            "authorization_servers": guard.issuers.clone().unwrap_or(trusted),
            "bearer_methods_supported": ["header"],
        });
        if let Some(scopes) = &guard.scopes {
            document["scopes_supported"] = json!(scopes);
        }
        document
    }

    /// Hands the request to the server behind, without its token.
    async fn pass(&self, method: Method, uri: &Uri, mut headers: HeaderMap, body: Bytes) -> Response<Body> {
        for name in [header::HOST, header::AUTHORIZATION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let to = format!("{}{uri}", self.behind);
        let Ok(answer) = http_client().request(method, to).headers(headers).body(body).send().await else {
            return http::page(502, "Nobody behind");
        };
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            if name != header::TRANSFER_ENCODING && name != header::CONNECTION {
                response = response.header(name, value);
            }
        }
        response.body(Body::from_stream(answer.bytes_stream())).expect("a valid response")
    }
}

fn with_challenge(mut response: Response<Body>, challenges: &[String]) -> Response<Body> {
    for challenge in challenges {
        let value = HeaderValue::from_str(challenge).expect("a challenge is a header value");
        response.headers_mut().append(header::WWW_AUTHENTICATE, value);
    }
    response
}
