//! From a method and a path to what is meant. Pure: the catalogue is asked later.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;

use super::{Layout, Rules};

/// What a request is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// GET of a document or docs page.
    Page(Page, Scope<'a>),
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
    pub(crate) fn of(method: &Method, path: &'a str, rules: &'a Rules) -> Self {
        let path = path.strip_prefix('/').unwrap_or(path);
        match &rules.layout {
            Layout::Single(server) => Self::within(method, server.as_str().into(), path),
            Layout::Many => {
                if let (true, Some(page)) = (is_read(method), Page::of(path)) {
                    return Self::Page(page, Scope::All);
                }
                let Some(path) = below(path, rules.path_prefix.trim_matches('/')) else {
                    return Self::Nowhere;
                };
                let (server, rest) = path.split_once('/').unwrap_or((path, ""));
                Self::within(method, decode(server), rest)
            }
        }
    }

    fn within(method: &Method, server: Cow<'a, str>, path: &'a str) -> Self {
        if is_read(method) {
            if let Some(page) = Page::of(path) {
                return Self::Page(page, Scope::Server(server));
            }
            if path.trim_end_matches('/') == "api/config" {
                return Self::OpenTerminalProbe;
            }
        }
        Self::Tool { server, tool: decode(path) }
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

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    if prefix.is_empty() {
        return Some(path);
    }
    path.strip_prefix(prefix)?.strip_prefix('/')
}

/// Names in paths are percent-encoded UTF-8 (RFC 3986 §2.5); bytes that are not become U+FFFD and match no name.
fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use traygate_config::ServerName;

    use super::*;

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
            assert_eq!(Route::of(&Method::POST, path, &rules), expected, "{path}");
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
            ("/s/a/docs", tool("s", "a/docs")),
        ] {
            assert_eq!(Route::of(&Method::GET, path, &rules), expected, "{path}");
        }
    }

    #[test]
    fn a_prefix_stands_before_servers_and_not_before_the_root_document() {
        let rules = Rules { path_prefix: "/v1/".into(), ..Rules::default() };
        assert_eq!(Route::of(&Method::POST, "/v1/s/t", &rules), tool("s", "t"));
        assert_eq!(Route::of(&Method::POST, "/s/t", &rules), Route::Nowhere);
        assert_eq!(Route::of(&Method::POST, "/v12/t", &rules), Route::Nowhere);
        assert_eq!(Route::of(&Method::GET, "/openapi.json", &rules), Route::Page(Page::Document, Scope::All));
    }

    #[test]
    fn a_single_server_has_its_tools_at_the_root() {
        let rules = Rules { layout: Layout::Single(ServerName::new("time").unwrap()), ..Rules::default() };
        assert_eq!(Route::of(&Method::POST, "/a/b", &rules), tool("time", "a/b"));
        assert_eq!(
            Route::of(&Method::GET, "/docs", &rules),
            Route::Page(Page::Docs, Scope::Server("time".into()))
        );
        assert_eq!(Route::of(&Method::GET, "/api/config", &rules), Route::OpenTerminalProbe);
    }
}
