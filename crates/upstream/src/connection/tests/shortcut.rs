//! Calls over streamable HTTP from the second one on: posted without rmcp's loops, and not told apart by the server.

use std::sync::atomic::{AtomicUsize, Ordering};

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

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
        let result = connection.call("t", JsonObject::new(), context.clone(), LONG).await.unwrap();
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
