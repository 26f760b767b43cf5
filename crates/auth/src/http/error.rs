use std::{error::Error, fmt, time::Duration};

use url::Url;

use super::{MAX_BODY, resolver::Refused};

/// Why a request got no answer. Its text stands within a sentence, and names hosts, never a query, a header or a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HttpError {
    /// No connection, or a broken one.
    #[error("`{host}` could not be reached ({cause})")]
    Unreachable { host: String, cause: String },
    /// It took too long.
    #[error("`{host}` did not answer within {seconds} s")]
    Late { host: String, seconds: u64 },
    /// The answer is longer than any of its kind.
    #[error("`{host}` answered with more than {} KiB", MAX_BODY / 1024)]
    TooLarge { host: String },
    /// A public MCP server named an address that is not for it to name.
    #[error("{}", refused(.host, *.allowable))]
    Private {
        host: String,
        /// By `allow_private_addresses`.
        allowable: bool,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

fn refused(host: &str, allowable: bool) -> String {
    if allowable {
        format!(
            "`{host}` is inside a private network, which a public server may not send Traygate into; if it is yours, set \
             `allow_private_addresses` to true in the server's `oauth` block"
        )
    } else {
        format!("`{host}` is at an address that Traygate never asks, such as a cloud's instance metadata")
    }
}

impl HttpError {
    /// Whether another try may do better.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Late { .. })
    }

    /// An error of reqwest, which knows its URL no more.
    pub(super) fn of(url: &Url, error: &reqwest::Error) -> Self {
        let mut cause: &(dyn Error + 'static) = error;
        loop {
            if let Some(Refused { allowable }) = cause.downcast_ref() {
                return Self::Private { host: host(url), allowable: *allowable };
            }
            match cause.source() {
                Some(source) => cause = source,
                None => break,
            }
        }
        if error.is_builder() {
            return Self::other(url, format_args!("could not be asked ({cause})"));
        }
        // The innermost error says what happened; those around it only that something did.
        Self::Unreachable { host: host(url), cause: cause.to_string() }
    }

    pub(super) fn late(url: &Url, after: Duration) -> Self {
        Self::Late { host: host(url), seconds: after.as_secs() }
    }

    pub(super) fn too_large(url: &Url) -> Self {
        Self::TooLarge { host: host(url) }
    }

    pub(super) fn private(url: &Url, allowable: bool) -> Self {
        Self::Private { host: host(url), allowable }
    }

    pub(super) fn other(url: &Url, what: impl fmt::Display) -> Self {
        Self::Other(format!("`{}` {what}", host(url)))
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or(url.scheme()).to_owned()
}
