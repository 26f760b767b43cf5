use std::{
    fmt,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Bearer, Landing, NotNow, SignInRequest, SignInState, SignIns, SignedOut, Verdict,
    flow::Running,
    held::{Held, not_now},
    renewal::Renewal,
    sign_ins::locked,
    step_up::{StepUp, StepUps},
};
use crate::{
    Challenge, Grant, Scopes, ServerId, SignInOptions,
    credential::{CredentialStore, StoreError},
    http::Http,
    token::Tokens,
};

/// How long a request waits for a new token while the old one is still good.
const BRIEFLY: Duration = Duration::from_secs(1);

/// The sign-in of one server: who asks for a token, a sign-in or a sign-out asks here.
pub struct SignIn {
    pub(super) me: Weak<SignIn>,
    pub(super) all: SignIns,
    pub(super) id: ServerId,
    pub(super) options: SignInOptions,
    pub(super) store: CredentialStore,
    pub(super) http: Mutex<Option<Http>>,
    pub(super) state: watch::Sender<SignInState>,
    /// Counts sign-ins and sign-outs that changed the token for good.
    pub(super) changes: watch::Sender<u64>,
    /// What requests carry.
    pub(super) held: Mutex<Held>,
    /// Held by whoever changes the tokens for others: a refresh, a new sign-in, a sign-out. None of them undoes another.
    pub(super) changing: tokio::sync::Mutex<()>,
    /// Held while the store is read for the first time.
    pub(super) reading: tokio::sync::Mutex<()>,
    /// The refresh that is under way, or how the last one ended.
    pub(super) renewal: Mutex<Option<Renewal>>,
    /// What the server said last; `None` before its first refusal.
    pub(super) challenge: watch::Sender<Option<Challenge>>,
    pub(super) step_ups: Mutex<StepUps>,
    pub(super) running: Mutex<Option<Running>>,
    pub(super) needs_client: AtomicBool,
    /// Ends what runs for it: its entry changed, or the gateway ends.
    pub(super) stop: CancellationToken,
}

impl SignIn {
    pub(super) fn new(all: SignIns, id: ServerId, options: SignInOptions) -> Arc<Self> {
        let store = all.store(options.storage);
        let sign_in = Arc::new_cyclic(|me| Self {
            me: me.clone(),
            stop: all.0.stop.child_token(),
            id,
            options,
            store,
            http: Mutex::default(),
            state: watch::Sender::default(),
            changes: watch::Sender::default(),
            held: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            renewal: Mutex::default(),
            challenge: watch::Sender::default(),
            step_ups: Mutex::default(),
            running: Mutex::default(),
            needs_client: AtomicBool::new(false),
            all,
        });
        sign_in.all.0.tasks.spawn(super::renewal::keep(Arc::downgrade(&sign_in), sign_in.stop.clone()));
        sign_in
    }

    pub(super) fn id(&self) -> &ServerId {
        &self.id
    }

    pub(super) fn is_for(&self, id: &ServerId, options: &SignInOptions) -> bool {
        self.id == *id && self.options.is(options)
    }

    /// Nobody asks here any more.
    pub(super) fn end(&self) {
        self.stop.cancel();
    }

    /// The token for the next request; `None` where there is none: the request goes without. Renews one that is about to
    /// end. Comes from memory, but for the first use and renewals. `None` as well where the store cannot be read: a server
    /// that wants no token is not to wait for a keychain, and one that wants it refuses, and [`Self::refused`] says why.
    ///
    /// # Errors
    /// [`NotNow`]: the token ended, and there is no other right now.
    pub async fn bearer(&self) -> Result<Option<Bearer>, NotNow> {
        let Ok(Some(tokens)) = self.tokens().await else { return Ok(None) };
        let bearer = Bearer::new(tokens.access_token.clone());
        if !self.is_due(&tokens) {
            return Ok(Some(bearer));
        }
        let verdict = if tokens.is_expired(SystemTime::now()) {
            self.renew(None).await
        } else {
            // It may be taken for a while yet: no call waits long for an authorization server that is slow.
            timeout(BRIEFLY, self.renew(None)).await.unwrap_or_else(|_| Verdict::Again(bearer.clone()))
        };
        match verdict {
            Verdict::Again(fresh) => Ok(Some(fresh)),
            Verdict::SignInNeeded => Ok(None),
            Verdict::NotNow(_) if !tokens.is_expired(SystemTime::now()) => Ok(Some(bearer)),
            Verdict::NotNow(reason) => Err(NotNow(reason)),
        }
    }

