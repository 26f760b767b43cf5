use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use ::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::StreamExt;
use tokio::sync::mpsc;

use super::*;

/// A scripted HTTP server: what it does with a POST, and what it saw.
pub(super) struct Fake {
    url: url::Url,
    pub(super) seen: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
}

type Answer = Arc<dyn Fn(usize, &HeaderMap, &Value) -> Response + Send + Sync>;

impl Fake {
    pub(super) async fn start(
        surroundings: &Surroundings,
        answer: impl Fn(usize, &HeaderMap, &Value) -> Response + Send + Sync + 'static,
    ) -> Self {
        let seen: Arc<Mutex<Vec<(HeaderMap, Value)>>> = Arc::default();
        let answer: Answer = Arc::new(answer);
        let handle = {
            let seen = seen.clone();
            move |method: Method, headers: HeaderMap, body: Bytes| {
                let (seen, answer) = (seen.clone(), answer.clone());
                async move {
                    if method != Method::POST {
                        return StatusCode::METHOD_NOT_ALLOWED.into_response();
                    }
                    let message: Value = serde_json::from_slice(&body).unwrap();
                    let mut seen = seen.lock().unwrap();
                    let response = answer(seen.len(), &headers, &message);
                    seen.push((headers, message));
                    response
                }
            }
        };
        let url = serve(surroundings, Router::new().fallback(handle)).await;
        Self { url: url.join("/mcp?key=secret").unwrap(), seen }
    }

    pub(super) fn streamable(&self) -> ResolvedUpstream {
        ResolvedUpstream::StreamableHttp(self.entry())
    }

    fn entry(&self) -> ResolvedHttp {
        let headers =
            HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Bearer configured"))]);
        ResolvedHttp { url: self.url.clone(), headers, sign_in: None }
    }

