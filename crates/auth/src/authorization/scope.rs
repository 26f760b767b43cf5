//! What to ask for (MCP 2026-07-28, scope selection strategy).

use crate::{
    Scopes,
    discovery::{AuthorizationServer, ProtectedResource},
};

/// The scope that gives a refresh token at `OpenID` providers (`OpenID` Connect Core §11).
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes of a first authorization: what the config says; else what the challenge names; else all that the protected
/// resource metadata names; else none. No relation between those is assumed. `offline_access` is added where the
/// authorization server lists it and `refreshes`: the client may use refresh tokens. It is never asked for alone, for
/// then the authorization server's own default would not be granted (RFC 6749 §3.3).
pub(crate) fn initial(
    configured: Option<&Scopes>,
    challenged: Option<&Scopes>,
    resource: Option<&ProtectedResource>,
    server: &AuthorizationServer,
    refreshes: bool,
) -> Scopes {
    let named = [configured, challenged, resource.map(|resource| &resource.scopes_supported)];
    let scopes = named.into_iter().flatten().find(|scopes| !scopes.is_empty()).cloned().unwrap_or_default();
    if refreshes && !scopes.is_empty() && server.scopes_supported.contains(OFFLINE_ACCESS) {
        scopes.union(&[OFFLINE_ACCESS].into_iter().collect())
    } else {
        scopes
    }
}
