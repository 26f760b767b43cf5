//! What mcpo kept: two plain JSON files a server in `~/.mcpo/tokens/`. They are read and left as they are.

use std::{
    fmt,
    path::Path,
    time::{Duration, SystemTime},
};

use md5::{Digest as _, Md5};
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use super::private;
use crate::{
    Scopes,
    client::{Client, ClientAuth, ClientOrigin},
    issuer::Issuer,
    token::Tokens,
};

/// A sign-in of mcpo's. Whose tokens they are its files do not say: discovery does.
pub(crate) struct McpoSignIn {
    tokens: TokenFile,
    client: Option<ClientFile>,
    /// When the tokens were given: mcpo writes the file then.
    issued_at: SystemTime,
}

/// RFC 6749 §5.1.
#[derive(Deserialize)]
struct TokenFile {
    access_token: SecretString,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    refresh_token: Option<SecretString>,
}

/// RFC 7591 §3.2.1.
#[derive(Deserialize)]
struct ClientFile {
    client_id: String,
    #[serde(default)]
    client_secret: Option<SecretString>,
    #[serde(default)]
    client_secret_expires_at: Value,
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
}

/// Larger ones are not mcpo's.
const LARGEST: u64 = 1 << 18;
/// What ends later than this ends never; times beyond it cannot be told.
const LONGEST: u64 = 100 * 365 * 24 * 3600;

impl McpoSignIn {
    /// The sign-in of the server that mcpo knew by this name. What cannot be read is as good as none. Blocks.
    pub(crate) fn found(home: &Path, name: &str) -> Option<Self> {
        let folder = home.join(".mcpo").join("tokens");
        let md5 = |text: &str, digits| hex::encode(Md5::digest(text)).split_at(digits).0.to_owned();
        // Newer versions have a sign-in a session; the one of no session is called so.
        let names = [md5(&format!("{name}_default"), 12), md5(name, 8)];
        names.iter().find_map(|hash| Self::read(&folder, hash))
    }

    fn read(folder: &Path, hash: &str) -> Option<Self> {
        let path = folder.join(format!("{hash}_tokens.json"));
        let tokens: TokenFile = read(&path)?;
        let bearer = tokens.token_type.as_deref().is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        if !bearer || secrecy::ExposeSecret::expose_secret(&tokens.access_token).is_empty() {
            return None;
        }
        let issued_at = fs_err::metadata(&path).and_then(|file| file.modified()).ok()?;
        let client = read(&folder.join(format!("{hash}_client.json")));
        Some(Self { tokens, client, issued_at })
    }

    /// The sign-in as one of this authorization server. Without a client, its tokens cannot be renewed.
    pub(crate) fn into_parts(self, issuer: Issuer) -> (Tokens, Option<Client>) {
        let Self { tokens, client, issued_at } = self;
        let scopes = Scopes::parse(tokens.scope.as_deref().unwrap_or_default());
        let expires_in = seconds(&tokens.expires_in).filter(|seconds| *seconds <= LONGEST);
        let tokens = Tokens {
            server: None,
            issuer: issuer.clone(),
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            issued_at,
            expires_at: expires_in.and_then(|seconds| issued_at.checked_add(Duration::from_secs(seconds))),
            requested: scopes.clone(),
            granted: scopes,
            resource: None,
        };
        (tokens, client.map(|client| client.into_client(issuer)))
    }
}

impl ClientFile {
    fn into_client(self, issuer: Issuer) -> Client {
        let auth_method = match (self.token_endpoint_auth_method.as_deref(), &self.client_secret) {
            (_, None) | (Some("none"), _) => ClientAuth::None,
            (Some("client_secret_basic"), _) => ClientAuth::ClientSecretBasic,
            // What mcpo did where nothing was said, and it worked.
            _ => ClientAuth::ClientSecretPost,
        };
        Client {
            issuer,
            client_id: self.client_id,
            client_secret: self.client_secret,
            client_secret_expires_at: seconds(&self.client_secret_expires_at),
            auth_method,
            redirect_uri: self.redirect_uris.iter().find_map(|uri| Url::parse(uri).ok()),
            origin: ClientOrigin::Dynamic,
        }
    }
}

impl fmt::Debug for McpoSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("McpoSignIn")
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let text = match private::read(path, LARGEST) {
        Ok(text) => text?,
        Err(error) => {
            tracing::debug!("a file of mcpo's is left alone: {error}");
            return None;
        }
    };
    let read = serde_json::from_slice(&text).ok();
    if read.is_none() {
        tracing::debug!("a file of mcpo's is left alone: {} is none that it writes", path.display());
    }
    read
}

/// Servers write numbers as they like: 3600, 3600.0, "3600".
fn seconds(value: &Value) -> Option<u64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let whole = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
    whole.parse().ok()
}
