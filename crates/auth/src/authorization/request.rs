use std::{borrow::Cow, fmt};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, basic::BasicClient,
};
use secrecy::SecretString;
use url::Url;

use super::{AuthorizationError, OFFLINE_ACCESS};
use crate::{Scopes, client::Client, discovery::AuthorizationServer, issuer::Issuer};

/// A page to open, and what has to be remembered until it answers.
pub(crate) struct AuthorizationRequest {
    pub(crate) url: Url,
    pub(crate) pending: Pending,
}

/// What has to be remembered of an authorization request: in memory, one for each.
pub(crate) struct Pending {
    /// 256 bits; what the response is routed by.
    pub(crate) state: SecretString,
    /// RFC 7636 §4.1: 256 bits in 43 characters.
    pub(crate) verifier: SecretString,
    /// "MUST record the issuer" (MCP 2026-07-28, authorization server mix-up).
    pub(crate) issuer: Issuer,
    pub(crate) redirect_uri: Url,
    /// `authorization_response_iss_parameter_supported` (RFC 9207 §3).
    pub(crate) requires_iss: bool,
    pub(crate) scopes: Scopes,
    pub(crate) resource: Option<String>,
}

/// It knows no `offline_access` and gives refresh tokens to requests with a parameter of its own alone (Google Identity,
/// "Using OAuth 2.0 for Web Server Applications", `access_type`).
const GOOGLE: &str = "https://accounts.google.com";

impl AuthorizationRequest {
    /// A request for `scopes`, always with PKCE by S256. "If `code_challenge_methods_supported` is absent, the
    /// authorization server does not support PKCE and MCP clients MUST refuse to proceed" (MCP 2026-07-28, security
    /// considerations); where there is no metadata at all (revision 2025-03-26) nothing can be absent from it.
    pub(crate) fn new(
        server: &AuthorizationServer,
        client: &Client,
        redirect_uri: &Url,
        scopes: &Scopes,
        resource: Option<&str>,
    ) -> Result<Self, AuthorizationError> {
        if client.issuer != server.issuer {
            return Err(AuthorizationError::OtherIssuer);
        }
        let endpoint = server.authorization_endpoint.as_ref().ok_or(AuthorizationError::NoEndpoint)?;
        let methods = server.code_challenge_methods_supported.as_deref();
        if !server.guessed && !methods.unwrap_or_default().iter().any(|method| method == "S256") {
            return Err(AuthorizationError::NoPkce);
        }
        let (state, verifier) = (random()?, PkceCodeVerifier::new(random()?));
        let known = BasicClient::new(ClientId::new(client.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(endpoint.url().clone()));
        let mut request = known
            .authorize_url(|| CsrfToken::new(state.clone()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .set_redirect_uri(Cow::Owned(RedirectUrl::from_url(redirect_uri.clone())))
            .add_scopes(scopes.iter().map(|scope| Scope::new(scope.to_owned())));
        if let Some(resource) = resource {
            request = request.add_extra_param("resource", resource.to_owned());
        }
        let is_google = server.issuer.as_str() == GOOGLE;
        // Without it "the Authorization Server MUST ignore the offline_access request" (OpenID Connect Core §11).
        if scopes.contains(OFFLINE_ACCESS) || is_google {
            request = request.add_extra_param("prompt", "consent");
        }
        if is_google {
            request = request.add_extra_param("access_type", "offline");
        }
        let (mut url, _) = request.url();
        url.set_fragment(None);
        let pending = Pending {
            state: state.into(),
            verifier: verifier.into_secret().into(),
            issuer: server.issuer.clone(),
            redirect_uri: redirect_uri.clone(),
            requires_iss: server.authorization_response_iss_parameter_supported,
            scopes: scopes.clone(),
            resource: resource.map(Into::into),
        };
        Ok(Self { url, pending })
    }
}

/// 256 random bits in the alphabet of a verifier (RFC 7636 §4.1).
fn random() -> Result<String, AuthorizationError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| AuthorizationError::NoRandom)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Not its URL, which holds `state`.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationRequest").field("pending", &self.pending).finish_non_exhaustive()
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("issuer", &self.issuer)
            .field("redirect_uri", &self.redirect_uri.as_str())
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}
