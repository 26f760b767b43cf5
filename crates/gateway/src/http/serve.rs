//! One request, from the guard to the answer.

use std::{
    iter,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use arc_swap::ArcSwap;
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use traygate_auth::SignIns;
use traygate_upstream::Catalogue;

use super::{
    Rules, Surface, Upstreams,
    call::{self, unavailable, undocumented},
    docs,
    document::Documents,
    guard::{
        KeyDigest,
        host::{self, MachineName},
        is_from_here,
        key::{self, Asker},
        origin::Origin,
    },
    health,
    incoming::Incoming,
    lookup::{find_server, unknown_tool, wrong_method},
    prepared::PreparedServers,
    problem::Problem,
    route::{Page, Route, Scope, is_own},
};

/// The surface and what it has derived.
pub(super) struct Face<U> {
    upstreams: U,
    rules: Arc<ArcSwap<Rules>>,
    sign_ins: SignIns,
    own: Router,
    tasks: TaskTracker,
    machine: MachineName,
    prepared: Arc<PreparedServers>,
    documents: Documents,
    /// The newest catalogue that a request has met.
    revision: AtomicU64,
}

/// Answers any request. An error is readable for the page that asked, like any answer.
pub(super) async fn serve<U: Upstreams>(State(face): State<Arc<Face<U>>>, request: Request) -> Response {
    let rules = face.rules.load_full();
    let (parts, body) = request.into_parts();
    let mut body = Incoming::new(&parts, body);
    let origin = Origin::of(&rules, &parts.uri, &parts.headers);
    let answer = face.answer(&rules, &origin, parts, &mut body).await;
    let mut response = answer.unwrap_or_else(Problem::into_response);
    origin.decorate(response.headers_mut());
    if let Some(lingering) = body.linger() {
        face.tasks.spawn(lingering);
    }
    response
}

impl<U: Upstreams> Face<U> {
    pub(super) fn new(surface: Surface<U>) -> Self {
        Self {
            upstreams: surface.upstreams,
            rules: surface.rules,
            sign_ins: surface.sign_ins,
            own: surface.own,
            tasks: surface.tasks,
            machine: MachineName::of_this_machine(),
            prepared: surface.prepared,
            documents: Documents::default(),
            revision: AtomicU64::new(0),
        }
    }

    /// What is known now. What was derived from servers and tools that are gone by then is forgotten.
    fn catalogue(&self) -> Arc<Catalogue> {
        let catalogue = self.upstreams.catalogue();
        self.prepared.follow(&catalogue);
        let is_newer = |known: u64| known < catalogue.revision;
        if is_newer(self.revision.load(Relaxed))
            && is_newer(self.revision.fetch_max(catalogue.revision, Relaxed))
        {
            self.documents.forget_the_gone(&self.prepared);
        }
        catalogue
    }

    async fn answer(
        &self,
        rules: &Arc<Rules>,
        origin: &Origin,
        parts: Parts,
        body: &mut Incoming,
    ) -> Result<Response, Problem> {
        host::check(rules, &self.machine, &parts)?;
        let path = parts.uri.path();
        let own = is_own(path);
        // An https redirect URI of the config, which a proxy forwards.
        if parts.method == Method::GET && self.sign_ins.expects(path) {
            return Ok(crate::sign_in::forwarded(&self.sign_ins, &parts.uri).await);
        }
        // Where a sign-in ends, the authorization server's page may have navigated here; `state` is the guard.
        if path != "/-/oauth/callback" {
            origin.check(own)?;
        }
        if own {
            return self.own(rules, origin, parts, body).await;
        }
        if parts.method == Method::OPTIONS {
            return Ok(Origin::preflight(&parts.headers));
        }
        let catalogue = self.catalogue();
        let is_server = |name: &str| catalogue.servers.contains_key(name);
        let route = Route::of(&parts.method, path, rules, is_server);
        let is_negotiated = route.is_negotiated();
        let mut answer = self
            .routed(rules, origin, &catalogue, route, &parts, body)
            .await
            .unwrap_or_else(Problem::into_response);
        if is_negotiated {
            answer.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
        }
        Ok(answer)
    }

    async fn routed(
        &self,
        rules: &Arc<Rules>,
        origin: &Origin,
        catalogue: &Catalogue,
        route: Route<'_>,
        parts: &Parts,
        body: &mut Incoming,
    ) -> Result<Response, Problem> {
        let (server, tool) = match route {
            Route::Asset(path) => return docs::asset(path, &parts.headers),
            Route::Page(Page::Document, scope) => {
                return self.document(rules, origin, catalogue, &scope, parts).await;
            }
            Route::Page(Page::Docs, scope) => {
                return docs::page(rules, origin, catalogue, &self.sign_ins, &scope, &parts.headers);
            }
            Route::Front(scope) if docs::are_wanted(&parts.headers) => {
                return docs::page(rules, origin, catalogue, &self.sign_ins, &scope, &parts.headers);
            }
            Route::Front(Scope::All) => ("".into(), "".into()),
            Route::Front(Scope::Server(server)) => (server, "".into()),
            Route::Tool { server, tool } => (server, tool),
            Route::OpenTerminalProbe => {
                return Err(Problem::new(
                    StatusCode::NOT_FOUND,
                    "not-found",
                    "This is not an open-terminal.",
                ));
            }
            Route::Nowhere => {
                key::check(rules, None, &parts.headers, origin, Asker::Program)?;
                return Err(Problem::new(
                    StatusCode::NOT_FOUND,
                    "unknown-server",
                    "There is nothing at this path.",
                )
                .hint(format!("The servers' paths begin with `{}/`.", rules.path_prefix)));
            }
        };
        key::check(rules, None, &parts.headers, origin, Asker::Program)?;
        body.admit();
        let server = find_server(rules, catalogue, &server)?;
        let prepared = self.prepared.get(&server.name).ok_or_else(|| unavailable(server, &self.sign_ins))?;
        let tool =
            prepared.find(&tool).ok_or_else(|| unknown_tool(rules, server, &tool, prepared.names()))?;
        if parts.method != Method::POST {
            return Err(wrong_method("POST"));
        }
        call::call(&self.upstreams, &self.sign_ins, rules, server, tool, &parts.headers, body).await
    }

    async fn document(
        &self,
        rules: &Arc<Rules>,
        origin: &Origin,
        catalogue: &Catalogue,
        scope: &Scope<'_>,
        parts: &Parts,
    ) -> Result<Response, Problem> {
        if !rules.open_docs {
            // `traygate openapi` shows the admin token, which opens no tool.
            key::check(rules, admin_token(rules, parts), &parts.headers, origin, Asker::Person)?;
        }
        let document = match scope {
            Scope::All => {
                self.prepared.first_described(catalogue.servers.keys()).await;
                self.documents.root(rules, catalogue, &self.prepared)
            }
            Scope::Server(name) => {
                let server = find_server(rules, catalogue, name)?;
                self.prepared.first_described(iter::once(&server.name)).await;
                self.documents
                    .server(rules, &server.name, &self.prepared)
                    .ok_or_else(|| undocumented(server, &self.sign_ins))?
            }
        };
        Ok(document.respond(&parts.headers))
    }

    /// The gateway's own paths: health for anyone, counters for who has a key, the rest by its own guard.
    async fn own(
        &self,
        rules: &Rules,
        origin: &Origin,
        parts: Parts,
        body: &mut Incoming,
    ) -> Result<Response, Problem> {
        let path = parts.uri.path();
        let read = matches!(parts.method, Method::GET | Method::HEAD);
        if (health::is_asked(path) || path == "/-/metrics") && !read {
            return Err(wrong_method("GET, HEAD"));
        }
        match path {
            health::HEALTHY => return Ok(health::healthy()),
            health::READY => return Ok(health::ready(&self.catalogue())),
            "/-/metrics" => {
                key::check(rules, admin_token(rules, &parts), &parts.headers, origin, Asker::Person)?;
                let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                let page = self.prepared.metrics.render(&self.catalogue());
                return Ok(([(header::CONTENT_TYPE, kind)], page).into_response());
            }
            _ if read && docs::is_asset(path) => return docs::asset(path, &parts.headers),
            _ => {}
        }
        // Only the admin API reads one, small, once its guard let the request on.
        let body = if path.starts_with("/-/api/") { body.take() } else { Body::empty() };
        let request = Request::from_parts(parts, body);
        // The router's error type is Infallible.
        self.own.clone().oneshot(request).await.map_err(|never| match never {})
    }
}

/// The admin token, as far as it counts for a request: to programs of this machine.
fn admin_token<'a>(rules: &'a Rules, request: &Parts) -> Option<&'a KeyDigest> {
    let is_from_here = is_from_here(&request.uri, &request.headers, &request.extensions).is_ok();
    rules.admin_token.as_ref().filter(|_| is_from_here)
}
