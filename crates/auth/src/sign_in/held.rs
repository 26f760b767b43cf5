//! What requests carry, in memory: read from the store once, changed by sign-ins, refreshes and sign-outs.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{NotNow, SignIn, SignInState, flow::sentence, sign_ins::locked};
use crate::{credential::StoreError, token::Tokens};

/// How long a store that could not be read is left alone: a keychain that hangs must not hold up each request.
const PAUSE: Duration = Duration::from_millis(900);

/// The tokens in memory.
#[derive(Debug, Clone, Default)]
pub(super) enum Held {
    /// The store was not asked yet.
    #[default]
    Unread,
    /// It could not be read, and is asked again after a while.
    Unreadable { error: StoreError, until: Instant },
    /// There are none.
    Nothing,
    /// These; `unsaved` where the store did not take them: they are saved as soon as it does.
    Tokens { tokens: Arc<Tokens>, unsaved: bool },
}

impl Held {
    /// The tokens, where some are known.
    pub(super) fn tokens(self) -> Option<Arc<Tokens>> {
        match self {
            Self::Unread | Self::Unreadable { .. } | Self::Nothing => None,
            Self::Tokens { tokens, .. } => Some(tokens),
        }
    }
}

impl SignIn {
    /// The tokens, out of the store where it was not asked yet.
    pub(super) async fn tokens(&self) -> Result<Option<Arc<Tokens>>, StoreError> {
        if let Some(known) = self.known() {
            return known;
        }
        let _reading = self.reading.lock().await;
        if let Some(known) = self.known() {
            return known;
        }
        match self.store.tokens(&self.id).await {
            Ok(Some(tokens)) => {
                // A sign-in that came to nothing while they could not be read was not needed.
                self.state.send_if_modified(|now| {
                    if matches!(now, SignInState::Failed { .. }) {
                        *now = SignInState::SignedOut;
                    }
                    false
                });
                self.hold(tokens, false);
            }
            Ok(None) => *locked(&self.held) = Held::Nothing,
            Err(error) => {
                let until = Instant::now() + PAUSE;
                *locked(&self.held) = Held::Unreadable { error, until };
            }
        }
        self.known().unwrap_or(Ok(None))
    }

    /// The tokens, as far as that needs no reading.
    fn known(&self) -> Option<Result<Option<Arc<Tokens>>, StoreError>> {
        match self.held() {
            Held::Unread => None,
            Held::Unreadable { error, until } => (Instant::now() < until).then_some(Err(error)),
            held => Some(Ok(held.tokens())),
        }
    }

    /// What is in memory.
    pub(super) fn held(&self) -> Held {
        locked(&self.held).clone()
    }

    pub(super) fn is_unsaved(&self) -> bool {
        matches!(self.held(), Held::Tokens { unsaved: true, .. })
    }

    /// From now on requests carry these.
    pub(super) fn hold(&self, tokens: Tokens, unsaved: bool) {
        let state = SignInState::SignedIn { scopes: tokens.granted.clone(), expires_at: tokens.expires_at };
        *locked(&self.held) = Held::Tokens { tokens: Arc::new(tokens), unsaved };
        self.state.send_if_modified(|now| {
            // A sign-in under way, or the need of one, is not over because tokens were read or refreshed.
            let modified = matches!(
                now,
                SignInState::SignedOut
                    | SignInState::SignedIn { .. }
                    | SignInState::Refreshing
                    | SignInState::ReauthNeeded { .. }
            ) && *now != state;
            if modified {
                *now = state;
            }
            modified
        });
    }

    /// Saves tokens, then lets requests carry them. Where the store does not take them they are used from memory, said in the
    /// log, and saved with the next occasion.
    pub(super) async fn keep(&self, tokens: Tokens) {
        let saved = self.store.save_tokens(&self.id, &tokens).await;
        if let Err(error) = &saved {
            tracing::warn!(
                server = %self.id.name,
                "its tokens could not be saved, and hold until Traygate ends: {}",
                not_now(error)
            );
        }
        self.hold(tokens, saved.is_err());
    }

    /// Nothing is carried any more. A sign-in that is under way goes on, and is seen to.
    pub(super) fn drop_tokens(&self, state: SignInState) {
        *locked(&self.held) = Held::Nothing;
        self.state.send_if_modified(|now| {
            let modified = !now.is_under_way();
            if modified {
                *now = state;
            }
            modified
        });
    }
}

/// Why the store cannot be used right now.
pub(super) fn not_now(error: &StoreError) -> Arc<str> {
    format!("{error}. {}", error.hint()).into()
}

/// The same as what a sign-in ends with.
pub(super) fn unkept(error: &StoreError) -> String {
    sentence(&NotNow(not_now(error)))
}
