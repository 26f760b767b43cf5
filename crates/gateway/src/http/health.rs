//! `/-/healthy` and `/-/ready`: for anyone, without detail.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use traygate_upstream::{Catalogue, State};

pub(crate) const HEALTHY: &str = "/-/healthy";
pub(crate) const READY: &str = "/-/ready";

/// Whether a path is one of these.
pub(crate) fn is_asked(path: &str) -> bool {
    path == HEALTHY || path == READY
}

/// The process answers.
pub(crate) fn healthy() -> Response {
    "ok\n".into_response()
}

/// Every server has had its first chance: none is still connecting without known tools. A server that failed does
/// not make the others unready.
pub(crate) fn ready(catalogue: &Catalogue) -> Response {
    let starting = |state: &State| matches!(state, State::Connecting { last: None });
    if catalogue.servers.values().any(|server| server.tools.is_none() && starting(&server.state)) {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "starting\n").into_response();
    }
    "ok\n".into_response()
}
