use std::{
    fmt,
    time::{Duration, SystemTime},
};

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::issuer::Issuer;

/// This program as one authorization server knows it: what a registration gave, or what the config says.
#[expect(clippy::struct_field_names, reason = "the names of RFC 7591")]
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

impl ClientAuth {
    /// The method of this name; `None` where Traygate does not know it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::None, Self::ClientSecretBasic, Self::ClientSecretPost]
            .into_iter()
            .find(|method| method.name() == name)
    }

    /// Its name in metadata.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
        }
    }
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

impl Client {
    /// Whether it can begin an authorization at `issuer` with this redirect URI, which is compared letter by letter, a
    /// loopback port included: not every authorization server lets that port vary (RFC 8252 §7.3).
    pub(crate) fn is_usable(&self, issuer: &Issuer, redirect_uri: &Url, now: SystemTime) -> bool {
        self.issuer == *issuer
            && self.redirect_uri.as_ref().is_none_or(|registered| registered == redirect_uri)
            && !self.is_expired(now)
    }

    /// Whether its secret has ended (RFC 7591 §3.2.1).
    pub(crate) fn is_expired(&self, now: SystemTime) -> bool {
        let end = self.client_secret_expires_at.filter(|end| *end != 0 && self.client_secret.is_some());
        end.and_then(|end| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(end)))
            .is_some_and(|end| end <= now)
    }
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
#[expect(clippy::ref_option, reason = "serde hands a field over like this")]
pub(crate) fn exposed<S: Serializer>(
    secret: &Option<SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(secrecy::ExposeSecret::expose_secret).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn client() -> Client {
        Client {
            issuer: Issuer::new("https://as.example"),
            client_id: "the-id".into(),
            client_secret: Some("s3cret-of-the-client".into()),
            client_secret_expires_at: None,
            auth_method: ClientAuth::ClientSecretBasic,
            redirect_uri: Some(Url::parse("http://127.0.0.1:8000/-/oauth/callback").unwrap()),
            origin: ClientOrigin::Dynamic,
        }
    }

    #[test]
    fn a_client_is_used_at_its_own_issuer_and_redirect_uri_and_until_its_secret_ends() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let issuer = Issuer::new("https://as.example");
        let redirect = Url::parse("http://127.0.0.1:8000/-/oauth/callback").unwrap();
        assert!(client().is_usable(&issuer, &redirect, now));
        assert!(!client().is_usable(&Issuer::new("https://as.example/"), &redirect, now));
        for other in ["http://127.0.0.1:8001/-/oauth/callback", "http://localhost:8000/-/oauth/callback"] {
            assert!(!client().is_usable(&issuer, &Url::parse(other).unwrap(), now), "{other}");
        }
        for (end, usable) in [(None, true), (Some(0), true), (Some(1_001), true), (Some(1_000), false)] {
            let client = Client { client_secret_expires_at: end, ..client() };
            assert_eq!(client.is_usable(&issuer, &redirect, now), usable, "{end:?}");
        }
        let anywhere = Client { redirect_uri: None, ..client() };
        assert!(anywhere.is_usable(&issuer, &Url::parse("https://proxy.example/cb").unwrap(), now));
        let endless = Client { client_secret_expires_at: Some(u64::MAX), ..client() };
        assert!(endless.is_usable(&issuer, &redirect, now));
    }

    #[test]
    fn a_stored_client_comes_back_whole_and_debug_shows_no_secret() {
        let stored = serde_json::to_string(&client()).unwrap();
        let back: Client = serde_json::from_str(&stored).unwrap();
        assert_eq!(back.client_secret.unwrap().expose_secret(), "s3cret-of-the-client");
        assert_eq!(back.redirect_uri, client().redirect_uri);
        assert!(!format!("{:?}", client()).contains("s3cret"));
    }
}
