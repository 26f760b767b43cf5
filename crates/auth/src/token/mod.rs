//! The token endpoint: exchange, refresh, device and client credentials, revocation; and what came of them.

mod answer;
mod device;
mod error;
mod grant;
mod request;
mod revocation;
mod transport;
mod words;

#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use self::answer::Granted;
pub(crate) use self::{
    answer::said,
    device::{DEVICE_CODE, authorize_device},
    error::{TokenError, hint},
    grant::{client_credentials, exchange, refresh},
    revocation::revoke,
    transport::{Transport, Unanswered},
    words::words,
};
pub(crate) use crate::http::Answer;
use crate::{Scopes, client::exposed, discovery::AuthorizationServer, issuer::Issuer};

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
    /// Its metadata of that time, so that a refresh asks nobody for the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<Box<AuthorizationServer>>,
}

/// Access tokens are renewed this long before their end, or half their life before it, whichever is shorter.
const AHEAD: Duration = Duration::from_secs(30);

impl Tokens {
    /// What was granted at `now` to a request for `requested`.
    fn new(
        server: &AuthorizationServer,
        granted: Granted,
        requested: &Scopes,
        resource: Option<String>,
        now: SystemTime,
    ) -> Self {
        Self {
            issuer: server.issuer.clone(),
            access_token: granted.access_token,
            refresh_token: granted.refresh_token,
            issued_at: now,
            expires_at: granted.expires_in.and_then(|life| now.checked_add(life)),
            requested: requested.clone(),
            granted: granted.scope.unwrap_or_else(|| requested.clone()),
            resource,
            server: Some(Box::new(server.clone())),
        }
    }

    /// Whether to renew it before the next use. A token without a known end is used until a 401. One that was given in the
    /// future was given by another clock: its end is not known either, so it is renewed at once.
    pub(crate) fn due(&self, now: SystemTime) -> bool {
        let Some(expires_at) = self.expires_at else { return false };
        let Ok(life) = expires_at.duration_since(self.issued_at) else { return true };
        match expires_at.duration_since(now) {
            Ok(left) => self.issued_at > now || left <= AHEAD.min(life / 2),
            Err(_) => true,
        }
    }

    /// How long until it is to be renewed; `None` where its end is not known.
    pub(crate) fn due_in(&self, now: SystemTime) -> Option<Duration> {
        let end = self.expires_at?;
        let life = end.duration_since(self.issued_at).unwrap_or_default();
        Some(end.duration_since(now).unwrap_or_default().saturating_sub(AHEAD.min(life / 2)))
    }

    /// Whether its end, as far as it is known, has come.
    pub(crate) fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
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
