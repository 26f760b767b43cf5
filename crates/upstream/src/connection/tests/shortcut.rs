//! Calls over streamable HTTP from the second one on: posted without rmcp's loops, and not told apart by the server.

use std::sync::atomic::{AtomicUsize, Ordering};

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;

use super::{
    http::{Fake, ordinary, reply},
    *,
};

/// The id that the shortcut counts from.
const OURS: i64 = 1 << 40;

fn calls(fake: &Fake) -> Vec<(HeaderMap, Value)> {
    let seen = fake.seen.lock().unwrap();
    seen.iter().filter(|(_, message)| message["method"] == "tools/call").cloned().collect()
}

fn took_the_shortcut(call: &(HeaderMap, Value)) -> bool {
    call.1["id"].as_i64().unwrap() >= OURS
}

#[tokio::test]
async fn the_second_call_looks_like_the_first() {
    let surroundings = surroundings();
    let fake = Fake::start(&surroundings, |_, _, message| ordinary("s1", message)).await;
    let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
    let context =
        CallContext { headers: HeaderMap::from_iter([("x-user".parse().unwrap(), "ada".parse().unwrap())]) };
    for _ in 0..2 {
        let result = connection.call("t", JsonObject::new(), context.clone(), limits(LONG)).await.unwrap();
        assert_eq!(text(&result), "s1");
    }
    call(&connection, "t", json!({"n": 1})).await.unwrap();
    let mut calls = calls(&fake);
    assert_eq!(calls.iter().map(took_the_shortcut).collect::<Vec<_>>(), [false, true, true]);
    assert!(!calls[2].0.contains_key("x-user"), "another caller's header");
    assert_eq!(calls[2].1["params"]["arguments"], json!({"n": 1}));
    for (headers, message) in &mut calls[..2] {
        headers.remove(header::CONTENT_LENGTH);
        for (place, key) in [("/params/_meta", "progressToken"), ("", "id")] {
            message.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        }
    }
    let sorted = |headers: &HeaderMap| {
        let mut list: Vec<_> =
            headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        list.retain(|(name, _)| name != "accept");
        list.sort();
        list
    };
    assert_eq!(calls[0].1, calls[1].1);
    assert_eq!(sorted(&calls[0].0), sorted(&calls[1].0));
    connection.close().await;
}

#[tokio::test]
async fn a_lost_session_is_renewed_and_the_call_runs_once() {
    let surroundings = surroundings();
    let restarts = Arc::new(AtomicUsize::new(0));
    let run = Arc::new(AtomicUsize::new(0));
    let (restarted, ran) = (restarts.clone(), run.clone());
    let fake = Fake::start(&surroundings, move |_, headers, message| {
        let session = format!("s{}", restarted.load(Ordering::SeqCst));
        let known = headers.get("mcp-session-id").is_none_or(|given| *given == *session);
        match message["method"].as_str() {
            Some("initialize") => ordinary(&session, message),
            _ if !known => StatusCode::NOT_FOUND.into_response(),
            Some("tools/call") => {
                ran.fetch_add(1, Ordering::SeqCst);
                ordinary(&session, message)
            }
            _ => ordinary(&session, message),
        }
    })
    .await;
    let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
    for (restart, expected) in [(0, "s0"), (0, "s0"), (1, "s1"), (1, "s1")] {
        restarts.store(restart, Ordering::SeqCst);
        assert_eq!(text(&call(&connection, "t", json!({})).await.unwrap()), expected);
    }
    assert_eq!(run.load(Ordering::SeqCst), 4);
    assert!(took_the_shortcut(calls(&fake).last().unwrap()), "learned anew");
    connection.close().await;
}

#[tokio::test]
async fn an_event_stream_is_read_and_then_left_to_rmcp() {
    let surroundings = surroundings();
    let count = AtomicUsize::new(0);
    let fake = Fake::start(&surroundings, move |_, _, message| {
        if message["method"] != "tools/call" || count.fetch_add(1, Ordering::SeqCst) == 0 {
            return ordinary("s", message);
        }
        let progress = json!({"jsonrpc": "2.0", "method": "notifications/progress",
            "params": {"progressToken": message["params"]["_meta"]["progressToken"], "progress": 1}});
        let answer = json!({"jsonrpc": "2.0", "id": message["id"],
            "result": {"content": [{"type": "text", "text": "streamed"}]}});
        let body = format!("event: message\ndata: {progress}\n\ndata: {answer}\n\n");
        ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
    })
    .await;
    let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
    for expected in ["s", "streamed", "streamed"] {
        assert_eq!(text(&call(&connection, "t", json!({})).await.unwrap()), expected);
    }
    assert_eq!(calls(&fake).iter().map(took_the_shortcut).collect::<Vec<_>>(), [false, true, false]);
    connection.close().await;
}

