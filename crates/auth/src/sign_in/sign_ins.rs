use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use super::{Landing, SignIn, Surroundings, listeners::Listeners};
use crate::{
    ServerId, SignInOptions, StorageType,
    credential::CredentialStore,
    redirect::{Response, Waiting},
};

/// All sign-ins of one gateway. Cheap to clone.
#[derive(Clone)]
pub struct SignIns(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) surroundings: Surroundings,
    pub(super) waiting: Waiting,
    pub(super) listeners: Listeners,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    callback: Mutex<Option<Url>>,
    storage: Mutex<StorageType>,
    /// One for each way of keeping: what is kept in memory outlives a change of a server's entry.
    stores: Mutex<HashMap<StorageType, CredentialStore>>,
    servers: Mutex<HashMap<String, Arc<SignIn>>>,
}

impl SignIns {
    /// How long a browser waits for its page: the exchange of the code and the keychain stand before it.
    const PAGE: Duration = Duration::from_mins(1);
    /// How long the end waits for a refresh that began: its rotated token must not be lost.
    const END: Duration = Duration::from_secs(4);

    /// No server is known to it yet.
    pub fn new(surroundings: Surroundings) -> Self {
        Self(Arc::new(Inner {
            waiting: Waiting::default(),
            listeners: Listeners::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            callback: Mutex::default(),
            storage: Mutex::new(surroundings.storage),
            stores: Mutex::default(),
            servers: Mutex::default(),
            surroundings,
        }))
    }

    /// Where the gateway's own `/-/oauth/callback` is reached over plain HTTP on 127.0.0.1; `None` where it is not, so
    /// that a listener of its own is needed.
    pub fn set_callback(&self, callback: Option<Url>) {
        *locked(&self.0.callback) = callback;
    }

    pub(super) fn callback(&self) -> Option<Url> {
        locked(&self.0.callback).clone()
    }

    /// Where credentials are kept unless a server's entry says otherwise, in place of [`Surroundings::storage`]. Told
    /// before the first server is known.
    pub fn set_storage(&self, storage: StorageType) {
        *locked(&self.0.storage) = storage;
    }

    /// Where credentials are kept that are to be kept in this way; `None`: as the gateway has it.
    pub(super) fn store(&self, kind: Option<StorageType>) -> CredentialStore {
        let Surroundings { keychain, state_dir, variables, .. } = &self.0.surroundings;
        let kind = kind.unwrap_or(*locked(&self.0.storage));
        let mut stores = locked(&self.0.stores);
        let new = || CredentialStore::new(kind, keychain.clone(), state_dir.as_deref(), variables);
        stores.entry(kind).or_insert_with(new).clone()
    }

    /// The sign-in of a server; the same one as before while `id` and `options` are the same.
    pub fn server(&self, id: ServerId, options: SignInOptions) -> Arc<SignIn> {
        let mut servers = locked(&self.0.servers);
        if let Some(known) = servers.get(&id.name) {
            if known.is_for(&id, &options) {
                return Arc::clone(known);
            }
            known.end();
        }
        let sign_in = SignIn::new(self.clone(), id, options);
        servers.insert(sign_in.id().name.clone(), Arc::clone(&sign_in));
        sign_in
    }

    /// The sign-in of the server that has this name now.
    pub fn find(&self, name: &str) -> Option<Arc<SignIn>> {
        locked(&self.0.servers).get(name).cloned()
    }

    /// The server of this name is gone from the config: its credentials are deleted.
    pub fn remove(&self, name: &str) {
        let Some(sign_in) = locked(&self.0.servers).remove(name) else { return };
        sign_in.end();
        self.0.tasks.spawn(async move { sign_in.forget().await });
    }

    /// Whether an authorization response may come in at this path of the gateway: where a proxy forwards an https redirect
    /// URI of the config to it.
    pub fn expects(&self, path: &str) -> bool {
        self.0.waiting.expects(path)
    }

    /// An authorization response came in at `at`, a redirect URI with its query: routed by `state` alone. What belongs to
    /// no sign-in changes nothing.
    pub async fn redirected(&self, at: &Url) -> Landing {
        let Some(waiter) = self.0.waiting.route(at) else { return Landing::nobody_waits() };
        let (landing, landed) = oneshot::channel();
        let response = Response { text: at.as_str().into(), landing };
        // The first answer counts; what comes after it finds nobody.
        if waiter.try_send(response).is_err() {
            return Landing::nobody_waits();
        }
        match timeout(Self::PAGE, landed).await {
            Ok(Ok(landing)) => landing,
            Ok(Err(_)) => Landing::nobody_waits(),
            Err(_) => {
                Landing::failed("This takes longer than it should. Look at Traygate for how it goes on.")
            }
        }
    }

    /// Ends every sign-in that is under way. A refresh that began is finished and saved first, within 4 s.
    pub async fn shutdown(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        if timeout(Self::END, self.0.tasks.wait()).await.is_err() {
            tracing::warn!("a refresh of tokens did not end in time");
        }
    }
}

impl fmt::Debug for SignIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignIns")
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