    pub(super) fn methods(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(_, message)| message["method"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

pub(super) async fn serve(surroundings: &Surroundings, router: Router) -> url::Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    surroundings.tracker.spawn(async move { axum::serve(listener, router).await });
    url
}

pub(super) fn reply(message: &Value, result: &Value) -> Response {
    let body = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// An ordinary server of the older era, with the session `session`.
pub(super) fn ordinary(session: &str, message: &Value) -> Response {
    match message["method"].as_str().unwrap_or_default() {
        "initialize" => {
            let result = json!({
                "protocolVersion": "2025-06-18", "capabilities": { "tools": {} },
                "serverInfo": { "name": "http", "version": "1" },
            });
            let mut response = reply(message, &result);
            response.headers_mut().insert("mcp-session-id", HeaderValue::from_str(session).unwrap());
            response
        }
        "tools/call" => reply(message, &json!({ "content": [{ "type": "text", "text": session }] })),
        _ if message["id"].is_null() => StatusCode::ACCEPTED.into_response(),
        _ => (StatusCode::BAD_REQUEST, "what is this?").into_response(),
    }
}

#[tokio::test]
async fn an_older_server_is_found_out_and_called_with_the_callers_headers() {
    let surroundings = surroundings();
    let fake = Fake::start(&surroundings, |_, _, message| ordinary("s1", message)).await;
    let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
    assert_eq!(connection.era(), Era::Initialize);
    let headers = HeaderMap::from_iter([
        ("x-user".parse().unwrap(), HeaderValue::from_static("ada")),
        ("mcp-session-id".parse().unwrap(), HeaderValue::from_static("forged")),
    ]);
    let context = CallContext { headers };
    let result = connection.call("t", JsonObject::new(), context, limits(LONG)).await.unwrap();
    assert_eq!(text(&result), "s1");
    call(&connection, "t", json!({})).await.unwrap();
    {
        let seen = fake.seen.lock().unwrap();
        let calls: Vec<_> = seen.iter().filter(|(_, message)| message["method"] == "tools/call").collect();
        assert_eq!(calls[0].0["x-user"], "ada");
        assert_eq!(calls[0].0["mcp-session-id"], "s1");
        assert_eq!(calls[0].0[header::AUTHORIZATION], "Bearer configured");
        assert!(!calls[1].0.contains_key("x-user"));
    }
    connection.close().await;
}

#[tokio::test]
async fn a_401_needs_sign_in_with_or_without_a_challenge() {
    for challenge in ["Bearer scope=\"a\"", ""] {
        let surroundings = surroundings();
        let fake = Fake::start(&surroundings, move |_, _, _| {
            let mut response = StatusCode::UNAUTHORIZED.into_response();
            if !challenge.is_empty() {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
            }
            response
        })
        .await;
        for upstream in [fake.streamable(), ResolvedUpstream::Http(fake.entry())] {
            let error = open_session(upstream, &surroundings).await.unwrap_err();
            assert!(matches!(error, ConnectError::SignInNeeded), "{error:?}");
        }
        assert_eq!(fake.methods().len(), 2, "one question each: {:?}", fake.methods());
    }
}

#[tokio::test]
async fn a_401_during_a_call_needs_sign_in_too() {
    let surroundings = surroundings();
    let fake = Fake::start(&surroundings, |_, _, message| match message["method"].as_str() {
        Some("tools/call") => StatusCode::UNAUTHORIZED.into_response(),
        _ => ordinary("s", message),
    })
    .await;
    let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
    let error = call(&connection, "t", json!({})).await.unwrap_err();
    assert!(matches!(error, CallError::SignInNeeded), "{error:?}");
    connection.close().await;
}

/// 404 is the specification's way to say that a session is gone, 400 with words is what some servers do.
#[tokio::test]
async fn a_lost_session_is_renewed_and_the_call_sent_again() {
    for status in [StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST] {
        let surroundings = surroundings();
        let sessions = AtomicUsize::new(0);
        let fake = Fake::start(&surroundings, move |_, headers, message| {
            let session = headers.get("mcp-session-id").and_then(|id| id.to_str().ok()).unwrap_or("");
            match (message["method"].as_str(), session) {
                (Some("tools/call"), "s0") => {
                    let body = json!({
                        "jsonrpc": "2.0", "id": "server-error",
                        "error": { "code": -32600, "message": "Session not found" },
                    });
                    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
                }
                (Some("initialize"), _) => {
                    ordinary(&format!("s{}", sessions.fetch_add(1, Ordering::Relaxed)), message)
                }
                (_, session) => ordinary(session, message),
            }
        })
        .await;
        let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
        let result = call(&connection, "t", json!({})).await.unwrap();
        assert_eq!(text(&result), "s1", "{status}: {:?}", fake.methods());
        connection.close().await;
    }
}

#[tokio::test]
async fn nobody_there_is_said_without_the_querys_secret() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url: url::Url = format!("http://127.0.0.1:{port}/mcp?key=secret").parse().unwrap();
    let entry = ResolvedHttp { url, headers: HeaderMap::new(), sign_in: None };
    for upstream in [
        ResolvedUpstream::StreamableHttp(entry.clone()),
        ResolvedUpstream::Http(entry.clone()),
        ResolvedUpstream::Sse(entry.clone()),
    ] {
        let error = open_session(upstream, &surroundings()).await.unwrap_err();
        let ConnectError::Transient(text) = &error else { panic!("{error:?}") };
        assert!(text.starts_with(&format!("http://127.0.0.1:{port}/mcp cannot be reached: ")), "{text}");
        assert!(!text.contains("secret"));
    }
}

#[tokio::test]
async fn a_broken_server_is_named_with_its_status() {
    let surroundings = surroundings();
    let fake = Fake::start(&surroundings, |_, _, _| StatusCode::BAD_GATEWAY.into_response()).await;
    let error = open_session(fake.streamable(), &surroundings).await.unwrap_err();
    let place = format!("http://{}/mcp", fake.url.authority());
    assert_eq!(error.to_string(), format!("`{place}` answered HTTP 502"));
}

#[tokio::test]
async fn a_list_that_a_busy_or_broken_server_refuses_is_asked_for_once() {
    for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
        let surroundings = surroundings();
        let fake = Fake::start(&surroundings, move |_, _, message| match message["method"].as_str() {
            Some("tools/list") => status.into_response(),
            _ => ordinary("s", message),
        })
        .await;
        let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
        let error = connection.list_tools().await.unwrap_err().to_string();
        assert!(error.contains(status.as_str()), "{error}");
        let lists = fake.methods().iter().filter(|method| *method == "tools/list").count();
        assert_eq!(lists, 1, "{status}");
        connection.close().await;
    }
}

#[tokio::test]
async fn a_wrong_path_and_a_wrong_type_are_told_with_what_to_do() {
    let surroundings = surroundings();
    let fake = Fake::start(&surroundings, |_, _, _| StatusCode::NOT_FOUND.into_response()).await;
    let place = format!("`http://{}/mcp`", fake.url.authority());
    let other = "check the path of its `url`, or leave `type` out and Traygate tries both transports";
    for (upstream, expected) in [
        (fake.streamable(), format!("{place} answered 404 to streamable HTTP: {other}")),
        // It has POST only.
        (ResolvedUpstream::Sse(fake.entry()), format!("{place} answered 405 to HTTP+SSE: {other}")),
        (
            ResolvedUpstream::Http(fake.entry()),
            format!(
                "{place} answered 404 to streamable HTTP, and does not speak HTTP+SSE either: check the path of its `url`"
            ),
        ),
    ] {
        let error = open_session(upstream, &surroundings).await.unwrap_err();
        assert!(matches!(&error, ConnectError::Transient(text) if **text == *expected), "{error:?}");
    }
}

#[tokio::test]
async fn a_web_page_is_no_event_stream() {
    let surroundings = surroundings();
    let url =
        serve(&surroundings, Router::new().fallback(async || axum::response::Html("<p>Hello</p>"))).await;
    let entry = ResolvedHttp { url: url.clone(), headers: HeaderMap::new(), sign_in: None };
    let error = open_session(ResolvedUpstream::Sse(entry), &surroundings).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("`{url}` answered HTTP+SSE with `text/html")), "{error}");
    assert!(error.contains("leave `type` out"), "{error}");
}

