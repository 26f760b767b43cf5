//! What callers see: `POST /{server}/{tool}`, documents, docs pages and the gateway's own `/-/` paths.

mod aside;
mod call;
mod docs;
mod document;
mod guard;
mod health;
mod incoming;
mod lookup;
mod metrics;
mod prepared;
mod problem;
mod route;
mod rules;
mod serve;
mod upstreams;

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use tokio_util::task::TaskTracker;
use traygate_auth::SignIns;
use traygate_upstream::Hub;

pub(crate) use self::{
    guard::{Elsewhere, KeyDigest, bearer, is_from_here},
    prepared::{Prepared, PreparedServers},
    problem::{Problem, shown},
    route::{is_own, server_at},
    rules::{Layout, Rules},
    upstreams::Upstreams,
};

/// What the HTTP side is made of. Everything in it may change while requests run.
pub(crate) struct Surface<U = Hub> {
    /// The servers.
    pub(crate) upstreams: U,
    /// Their sign-ins, for what a call is told that needs one.
    pub(crate) sign_ins: SignIns,
    /// What is allowed and how it is shown; a request reads it once.
    pub(crate) rules: Arc<ArcSwap<Rules>>,
    /// What is derived from their tools.
    pub(crate) prepared: Arc<PreparedServers>,
    /// Further paths below `/-/` (`/-/api`, `/-/ui`, `/-/oauth`), full paths as keys. They stand behind the Host and
    /// Origin checks, and bring a guard of their own: no key is asked for them, and the guard stands before the body.
    pub(crate) own: Router,
    /// What runs on after an answer; it ends with its connection.
    pub(crate) tasks: TaskTracker,
}

/// The whole surface as one static router: only the catalogue behind it changes. Serve it with
/// `into_make_service_with_connect_info::<SocketAddr>()`.
pub(crate) fn router<U: Upstreams>(surface: Surface<U>) -> Router {
    Router::new().fallback(serve::serve::<U>).with_state(Arc::new(serve::Face::new(surface)))
}

#[cfg(test)]
mod tests;
