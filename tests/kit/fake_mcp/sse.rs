use std::{
    collections::HashMap,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Query, State},
    http::{HeaderMap, Response, header},
    routing::{get, post},
};
use futures::{StreamExt, future::BoxFuture, stream};
use tokio::{
    io::AsyncReadExt,
    net::TcpListener,
    sync::{mpsc, watch},
};

use super::{
    outbox::{Out, Outbox},
    server::{Context, Reply, Server},
    stdio,
    streamable::header_object,
    switch::{control, plain, refusal},
};

/// The open streams by session.
type Streams = Mutex<HashMap<String, Outbox>>;

#[derive(Clone)]
struct Shared {
    server: Arc<Server>,
    streams: Arc<Streams>,
}

/// Serves the HTTP+SSE transport of 2024-11-05: the stream at `/sse`, messages to where its first event says.
pub(crate) async fn serve(server: Arc<Server>) {
    let shared = Shared { server: Arc::clone(&server), streams: Arc::default() };
    let router = Router::new()
        .route("/sse", get(stream_of_session))
        .route("/messages", post(message))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared)
        .merge(Router::new().route("/control", post(control)).with_state(Arc::clone(&server)));
    listen(&server, router, "/sse").await;
}

async fn stream_of_session(State(shared): State<Shared>, headers: HeaderMap) -> Response<Body> {
    if let Some(refusal) = refusal(&shared.server, &headers) {
        return refusal;
    }
    let session = shared.server.switch.open_session();
    let (outbox, outgoing) = Outbox::new();
    shared.server.add_listener(outbox.clone(), None);
    shared.server.note("standing stream", || "null".into());
    shared.streams.lock().unwrap_or_else(PoisonError::into_inner).insert(session.clone(), outbox);
    let endpoint = format!("event: endpoint\ndata: /messages?session={session}\n\n");
    let ends = shared.server.switch.changes();
    let body = stream::once(async { endpoint }).chain(events(outgoing, None, ends, None));
    stream_response(Body::from_stream(body.map(Ok::<_, std::convert::Infallible>)))
}

async fn message(
    State(shared): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if let Some(refusal) = refusal(&shared.server, &headers) {
        return refusal;
    }
    let session = query.get("session").cloned().unwrap_or_default();
    let outbox = shared.streams.lock().unwrap_or_else(PoisonError::into_inner).get(&session).cloned();
    let Some(outbox) = outbox.filter(|_| shared.server.switch.knows(&session)) else {
        return plain(404, "no such session");
    };
    let Ok(text) = std::str::from_utf8(&body) else { return plain(400, "not UTF-8") };
    let seen = header_object(&headers);
    let context = Context { outbox: &outbox, headers: &seen, initialized: true };
    match shared.server.answer(text, &context) {
        Reply::Nothing => {}
        Reply::Now(answer) => {
            outbox.send(answer);
        }
        Reply::Later(answer) => {
            shared.server.tracker.spawn(async move { outbox.send(answer.await) });
        }
    }
    plain(202, "Accepted")
}

/// An event stream: what the outbox gets, then the answer, which ends it. `call`: the id of the call that is given up
/// if the client closes the stream before its answer.
pub(crate) fn event_stream(
    server: &Arc<Server>,
    outgoing: mpsc::UnboundedReceiver<Out>,
    answer: Option<BoxFuture<'static, String>>,
    call: Option<String>,
) -> Response<Body> {
    let abandoned = call.map(|id| Abandoned { server: Arc::clone(server), id: Some(id) });
    let body = events(outgoing, answer, server.switch.changes(), abandoned);
    stream_response(Body::from_stream(body.map(Ok::<_, std::convert::Infallible>)))
}

fn events(
    outgoing: mpsc::UnboundedReceiver<Out>,
    answer: Option<BoxFuture<'static, String>>,
    ends: watch::Receiver<u64>,
    abandoned: Option<Abandoned>,
) -> impl futures::Stream<Item = String> {
    let answer = answer.unwrap_or_else(|| Box::pin(std::future::pending()));
    stream::unfold(Some((outgoing, answer, ends, abandoned)), async |state| {
        let (mut outgoing, mut answer, mut ends, mut abandoned) = state?;
        let mut open = true;
        loop {
            tokio::select! {
                biased;
                out = outgoing.recv(), if open => match out {
                    Some(Out::Message(message)) => {
                        return Some((event(&message), Some((outgoing, answer, ends, abandoned))));
                    }
                    Some(Out::Bytes(bytes)) => {
                        let data = event(String::from_utf8_lossy(&bytes).trim_end());
                        return Some((data, Some((outgoing, answer, ends, abandoned))));
                    }
                    Some(Out::Flush(_)) => {}
                    None => open = false,
                },
                answer = &mut answer => {
                    if let Some(abandoned) = &mut abandoned {
                        abandoned.id = None;
                    }
                    // What the tool reported just before it answered.
                    let mut last = String::new();
                    while let Ok(Out::Message(message)) = outgoing.try_recv() {
                        last += &event(&message);
                    }
                    return Some((last + &event(&answer), None));
                }
                _ = ends.changed() => return None,
            }
        }
    })
}

/// Notes a call whose stream the client closed before its answer (specification 2026-07-28: that cancels it).
struct Abandoned {
    server: Arc<Server>,
    id: Option<String>,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.server.note("abandoned", || format!(r#"{{"requestId":{id}}}"#));
        }
    }
}

fn event(message: &str) -> String {
    format!("event: message\ndata: {message}\n\n")
}

fn stream_response(body: Body) -> Response<Body> {
    Response::builder()
        .header(header::CONTENT_TYPE, "text/event-stream")
        .header(header::CACHE_CONTROL, "no-cache")
        .body(body)
        .expect("a valid response")
}

/// Listens, prints the URL, serves until stdin ends.
pub(crate) async fn listen(server: &Server, router: Router, path: &str) {
    let listener =
        TcpListener::bind(("127.0.0.1", server.options.port)).await.expect("the port can be listened on");
    let address = listener.local_addr().expect("a listener has an address");
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "http://{address}{path}").and_then(|()| stdout.flush());
    let serving = axum::serve(listener, router).into_future();
    let mut nothing = [0; 64];
    let mut stdin = stdio::stdin();
    let ended = async { while matches!(stdin.read(&mut nothing).await, Ok(1..)) {} };
    tokio::select! {
        _ = serving => {}
        () = ended => {}
    }
}
