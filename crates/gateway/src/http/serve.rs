//! One request, from the guard to the answer.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use arc_swap::ArcSwap;
use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use tower::ServiceExt as _;
use traygate_upstream::{Catalogue, ServerSnapshot};

use super::{
    Layout, Rules, Surface, Upstreams,
    call::{self, unavailable},
    docs,
    document::{Documents, is_documented},
    guard::{
        KeyDigest,
        host::{self, MachineName},
        is_from_here,
        key::{self, Asker},
        origin::Origin,
    },
    health,
    incoming::Incoming,
    prepared::PreparedServers,
    problem::{Problem, shown, suggestion},
    route::{Page, Route, Scope, is_own},
};

/// The surface and what it has derived.
pub(super) struct Face<U> {
    upstreams: U,
    rules: Arc<ArcSwap<Rules>>,
    own: Router,
    machine: MachineName,
    prepared: PreparedServers,
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
    if !response.status().is_success() {
        body.linger().await;
    }
    origin.decorate(response.headers_mut());
    response
}

impl<U: Upstreams> Face<U> {
    pub(super) fn new(surface: Surface<U>) -> Self {
        Self {
            upstreams: surface.upstreams,
            rules: surface.rules,
            own: surface.own,
            machine: MachineName::of_this_machine(),
            prepared: PreparedServers::default(),
            documents: Documents::default(),
            revision: AtomicU64::new(0),
        }
    }