#[tokio::test]
async fn errors_are_those_of_the_long_way_and_nothing_is_sent_twice() {
    let answers: [fn(&Value) -> Response; 4] = [
        |message| {
            let error = json!({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32602, "message": "no such n"}});
            ([(header::CONTENT_TYPE, "application/json")], error.to_string()).into_response()
        },
        |_| (StatusCode::BAD_GATEWAY, "down").into_response(),
        |message| reply(message, &json!({"content": "nonsense"})),
        |_| ([(header::CONTENT_TYPE, "application/json")], "{").into_response(),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let surroundings = surroundings();
        let count = AtomicUsize::new(0);
        let fake = Fake::start(&surroundings, move |_, _, message| {
            if message["method"] != "tools/call" || count.fetch_add(1, Ordering::SeqCst) == 0 {
                return ordinary("s", message);
            }
            answer(message)
        })
        .await;
        let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
        call(&connection, "t", json!({})).await.unwrap();
        let error = call(&connection, "t", json!({})).await.unwrap_err();
        match number {
            0 => {
                assert!(matches!(&error, CallError::Rpc(error) if error.message == "no such n"), "{error:?}");
            }
            1 => {
                assert!(matches!(&error, CallError::ConnectionLost(why) if why.contains("502")), "{error:?}");
            }
            _ => assert!(matches!(error, CallError::ConnectionLost(_) | CallError::Rpc(_)), "{error:?}"),
        }
        assert_eq!(calls(&fake).len(), 2, "answer {number}");
        connection.close().await;
    }
}

#[tokio::test]
async fn a_401_in_the_middle_needs_sign_in() {
    let surroundings = surroundings();
    let count = AtomicUsize::new(0);
    let fake = Fake::start(&surroundings, move |_, _, message| {
        if message["method"] != "tools/call" || count.fetch_add(1, Ordering::SeqCst) == 0 {
            return ordinary("s", message);
        }
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        response
    })
    .await;
    let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
    call(&connection, "t", json!({})).await.unwrap();
    assert!(matches!(call(&connection, "t", json!({})).await, Err(CallError::SignInNeeded)));
    connection.close().await;
}

#[tokio::test]
async fn tools_whose_arguments_travel_in_headers_are_left_to_rmcp() {
    let surroundings = surroundings();
    let fake = Fake::start(&surroundings, |_, _, message| match message["method"].as_str() {
        Some("tools/list") => reply(
            message,
            &json!({"tools": [{"name": "t", "inputSchema":
            {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}}]}),
        ),
        _ => ordinary("s", message),
    })
    .await;
    let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
    connection.list_tools().await.unwrap();
    for _ in 0..3 {
        call(&connection, "t", json!({})).await.unwrap();
    }
    assert!(!calls(&fake).iter().any(took_the_shortcut));
    connection.close().await;
}

/// A server behind something that answers in its place once the tool has run; says how often it ran.
async fn runs_then_refuses(
    surroundings: &Surroundings,
    in_session: bool,
    refuse: impl Fn(&Value) -> Response + Send + Sync + 'static,
) -> (Fake, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let ran = runs.clone();
    let fake = Fake::start(surroundings, move |_, _, message| {
        if message["method"] == "tools/call" && ran.fetch_add(1, Ordering::SeqCst) > 0 {
            return refuse(message);
        }
        let mut response = ordinary("s", message);
        if !in_session {
            response.headers_mut().remove("mcp-session-id");
        }
        response
    })
    .await;
    (fake, runs)
}

fn refusal(status: StatusCode, id: &Value, code: i64, text: &str) -> Response {
    let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": text}});
    (status, [(header::CONTENT_TYPE, "application/json")], error.to_string()).into_response()
}

