use std::fmt;

use secrecy::SecretString;

/// A text of the config file that may hold `${NAME}`, `${NAME:-default}`, `${env:NAME}` and `${keychain:NAME}`.
///
/// Kept as written, so that two configs compare without reading a secret; its Debug output shows no literal text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Template(String);

/// One `${...}` of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `${NAME}`, `${env:NAME}`, `${NAME:-default}`.
    Environment {
        /// The variable's name.
        name: String,
        /// What stands where it is unset or empty.
        default: Option<String>,
    },
    /// `${keychain:NAME}`.
    Keychain {
        /// The secret's name, as `traygate secret set NAME` stored it.
        name: String,
    },
}

/// What a `${...}` stands for, asked while a server is being started.
pub trait Variables {
    /// An environment variable.
    fn environment(&self, name: &str) -> Option<String>;
    /// A secret out of the OS keychain.
    fn keychain(&self, name: &str) -> Option<SecretString>;
}

/// A `${...}` that stands for nothing. The literal text is never sent in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// The environment variable is not set.
    #[error("the environment variable `{0}` is not set")]
    Environment(String),
    /// The keychain holds no such secret.
    #[error("the keychain holds no secret `{0}`; set it with `traygate secret set {0}`")]
    Keychain(String),
    /// `${` without `}`, or an empty or malformed name.
    #[error("`{0}` is not a reference that Traygate knows")]
    Malformed(String),
}

impl Template {
    /// Takes a text as written in the file.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(..)")
    }
}
