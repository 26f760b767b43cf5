use sha2::{Digest as _, Sha256};
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

impl ServerId {
    /// The SHA-256 of the whole, in hex: names its files, in which a query may hold a key.
    pub(crate) fn digest(&self) -> String {
        let mut sha256 = Sha256::new();
        sha256.update((self.name.len() as u64).to_be_bytes());
        sha256.update(&self.name);
        sha256.update(self.url.as_str());
        hex::encode(sha256.finalize())
    }
}
