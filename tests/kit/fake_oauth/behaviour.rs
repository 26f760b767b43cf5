use std::time::Duration;

use serde_json::{Map, Value};

/// What an [`super::AuthorizationServer`] tells of itself. The default is honest.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is one habit")]
pub struct Metadata {
    /// What comes at the addresses of the metadata.
    pub document: Document,
    /// Members in place of the honest ones; null: left out. `javascript:` endpoints, another issuer, no PKCE.
    pub members: Map<String, Value>,
    /// `scopes_supported`, where told.
    pub scopes: Option<Vec<String>>,
    /// At the address of RFC 8414.
    pub oauth: bool,
    /// At those of `OpenID` Connect.
    pub openid: bool,
    /// Whether the endpoint for registrations is told.
    pub registration: bool,
    /// Whether the endpoint for devices is told.
    pub device: bool,
    /// Whether the endpoint for revocations is told.
    pub revocation: bool,
}

impl Default for Metadata {
    fn default() -> Self {
        Self {
            document: Document::Json,
            members: Map::new(),
            scopes: None,
            oauth: true,
            openid: false,
            registration: true,
            device: false,
            revocation: true,
        }
    }
}

/// How a document is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Document {
    /// As it should be.
    #[default]
    Json,
    /// 200 with a page of HTML.
    Html,
    /// 404.
    Missing,
    /// The document, followed by spaces without end.
    Oversized,
    /// A byte now and then, without end.
    Slow,
    /// Never.
    Silent,
    /// This status.
    Status(u16),
}

/// What the authorization endpoint does with a request that it could grant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Authorize {
    /// Redirects at once: the person consented before.
    #[default]
    Grants,
    /// Redirects with this `error` and `error_description`.
    Refuses(&'static str, &'static str),
    /// Redirects to another path of the client's.
    Elsewhere(&'static str),
    /// Shows a page on which nobody clicks.
    Waits,
}

/// `state` in the redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Returned {
    /// As it was sent.
    #[default]
    Same,
    /// Another one.
    Wrong,
    /// None.
    Missing,
}

/// `iss` in the redirect (RFC 9207), and what the metadata says of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Iss {
    /// Advertised and sent.
    #[default]
    Honest,
    /// Neither.
    Unknown,
    /// Advertised and not sent.
    Missing,
    /// Sent and not advertised.
    Unadvertised,
    /// Advertised, and this is sent: that of another server, or one that is the same only when normalised.
    Other(String),
}

/// How registrations are answered (RFC 7591).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// Taken.
    #[default]
    Open,
    /// `invalid_redirect_uri` where the redirect URI's host is this.
    RefusesHost(&'static str),
    /// Refused with this status and `error`.
    Refuses(u16, &'static str),
}

/// The `token_endpoint_auth_method` that a registration gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuth {
    /// No secret.
    #[default]
    None,
    /// A secret, in the `Authorization` header and nowhere else.
    Basic,
    /// A secret, in the form and nowhere else.
    Post,
}

impl ClientAuth {
    /// As RFC 7591 writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }
}

/// How a refresh is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refresh {
    /// A new pair; the refresh token of before is spent, and whoever comes with it again ends the family.
    #[default]
    Rotates,
    /// A new access token alone.
    Keeps,
    /// This status, and where told `Retry-After` in seconds. Nothing is spent.
    Status(u16, Option<u64>),
    /// 400 with this `error`.
    Error(&'static str),
    /// Rotates, and hangs up instead of answering.
    RotatesAndHangsUp,
    /// Takes the request and never answers. Nothing is spent.
    Silent,
    /// Waits until [`super::AuthorizationServer::release`], then rotates.
    Held,
}

/// `expires_in` of a token answer, and how long the access token is really taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// This long.
    Told(Duration),
    /// Nothing is said, and it is taken until it is revoked.
    Untold,
}

impl Default for Ttl {
    fn default() -> Self {
        Self::Told(Duration::from_hours(1))
    }
}

/// All habits of one authorization server.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one habit")]
pub(crate) struct Behaviour {
    pub(crate) metadata: Metadata,
    pub(crate) authorize: Authorize,
    pub(crate) state: Returned,
    pub(crate) iss: Iss,
    pub(crate) registration: Registration,
    pub(crate) client_auth: ClientAuth,
    pub(crate) refresh: Refresh,
    pub(crate) ttl: Ttl,
    /// Codes may be used again.
    pub(crate) replay: bool,
    /// Token answers are form-encoded, as GitHub's are to those who do not ask for JSON.
    pub(crate) forms: bool,
    /// The token endpoint sends a page of HTML.
    pub(crate) html: bool,
    /// No refresh tokens.
    pub(crate) without_refresh: bool,
    /// Requests with `resource` are refused, as Entra does.
    pub(crate) refuses_resource: bool,
}
