use url::Url;

/// Whose credential: a server's name in the config file and its URL. The same name at another URL is another server, so
/// that no token ever goes where it was not meant to. The issuer stands in the stored record itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerId {
    /// Its key in the config file.
    pub name: String,
    /// Its MCP endpoint, `${...}` replaced.
    pub url: Url,
}
