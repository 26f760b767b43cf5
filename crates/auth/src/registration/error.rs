use std::time::Duration;

use url::Url;

use crate::{issuer::Issuer, token::Unanswered};

/// Why this program is not known to an authorization server. Its texts are part of a sentence about the server, what to do
/// included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegistrationError {
    /// It lets no program register by itself: a person has to.
    #[error(
        "its authorization server (`{issuer}`) lets no program register itself{}. Register an application there{}, then \
         set its `client_id`, and its `client_secret` if it has one, in the `oauth` block.",
        why(words.as_deref()),
        redirect(redirect_uri.as_deref())
    )]
    ClientNeeded {
        issuer: Issuer,
        /// The one to register; `None` where the grant needs none.
        redirect_uri: Option<Box<Url>>,
        /// What it said, if it was asked.
        words: Option<String>,
    },
    /// Nothing answers where the oldest revision of MCP has an authorization server: there is none.
    #[error(
        "it wants a sign-in and does not say where, and nothing at `{issuer}` registers programs. Set `server_url` in its \
         `oauth` block to its authorization server, or a token in `headers`."
    )]
    Nowhere { issuer: Issuer },
    /// "SHOULD surface an error rather than silently use" (MCP 2026-07-28, client registration).
    #[error(
        "its `client_id` was registered with `{was}`, and the server now names `{now}` as its authorization server. If \
         that is right, sign out with `--forget-client` and sign in again."
    )]
    IssuerChanged { was: Issuer, now: Issuer },
    #[error(
        "`client_metadata_url` is no client id. It needs `https`, a path, and neither fragment nor user name nor `.` and \
         `..` in its path."
    )]
    MetadataUrl,
    #[error(
        "its authorization server does not take the redirect URI `{redirect_uri}` ({words}). Set one that it takes with \
         `callback_port`, `redirect_host` or `client_metadata.redirect_uris` in the `oauth` block."
    )]
    RedirectRefused { redirect_uri: Box<Url>, words: String },
    #[error(
        "its authorization server refused to register this program ({words}). Check `client_metadata` in the `oauth` block, or register by hand and set `client_id`."
    )]
    Refused { words: String },
    #[error(
        "its authorization server wants this program to prove itself by `{0}`, which Traygate cannot. Register by hand for `none`, `client_secret_basic` or `client_secret_post`, and set `client_id`."
    )]
    UnknownAuthMethod(String),
    #[error(
        "`token_endpoint_auth_method` in `client_metadata` is `{0}`. Traygate knows `none`, `client_secret_basic` and `client_secret_post`."
    )]
    ConfiguredAuthMethod(String),
    #[error("its authorization server could not register this program: {reason}. Try again later.")]
    Transient { reason: String, retry_after: Option<Duration> },
    #[error(
        "its authorization server gave no usable answer to the registration: {reason}. Register by hand and set `client_id`."
    )]
    Nonsense { reason: String },
}

fn why(words: Option<&str>) -> String {
    words.map(|words| format!(" ({words})")).unwrap_or_default()
}

fn redirect(redirect_uri: Option<&Url>) -> String {
    redirect_uri.map(|uri| format!(" with the redirect URI `{uri}`, exactly so")).unwrap_or_default()
}

impl From<Unanswered> for RegistrationError {
    fn from(Unanswered { reason, transient }: Unanswered) -> Self {
        if transient { Self::Transient { reason, retry_after: None } } else { Self::Nonsense { reason } }
    }
}