    /// A request that carried `sent` was refused with `challenge`. One refresh for all who come with the same token.
    pub async fn refused(&self, sent: Option<&Bearer>, challenge: Challenge) -> Verdict {
        let tokens = match self.tokens().await {
            Ok(tokens) => tokens,
            // There is no store here: whoever signs in is told so.
            Err(StoreError::Unavailable(_) | StoreError::NoFolder) => None,
            Err(error) => return Verdict::NotNow(not_now(&error)),
        };
        let Some(tokens) = tokens else {
            self.challenge.send_replace(Some(challenge));
            return Verdict::SignInNeeded;
        };
        let held = Bearer::new(tokens.access_token.clone());
        if !sent.is_some_and(|sent| sent.is(&held)) {
            return Verdict::Again(held);
        }
        if challenge.is_insufficient_scope() {
            self.step_up(&tokens, &challenge);
            self.challenge.send_replace(Some(challenge));
            return Verdict::SignInNeeded;
        }
        self.challenge.send_replace(Some(challenge));
        self.renew(Some(held)).await
    }

    /// Asks for more scopes at the next sign-in, unless that was tried too often.
    fn step_up(&self, tokens: &Tokens, challenge: &Challenge) {
        let challenged = challenge.scope.clone().unwrap_or_default();
        let state = match locked(&self.step_ups).refused(&tokens.requested, &challenged) {
            StepUp::Ask(scopes) => SignInState::StepUpNeeded { scopes },
            StepUp::GiveUp => SignInState::Failed { reason: gave_up(&challenged).into() },
        };
        // A sign-in that is under way may be just this one's answer.
        self.state.send_if_modified(|now| {
            let modified = !now.is_under_way() && *now != state;
            if modified {
                *now = state;
            }
            modified
        });
    }

    /// Where it stands.
    pub fn state(&self) -> watch::Receiver<SignInState> {
        self.state.subscribe()
    }

    /// Changes with each sign-in and sign-out: who waits for a token connects again.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Whether a person is needed: not for a machine's own grant.
    pub fn needs_person(&self) -> bool {
        self.options.grant != Grant::ClientCredentials
    }

    /// Whether the last sign-in failed for want of a client that is registered by hand ([`SignInRequest::client`]).
    pub fn needs_client(&self) -> bool {
        self.needs_client.load(Ordering::Relaxed)
    }

    /// How it is done where a [`SignInRequest`] does not say otherwise.
    pub fn flow(&self) -> crate::Flow {
        self.options.flow
    }

    /// Begins a sign-in; one that is under way goes on, and its page is opened once more if `request` says so. When this
    /// returns, the state is one that is under way, or says why there is none.
    pub fn start(self: &Arc<Self>, request: SignInRequest) {
        let mut running = locked(&self.running);
        if running.as_ref().is_some_and(|flow| !flow.has_ended()) {
            if request.open
                && let SignInState::AwaitingRedirect(awaiting) = &*self.state.borrow()
            {
                self.open(&awaiting.url);
            }
            return;
        }
        if !matches!(*self.state.borrow(), SignInState::StepUpNeeded { .. }) {
            locked(&self.step_ups).forget();
        }
        self.needs_client.store(false, Ordering::Relaxed);
        *running = Some(Running::start(Arc::clone(self), request));
    }

    /// Ends a sign-in that is under way; what was kept before stays.
    pub fn cancel(&self) {
        if let Some(running) = locked(&self.running).as_ref() {
            running.cancel();
        }
    }

    /// Takes what a person pasted: the address that the browser ended on, or the bare code.
    pub async fn paste(&self, text: &str) -> Landing {
        let responses = locked(&self.running).as_ref().and_then(Running::responses);
        match responses {
            Some(responses) => super::flow::paste(&responses, text).await,
            None => Landing::nobody_waits(),
        }
    }

    /// Takes the tokens back (RFC 7009) and deletes them, and the client too where `forget_client`.
    ///
    /// # Errors
    /// One sentence: what could not be deleted.
    pub async fn sign_out(&self, forget_client: bool) -> Result<SignedOut, String> {
        self.cancel();
        let running = locked(&self.running).as_ref().map(Running::ended);
        if let Some(ended) = running {
            // What it began to save is saved, and deleted then.
            ended.cancelled().await;
        }
        super::sign_out::sign_out(self, forget_client).await
    }

    /// Opens a page for the person who asked; the log tells where that is impossible.
    pub(super) fn open(&self, url: &url::Url) {
        let (browser, url, name) =
            (Arc::clone(&self.all.0.surroundings.browser), url.clone(), self.id.name.clone());
        self.all.0.tasks.spawn_blocking(move || {
            if let Err(reason) = browser.open(&url) {
                tracing::warn!(server = %name, "its sign-in page was not opened: {reason}");
            }
        });
    }

    /// Tokens of a new sign-in are held: whoever waited for them goes on.
    pub(super) fn signed_in(&self) {
        if let Some(tokens) = self.held().tokens() {
            let scopes = tokens.granted.clone();
            self.state.send_replace(SignInState::SignedIn { scopes, expires_at: tokens.expires_at });
        }
        *locked(&self.renewal) = None;
        self.changed();
    }

    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

fn gave_up(scopes: &Scopes) -> String {
    format!(
        "The server asks for more permissions ({scopes}) again and again, though they were asked for. Its administrator may \
         have to grant them; then sign in again."
    )
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("server", &self.id.name)
            .field("state", &*self.state.borrow())
            .finish_non_exhaustive()
    }
}
