use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// An authorization server's endpoint: https, or http to loopback. "All authorization server endpoints MUST be served
/// over HTTPS" (MCP 2026-07-28, authorization, security considerations); loopback never leaves the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Url", into = "Url")]
pub(crate) struct Endpoint(Url);

/// An address that is no [`Endpoint`]. Its text stands behind "its token endpoint": it names the scheme, never the query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no https address (`{0}:`)")]
pub(crate) struct Insecure(String);

impl Endpoint {
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

impl TryFrom<Url> for Endpoint {
    type Error = Insecure;

    fn try_from(url: Url) -> Result<Self, Insecure> {
        let secure = match url.scheme() {
            "https" => url.has_host(),
            "http" => is_loopback(&url),
            _ => false,
        };
        if secure { Ok(Self(url)) } else { Err(Insecure(url.scheme().to_owned())) }
    }
}

impl From<Endpoint> for Url {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.0
    }
}

/// Whether an address leads to this machine, by its letters alone (RFC 6761 §6.3 for `localhost`).
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_https_or_this_machine() {
        for (url, expected) in [
            ("https://example.com/token", true),
            ("http://127.0.0.1:1/token", true),
            ("http://[::1]/token", true),
            ("http://localhost/token", true),
            ("http://localhost./token", true),
            ("http://example.com/token", false),
            ("http://localhost.example.com/token", false),
            ("http://127.0.0.1.example.com/token", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(Endpoint::try_from(Url::parse(url).unwrap()).is_ok(), expected, "{url}");
        }
    }
}
