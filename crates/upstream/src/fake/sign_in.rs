use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use futures::future::BoxFuture;
use tokio::sync::watch;
use traygate_auth::{Bearer, Challenge, NotNow, ServerId, SignInOptions, Verdict};

use crate::token_source::{TokenSource, TokenSources};

/// A sign-in whose tokens and verdicts are set from outside, and which keeps what it was told.
#[derive(Debug)]
pub(crate) struct FakeSignIn {
    bearer: Mutex<Result<Option<Bearer>, NotNow>>,
    verdicts: Mutex<VecDeque<Verdict>>,
    refused: Mutex<Vec<(Option<String>, Challenge)>>,
    changes: watch::Sender<u64>,
}

impl Default for FakeSignIn {
    fn default() -> Self {
        Self {
            bearer: Mutex::new(Ok(None)),
            verdicts: Mutex::default(),
            refused: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl FakeSignIn {
    pub(crate) fn with(token: &str) -> Arc<Self> {
        let sign_in = Self::default();
        sign_in.set(Ok(Some(bearer(token))));
        Arc::new(sign_in)
    }

    pub(crate) fn set(&self, bearer: Result<Option<Bearer>, NotNow>) {
        *self.bearer.lock().expect("no panic while scripting") = bearer;
    }

    /// A person signed in, or out.
    pub(crate) fn change(&self, token: Option<&str>) {
        self.set(Ok(token.map(bearer)));
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// What the next refusal comes to; without one a sign-in is needed.
    pub(crate) fn will(&self, verdict: Verdict) {
        self.verdicts.lock().expect("no panic while scripting").push_back(verdict);
    }

    /// Tokens that were refused, and with what challenge.
    pub(crate) fn refusals(&self) -> Vec<(Option<String>, Challenge)> {
        self.refused.lock().expect("no panic while scripting").clone()
    }
}

pub(crate) fn bearer(token: &str) -> Bearer {
    Bearer::new(token.into())
}

impl TokenSource for FakeSignIn {
    fn bearer(&self) -> BoxFuture<'_, Result<Option<Bearer>, NotNow>> {
        Box::pin(std::future::ready(self.bearer.lock().expect("no panic while scripting").clone()))
    }

    fn refused<'a>(&'a self, sent: Option<&'a Bearer>, challenge: Challenge) -> BoxFuture<'a, Verdict> {
        let sent = sent.map(|sent| sent.token().to_owned());
        self.refused.lock().expect("no panic while scripting").push((sent, challenge));
        let verdict = self.verdicts.lock().expect("no panic while scripting").pop_front();
        if let Some(Verdict::Again(bearer)) = &verdict {
            self.set(Ok(Some(bearer.clone())));
        }
        Box::pin(std::future::ready(verdict.unwrap_or(Verdict::SignInNeeded)))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// One [`FakeSignIn`] per name.
#[derive(Default)]
pub(crate) struct FakeSignIns {
    by_name: Mutex<HashMap<String, Arc<FakeSignIn>>>,
    pub(crate) asked: Mutex<Vec<(ServerId, SignInOptions)>>,
    pub(crate) removed: Mutex<Vec<String>>,
}

impl FakeSignIns {
    pub(crate) fn of(&self, name: &str) -> Arc<FakeSignIn> {
        let mut by_name = self.by_name.lock().expect("no panic while scripting");
        Arc::clone(by_name.entry(name.to_owned()).or_default())
    }
}

impl TokenSources for FakeSignIns {
    fn server(&self, id: ServerId, options: SignInOptions) -> Arc<dyn TokenSource> {
        let sign_in = self.of(&id.name);
        self.asked.lock().expect("no panic while scripting").push((id, options));
        sign_in
    }

    fn remove(&self, name: &str) {
        self.removed.lock().expect("no panic while scripting").push(name.to_owned());
    }
}