    /// What is known now. What was derived from servers and tools that are gone by then is forgotten.
    fn catalogue(&self) -> Arc<Catalogue> {
        let catalogue = self.upstreams.catalogue();
        let is_newer = |known: u64| known < catalogue.revision;
        if is_newer(self.revision.load(Relaxed))
            && is_newer(self.revision.fetch_max(catalogue.revision, Relaxed))
        {
            self.prepared.forget_the_gone(&catalogue);
            self.documents.forget_the_gone(&catalogue);
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
        host::check(rules, &self.machine, &parts.uri, &parts.headers)?;
        let path = parts.uri.path();
        let own = is_own(path);
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
        let (server, tool) = match Route::of(&parts.method, path, rules, is_server) {
            Route::Asset(path) => return docs::asset(path, &parts.headers),
            Route::Page(Page::Document, scope) => {
                return self.document(rules, origin, &catalogue, &scope, &parts);
            }
            Route::Page(Page::Docs, scope) => {
                return docs_page(rules, origin, &catalogue, &scope, &parts.headers);
            }
            Route::Front(scope) if is_for_a_person(&parts.headers) => {
                return docs_page(rules, origin, &catalogue, &scope, &parts.headers);
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
                check_key(rules, None, origin, &parts.headers, Asker::Program)?;
                return Err(Problem::new(
                    StatusCode::NOT_FOUND,
                    "unknown-server",
                    "There is nothing at this path.",
                )
                .hint(format!("The servers' paths begin with `{}/`.", rules.path_prefix)));
            }
        };
        check_key(rules, None, origin, &parts.headers, Asker::Program)?;
        let server = find_server(rules, &catalogue, &server)?;
        let prepared = self.prepared.get(server).ok_or_else(|| unavailable(server))?;
        let tool =
            prepared.find(&tool).ok_or_else(|| unknown_tool(rules, server, &tool, prepared.names()))?;
        if parts.method != Method::POST {
            return Err(wrong_method("POST"));
        }
        call::call(&self.upstreams, rules, server, tool, &parts.headers, body).await
    }

    fn document(
        &self,
        rules: &Arc<Rules>,
        origin: &Origin,
        catalogue: &Catalogue,
        scope: &Scope<'_>,
        parts: &Parts,
    ) -> Result<Response, Problem> {
        if !rules.open_docs {
            // `traygate openapi` shows the admin token, which opens no tool.
            let is_from_here = is_from_here(&parts.uri, &parts.headers, &parts.extensions).is_ok();
            let admin_token = rules.admin_token.as_ref().filter(|_| is_from_here);
            check_key(rules, admin_token, origin, &parts.headers, Asker::Person)?;
        }
        let document = match scope {
            Scope::All => self.documents.root(rules, catalogue, &self.prepared),
            Scope::Server(name) => {
                let server = find_server(rules, catalogue, name)?;
                self.documents.server(rules, server, &self.prepared).ok_or_else(|| unavailable(server))?
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
        if matches!(path, "/-/healthy" | "/-/ready" | "/-/metrics") && !read {
            return Err(wrong_method("GET, HEAD"));
        }
        match path {
            "/-/healthy" => return Ok(health::healthy()),
            "/-/ready" => return Ok(health::ready(&self.catalogue())),
            "/-/metrics" => {
                check_key(rules, rules.admin_token.as_ref(), origin, &parts.headers, Asker::Person)?;
                let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                let page = self.prepared.metrics.render(&self.catalogue());
                return Ok(([(header::CONTENT_TYPE, kind)], page).into_response());
            }
            _ if read && docs::is_asset(path) => return docs::asset(path, &parts.headers),
            _ => {}
        }
        let request = Request::from_parts(parts, body.take());
        // The router's error type is Infallible.
        self.own.clone().oneshot(request).await.map_err(|never| match never {})
    }
}

/// The docs page; a person who cannot have it reads why.
fn docs_page(
    rules: &Rules,
    origin: &Origin,
    catalogue: &Catalogue,
    scope: &Scope<'_>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let page = || {
        if !rules.open_docs {
            check_key(rules, None, origin, headers, Asker::Person)?;
        }
        let (title, path) = match scope {
            Scope::All => ("Traygate".to_owned(), String::new()),
            Scope::Server(name) => {
                let server = find_server(rules, catalogue, name)?;
                if !is_documented(server) {
                    return Err(unavailable(server));
                }
                (format!("{name} - Traygate"), rules.server_path(name))
            }
        };
        Ok(docs::page(rules, &title, &format!("{}{path}/openapi.json", rules.root_path)))
    };
    match page() {
        Err(problem) if is_for_a_person(headers) => Ok(docs::problem_page(problem)),
        page => page,
    }
}

/// Wants the key, or what opens `besides`; nothing where there is no key.
fn check_key(
    rules: &Rules,
    besides: Option<&KeyDigest>,
    origin: &Origin,
    headers: &HeaderMap,
    asker: Asker,
) -> Result<(), Problem> {
    match &rules.api_key {
        Some(api_key) => {
            let keys: Vec<_> = [api_key].into_iter().chain(besides).collect();
            key::check(&keys, headers, origin, asker)
        }
        None => Ok(()),
    }
}

/// Whether a browser asks for something to show: programs that fetch do not name HTML.
fn is_for_a_person(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    ranges
        .flat_map(|accept| accept.split(','))
        .any(|range| range.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/html"))
}

fn find_server<'a>(
    rules: &Rules,
    catalogue: &'a Catalogue,
    name: &str,
) -> Result<&'a ServerSnapshot, Problem> {
    if let Some(server) = catalogue.servers.get(name) {
        return Ok(server);
    }
    let message = match (&rules.layout, name) {
        (Layout::Many, "") => "No server is named in the path: tools are at `/SERVER/TOOL`.".to_owned(),
        _ => format!("There is no server `{}`.", shown(name)),
    };
    let problem = Problem::new(StatusCode::NOT_FOUND, "unknown-server", message);
    let known = catalogue.servers.keys().map(traygate_config::ServerName::as_str);
    Err(match suggestion("servers", name, known) {
        Some(hint) => problem.hint(hint),
        None => problem.hint("Add servers to `mcpServers` in the config file."),
    })
}

fn unknown_tool<'a>(
    rules: &Rules,
    server: &ServerSnapshot,
    tool: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Problem {
    let message = match (&rules.layout, tool) {
        (Layout::Many, "") => format!("`{0}` is a server: its tools are at `/{0}/TOOL`.", server.name),
        (_, "") => "No tool is named in the path.".to_owned(),
        _ => format!("`{}` has no tool `{}`.", server.name, shown(tool)),
    };
    let problem = Problem::new(StatusCode::NOT_FOUND, "unknown-tool", message);
    match suggestion("tools", tool, known) {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// 405 names what would be right (RFC 9110 §15.5.6).
fn wrong_method(allowed: &'static str) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", format!("Use {allowed} here."))
        .header(header::ALLOW, HeaderValue::from_static(allowed))
}
