//! Servers that name no authorization server.

use url::Url;

use super::{
    AuthorizationServer, Start,
    document::at_path,
    error::{DiscoveryError, quoted, shown},
    server::{Raw, search, well_known},
};
use crate::{Scopes, endpoint::Endpoint, http::Http, issuer::Issuer};

/// Looks where the config says, at the origin of that, and at the MCP server's own; at last it guesses endpoints, all by
/// the rules of revision 2025-03-26 ("server metadata discovery", "fallbacks for servers without metadata discovery").
/// `has_metadata`: the server describes itself, in the newer way, and just does not say where to sign in. Then nothing
/// is guessed.
pub(super) async fn find(
    http: &Http,
    start: &Start<'_>,
    has_metadata: bool,
) -> Result<AuthorizationServer, DiscoveryError> {
    let server_origin = at_path(start.server, "/");
    let hint_origin = start.hint.map(|hint| at_path(hint, "/"));
    let mut bases: Vec<&Url> = start.hint.into_iter().chain(&hint_origin).chain([&server_origin]).collect();
    bases.dedup_by_key(|base| (base.origin(), base.path().to_owned()));
    for base in bases {
        if let Some(server) = search(http, &well_known(base), take).await? {
            return Ok(server);
        }
    }
    if has_metadata {
        return Err(DiscoveryError::NoAuthorizationServer { server: shown(start.server) });
    }
    // Each of those was answered with "no such thing", so this is what such servers were told to have.
    guess(hint_origin.as_ref().unwrap_or(&server_origin))
}

/// Revision 2025-03-26 asks nothing of the issuer. We do: whoever may write below some origin's well-known addresses
/// speaks for that origin, and for no other.
fn take(at: &Url, raw: Raw) -> Result<AuthorizationServer, DiscoveryError> {
    if !Url::parse(&raw.issuer).is_ok_and(|issuer| issuer.origin() == at.origin()) {
        return Err(DiscoveryError::ForeignIssuer { url: shown(at), named: quoted(&raw.issuer) });
    }
    raw.try_into()
}

fn guess(origin: &Url) -> Result<AuthorizationServer, DiscoveryError> {
    let issuer = Issuer::new(origin.origin().ascii_serialization());
    let endpoint = |name, path| {
        Endpoint::try_from(at_path(origin, path)).map_err(|error| DiscoveryError::Insecure {
            issuer: quoted(issuer.as_str()),
            endpoint: name,
            why: error.to_string(),
        })
    };
    Ok(AuthorizationServer {
        authorization_endpoint: Some(endpoint("authorization endpoint", "/authorize")?),
        token_endpoint: endpoint("token endpoint", "/token")?,
        registration_endpoint: Some(endpoint("registration endpoint", "/register")?),
        revocation_endpoint: None,
        device_authorization_endpoint: None,
        scopes_supported: Scopes::default(),
        code_challenge_methods_supported: None,
        token_endpoint_auth_methods_supported: None,
        grant_types_supported: None,
        client_id_metadata_document_supported: false,
        authorization_response_iss_parameter_supported: false,
        guessed: true,
        issuer,
    })
}
