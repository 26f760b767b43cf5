use serde::Deserialize;
use url::Url;

use super::{
    AuthorizationServer,
    document::{Document, at_path, fetch},
    error::{DiscoveryError, quoted, shown},
};
use crate::{endpoint::Endpoint, http::Http, issuer::Issuer};

pub(super) const OAUTH: &str = "/.well-known/oauth-authorization-server";
pub(super) const OPENID: &str = "/.well-known/openid-configuration";
pub(super) const DOCUMENT: &str = "authorization server metadata";

/// As it comes (RFC 8414 §2).
#[derive(Deserialize)]
pub(super) struct Raw {
    pub(super) issuer: String,
    #[serde(default)]
    authorization_endpoint: Option<String>,
    token_endpoint: String,
    #[serde(default)]
    registration_endpoint: Option<String>,
    #[serde(default)]
    revocation_endpoint: Option<String>,
    #[serde(default)]
    device_authorization_endpoint: Option<String>,
    #[serde(default)]
    scopes_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    grant_types_supported: Option<Vec<String>>,
    #[serde(default)]
    client_id_metadata_document_supported: Option<bool>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: Option<bool>,
}

/// The metadata of an authorization server that a protected resource names.
pub(super) async fn of_issuer(http: &Http, issuer: &Issuer) -> Result<AuthorizationServer, DiscoveryError> {
    let addresses = well_known(&address(issuer)?);
    let found = search(http, &addresses, |at, raw| {
        // "If these values are not identical, the data contained in the response MUST NOT be used" (RFC 8414 §3.3).
        if !Issuer::new(&raw.issuer).is_same(issuer) {
            return Err(DiscoveryError::IssuerMismatch {
                url: shown(at),
                expected: quoted(issuer.as_str()),
                named: quoted(&raw.issuer),
            });
        }
        raw.try_into()
    });
    found.await?.ok_or_else(|| DiscoveryError::NoMetadata { issuer: quoted(issuer.as_str()) })
}

/// The first of these documents that `take` takes; `None` where there is none at all. A document that is not taken is
/// not used, and the next one asked for; where nothing is found then, it is the reason.
pub(super) async fn search(
    http: &Http,
    at: &[Url],
    take: impl Fn(&Url, Raw) -> Result<AuthorizationServer, DiscoveryError>,
) -> Result<Option<AuthorizationServer>, DiscoveryError> {
    let mut failed = None;
    for url in at {
        let error = match fetch(http, url, DOCUMENT).await {
            Ok(Document::Found(raw)) => match take(url, raw) {
                Ok(server) => return Ok(Some(server)),
                Err(error) => error,
            },
            Ok(Document::Absent) => continue,
            // The host does not answer at all, so the next address, which is on the same, would not either.
            Err(error @ DiscoveryError::Unanswered { .. }) => return Err(error),
            Ok(Document::Unreadable(error)) | Err(error) => error,
        };
        failed = Some(DiscoveryError::weightier(failed, error));
    }
    failed.map_or(Ok(None), Err)
}

/// In the order of MCP 2026-07-28, authorization server metadata discovery. The root's are never asked for where the
/// issuer has a path: they are another tenant's.
pub(super) fn well_known(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let mut paths = vec![format!("{OAUTH}{path}"), format!("{OPENID}{path}")];
    if !path.is_empty() {
        paths.push(format!("{path}{OPENID}"));
    }
    paths.iter().map(|path| at_path(issuer, path)).collect()
}

/// "a URL that uses the "https" scheme and has no query or fragment components" (RFC 8414 §2).
fn address(issuer: &Issuer) -> Result<Url, DiscoveryError> {
    let bad = |why| DiscoveryError::BadIssuer { issuer: quoted(issuer.as_str()), why };
    let url = Url::parse(issuer.as_str()).map_err(|_| bad("is no address"))?;
    if Endpoint::try_from(url.clone()).is_err() {
        return Err(bad("is no https address"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("holds a query or a fragment"));
    }
    Ok(url)
}

impl TryFrom<Raw> for AuthorizationServer {
    type Error = DiscoveryError;

    /// Nothing of it is used where one endpoint is insecure: who sent it cannot be trusted with the others.
    fn try_from(raw: Raw) -> Result<Self, DiscoveryError> {
        let endpoint = |name: &'static str, url: &str| {
            let insecure =
                |why| DiscoveryError::Insecure { issuer: quoted(&raw.issuer), endpoint: name, why };
            let url = Url::parse(url).map_err(|_| insecure("is no address".to_owned()))?;
            Endpoint::try_from(url).map_err(|error| insecure(quoted(&error.to_string())))
        };
        let optional = |name, url: &Option<String>| url.as_deref().map(|url| endpoint(name, url)).transpose();
        Ok(Self {
            authorization_endpoint: optional("authorization endpoint", &raw.authorization_endpoint)?,
            token_endpoint: endpoint("token endpoint", &raw.token_endpoint)?,
            registration_endpoint: optional("registration endpoint", &raw.registration_endpoint)?,
            revocation_endpoint: optional("revocation endpoint", &raw.revocation_endpoint)?,
            device_authorization_endpoint: optional(
                "device authorization endpoint",
                &raw.device_authorization_endpoint,
            )?,
            scopes_supported: raw.scopes_supported.iter().flatten().map(String::as_str).collect(),
            code_challenge_methods_supported: raw.code_challenge_methods_supported,
            token_endpoint_auth_methods_supported: raw.token_endpoint_auth_methods_supported,
            grant_types_supported: raw.grant_types_supported,
            client_id_metadata_document_supported: raw.client_id_metadata_document_supported == Some(true),
            authorization_response_iss_parameter_supported: raw
                .authorization_response_iss_parameter_supported
                == Some(true),
            guessed: false,
            issuer: Issuer::new(raw.issuer),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(issuer: &str) -> Vec<String> {
        well_known(&Url::parse(issuer).unwrap()).into_iter().map(String::from).collect()
    }

    #[test]
    fn issuers_with_a_path_have_three_addresses() {
        let expected = [
            "https://as.example/.well-known/oauth-authorization-server/tenant1",
            "https://as.example/.well-known/openid-configuration/tenant1",
            "https://as.example/tenant1/.well-known/openid-configuration",
        ];
        assert_eq!(of("https://as.example/tenant1"), expected);
        assert_eq!(of("https://as.example/tenant1/"), expected);
    }

    #[test]
    fn issuers_without_a_path_have_two() {
        let expected = [
            "https://as.example/.well-known/oauth-authorization-server",
            "https://as.example/.well-known/openid-configuration",
        ];
        assert_eq!(of("https://as.example"), expected);
        assert_eq!(of("https://as.example/"), expected);
    }

    #[test]
    fn an_issuer_is_an_https_address_without_query() {
        for (issuer, good) in [
            ("https://as.example/t", true),
            ("http://127.0.0.1:1", true),
            ("http://as.example", false),
            ("https://as.example/?tenant=1", false),
            ("https://as.example/#x", false),
            ("javascript:alert(1)", false),
            ("as.example", false),
        ] {
            assert_eq!(address(&Issuer::new(issuer)).is_ok(), good, "{issuer}");
        }
    }
}