async fn legacy(surroundings: &Surroundings, seen: Arc<Mutex<Vec<HeaderMap>>>) -> url::Url {
    serve(surroundings, legacy_router(seen)).await.join("/sse").unwrap()
}

/// A server of revision 2024-11-05: GET /sse gives events, POST /messages takes messages.
pub(super) fn legacy_router(seen: Arc<Mutex<Vec<HeaderMap>>>) -> Router {
    type Events = Arc<Mutex<Option<mpsc::UnboundedSender<String>>>>;
    async fn events(State(events): State<Events>) -> Response {
        let (send, receive) = mpsc::unbounded_channel();
        send.send("event: endpoint\ndata: /messages?session=1\n\n".to_owned()).unwrap();
        *events.lock().unwrap() = Some(send);
        let stream =
            futures::stream::unfold(receive, |mut receive| async { Some((receive.recv().await?, receive)) });
        let body = Body::from_stream(stream.map(Ok::<_, std::convert::Infallible>));
        ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
    }
    let take = move |State(events): State<Events>, headers: HeaderMap, body: Bytes| async move {
        seen.lock().unwrap().push(headers);
        let message: Value = serde_json::from_slice(&body).unwrap();
        let response = ordinary("legacy", &message).into_body();
        let text = axum::body::to_bytes(response, usize::MAX).await.unwrap();
        let mut events = events.lock().unwrap();
        if message["params"]["name"] == "hang up" {
            *events = None;
        } else if !message["id"].is_null() {
            let text = String::from_utf8(text.to_vec()).unwrap();
            events.as_ref().unwrap().send(format!("event: message\ndata: {text}\n\n")).unwrap();
        }
        StatusCode::ACCEPTED
    };
    Router::new().route("/sse", get(events)).route("/messages", post(take)).with_state(Events::default())
}

#[tokio::test]
async fn a_url_without_a_type_falls_back_to_http_with_sse() {
    let surroundings = surroundings();
    let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let url = legacy(&surroundings, seen.clone()).await;
    let headers = HeaderMap::from_iter([("x-key".parse().unwrap(), HeaderValue::from_static("k"))]);
    let entry = ResolvedHttp { url, headers, sign_in: None };
    for upstream in [ResolvedUpstream::Http(entry.clone()), ResolvedUpstream::Sse(entry.clone())] {
        let connection = open_session(upstream, &surroundings).await.unwrap();
        let headers = HeaderMap::from_iter([("x-user".parse().unwrap(), HeaderValue::from_static("ada"))]);
        let result =
            connection.call("t", JsonObject::new(), CallContext { headers }, limits(LONG)).await.unwrap();
        assert_eq!(text(&result), "legacy");
        {
            let seen = seen.lock().unwrap();
            let last = seen.last().unwrap();
            assert_eq!(
                (&last["x-key"], &last["x-user"]),
                (&HeaderValue::from_static("k"), &HeaderValue::from_static("ada"))
            );
        }
        let error = call(&connection, "hang up", json!({})).await.unwrap_err();
        assert!(matches!(error, CallError::ConnectionLost(_)), "{error:?}");
        assert_eq!(&*connection.closed().await, "the server closed the connection");
    }
}
