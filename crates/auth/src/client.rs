use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::issuer::Issuer;

/// This program as one authorization server knows it: what a registration gave, or what the config says.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Client {
    /// Whose client: "MUST NOT reuse across authorization servers" (MCP 2026-07-28, client registration).
    pub(crate) issuer: Issuer,
    pub(crate) client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub(crate) client_secret: Option<SecretString>,
    /// Seconds since the epoch; `None` or 0: never (RFC 7591 §3.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret_expires_at: Option<u64>,
    pub(crate) auth_method: ClientAuth,
    /// The one redirect URI that it was registered with; `None` where the authorization server was told of none by us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redirect_uri: Option<Url>,
    pub(crate) origin: ClientOrigin,
}

/// How a client proves itself at the token endpoint (RFC 7591 §2, `token_endpoint_auth_method`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientAuth {
    /// `none`: a public client.
    None,
    /// `client_secret_basic` (RFC 6749 §2.3.1).
    ClientSecretBasic,
    /// `client_secret_post`.
    ClientSecretPost,
}

/// Where a client came from, in the specification's order of preference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClientOrigin {
    /// `client_id` of the config file, or typed in.
    PreRegistered,
    /// The URL of a client id metadata document.
    MetadataDocument,
    /// Dynamic client registration (RFC 7591).
    Dynamic,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("issuer", &self.issuer)
            .field("origin", &self.origin)
            .field("auth_method", &self.auth_method)
            .finish_non_exhaustive()
    }
}

/// Secrets are written into the credential store, and nowhere else.
pub(crate) fn exposed<S: Serializer>(
    secret: &Option<SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|secret| secret.expose_secret()).serialize(serializer)
}
