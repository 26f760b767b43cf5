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

    /// Whether metadata that names `self` is that of `named`, which led there: identical (RFC 8414 §3.3), but for the
    /// slash that is a root's whole path, which pydantic adds (RFC 3986 §6.2.3: the same address). Not for `iss`.
    pub(crate) fn is_same(&self, named: &Self) -> bool {
        let is_root_of = |slash: &str, bare: &str| {
            slash.strip_suffix('/') == Some(bare)
                && bare.split_once("://").is_some_and(|(_, authority)| !authority.contains(['/', '?', '#']))
        };
        self == named || is_root_of(&self.0, &named.0) || is_root_of(&named.0, &self.0)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_compared_letter_by_letter_but_for_a_roots_slash() {
        for (one, other, same) in [
            ("https://as.example", "https://as.example", true),
            ("https://as.example", "https://as.example/", true),
            ("https://as.example/", "https://as.example", true),
            ("https://as.example:8443/", "https://as.example:8443", true),
            ("https://as.example/t", "https://as.example/t/", false),
            ("https://as.example/?a=/", "https://as.example/?a=", false),
            ("https://as.example//", "https://as.example/", false),
            ("https://AS.example", "https://as.example", false),
            ("https://as.example:443", "https://as.example", false),
            ("http://as.example", "https://as.example", false),
        ] {
            assert_eq!(Issuer::new(one).is_same(&Issuer::new(other)), same, "{one} {other}");
        }
    }
}
