//! The authorization requests that wait for their response, by `state`. They live in memory alone: what was asked before a
//! restart is asked again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};
use url::Url;

use crate::Landing;

/// A response on its way to whom it belongs to, and the way back for what is to be told to the browser.
pub(crate) struct Response {
    /// The redirect URI with its query, or what was pasted.
    pub(crate) text: SecretString,
    pub(crate) landing: oneshot::Sender<Landing>,
}

/// All that wait. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Waiting(Arc<Mutex<HashMap<[u8; 32], Waiter>>>);

struct Waiter {
    redirect_uri: Url,
    responses: mpsc::Sender<Response>,
}

/// One that waits; leaves when dropped.
pub(crate) struct Wait {
    waiting: Waiting,
    key: [u8; 32],
}

impl Waiting {
    /// Waits for the response with `state`, which comes in at `redirect_uri`.
    pub(crate) fn wait(
        &self,
        state: &SecretString,
        redirect_uri: Url,
        responses: mpsc::Sender<Response>,
    ) -> Wait {
        let key = key(state.expose_secret());
        self.lock().insert(key, Waiter { redirect_uri, responses });
        Wait { waiting: self.clone(), key }
    }

    /// Who waits for what came in at `at`. A response at another path than the one that was asked for belongs to nobody.
    pub(crate) fn route(&self, at: &Url) -> Option<mpsc::Sender<Response>> {
        let mut states = at.query_pairs().filter(|(name, _)| name == "state");
        let (state, None) = (states.next()?.1, states.next()) else { return None };
        let waiting = self.lock();
        // By digest: the time of a look-up tells nothing of the states that are there.
        let waiter = waiting.get(&key(&state))?;
        let same = waiter.redirect_uri.path() == at.path() && is_web(&waiter.redirect_uri) == is_web(at);
        same.then(|| waiter.responses.clone())
    }

    /// Whether the response to an https redirect URI, which a proxy forwards, may come in at this path.
    pub(crate) fn expects(&self, path: &str) -> bool {
        let is_it = |uri: &Url| uri.scheme() == "https" && uri.path() == path;
        self.lock().values().any(|waiter| is_it(&waiter.redirect_uri))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Waiter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.waiting.lock().remove(&self.key);
    }
}

fn key(state: &str) -> [u8; 32] {
    Sha256::digest(state.as_bytes()).into()
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_finds_whom_it_belongs_to_by_its_state_alone() {
        let waiting = Waiting::default();
        let uri = Url::parse("http://127.0.0.1:8000/-/oauth/callback").unwrap();
        let (sender, _receiver) = mpsc::channel(1);
        let wait = waiting.wait(&"s1".into(), uri, sender);
        let routed = |at: &str| waiting.route(&Url::parse(at).unwrap()).is_some();
        assert!(routed("http://127.0.0.1:8000/-/oauth/callback?code=c&state=s1"));
        for foreign in [
            "http://127.0.0.1:8000/-/oauth/callback?code=c&state=s2",
            "http://127.0.0.1:8000/-/oauth/callback?code=c",
            "http://127.0.0.1:8000/-/oauth/callback?state=s1&state=s1",
            "http://127.0.0.1:8000/callback?code=c&state=s1",
            "dev.traygate.desktop:/-/oauth/callback?code=c&state=s1",
        ] {
            assert!(!routed(foreign), "{foreign}");
        }
        drop(wait);
        assert!(!routed("http://127.0.0.1:8000/-/oauth/callback?code=c&state=s1"));
    }
}