/// No blind repetition: neither by the shortcut nor by rmcp.
#[tokio::test]
async fn what_may_have_run_is_not_sent_again() {
    type Refuse = fn(&Value) -> Response;
    let cases: [(&str, bool, Refuse); 8] = [
        ("400 of a proxy", true, |_| {
            (StatusCode::BAD_REQUEST, "<html>upstream sent too much</html>").into_response()
        }),
        ("400 with words about some session", true, |_| {
            (StatusCode::BAD_REQUEST, "the session pool of the upstream is invalid").into_response()
        }),
        ("400 without a word", false, |_| StatusCode::BAD_REQUEST.into_response()),
        ("404 without a session", false, |_| (StatusCode::NOT_FOUND, "no such page").into_response()),
        ("an empty JSON object", false, |_| {
            (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/json")], "{}").into_response()
        }),
        ("the tool's own error", true, |message| {
            refusal(StatusCode::OK, &message["id"], -32000, "Browser session not found")
        }),
        ("the tool's own error with 400", true, |message| {
            refusal(StatusCode::BAD_REQUEST, &message["id"], -32000, "Session not found")
        }),
        ("a revision, said too late", false, |message| {
            refusal(StatusCode::OK, &message["id"], -32022, "Unsupported protocol version")
        }),
    ];
    for (name, in_session, refuse) in cases {
        let surroundings = surroundings();
        let (fake, runs) = runs_then_refuses(&surroundings, in_session, refuse).await;
        let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
        call(&connection, "t", json!({})).await.unwrap();
        // By the shortcut.
        call(&connection, "t", json!({})).await.unwrap_err();
        assert_eq!(runs.load(Ordering::SeqCst), 2, "{name}");
        // By rmcp, which has not called this tool before.
        call(&connection, "other", json!({})).await.unwrap_err();
        assert_eq!(runs.load(Ordering::SeqCst), 3, "{name}");
        assert_eq!(calls(&fake).iter().map(took_the_shortcut).collect::<Vec<_>>(), [false, true, false]);
        connection.close().await;
    }
}

/// What the SDKs' transports say before they hand anything on.
#[tokio::test]
async fn a_session_refused_in_the_sdks_words_is_renewed_and_the_call_runs_once() {
    type Refuse = fn() -> Response;
    let cases: [(&str, Refuse); 4] = [
        ("TypeScript, started again", || {
            refusal(StatusCode::BAD_REQUEST, &Value::Null, -32000, "Bad Request: Server not initialized")
        }),
        ("Python", || {
            refusal(
                StatusCode::BAD_REQUEST,
                &json!("server-error"),
                -32600,
                "Bad Request: No valid session ID provided",
            )
        }),
        ("Go", || (StatusCode::BAD_REQUEST, "Invalid session ID\n").into_response()),
        ("whatever 404 says", || (StatusCode::NOT_FOUND, "<html>gone</html>").into_response()),
    ];
    for (name, refuse) in cases {
        let surroundings = surroundings();
        let restarts = Arc::new(AtomicUsize::new(0));
        let run = Arc::new(AtomicUsize::new(0));
        let (restarted, ran) = (restarts.clone(), run.clone());
        let fake = Fake::start(&surroundings, move |_, headers, message| {
            let session = format!("s{}", restarted.load(Ordering::SeqCst));
            let known = headers.get("mcp-session-id").is_none_or(|given| *given == *session);
            if !known {
                return refuse();
            }
            if message["method"] == "tools/call" {
                ran.fetch_add(1, Ordering::SeqCst);
            }
            ordinary(&session, message)
        })
        .await;
        let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
        for (restart, expected) in [(0, "s0"), (1, "s1"), (2, "s2"), (2, "s2")] {
            restarts.store(restart, Ordering::SeqCst);
            assert_eq!(text(&call(&connection, "t", json!({})).await.unwrap()), expected, "{name}");
        }
        assert_eq!(run.load(Ordering::SeqCst), 4, "{name}");
        connection.close().await;
    }
}

/// A server of 2026-07-28.
fn modern(message: &Value) -> Response {
    match message["method"].as_str() {
        Some("server/discover") => reply(
            message,
            &json!({"resultType": "complete", "supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}},
                "ttlMs": 0, "cacheScope": "private",
                "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "http", "version": "1"}}}),
        ),
        _ => reply(message, &json!({"resultType": "complete", "content": []})),
    }
}

/// Tells that it was dropped.
struct Dropped(mpsc::UnboundedSender<Value>, Value);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(self.1.take());
    }
}

/// By a notification in the older era, by the end of the stream in the newer (specification 2026-07-28, cancellation).
#[tokio::test]
async fn a_caller_who_leaves_cancels_at_the_server_in_both_eras() {
    for era in [Era::Initialize, Era::Discover] {
        let surroundings = surroundings();
        let (tell, mut cancelled) = mpsc::unbounded_channel();
        let count = AtomicUsize::new(0);
        let fake = Fake::start(&surroundings, move |_, _, message| {
            if message["method"] == "notifications/cancelled" {
                tell.send(message["params"]["requestId"].clone()).unwrap();
            }
            if message["method"] == "tools/call" && count.fetch_add(1, Ordering::SeqCst) > 0 {
                let left = (era == Era::Discover).then(|| Dropped(tell.clone(), message["id"].clone()));
                let endless = futures::stream::unfold(left, |left| async move {
                    std::future::pending::<()>().await;
                    Some((Ok::<_, std::convert::Infallible>(axum::body::Bytes::new()), left))
                });
                let kind = [(header::CONTENT_TYPE, "text/event-stream")];
                return (kind, axum::body::Body::from_stream(endless)).into_response();
            }
            if era == Era::Discover { modern(message) } else { ordinary("s", message) }
        })
        .await;
        let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
        assert_eq!(connection.era(), era);
        call(&connection, "t", json!({})).await.unwrap();
        let limit = Duration::from_millis(500);
        let error = call_within(&connection, "t", json!({}), limit).await.unwrap_err();
        assert!(matches!(error, CallError::Timeout(_)), "{error:?}");
        assert!(took_the_shortcut(calls(&fake).last().unwrap()));
        assert_eq!(cancelled.recv().await, Some(calls(&fake)[1].1["id"].clone()));
        connection.close().await;
    }
}
