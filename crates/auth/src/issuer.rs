use std::fmt;

use serde::{Deserialize, Serialize};

/// An authorization server's issuer identifier (RFC 8414 §2), letter by letter as it was written: issuers are compared
/// as strings, without normalisation (RFC 9207 §2.4, RFC 3986 §6.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Issuer(String);

impl Issuer {
    pub(crate) fn new(identifier: impl Into<String>) -> Self {
        Self(identifier.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
