use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// SHA-256 of a key: enough to check one, useless to whoever reads it (keys are random).
#[derive(Clone, Copy)]
pub(crate) struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// The digest of a key, white space around it not counted: Open WebUI trims a key on some requests only.
    pub(crate) fn of(key: &SecretString) -> Self {
        Self::of_bytes(key.expose_secret().as_bytes())
    }

    /// Whether `candidate` is the key. Takes the same time whatever differs.
    pub(crate) fn matches(&self, candidate: &[u8]) -> bool {
        self.0.ct_eq(&Self::of_bytes(candidate).0).into()
    }

    /// Whether both are of one key.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    fn of_bytes(key: &[u8]) -> Self {
        Self(Sha256::digest(key.trim_ascii()).into())
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_matches_itself_and_nothing_else() {
        let digest = KeyDigest::of(&SecretString::from(" s3cret\n"));
        assert!(digest.matches(b"s3cret"));
        assert!(digest.matches(b" s3cret "));
        for wrong in [&b""[..], b"s3cre", b"s3cret2", b"S3CRET"] {
            assert!(!digest.matches(wrong));
        }
    }

    #[test]
    fn debug_output_holds_no_digest() {
        assert_eq!(format!("{:?}", KeyDigest::of(&SecretString::from("k"))), "KeyDigest(..)");
    }
}
