//! One server's sign-in: its state, its flow, and the token that requests carry.

mod state;

use std::{collections::HashMap, ffi::OsString, fmt, path::PathBuf, sync::Arc};

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;
use url::Url;

pub use self::state::{Awaiting, DeviceCode, SignInState};
use crate::{Challenge, Flow, Keychain, ServerId, SignInOptions, StorageType};

/// All sign-ins of one gateway. Cheap to clone.
#[derive(Clone)]
pub struct SignIns(Arc<Inner>);

struct Inner {
    #[expect(dead_code, reason = "skeleton")]
    surroundings: Surroundings,
}

/// What sign-ins need of the world around them.
pub struct Surroundings {
    /// The OS keychain.
    pub keychain: Keychain,
    /// The folder for encrypted files, locks and remembered ports; `None`: nothing is kept in files.
    pub state_dir: Option<PathBuf>,
    /// Where credentials are kept unless a server's entry says otherwise.
    pub storage: StorageType,
    /// Environment variables: `BROWSER`, `TRAYGATE_KEY_FILE`, `HOME`.
    pub variables: HashMap<OsString, OsString>,
    /// What opens pages; [`crate::SystemBrowser`] in production.
    pub browser: Arc<dyn Browser>,
}

/// Opens a page for a person who asked for it.
pub trait Browser: Send + Sync {
    /// Opens it, without waiting for its end.
    ///
    /// # Errors
    /// One sentence: why nothing opened.
    fn open(&self, url: &Url) -> Result<(), String>;
}

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
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer")
    }
}

/// What to do with a request that was answered 401, or 403 with `insufficient_scope`.
#[derive(Debug)]
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
#[derive(Debug, Default)]
pub struct SignInRequest {
    /// In place of the entry's flow.
    pub flow: Option<Flow>,
    /// Whether this process opens the page.
    pub open: bool,
    /// A client id and perhaps its secret, typed in by a person; kept in the credential store.
    pub client: Option<(String, Option<SecretString>)>,
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

/// What came of a sign-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedOut {
    /// Something was kept for it.
    pub was_signed_in: bool,
    /// The authorization server took the tokens back (RFC 7009); `None` where it offers no revocation.
    pub revoked: Option<bool>,
}

/// The sign-in of one server: who asks for a token, a sign-in or a sign-out asks here.
pub struct SignIn {
    state: watch::Sender<SignInState>,
    /// Counts sign-ins and sign-outs that changed the token for good.
    changes: watch::Sender<u64>,
}

impl SignIns {
    /// No server is known to it yet.
    pub fn new(surroundings: Surroundings) -> Self {
        Self(Arc::new(Inner { surroundings }))
    }

    /// Where the gateway's own `/-/oauth/callback` is reached over plain HTTP on 127.0.0.1; `None` where it is not, so
    /// that a listener of its own is needed.
    pub fn set_callback(&self, _callback: Option<Url>) {}

    /// The sign-in of a server; the same one as before while `id` and `options` are the same.
    pub fn server(&self, _id: ServerId, _options: SignInOptions) -> Arc<SignIn> {
        Arc::new(SignIn { state: watch::Sender::default(), changes: watch::Sender::default() })
    }

    /// The sign-in of the server that has this name now.
    pub fn find(&self, _name: &str) -> Option<Arc<SignIn>> {
        None
    }

    /// The server of this name is gone from the config: its credentials are deleted.
    pub fn remove(&self, _name: &str) {}

    /// An authorization response came in at `at`, a redirect URI with its query: routed by `state` alone. What belongs to
    /// no sign-in changes nothing.
    pub async fn redirected(&self, _at: &Url) -> Landing {
        Landing { ok: false, title: String::new(), message: String::new() }
    }

    /// Ends every sign-in that is under way. A refresh that began is finished and saved first.
    pub async fn shutdown(&self) {}
}

impl SignIn {
    /// The token for the next request; `None` where there is none: the request goes without. Renews one that is about to
    /// end. Comes from memory, but for the first use and renewals.
    ///
    /// # Errors
    /// [`NotNow`].
    pub async fn bearer(&self) -> Result<Option<Bearer>, NotNow> {
        Ok(None)
    }

    /// A request that carried `sent` was refused with `challenge`. One refresh for all who come with the same token.
    pub async fn refused(&self, _sent: Option<&Bearer>, _challenge: Challenge) -> Verdict {
        Verdict::SignInNeeded
    }

    /// Where it stands.
    pub fn state(&self) -> watch::Receiver<SignInState> {
        self.state.subscribe()
    }

    /// Changes with each sign-in and sign-out: who waits for a token connects again.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Begins a sign-in; one that is under way goes on, and its page is opened once more if `request` says so.
    pub fn start(self: &Arc<Self>, _request: SignInRequest) {}

    /// Ends a sign-in that is under way; what was kept before stays.
    pub fn cancel(&self) {}

    /// Takes what a person pasted: the address that the browser ended on, or the bare code.
    pub async fn paste(&self, _text: &str) -> Landing {
        Landing { ok: false, title: String::new(), message: String::new() }
    }

    /// Takes the tokens back (RFC 7009) and deletes them, and the client too where `forget_client`.
    ///
    /// # Errors
    /// One sentence: what could not be deleted.
    pub async fn sign_out(&self, _forget_client: bool) -> Result<SignedOut, String> {
        Ok(SignedOut { was_signed_in: false, revoked: None })
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

impl fmt::Debug for SignIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIns")
    }
}
