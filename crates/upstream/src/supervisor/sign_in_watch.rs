use std::{future::pending, sync::Arc};

use tokio::sync::watch;

use super::transition::Event;
use crate::token_source::TokenSource;

/// Tells of the sign-ins and sign-outs that happen after it was made.
pub(super) struct SignInWatch {
    source: Arc<dyn TokenSource>,
    changes: watch::Receiver<u64>,
}

impl SignInWatch {
    pub(super) fn new(source: Arc<dyn TokenSource>) -> Self {
        Self { changes: source.changes(), source }
    }

    /// Waits for the next. Dropping it loses nothing.
    pub(super) async fn changed(&mut self) -> Event {
        let mut changes = self.changes.clone();
        if changes.changed().await.is_err() {
            // Nobody can sign in any more.
            return pending().await;
        }
        let event = match self.source.bearer().await {
            Ok(None) => Event::SignedOut,
            // An attempt tells what is wrong with a token that cannot be had.
            Ok(Some(_)) | Err(_) => Event::SignedIn,
        };
        self.changes = changes;
        event
    }
}
