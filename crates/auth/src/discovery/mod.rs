//! From a [`crate::Challenge`] to the authorization server (MCP 2026-07-28, authorization server discovery).

mod document;
mod error;
mod fallback;
mod resource;
mod server;

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use url::Url;

pub(crate) use self::error::DiscoveryError;
use crate::{Scopes, endpoint::Endpoint, http::Http, issuer::Issuer};

/// Time for the whole search.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Of the authorization servers that one resource names, as many are tried.
const MAX_SERVERS: usize = 5;

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

/// Authorization server metadata (RFC 8414 §2, OIDC Discovery §3), as far as it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Where tokens came from before: tried first where the resource names it still.
    pub(crate) preferred: Option<&'a Issuer>,
}

/// Finds the authorization server of an MCP server.
///
/// "MCP clients MUST use OAuth 2.0 Protected Resource Metadata for authorization server discovery" (MCP 2026-07-28,
/// authorization server location). Servers without any are searched by the rules of revision 2025-03-26.
///
/// # Errors
/// [`DiscoveryError`]: one sentence or two, for a person. Nothing was guessed then.
pub(crate) async fn discover(http: &Http, start: Start<'_>) -> Result<Discovered, DiscoveryError> {
    let search = async {
        let resource = resource::find(http, &start).await?;
        let server = match &resource {
            Some(resource) if !resource.authorization_servers.is_empty() => {
                first_usable(http, &resource.authorization_servers, start.preferred).await?
            }
            _ => fallback::find(http, &start, resource.is_some()).await?,
        };
        Ok(Discovered { resource, server })
    };
    timeout(TIMEOUT, search)
        .await
        .unwrap_or_else(|_| Err(DiscoveryError::Late { server: error::shown(start.server) }))
}

/// "The responsibility for selecting which authorization server to use lies with the MCP client" (MCP 2026-07-28, after
/// RFC 9728 §7.6): the one from before, else the first that can be used.
async fn first_usable(
    http: &Http,
    issuers: &[Issuer],
    preferred: Option<&Issuer>,
) -> Result<AuthorizationServer, DiscoveryError> {
    let preferred = preferred.and_then(|preferred| issuers.iter().find(|issuer| issuer.is_same(preferred)));
    let others = issuers.iter().filter(|issuer| Some(*issuer) != preferred);
    let mut failed: Option<DiscoveryError> = None;
    for issuer in preferred.into_iter().chain(others).take(MAX_SERVERS) {
        match server::of_issuer(http, issuer).await {
            Ok(server) => return Ok(server),
            // Tokens are there, and not to be had just now: no reason to send a person to another.
            Err(error) if Some(issuer) == preferred && error.is_transient() => return Err(error),
            Err(error) => failed = Some(DiscoveryError::weightier(failed, error)),
        }
    }
    // `issuers` is not empty.
    Err(failed.unwrap_or(DiscoveryError::Nowhere))
}
