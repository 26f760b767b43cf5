use http::StatusCode;
use url::Url;

use crate::http::HttpError;

/// Why no authorization server was found. A person reads it: what, which, what to do. Addresses stand without query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DiscoveryError {
    /// The whole search took too long.
    #[error("The search for the authorization server of `{server}` took too long. Try again.")]
    Late { server: String },
    /// No answer.
    #[error("`{url}` gave no answer: {source}.")]
    Unanswered { url: String, source: HttpError },
    /// An answer that says "not now".
    #[error("`{url}` answered HTTP {status}. Try again later.")]
    Busy { url: String, status: StatusCode },
    /// The challenge names metadata where anybody on the way could have written them.
    #[error(
        "The server names `{url}` for its sign-in, which is no https address. Its operator has to correct that; until \
         then a token in `headers` may do."
    )]
    InsecureChallenge { url: String },
    /// Metadata that are none.
    #[error(
        "`{url}` answered with {what} in place of {document}. Its operator has to correct that; until then set \
         `server_url` in the server's `oauth` block, or a token in `headers`."
    )]
    Unreadable { url: String, what: String, document: &'static str },
    /// RFC 9728 §3.3: "MUST NOT be used".
    #[error(
        "The server at `{server}` says that it is `{resource}`, so its sign-in may be meant for another. If that is the \
         same server, write its address that way in `url`."
    )]
    ResourceMismatch { server: String, resource: String },
    /// RFC 8414 §3.3: "MUST NOT be used".
    #[error(
        "The metadata at `{url}` are those of the authorization server `{named}`, not of `{expected}`, and were not \
         used. The operator of one of them has to correct that."
    )]
    IssuerMismatch { url: String, expected: String, named: String },
    /// The same, where nobody but the config vouches for the address.
    #[error(
        "The metadata at `{url}` name another authorization server, `{named}`. If that is the right one, write it as \
         `server_url` in the server's `oauth` block."
    )]
    ForeignIssuer { url: String, named: String },
    /// An issuer that is none (RFC 8414 §2).
    #[error(
        "The server names `{issuer}` as its authorization server, which {why}. Its operator has to correct that."
    )]
    BadIssuer { issuer: String, why: &'static str },
    /// "All authorization server endpoints MUST be served over HTTPS" (MCP 2026-07-28).
    #[error(
        "The authorization server `{issuer}` was not used: its {endpoint} {why}. Its operator has to correct that."
    )]
    Insecure { issuer: String, endpoint: &'static str, why: String },
    /// All of its well-known addresses were answered with "no such thing".
    #[error(
        "The authorization server `{issuer}` has no metadata at any of its well-known addresses. Its operator has to \
         correct that; until then a token in `headers` may do."
    )]
    NoMetadata { issuer: String },
    /// Neither the resource nor the config names one.
    #[error(
        "`{server}` wants a sign-in and does not say where. Set `server_url` in the server's `oauth` block to its \
         authorization server, or a token in `headers`."
    )]
    NoAuthorizationServer { server: String },
    /// There was nothing to try.
    #[error(
        "No authorization server was named. Set `server_url` in the server's `oauth` block, or a token in `headers`."
    )]
    Nowhere,
}

impl DiscoveryError {
    /// Whether another try may do better.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Late { .. } | Self::Busy { .. } => true,
            Self::Unanswered { source, .. } => source.is_transient(),
            _ => false,
        }
    }

    /// Of two reasons the one to tell: trouble that may pass, so that it is tried again; then what a document said; then
    /// that there was none.
    pub(super) fn weightier(before: Option<Self>, error: Self) -> Self {
        match before {
            Some(before) if before.weight() >= error.weight() => before,
            _ => error,
        }
    }

    fn weight(&self) -> u8 {
        match self {
            _ if self.is_transient() => 3,
            Self::NoMetadata { .. } | Self::NoAuthorizationServer { .. } | Self::Nowhere => 0,
            Self::Unreadable { .. } => 1,
            _ => 2,
        }
    }
}

/// An address as messages show it: a query, a fragment or a user's name is nobody's business.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Those fail only where there is nothing to remove.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    quoted(url.as_str())
}

/// The words of somebody else: without control characters, and no longer than a line or two.
pub(super) fn quoted(text: &str) -> String {
    const MAX: usize = 200;
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(MAX).collect();
    if text.chars().nth(MAX).is_some() {
        shown.push('…');
    }
    shown
}
