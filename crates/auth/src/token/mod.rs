//! The token endpoint: exchange, refresh, device and client credentials, revocation; and what came of them.

use std::{fmt, time::SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use crate::{Scopes, client::exposed, issuer::Issuer};

/// What an authorization server gave for one server.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Tokens {
    /// Who gave them: they are refreshed and revoked nowhere else.
    pub(crate) issuer: Issuer,
    #[serde(serialize_with = "exposed_always")]
    pub(crate) access_token: SecretString,
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub(crate) refresh_token: Option<SecretString>,
    /// When they were given.
    pub(crate) issued_at: SystemTime,
    /// `None` where the answer did not say: used until a 401.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<SystemTime>,
    /// What was asked for: the ground of a step-up.
    #[serde(default)]
    pub(crate) requested: Scopes,
    /// What was granted; as requested where the answer did not say (RFC 6749 §5.1).
    #[serde(default)]
    pub(crate) granted: Scopes,
    /// `resource` of the requests, to be repeated in each refresh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("issuer", &self.issuer)
            .field("expires_at", &self.expires_at)
            .field("granted", &self.granted)
            .finish_non_exhaustive()
    }
}

fn exposed_always<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    secret.expose_secret().serialize(serializer)
}
