//! One request, from the guard to the answer.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header, request};
use tower::ServiceExt as _;
use traygate_upstream::{Catalogue, ServerSnapshot};

use super::{
    Layout, Rules, Surface, Upstreams,
    call::{self, unavailable},
    docs,
    document::Documents,
    guard::{
        host::{self, MachineName},
        key::{self, Asker},
        origin::{Origin, is_options},
    },
    health,
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
}

/// Answers any request. An error is readable for the page that asked, like any answer.
pub(super) async fn serve<U: Upstreams>(State(face): State<Arc<Face<U>>>, request: Request) -> Response {
    let rules = face.rules.load_full();
    let origin = Origin::of(&rules, request.uri(), request.headers());
    let mut response = face.answer(&rules, &origin, request).await.unwrap_or_else(Problem::into_response);
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
        }
    }

    async fn answer(
        &self,
        rules: &Arc<Rules>,
        origin: &Origin,
        request: Request,
    ) -> Result<Response, Problem> {
        host::check(rules, &self.machine, request.uri(), request.headers())?;
        let path = request.uri().path();
        let own = is_own(path);
        // Where a sign-in ends, the authorization server's page may have navigated here; `state` is the guard.
        if path != "/-/oauth/callback" {
            origin.check(own)?;
        }
        if is_options(request.method()) && !own {
            return Ok(Origin::preflight(request.headers()));
        }
        if own {
            return self.own(rules, origin, request).await;
        }
        let (parts, body) = request.into_parts();
        let route = Route::of(&parts.method, parts.uri.path(), rules);
        if route == Route::OpenTerminalProbe {
            return Err(Problem::new(StatusCode::NOT_FOUND, "not-found", "This is not an open-terminal."));
        }
        let (server, tool) = match route {
            Route::Page(page, scope) => return self.page(rules, origin, page, &scope, &parts),
            Route::Tool { server, tool } => (server, tool),
            Route::OpenTerminalProbe | Route::Nowhere => {
                check_key(rules, origin, &parts, Asker::Program)?;
                let prefix = rules.path_prefix.trim_matches('/');
                return Err(Problem::new(
                    StatusCode::NOT_FOUND,
                    "unknown-server",
                    "There is nothing at this path.",
                )
                .hint(format!("The servers' paths begin with `/{prefix}/`.")));
            }
        };
        check_key(rules, origin, &parts, Asker::Program)?;
        let catalogue = self.upstreams.catalogue();
        let server = find_server(rules, &catalogue, &server)?;
        let prepared = self.prepared.get(server).ok_or_else(|| unavailable(server))?;
        let tool = prepared.find(&tool).ok_or_else(|| {
            let known = prepared.tools.keys().map(String::as_str);
            unknown_tool(rules, server, &tool, known)
        })?;
        if parts.method != Method::POST {
            return Err(wrong_method("POST"));
        }
        call::call(&self.upstreams, rules, server, tool, parts, body).await
    }

    fn page(
        &self,
        rules: &Arc<Rules>,
        origin: &Origin,
        page: Page,
        scope: &Scope<'_>,
        parts: &request::Parts,
    ) -> Result<Response, Problem> {
        if !rules.open_docs {
            check_key(rules, origin, parts, Asker::Person)?;
        }
        let catalogue = self.upstreams.catalogue();
        let server = match scope {
            Scope::All => None,
            Scope::Server(name) => Some(find_server(rules, &catalogue, name)?),
        };
        if page == Page::Docs {
            let title =
                server.map_or_else(|| "Traygate".to_owned(), |server| format!("{} - Traygate", server.name));
            return Ok(docs::page(rules, &title));
        }
        let document = match server {
            None => self.documents.root(rules, &catalogue, &self.prepared),
            Some(server) => {
                self.documents.server(rules, server, &self.prepared).ok_or_else(|| unavailable(server))?
            }
        };
        Ok(document.respond(&parts.headers))
    }

    /// The gateway's own paths: health for anyone, counters for who has a key, the rest by its own guard.
    async fn own(&self, rules: &Rules, origin: &Origin, request: Request) -> Result<Response, Problem> {
        let path = request.uri().path();
        let read = matches!(*request.method(), Method::GET | Method::HEAD);
        if matches!(path, "/-/healthy" | "/-/ready" | "/-/metrics") && !read {
            return Err(wrong_method("GET, HEAD"));
        }
        match path {
            "/-/healthy" => return Ok(health::healthy()),
            "/-/ready" => return Ok(health::ready(&self.upstreams.catalogue())),
            "/-/metrics" => {
                if rules.api_key.is_some() {
                    let keys: Vec<_> = rules.api_key.iter().chain(&rules.admin_token).collect();
                    key::check(&keys, request.headers(), origin, Asker::Person)?;
                }
                let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                let page = self.prepared.metrics.render(&self.upstreams.catalogue());
                return Ok(([(header::CONTENT_TYPE, kind)], page).into_response());
            }
            _ => {}
        }
        if read && let Some(asset) = docs::asset(path, request.headers()) {
            return asset;
        }
        // The router's error type is Infallible.
        self.own.clone().oneshot(request).await.map_err(|never| match never {})
    }
}

fn check_key(rules: &Rules, origin: &Origin, parts: &request::Parts, asker: Asker) -> Result<(), Problem> {
    match &rules.api_key {
        Some(api_key) => key::check(&[api_key], &parts.headers, origin, asker),
        None => Ok(()),
    }
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
