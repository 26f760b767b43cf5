use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use crate::Scopes;

/// How one server is signed in to: its `oauth` block with every `${...}` replaced. The default needs no block. Its Debug
/// output shows no value that may be secret.
#[derive(Debug, Clone, Default)]
pub struct SignInOptions {
    /// `server_url`: where to look for the authorization server where the MCP server does not say.
    pub server_url: Option<Url>,
    /// `flow`; `use_loopback: false` means [`Flow::Manual`].
    pub flow: Flow,
    /// `grant`.
    pub grant: Grant,
    /// `storage_type`; `None`: as the gateway has it.
    pub storage: Option<StorageType>,
    /// `client_id`: registered by hand with the authorization server.
    pub client_id: Option<String>,
    /// `client_secret`.
    pub client_secret: Option<SecretString>,
    /// `client_metadata_url`: this URL is the client id where the authorization server takes such documents.
    pub client_metadata_url: Option<Url>,
    /// `client_metadata`: what a dynamic registration asks for.
    pub client_metadata: ClientMetadata,
    /// `callback_port`: without `redirect_uris` it means `http://localhost:PORT/callback`, as in mcpo.
    pub callback_port: Option<u16>,
    /// `redirect_host`.
    pub redirect_host: RedirectHost,
    /// `scope`: asked for in place of what the server names.
    pub scope: Option<Scopes>,
    /// `resource`.
    pub resource: ResourceIndicator,
    /// `allow_private_addresses`: a public server may name authorization servers inside this network.
    pub allow_private_addresses: bool,
}

impl SignInOptions {
    /// Whether they say the same, secrets included.
    pub(crate) fn is(&self, other: &Self) -> bool {
        let secret =
            |options: &Self| options.client_secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        let rest = |options: &Self| {
            (
                options.server_url.clone(),
                (options.flow, options.grant, options.storage, options.redirect_host),
                options.client_id.clone(),
                options.client_metadata_url.clone(),
                options.client_metadata.clone(),
                options.callback_port,
                options.scope.clone(),
                options.resource.clone(),
                options.allow_private_addresses,
            )
        };
        rest(self) == rest(other) && secret(self) == secret(other)
    }
}

/// How the browser's answer comes back, or who asks instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// The system's browser, back to a loopback listener (RFC 8252 §7.3).
    #[default]
    Browser,
    /// A window of the tray application.
    Webview,
    /// `dev.traygate.desktop:/oauth/callback` (RFC 8252 §7.1). Outside of the letter of MCP, which wants localhost or
    /// https: only where the config asks for it.
    DeepLink,
    /// A person opens the address and pastes what came of it.
    Manual,
    /// Device authorization (RFC 8628), for machines without a browser.
    Device,
}

/// Which grant gets the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grant {
    /// A person's (RFC 6749 §4.1).
    #[default]
    AuthorizationCode,
    /// The machine's own (RFC 6749 §4.4): no person, no browser.
    ClientCredentials,
}

/// Where credentials are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorageType {
    /// The OS keychain.
    #[default]
    Keychain,
    /// Encrypted files in the state folder.
    File,
    /// Nowhere: they end with the program.
    Memory,
}

/// The host of a loopback redirect URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum RedirectHost {
    /// "the use of `localhost` is NOT RECOMMENDED" (RFC 8252 §8.3).
    #[default]
    #[serde(rename = "127.0.0.1")]
    Ip,
    /// For authorization servers that know no other.
    #[serde(rename = "localhost")]
    Localhost,
}

/// What is sent as `resource` (RFC 8707).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ResourceIndicator {
    /// What the protected resource metadata names, else the server's URL.
    #[default]
    Auto,
    /// Nothing: for authorization servers that refuse it (Entra's AADSTS9010010).
    Omit,
    /// This, letter by letter.
    Value(String),
}

/// mcpo's `client_metadata` (RFC 7591 §2). What is `None` gets Traygate's own value.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// Its name on the consent page.
    pub client_name: Option<String>,
    /// The first that can be received is used.
    pub redirect_uris: Vec<Url>,
    /// `authorization_code`, `refresh_token` and the like.
    pub grant_types: Option<Vec<String>>,
    /// `code`.
    pub response_types: Option<Vec<String>>,
    /// `none`, `client_secret_basic` or `client_secret_post`.
    pub token_endpoint_auth_method: Option<String>,
    /// The scopes that it may ask for.
    pub scope: Option<Scopes>,
    /// Its home page.
    pub client_uri: Option<Url>,
    /// Its logo.
    pub logo_uri: Option<Url>,
    /// Who is responsible for it.
    pub contacts: Option<Vec<String>>,
    /// Its terms of service.
    pub tos_uri: Option<Url>,
    /// Its privacy policy.
    pub policy_uri: Option<Url>,
    /// Which program it is, over all its registrations.
    pub software_id: Option<String>,
    /// Which version of it.
    pub software_version: Option<String>,
}
