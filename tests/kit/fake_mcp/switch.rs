use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, Response, StatusCode, header},
};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::watch;

use super::server::Server;

/// What the HTTP transports answer instead of serving, and their sessions. Set by `POST /control`.
pub(crate) struct Switch {
    state: Mutex<Inner>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Inner {
    order: Order,
    sessions: HashSet<String>,
    issued: u64,
}

/// `POST /control`: everything absent is off.
#[derive(Default, Clone, Deserialize)]
pub(crate) struct Order {
    /// Answer every request with this status and a page of HTML.
    #[serde(default)]
    status: Option<u16>,
    /// Run every call, then answer with this status and a page of HTML, as a proxy does that gave up waiting.
    #[serde(default)]
    lose_answers: Option<u16>,
    /// Forget every session.
    #[serde(default)]
    forget_sessions: bool,
}

impl Switch {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::default(), changes: watch::channel(0).0 }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session; its id.
    pub(crate) fn open_session(&self) -> String {
        let mut state = self.lock();
        state.issued += 1;
        let id = format!("session-{}-{}", std::process::id(), state.issued);
        state.sessions.insert(id.clone());
        id
    }

    /// The status that takes the place of a call's answer.
    pub(crate) fn lost_answer(&self) -> Option<u16> {
        self.lock().order.lose_answers
    }

    pub(crate) fn knows(&self, session: &str) -> bool {
        self.lock().sessions.contains(session)
    }

    pub(crate) fn close_session(&self, session: &str) {
        self.lock().sessions.remove(session);
    }

    /// Forgets every session and ends the streams that stand.
    pub(crate) fn forget_sessions(&self) {
        self.lock().sessions.clear();
        self.changes.send_modify(|change| *change += 1);
    }

    /// Ends a standing stream at the next order.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// `POST /control`.
pub(crate) async fn control(State(server): State<Arc<Server>>, Json(order): Json<Order>) -> StatusCode {
    if order.forget_sessions {
        server.switch.forget_sessions();
    }
    server.switch.lock().order = order;
    server.switch.changes.send_modify(|change| *change += 1);
    StatusCode::NO_CONTENT
}

/// The refusal that every request gets while the switch, or a missing key, says so.
pub(crate) fn refusal(server: &Server, headers: &HeaderMap) -> Option<Response<Body>> {
    if let Some(status) = server.switch.lock().order.status {
        server.note("refused", || status.to_string());
        return Some(plain(status, "<html>not now</html>"));
    }
    let wanted = server.options.authorization.as_deref()?;
    if headers.get(header::AUTHORIZATION).is_some_and(|sent| sent.as_bytes() == wanted.as_bytes()) {
        return None;
    }
    server.note("refused", || "401".into());
    let mut response = plain(401, "<html>who are you?</html>");
    if let Some(challenge) = &server.options.challenge {
        let challenge = challenge.parse().expect("the challenge is a header value");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    Some(response)
}

/// A short answer that is not JSON.
pub(crate) fn plain(status: u16, text: &'static str) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/html")
        .body(Body::from(text))
        .expect("a valid response")
}
