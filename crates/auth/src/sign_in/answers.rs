//! What is asked of a sign-in, and what it answers.

use std::{fmt, sync::Arc};

use secrecy::{ExposeSecret as _, SecretString};

use crate::Flow;

/// The access token that one request carries (RFC 6750 §2.1). Its Debug output does not show it.
#[derive(Clone)]
pub struct Bearer(SecretString);

impl Bearer {
    /// This token.
    pub fn new(token: SecretString) -> Self {
        Self(token)
    }

    /// The token itself, for the `Authorization` header.
    pub fn token(&self) -> &str {
        self.0.expose_secret()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.token() == other.token()
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer")
    }
}

/// What to do with a request that was answered 401, or 403 with `insufficient_scope`.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It did not run: send it once more, with this token.
    Again(Bearer),
    /// A person has to sign in.
    SignInNeeded,
    /// The credentials are kept and cannot be used right now (the authorization server or the keychain does not answer):
    /// one sentence. Worth another try.
    NotNow(Arc<str>),
}

/// Why there is no token although there may be one: the keychain is locked, or the like. One sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotNow(pub Arc<str>);

/// How a sign-in is to be done, where not as the config says.
#[derive(Debug, Clone, Default)]
pub struct SignInRequest {
    /// In place of the entry's flow.
    pub flow: Option<Flow>,
    /// Whether this process opens the page.
    pub open: bool,
    /// A client id and perhaps its secret, typed in by a person; kept in the credential store.
    pub client: Option<(String, Option<SecretString>)>,
    /// Takes over mcpo's sign-in ([`crate::SignIn::has_mcpo_sign_in`]) in place of asking a person.
    pub mcpo: bool,
}

/// What a person's browser is told when it comes back, or whoever pasted its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landing {
    /// Whether the sign-in went on well.
    pub ok: bool,
    /// One line.
    pub title: String,
    /// What happened and what to do, in plain text.
    pub message: String,
}

impl Landing {
    pub(crate) fn well(server: &str) -> Self {
        Self {
            ok: true,
            title: format!("Signed in to {server}"),
            message: "Its tools are ready to use.".to_owned(),
        }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { ok: false, title: "Not signed in".to_owned(), message: message.into() }
    }

    /// The same words whether a `state` is unknown, late or missing: they tell a stranger nothing.
    pub(crate) fn nobody_waits() -> Self {
        Self::failed(
            "No sign-in waits for this answer. It may have come too late, or for another program. Start the sign-in again.",
        )
    }
}

/// What came of a sign-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedOut {
    /// Something was kept for it.
    pub was_signed_in: bool,
    /// The authorization server took the tokens back (RFC 7009); `None` where it offers no revocation.
    pub revoked: Option<bool>,
}
