//! From a method and a path to what is meant. Pure: of the catalogue it needs to know no more than the names of servers.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;

use super::{Layout, Rules, docs};

/// What a request is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// GET of a document or docs page.
    Page(Page, Scope<'a>),
    /// GET of what a tool server's URL is, as it is given to Open WebUI: a person may look in there.
    Front(Scope<'a>),
    /// GET of a file of the docs pages, below the root path.
    Asset(&'a str),
    /// A tool, by the names that stand in the path; `tool` is empty where the path ends with the server.
    Tool { server: Cow<'a, str>, tool: Cow<'a, str> },
    /// Open WebUI asks every tool server whether it is an open-terminal: it is not, whatever its tools are called.
    OpenTerminalProbe,
    /// Nothing is ever here.
    Nowhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Document,
    Docs,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scope<'a> {
    All,
    Server(Cow<'a, str>),
}

/// Whether a path is one of the gateway's own, which no server can have.
pub(crate) fn is_own(path: &str) -> bool {
    path == "/-" || path.starts_with("/-/")
}

impl<'a> Route<'a> {
    /// What is meant, given which names are servers'. A path that leads nowhere may still begin with the root path, which
    /// a proxy need not strip: mcpo, too, takes both.
    pub(crate) fn of(
        method: &Method,
        path: &'a str,
        rules: &'a Rules,
        is_server: impl Fn(&str) -> bool,
    ) -> Self {
        let route = Self::at(method, path, rules);
        match below(path, &rules.root_path).filter(|_| !rules.root_path.is_empty()) {
            Some(rest) if is_read(method) && docs::is_asset(rest) => Self::Asset(rest),
            Some(rest) if !route.leads(rules, is_server) => Self::at(method, rest, rules),
            _ => route,
        }
    }

    /// Whether a browser and a program get different answers here.
    pub(crate) fn is_negotiated(&self) -> bool {
        matches!(self, Self::Front(_) | Self::Page(Page::Docs, _))
    }

    fn at(method: &Method, path: &'a str, rules: &'a Rules) -> Self {
        let root = path.strip_prefix('/').unwrap_or(path);
        match &rules.layout {
            Layout::Single(server) => Self::within(method, server.as_str().into(), root),
            Layout::Many => {
                if is_read(method) {
                    match Page::of(root) {
                        Some(page) => return Self::Page(page, Scope::All),
                        None if root.is_empty() => return Self::Front(Scope::All),
                        None if is_probe(root) => return Self::OpenTerminalProbe,
                        None => {}
                    }
                }
                let Some(path) = below(path, &rules.path_prefix) else { return Self::Nowhere };
                let path = path.strip_prefix('/').unwrap_or(path);
                let (server, rest) = path.split_once('/').unwrap_or((path, ""));
                match decode(server) {
                    server if server.is_empty() && rest.is_empty() && is_read(method) => {
                        Self::Front(Scope::All)
                    }
                    server => Self::within(method, server, rest),
                }
            }
        }
    }

    /// Whether something is at the path as it stands. A single server's tools could have any name: those do not count.
    fn leads(&self, rules: &Rules, is_server: impl Fn(&str) -> bool) -> bool {
        match (self, &rules.layout) {
            (Self::Asset(_) | Self::Page(_, Scope::All) | Self::Front(Scope::All), _)
            | (Self::Page(..) | Self::Front(_), Layout::Single(_)) => true,
            (_, Layout::Single(_)) | (Self::OpenTerminalProbe | Self::Nowhere, _) => false,
            (
                Self::Page(_, Scope::Server(server))
                | Self::Front(Scope::Server(server))
                | Self::Tool { server, .. },
                _,
            ) => is_server(server),
        }
    }

    fn within(method: &Method, server: Cow<'a, str>, path: &'a str) -> Self {
        if is_read(method) {
            if let Some(page) = Page::of(path) {
                return Self::Page(page, Scope::Server(server));
            }
            if is_probe(path) {
                return Self::OpenTerminalProbe;
            }
            if path.is_empty() {
                return Self::Front(Scope::Server(server));
            }
        }
        Self::Tool { server, tool: decode(path) }
    }
}

/// The server that a path names as it stands, were there one of that name.
pub(crate) fn server_at<'a>(path: &'a str, rules: &'a Rules) -> Option<Cow<'a, str>> {
    match Route::at(&Method::POST, path, rules) {
        Route::Tool { server, .. } => Some(server),
        _ => None,
    }
}

impl Page {
    fn of(path: &str) -> Option<Self> {
        match path.trim_end_matches('/') {
            "openapi.json" => Some(Self::Document),
            "docs" => Some(Self::Docs),
            _ => None,
        }
    }
}

fn is_probe(path: &str) -> bool {
    path.trim_end_matches('/') == "api/config"
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// What follows `prefix` (`/v1`, or empty): nothing, or a path of its own.
fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Names in paths are percent-encoded UTF-8 (RFC 3986 §2.5); bytes that are not become U+FFFD and match no name.
fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use traygate_config::ServerName;

    use super::*;

    fn route<'a>(method: &Method, path: &'a str, rules: &'a Rules) -> Route<'a> {
        Route::of(method, path, rules, |name| name == "s")
    }

    fn tool(server: &'static str, tool: &'static str) -> Route<'static> {
        Route::Tool { server: server.into(), tool: tool.into() }
    }

    #[test]
    fn names_with_slashes_braces_spaces_and_unicode_are_literal() {
        let rules = Rules::default();
        for (path, expected) in [
            ("/s/t", tool("s", "t")),
            ("/s/a/b", tool("s", "a/b")),
            ("/s/a%2Fb", tool("s", "a/b")),
            ("/s/a/%7Bid%7D", tool("s", "a/{id}")),
            ("/s/a/{id}", tool("s", "a/{id}")),
            ("/s/with%20space", tool("s", "with space")),
            ("/s/%E6%97%A5%E6%9C%AC%E8%AA%9E", tool("s", "日本語")),
            ("/my%20server/t", tool("my server", "t")),
            ("/s/docs", tool("s", "docs")),
            ("/docs/t", tool("docs", "t")),
            ("/api/openapi.json", tool("api", "openapi.json")),
            ("/s", tool("s", "")),
            ("/s/t/", tool("s", "t/")),
        ] {
            assert_eq!(route(&Method::POST, path, &rules), expected, "{path}");
        }
    }

    #[test]
    fn reading_finds_pages_with_and_without_a_trailing_slash() {
        let rules = Rules::default();
        for (path, expected) in [
            ("/openapi.json", Route::Page(Page::Document, Scope::All)),
            ("/docs/", Route::Page(Page::Docs, Scope::All)),
            ("/s/openapi.json", Route::Page(Page::Document, Scope::Server("s".into()))),
            ("/docs/docs", Route::Page(Page::Docs, Scope::Server("docs".into()))),
            ("/s/docs/", Route::Page(Page::Docs, Scope::Server("s".into()))),
            ("/s/api/config", Route::OpenTerminalProbe),
            ("/api/config", Route::OpenTerminalProbe),
            ("/s/a/docs", tool("s", "a/docs")),
        ] {
            assert_eq!(route(&Method::GET, path, &rules), expected, "{path}");
        }
    }

    #[test]
    fn a_prefix_stands_before_servers_and_not_before_the_root_document() {
        let rules = Rules { path_prefix: "/v1".into(), ..Rules::default() };
        assert_eq!(route(&Method::POST, "/v1/s/t", &rules), tool("s", "t"));
        assert_eq!(route(&Method::POST, "/s/t", &rules), Route::Nowhere);
        assert_eq!(route(&Method::POST, "/v12/t", &rules), Route::Nowhere);
        assert_eq!(route(&Method::GET, "/openapi.json", &rules), Route::Page(Page::Document, Scope::All));
    }

    #[test]
    fn a_root_path_is_passed_over_where_no_proxy_stripped_it() {
        let rules = Rules { root_path: "/in/s".into(), path_prefix: "/v1".into(), ..Rules::default() };
        for path in ["/v1/s/t", "/in/s/v1/s/t"] {
            assert_eq!(route(&Method::POST, path, &rules), tool("s", "t"), "{path}");
        }
        assert_eq!(route(&Method::GET, "/in/s/docs", &rules), Route::Page(Page::Docs, Scope::All));
        assert_eq!(route(&Method::GET, "/in/s", &rules), Route::Front(Scope::All));
        assert_eq!(route(&Method::GET, "/in/sv1/s/t", &rules), Route::Nowhere);
        let asset = "/-/swagger/start.js";
        assert_eq!(route(&Method::GET, &format!("/in/s{asset}"), &rules), Route::Asset(asset));
        assert_eq!(route(&Method::GET, "/in/s/-/api/status", &rules), Route::Nowhere);
        // A server of that name is there, and wins but for the files of the docs pages; or it is not.
        for (root, expected) in [("/s", tool("s", "s/t")), ("/other", tool("s", "t"))] {
            let rules = Rules { root_path: root.into(), ..Rules::default() };
            assert_eq!(route(&Method::POST, &format!("{root}/s/t"), &rules), expected);
            assert_eq!(route(&Method::GET, &format!("{root}{asset}"), &rules), Route::Asset(asset));
        }
        let layout = Layout::Single(ServerName::new("s").unwrap());
        let rules = Rules { layout, root_path: "/in".into(), ..Rules::default() };
        assert_eq!(route(&Method::POST, "/in/t", &rules), tool("s", "t"));
        assert_eq!(
            route(&Method::GET, "/in/openapi.json", &rules),
            Route::Page(Page::Document, Scope::Server("s".into()))
        );
    }

    #[test]
    fn the_url_of_a_tool_server_is_its_front() {
        let rules = Rules { path_prefix: "/v1".into(), ..Rules::default() };
        for path in ["/", "/v1", "/v1/"] {
            assert_eq!(route(&Method::GET, path, &rules), Route::Front(Scope::All), "{path}");
        }
        for path in ["/v1/s", "/v1/s/"] {
            assert_eq!(route(&Method::HEAD, path, &rules), Route::Front(Scope::Server("s".into())), "{path}");
        }
        let rules = Rules { layout: Layout::Single(ServerName::new("s").unwrap()), ..Rules::default() };
        assert_eq!(route(&Method::GET, "/", &rules), Route::Front(Scope::Server("s".into())));
    }

    #[test]
    fn a_single_server_has_its_tools_at_the_root() {
        let rules = Rules { layout: Layout::Single(ServerName::new("time").unwrap()), ..Rules::default() };
        assert_eq!(route(&Method::POST, "/a/b", &rules), tool("time", "a/b"));
        assert_eq!(
            route(&Method::GET, "/docs", &rules),
            Route::Page(Page::Docs, Scope::Server("time".into()))
        );
        assert_eq!(route(&Method::GET, "/api/config", &rules), Route::OpenTerminalProbe);
    }
}
