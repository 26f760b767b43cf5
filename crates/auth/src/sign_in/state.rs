use std::{sync::Arc, time::SystemTime};

use url::Url;

use crate::{Flow, Scopes};

/// Where one server's sign-in stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SignInState {
    /// Nothing is kept for it; whether it is needed the server tells.
    #[default]
    SignedOut,
    /// The authorization server is looked for.
    Discovering,
    /// This program is made known to it.
    Registering,
    /// A person has to answer in a browser.
    AwaitingRedirect(Awaiting),
    /// A person has to type a code on another device (RFC 8628 §3.3).
    AwaitingDevice(DeviceCode),
    /// The code is exchanged for tokens.
    Exchanging,
    /// The tokens are being saved.
    Storing,
    /// Requests carry a token.
    SignedIn {
        /// What was granted.
        scopes: Scopes,
        /// When the access token ends, where that was said; it is renewed before.
        expires_at: Option<SystemTime>,
    },
    /// A new access token is asked for.
    Refreshing,
    /// What is kept is no longer taken: a person has to sign in again.
    ReauthNeeded {
        /// One sentence.
        reason: Arc<str>,
    },
    /// The server wants more scopes than were granted (MCP 2026-07-28, scope challenge handling).
    StepUpNeeded {
        /// All that will be asked for.
        scopes: Scopes,
    },
    /// The last sign-in came to nothing.
    Failed {
        /// One sentence that says what to do.
        reason: Arc<str>,
    },
}

/// An authorization request that waits for its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaiting {
    /// What the browser opens: the authorization URL itself. Holds no secret, but is nobody else's business.
    pub url: Url,
    /// Where the response comes in.
    pub redirect_uri: Url,
    /// How.
    pub flow: Flow,
    /// Nobody waits for it any more after this.
    pub until: SystemTime,
}

/// What a person does on another device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCode {
    /// To be typed there.
    pub user_code: String,
    /// Where.
    pub verification_uri: Url,
    /// Where it need not be typed.
    pub verification_uri_complete: Option<Url>,
    /// The code's end.
    pub until: SystemTime,
}

impl SignInState {
    /// Whether a sign-in is under way.
    pub fn is_under_way(&self) -> bool {
        matches!(
            self,
            Self::Discovering
                | Self::Registering
                | Self::AwaitingRedirect(_)
                | Self::AwaitingDevice(_)
                | Self::Exchanging
                | Self::Storing
        )
    }
}
