use std::time::Duration;

use super::transport::Unanswered;

/// Why a token endpoint, or one beside it, gave nothing. Its texts are part of a sentence about the server ("`github`
/// could not be signed in to: ..."), what to do included; they hold no secret, and the authorization server's own words
/// only as [`super::words`] leaves them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// The code or the refresh token is dead: the one answer that costs a sign-in (RFC 6749 §5.2).
    #[error("the authorization server no longer takes this sign-in ({words}). Sign in again.")]
    InvalidGrant { words: String },
    /// It does not know this client, or not so: worth one new registration.
    #[error(
        "the authorization server refused this program as its client ({words}). Check `client_id` and `client_secret`, \
         or sign out with `--forget-client` and sign in again to register anew."
    )]
    InvalidClient { words: String },
    /// It will not do this, whoever asks.
    #[error("the authorization server refused: {words}.{}", hint(words))]
    Refused { words: String },
    /// Nobody can tell yet: credentials are kept.
    #[error("the authorization server could not answer: {reason}. Try again later.")]
    Transient { reason: String, retry_after: Option<Duration> },
    /// An answer that no RFC knows.
    #[error(
        "the authorization server gave no usable answer: {reason}. Its `oauth` settings or its address may be wrong."
    )]
    Nonsense { reason: String },
    /// A person, or the authorization server for them, said no (RFC 8628 §3.5).
    #[error("access was denied ({words}). Sign in again, and allow it.")]
    Denied { words: String },
    /// Nobody typed the device code in time.
    #[error("the code was not typed in time. Sign in again for a new one.")]
    CodeExpired,
    /// Codes, tokens and clients go to the authorization server that they are from, and to no other.
    #[error("its authorization server is another one than before. Sign in again.")]
    OtherIssuer,
    /// "The client credentials grant type MUST only be used by confidential clients" (RFC 6749 §4.4).
    #[error(
        "`grant: client_credentials` needs a client secret. Set `client_id` and `client_secret` in its `oauth` block."
    )]
    SecretNeeded,
}

/// What to do about a refusal, where its words tell.
pub(crate) fn hint(words: &str) -> &'static str {
    if words.contains("AADSTS9010010") || words.starts_with("invalid_target") {
        " Set `resource` to `omit` in its `oauth` block, or to what that authorization server calls this server."
    } else if words.starts_with("invalid_scope") {
        " Set `scope` in its `oauth` block to scopes that this authorization server knows."
    } else if words.starts_with("unsupported_grant_type") {
        " Choose another `grant` or `flow` in its `oauth` block."
    } else {
        ""
    }
}

impl From<Unanswered> for TokenError {
    fn from(Unanswered { reason, transient }: Unanswered) -> Self {
        if transient { Self::Transient { reason, retry_after: None } } else { Self::Nonsense { reason } }
    }
}
