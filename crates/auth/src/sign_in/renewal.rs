//! Refreshing: one at a time for a credential, in a task of its own that no request can break off, and before the access
//! token ends.

use std::{
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared, ready},
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{
    Bearer, SignIn, SignInState, Verdict,
    flow::sentence,
    held::{Held, not_now},
    sign_ins::locked,
};
use crate::{
    Grant,
    client::ClientOrigin,
    credential::StoreError,
    token::{TokenError, Tokens, refresh},
};

/// The first and the longest pause after a refresh that did not get through.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(2));
/// A token that is refused so soon after it was given in place of a refused one will not be helped by a third.
const FRESH: Duration = Duration::from_secs(20);
/// How often the wall clock is looked at: a machine that slept does not count the time.
const LOOK: Duration = Duration::from_mins(1);

/// A refresh that is under way or has ended.
pub(super) struct Renewal {
    outcome: Shared<BoxFuture<'static, Verdict>>,
    /// What did not get through is not tried again before this.
    not_before: Option<Instant>,
    pause: Duration,
    /// When a refused token was last replaced.
    replaced: Option<Instant>,
}

impl SignIn {
    /// Whether the access token is to be renewed, and can be.
    pub(super) fn is_due(&self, tokens: &Tokens) -> bool {
        self.is_renewable(tokens) && tokens.due(SystemTime::now())
    }

    fn is_renewable(&self, tokens: &Tokens) -> bool {
        tokens.refresh_token.is_some() || self.options.grant == Grant::ClientCredentials
    }

    /// A new access token in place of the one that is held, or of `rejected`. Whoever asks meanwhile waits for the same
    /// one; dropping the future leaves it running.
    pub(super) async fn renew(&self, rejected: Option<Bearer>) -> Verdict {
        let outcome = {
            let mut renewal = locked(&self.renewal);
            if let Some(outcome) = self.without_asking(renewal.as_ref(), rejected.as_ref()) {
                outcome
            } else {
                let Some(me) = self.me.upgrade() else { return Verdict::SignInNeeded };
                let task = self.all.0.tasks.spawn(async move { me.renew_now(rejected).await });
                let ended = || Verdict::NotNow("The refresh of its token was broken off.".into());
                let outcome = task.map(move |done| done.unwrap_or_else(|_| ended())).boxed().shared();
                let pause = renewal.as_ref().map_or(PAUSES.0, |last| last.pause);
                let replaced = renewal.as_ref().and_then(|last| last.replaced);
                *renewal = Some(Renewal { outcome: outcome.clone(), not_before: None, pause, replaced });
                outcome
            }
        };
        outcome.await
    }

