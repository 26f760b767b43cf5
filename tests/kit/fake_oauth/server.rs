use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, Method, Uri},
};
use serde_json::Value;
use tokio::sync::watch;

use super::{
    Authorize, ClientAuth, Iss, Metadata, Refresh, Registration, Returned, Secrets, Seen, Ttl, authorization,
    behaviour::Behaviour,
    device,
    http::{self, Handler, Listener, Reply},
    metadata, registration,
    store::{Client, Store},
    token,
};
use crate::{Home, eventually_some};

/// An OAuth 2.1 authorization server. Ends when dropped.
#[derive(Debug)]
pub struct AuthorizationServer {
    inner: Arc<Server>,
    #[expect(dead_code, reason = "ends with this")]
    listener: Listener,
}

/// What its handlers share.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its issuer identifier.
    pub(crate) issuer: String,
    /// The path of the issuer.
    pub(crate) tenant: String,
    pub(crate) secrets: Secrets,
    behaviour: Mutex<Behaviour>,
    store: Mutex<Store>,
    seen: Mutex<Vec<Seen>>,
    released: watch::Sender<bool>,
}

impl Server {
    pub(crate) fn behaviour(&self) -> Behaviour {
        lock(&self.behaviour).clone()
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    pub(crate) async fn released(&self) {
        let _ = self.released.subscribe().wait_for(|released| *released).await;
    }

    async fn answer(&self, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Reply {
        let seen = Seen::new(method, &uri, headers, &body);
        lock(&self.seen).push(seen.clone());
        if let Some(metadata) = metadata::answer(self, &seen.path).await {
            return Some(metadata);
        }
        let path = seen.path.strip_prefix(&self.tenant).unwrap_or_default();
        match (seen.method.as_str(), path) {
            ("GET", "/authorize") => Some(authorization::answer(self, &seen)),
            ("POST", "/token") => token::answer(self, &seen).await,
            ("POST", "/register") => Some(registration::answer(self, &seen)),
            ("POST", "/revoke") => Some(token::revoke(self, &seen)),
            ("POST", "/device") => Some(device::begin(self, &seen)),
            _ => Some(http::page(404, "Not found")),
        }
    }
}

impl AuthorizationServer {
    /// Starts one whose issuer has no path. What it gives out must appear nowhere in this home.
    pub async fn start(home: &Home) -> Self {
        Self::start_at(home, "").await
    }

    /// Starts one whose issuer has this path, e.g. `/tenant1`.
    pub async fn start_at(home: &Home, tenant: &str) -> Self {
        let (mut made, tenant, secrets) = (None, tenant.to_owned(), home.secrets().clone());
        let listener = Listener::start(|base| {
            let server = Arc::new(Server {
                issuer: format!("{base}{tenant}"),
                tenant,
                secrets,
                behaviour: Mutex::default(),
                store: Mutex::default(),
                seen: Mutex::default(),
                released: watch::Sender::default(),
            });
            made = Some(Arc::clone(&server));
            let handler: Handler = Arc::new(move |method, uri, headers, body| {
                let server = Arc::clone(&server);
                Box::pin(async move { server.answer(method, uri, headers, body).await })
            });
            handler
        })
        .await;
        Self { inner: made.expect("the handler was made"), listener }
    }

    /// Its issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    pub(crate) fn shared(&self) -> Arc<Server> {
        Arc::clone(&self.inner)
    }

    fn change(&self, change: impl FnOnce(&mut Behaviour)) -> &Self {
        change(&mut lock(&self.inner.behaviour));
        self
    }

    /// Switches its metadata.
    pub fn metadata(&self, change: impl FnOnce(&mut Metadata)) -> &Self {
        self.change(|behaviour| change(&mut behaviour.metadata))
    }

    /// Puts a value in the place of one of the metadata's; null takes it out.
    pub fn tells(&self, name: &str, value: impl Into<Value>) -> &Self {
        self.metadata(|metadata| {
            metadata.members.insert(name.into(), value.into());
        })
    }

    /// Switches its authorization endpoint.
    pub fn authorize(&self, authorize: Authorize) -> &Self {
        self.change(|behaviour| behaviour.authorize = authorize)
    }

    /// Switches `state` of its redirects.
    pub fn state(&self, state: Returned) -> &Self {
        self.change(|behaviour| behaviour.state = state)
    }

    /// Switches `iss` of its redirects.
    pub fn iss(&self, iss: Iss) -> &Self {
        self.change(|behaviour| behaviour.iss = iss)
    }

    /// Switches its registrations.
    pub fn registration(&self, registration: Registration) -> &Self {
        self.change(|behaviour| behaviour.registration = registration)
    }

    /// Switches what its registrations give.
    pub fn client_auth(&self, auth: ClientAuth) -> &Self {
        self.change(|behaviour| behaviour.client_auth = auth)
    }

    /// Switches its refreshes.
    pub fn refresh(&self, refresh: Refresh) -> &Self {
        self.change(|behaviour| behaviour.refresh = refresh)
    }

    /// Switches the life of access tokens that it gives from now on.
    pub fn ttl(&self, ttl: Ttl) -> &Self {
        self.change(|behaviour| behaviour.ttl = ttl)
    }

    /// Takes codes more than once.
    pub fn replays(&self) -> &Self {
        self.change(|behaviour| behaviour.replay = true)
    }

    /// Answers at the token endpoint with forms, as GitHub does.
    pub fn answers_with_forms(&self) -> &Self {
        self.change(|behaviour| behaviour.forms = true)
    }

    /// Answers at the token endpoint with pages of HTML.
    pub fn answers_with_html(&self) -> &Self {
        self.change(|behaviour| behaviour.html = true)
    }

    /// Gives no refresh tokens.
    pub fn without_refresh(&self) -> &Self {
        self.change(|behaviour| behaviour.without_refresh = true)
    }

    /// Refuses requests with `resource`, as Entra does.
    pub fn refuses_resource(&self) -> &Self {
        self.change(|behaviour| behaviour.refuses_resource = true)
    }

    /// Registers a client by hand.
    pub fn register(&self, id: &str, secret: Option<&str>, auth: ClientAuth, redirect_uris: &[&str]) {
        self.inner.secrets.add(secret.unwrap_or_default());
        let redirect_uris = redirect_uris.iter().map(ToString::to_string).collect();
        let client = Client { secret: secret.map(Into::into), auth, redirect_uris };
        self.inner.store().clients.insert(id.into(), client);
    }

    /// Forgets every client: `invalid_client` from now on.
    pub fn forget_clients(&self) {
        self.inner.store().clients.clear();
    }

    /// Ends every access token; refresh tokens stay good.
    pub fn end_access_tokens(&self) {
        self.inner.store().access.clear();
    }

    /// Ends every token.
    pub fn revoke_everything(&self) {
        let mut store = self.inner.store();
        let families: HashSet<_> = store.refresh.values().map(|token| token.grant.family.clone()).collect();
        store.dead.extend(families);
        store.access.clear();
    }

    /// Lets refreshes go that are [`Refresh::Held`].
    pub fn release(&self) {
        self.inner.released.send_replace(true);
    }

    /// A person types this code on another device, and agrees or not.
    ///
    /// # Panics
    /// Where no device shows it.
    pub fn types(&self, user_code: &str, agrees: bool) {
        let mut store = self.inner.store();
        let device = store.devices.values_mut().find(|device| device.user_code == user_code);
        device.expect("a device shows this code").answer = Some(agrees);
    }

    /// Everything that it was asked at this path of its issuer, e.g. `/token`.
    pub fn seen(&self, path: &str) -> Vec<Seen> {
        let path = format!("{}{path}", self.inner.tenant);
        lock(&self.inner.seen).iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// Everything that it was asked.
    pub fn seen_at_all(&self) -> Vec<Seen> {
        lock(&self.inner.seen).clone()
    }

    /// The requests to its token endpoint with this `grant_type`.
    pub fn tokens(&self, grant: &str) -> Vec<Seen> {
        self.seen("/token").into_iter().filter(|seen| seen.form("grant_type") == grant).collect()
    }

    /// The first request to this path, waited for.
    pub async fn wait_for(&self, path: &str) -> Seen {
        eventually_some(&format!("a request to {path} of the authorization server"), async || {
            self.seen(path).into_iter().next()
        })
        .await
    }

    /// Waits for this many refreshes.
    pub async fn wait_for_refreshes(&self, count: usize) {
        crate::eventually(&format!("{count} refreshes"), async || {
            self.tokens("refresh_token").len() >= count
        })
        .await;
    }

    /// Whether any access or refresh token that it gave is still good.
    pub fn has_live_tokens(&self) -> bool {
        let store = self.inner.store();
        store.access.keys().any(|token| store.live(token).is_some())
            || store.refresh.values().any(|token| !token.used && !store.dead.contains(&token.grant.family))
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
