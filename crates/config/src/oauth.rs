use crate::{Template, word::words};

/// The `oauth` block: how one server is signed in to, where not as by default. Its texts may hold `${...}`; its Debug
/// output shows none of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OAuth {
    /// `server_url`: where to look for the authorization server where the MCP server does not say.
    pub server_url: Option<Template>,
    /// `callback_port`; without `redirect_uris` it means `http://localhost:PORT/callback`, as in mcpo. Never 0.
    pub callback_port: Option<u16>,
    /// `flow`; `use_loopback: false` alone is [`OAuthFlow::Manual`].
    pub flow: Option<OAuthFlow>,
    /// `grant`.
    pub grant: Option<OAuthGrant>,
    /// `storage_type`; `None`: as [`crate::Settings::token_storage`] has it.
    pub storage_type: Option<TokenStorage>,
    /// `client_id`: registered by hand with the authorization server.
    pub client_id: Option<Template>,
    /// `client_secret`; never without `client_id`.
    pub client_secret: Option<Template>,
    /// `client_metadata_url`: an https address with a path, where no reference stands in it.
    pub client_metadata_url: Option<Template>,
    /// `client_metadata`.
    pub client_metadata: ClientMetadata,
    /// `redirect_host`.
    pub redirect_host: Option<RedirectHost>,
    /// `scope`, separated by spaces: asked for in place of what the server names.
    pub scope: Option<Template>,
    /// `resource`.
    pub resource: ResourceIndicator,
    /// `allow_private_addresses`: a public server may name authorization servers inside this network.
    pub allow_private_addresses: bool,
}

impl OAuth {
    /// Every text of the block; each may hold `${...}`.
    pub fn templates(&self) -> Vec<&Template> {
        let resource = match &self.resource {
            ResourceIndicator::Value(value) => Some(value),
            ResourceIndicator::Auto | ResourceIndicator::Omit => None,
        };
        self.server_url
            .iter()
            .chain(&self.client_id)
            .chain(&self.client_secret)
            .chain(&self.client_metadata_url)
            .chain(&self.scope)
            .chain(resource)
            .chain(self.client_metadata.templates())
            .collect()
    }
}

/// `client_metadata`: what a dynamic registration asks for (RFC 7591 §2). What is `None` gets Traygate's own value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClientMetadata {
    /// What the consent page calls this program.
    pub client_name: Option<Template>,
    /// http to loopback, https, or `dev.traygate.desktop:`, where no reference stands in one. The first that can be
    /// received is used.
    pub redirect_uris: Vec<Template>,
    /// `authorization_code`, `refresh_token`, ...
    pub grant_types: Option<Vec<Template>>,
    /// `code`.
    pub response_types: Option<Vec<Template>>,
    /// How this program shows the token endpoint who it is.
    pub token_endpoint_auth_method: Option<TokenEndpointAuthMethod>,
    /// The scopes that the client may ask for, separated by spaces.
    pub scope: Option<Template>,
    /// A page about this program.
    pub client_uri: Option<Template>,
    /// Its picture on the consent page.
    pub logo_uri: Option<Template>,
    /// Whom to write to about it.
    pub contacts: Option<Vec<Template>>,
    /// Its terms of service.
    pub tos_uri: Option<Template>,
    /// Its privacy policy.
    pub policy_uri: Option<Template>,
    /// The same for every version of the program.
    pub software_id: Option<Template>,
    /// The program's version.
    pub software_version: Option<Template>,
}

impl ClientMetadata {
    fn templates(&self) -> impl Iterator<Item = &Template> {
        let lists = [&self.grant_types, &self.response_types, &self.contacts];
        self.client_name
            .iter()
            .chain(&self.redirect_uris)
            .chain(lists.into_iter().flatten().flatten())
            .chain(&self.scope)
            .chain(&self.client_uri)
            .chain(&self.logo_uri)
            .chain(&self.tos_uri)
            .chain(&self.policy_uri)
            .chain(&self.software_id)
            .chain(&self.software_version)
    }
}

/// What is sent as `resource` (RFC 8707).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ResourceIndicator {
    /// `auto`: what the server's metadata names, else its URL.
    #[default]
    Auto,
    /// `omit`: nothing.
    Omit,
    /// This, letter by letter.
    Value(Template),
}

words! {
    /// How the browser's answer comes back, or who asks instead.
    pub enum OAuthFlow {
        /// The system's browser, back to this machine (RFC 8252 §7.3).
        Browser = "browser",
        /// A window of the tray application.
        Webview = "webview",
        /// `dev.traygate.desktop:/oauth/callback` (RFC 8252 §7.1).
        DeepLink = "deep-link",
        /// A person opens the address and pastes what came of it.
        Manual = "manual",
        /// Device authorization (RFC 8628).
        Device = "device",
    }
}

words! {
    /// Which grant gets the tokens.
    pub enum OAuthGrant {
        /// A person's (RFC 6749 §4.1).
        AuthorizationCode = "authorization_code",
        /// The machine's own (RFC 6749 §4.4).
        ClientCredentials = "client_credentials",
    }
}

words! {
    /// Where tokens are kept.
    pub enum TokenStorage {
        /// The OS keychain.
        Keychain = "keychain",
        /// Encrypted files.
        File = "file",
        /// Nowhere: they end with the program.
        Memory = "memory",
    }
}

words! {
    /// The host of a redirect URI that Traygate makes.
    pub enum RedirectHost {
        /// "the use of `localhost` is NOT RECOMMENDED" (RFC 8252 §8.3).
        Ip = "127.0.0.1",
        /// For authorization servers that know no other.
        Localhost = "localhost",
    }
}

words! {
    /// How a client shows the token endpoint who it is (RFC 7591 §2).
    pub enum TokenEndpointAuthMethod {
        /// Not at all: a public client.
        None = "none",
        /// Its secret in an HTTP Basic header.
        ClientSecretBasic = "client_secret_basic",
        /// Its secret in the request's body.
        ClientSecretPost = "client_secret_post",
    }
}

words! {
    /// What happens when a server needs a sign-in.
    pub enum SignInMode {
        /// The browser opens by itself, for one server at a time.
        Auto = "auto",
        /// The link is shown, and opens when a person says so.
        Ask = "ask",
        /// Nothing, until a person begins it.
        Never = "never",
    }
}