    /// What can be said without another refresh: one is under way, or ended well meanwhile, or not long ago without getting
    /// through.
    fn without_asking(
        &self,
        last: Option<&Renewal>,
        rejected: Option<&Bearer>,
    ) -> Option<Shared<BoxFuture<'static, Verdict>>> {
        let held = match self.held() {
            Held::Tokens { tokens, .. } => Bearer::new(tokens.access_token.clone()),
            Held::Nothing => return Some(ready(Verdict::SignInNeeded).boxed().shared()),
            Held::Unread | Held::Unreadable { .. } => return None,
        };
        if rejected.is_some_and(|rejected| !rejected.is(&held)) {
            return Some(ready(Verdict::Again(held)).boxed().shared());
        }
        let last = last?;
        let waits = last.not_before.is_some_and(|at| Instant::now() < at);
        (last.outcome.peek().is_none() || waits).then(|| last.outcome.clone())
    }

    async fn renew_now(self: Arc<Self>, rejected: Option<Bearer>) -> Verdict {
        let verdict = self.renewed(rejected).await;
        let mut renewal = locked(&self.renewal);
        if let Some(renewal) = renewal.as_mut() {
            match &verdict {
                Verdict::NotNow(reason) => {
                    let pause = renewal.pause;
                    renewal.pause = (pause * 2).min(PAUSES.1);
                    // An authorization server that said when wins.
                    let earliest = Instant::now() + pause;
                    renewal.not_before = Some(renewal.not_before.map_or(earliest, |at| at.max(earliest)));
                    tracing::info!(server = %self.id.name, "its token was not refreshed: {reason}");
                }
                _ => renewal.pause = PAUSES.0,
            }
        }
        verdict
    }

    async fn renewed(&self, rejected: Option<Bearer>) -> Verdict {
        let _changing = self.changing.lock().await;
        // Two processes with one store: only one of them may use up a refresh token.
        let _lock = match self.store.lock(&self.id).await {
            Ok(lock) => lock,
            Err(error) => return Verdict::NotNow(not_now(&error)),
        };
        let kept = match self.current().await {
            Ok(Some(kept)) => kept,
            Ok(None) => {
                self.drop_tokens(SignInState::SignedOut);
                return Verdict::SignInNeeded;
            }
            Err(error) => return Verdict::NotNow(not_now(&error)),
        };
        let bearer = Bearer::new(kept.access_token.clone());
        let is_rejected = rejected.is_some_and(|rejected| rejected.is(&bearer));
        if !is_rejected && !self.is_due(&kept) {
            self.hold(kept, self.is_unsaved());
            return Verdict::Again(bearer);
        }
        let replaced = locked(&self.renewal).as_ref().and_then(|renewal| renewal.replaced);
        if is_rejected && replaced.is_some_and(|at| at.elapsed() < FRESH) {
            let reason = "The server does not take the token that it was just given.";
            // It may be the server's fault alone: what is kept stays.
            return self.over(&kept, reason, false).await;
        }
        self.set(SignInState::Refreshing);
        let renewed = match self.options.grant {
            Grant::ClientCredentials => self.own_tokens(&kept).await,
            Grant::AuthorizationCode => self.refreshed(&kept).await,
        };
        match renewed {
            Ok(tokens) => {
                let bearer = Bearer::new(tokens.access_token.clone());
                // A rotated token is saved before it is used.
                self.keep(tokens).await;
                if let Some(renewal) = locked(&self.renewal).as_mut().filter(|_| is_rejected) {
                    renewal.replaced = Some(Instant::now());
                }
                Verdict::Again(bearer)
            }
            Err(Refusal::ForGood { reason, dead }) => self.over(&kept, &reason, dead).await,
            Err(Refusal::ForNow { reason, retry_after }) => {
                self.hold(kept, self.is_unsaved());
                if let (Some(after), Some(renewal)) = (retry_after, locked(&self.renewal).as_mut()) {
                    renewal.not_before = Some(Instant::now() + after);
                }
                Verdict::NotNow(reason)
            }
        }
    }

    /// The tokens as the store has them, which another process may have renewed; as memory has them where the store did not
    /// take them yet.
    pub(super) async fn current(&self) -> Result<Option<Tokens>, StoreError> {
        if self.is_unsaved()
            && let Some(tokens) = self.held().tokens()
        {
            let tokens = Tokens::clone(&tokens);
            if self.store.save_tokens(&self.id, &tokens).await.is_ok() {
                self.hold(tokens.clone(), false);
            }
            return Ok(Some(tokens));
        }
        self.store.tokens(&self.id).await
    }

    async fn refreshed(&self, kept: &Tokens) -> Result<Tokens, Refusal> {
        let gone = |what: &str| Refusal::ForGood { reason: what.into(), dead: true };
        let for_now = |reason: Arc<str>| Refusal::ForNow { reason, retry_after: None };
        let (Some(_), Some(server)) = (&kept.refresh_token, kept.server.as_deref()) else {
            return Err(gone("The server no longer takes its token, and there is none to renew it with."));
        };
        let client = self.client_of(kept).await.map_err(|error| for_now(not_now(&error)))?;
        let client = client.ok_or_else(|| gone("The registration that its token was given to is gone."))?;
        let http = self.http().map_err(|reason| for_now(reason.into()))?;
        let refreshed = refresh(&http, server, &client, kept, None).await;
        match refreshed {
            // Registered anew with the next sign-in.
            Err(error @ TokenError::InvalidClient { .. }) if client.origin == ClientOrigin::Dynamic => {
                self.forget_client(&kept.issuer).await;
                Err(Refusal::ForGood { reason: sentence(&error).into(), dead: true })
            }
            refreshed => refreshed.map_err(Refusal::from),
        }
    }

    /// What is kept is not taken any more: a person has to sign in again. It is deleted where it is `dead` for sure.
    async fn over(&self, kept: &Tokens, reason: &str, dead: bool) -> Verdict {
        if dead && let Err(error) = self.store.delete_tokens(&self.id).await {
            tracing::warn!(server = %self.id.name, "its dead tokens could not be deleted: {error}");
        }
        tracing::info!(server = %self.id.name, issuer = %kept.issuer, "sign in again: {reason}");
        self.drop_tokens(SignInState::ReauthNeeded { reason: reason.into() });
        Verdict::SignInNeeded
    }

    fn set(&self, state: SignInState) {
        self.state.send_if_modified(|now| {
            let modified = !now.is_under_way();
            if modified {
                *now = state;
            }
            modified
        });
    }
}

/// Why no new token came.
pub(super) enum Refusal {
    /// A person has to do something. `dead`: what is kept will never be taken again.
    ForGood {
        reason: Arc<str>,
        dead: bool,
    },
    ForNow {
        reason: Arc<str>,
        retry_after: Option<Duration>,
    },
}

/// Renews the access token before it ends, and after a sleep of the machine, so that no call has to wait for it; saves what
/// the store did not take at first.
pub(super) async fn keep(sign_in: Weak<SignIn>, stop: CancellationToken) {
    loop {
        let Some(now) = sign_in.upgrade() else { return };
        let mut state = now.state();
        let tokens = now.held().tokens();
        let pause = match &tokens {
            Some(tokens) if now.is_due(tokens) || now.is_unsaved() => {
                let verdict = now.renew(None).await;
                let through = matches!(verdict, Verdict::Again(_)) && !now.is_unsaved();
                Some(if through { PAUSES.0 } else { LOOK })
            }
            Some(tokens) if now.is_renewable(tokens) => {
                tokens.due_in(SystemTime::now()).map(|left| left.clamp(PAUSES.0, LOOK))
            }
            Some(_) | None => None,
        };
        drop(now);
        let over = async {
            match pause {
                Some(pause) => sleep(pause).await,
                None => drop(state.changed().await),
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = over => {}
        }
    }
}
