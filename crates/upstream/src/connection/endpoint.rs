//! Where a server on the network is asked, and what its refusal may mean.

use url::Url;

/// An address and how it is spoken to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endpoint<'a> {
    pub(super) url: &'a Url,
    pub(super) protocol: Protocol,
}

/// What the server's entry asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    StreamableHttp,
    Sse,
    /// Streamable HTTP, then HTTP+SSE: the entry has no `type`, or one that means both.
    Both,
}

impl Endpoint<'_> {
    /// Scheme, host, port and path: a query or a user name may hold a key.
    pub(super) fn place(&self) -> String {
        place(self.url)
    }

    /// A handshake was answered with a status that says no, and perhaps with `words`.
    pub(super) fn refused(&self, status: u16, words: Option<&str>) -> String {
        let words = words.map(|words| format!(" ({words})")).unwrap_or_default();
        let place = self.place();
        // Only these speak of the request; any other speaks of the server.
        if matches!(status, 400 | 404..=406 | 410 | 415 | 422) {
            format!("`{place}` answered {status} to {}{words}: {}", self.spoken(), self.advice())
        } else {
            format!("`{place}` answered HTTP {status}{words}")
        }
    }

    /// A handshake was answered with something else than a stream of events.
    pub(super) fn no_events(&self, kind: &str) -> String {
        let kind = if kind.is_empty() { "no content type" } else { kind };
        format!(
            "`{}` answered {} with `{kind}` instead of events: {}",
            self.place(),
            self.spoken(),
            self.advice()
        )
    }

    fn spoken(&self) -> &'static str {
        match self.protocol {
            Protocol::StreamableHttp => "streamable HTTP",
            Protocol::Sse => "HTTP+SSE",
            Protocol::Both => "streamable HTTP, and does not speak HTTP+SSE either",
        }
    }

    fn advice(&self) -> &'static str {
        match self.protocol {
            Protocol::Both => "check the path of its `url`",
            _ => "check the path of its `url`, or leave `type` out and Traygate tries both transports",
        }
    }
}

/// Scheme, host, port and path of an address.
pub(super) fn place(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(protocol: Protocol, status: u16, words: Option<&str>) -> String {
        let url = Url::parse("http://ada:secret@127.0.0.1:9/mcp?key=secret").unwrap();
        Endpoint { url: &url, protocol }.refused(status, words)
    }

    #[test]
    fn a_refusal_says_where_and_what_to_do() {
        assert_eq!(
            refused(Protocol::StreamableHttp, 404, None),
            "`http://127.0.0.1:9/mcp` answered 404 to streamable HTTP: check the path of its `url`, or leave `type` out \
             and Traygate tries both transports"
        );
        assert_eq!(
            refused(Protocol::Sse, 400, Some("No valid session ID provided")),
            "`http://127.0.0.1:9/mcp` answered 400 to HTTP+SSE (No valid session ID provided): check the path of its \
             `url`, or leave `type` out and Traygate tries both transports"
        );
        assert_eq!(
            refused(Protocol::Both, 404, None),
            "`http://127.0.0.1:9/mcp` answered 404 to streamable HTTP, and does not speak HTTP+SSE either: check the \
             path of its `url`"
        );
    }

    #[test]
    fn a_server_in_trouble_is_not_asked_for_another_path() {
        for status in [403, 429, 500, 502, 503] {
            let expected = format!("`http://127.0.0.1:9/mcp` answered HTTP {status} (busy)");
            assert_eq!(refused(Protocol::StreamableHttp, status, Some("busy")), expected);
        }
    }
}
