//! From a [`crate::Challenge`] to the authorization server (MCP 2026-07-28, authorization server discovery).

use url::Url;

use crate::{Scopes, endpoint::Endpoint, issuer::Issuer};

/// Where a server's tokens come from.
#[derive(Debug, Clone)]
pub(crate) struct Discovered {
    /// The protected resource metadata, where there is any.
    pub(crate) resource: Option<ProtectedResource>,
    pub(crate) server: AuthorizationServer,
}

/// Protected resource metadata (RFC 9728 §2), as far as it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProtectedResource {
    /// Letter by letter, as it goes into `resource` (RFC 8707).
    pub(crate) resource: String,
    pub(crate) authorization_servers: Vec<Issuer>,
    pub(crate) scopes_supported: Scopes,
}

/// Authorization server metadata (RFC 8414 §2, OpenID Connect Discovery §3), as far as it is used.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizationServer {
    pub(crate) issuer: Issuer,
    pub(crate) authorization_endpoint: Option<Endpoint>,
    pub(crate) token_endpoint: Endpoint,
    pub(crate) registration_endpoint: Option<Endpoint>,
    pub(crate) revocation_endpoint: Option<Endpoint>,
    pub(crate) device_authorization_endpoint: Option<Endpoint>,
    pub(crate) scopes_supported: Scopes,
    /// `None` where the metadata does not say.
    pub(crate) code_challenge_methods_supported: Option<Vec<String>>,
    /// `None` where the metadata does not say: `client_secret_basic` (RFC 8414 §2).
    pub(crate) token_endpoint_auth_methods_supported: Option<Vec<String>>,
    pub(crate) grant_types_supported: Option<Vec<String>>,
    pub(crate) client_id_metadata_document_supported: bool,
    pub(crate) authorization_response_iss_parameter_supported: bool,
    /// Endpoints were guessed by the rules of revision 2025-03-26: there is no metadata.
    pub(crate) guessed: bool,
}

/// Where the search begins.
#[derive(Debug, Clone)]
pub(crate) struct Start<'a> {
    /// The MCP server's URL.
    pub(crate) server: &'a Url,
    pub(crate) challenge: &'a crate::Challenge,
    /// `oauth.server_url` of the config.
    pub(crate) hint: Option<&'a Url>,
}
