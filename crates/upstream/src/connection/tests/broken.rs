//! Answers over HTTP that cannot be read: the call fails at once, and the session goes on.

use ::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{
    http::{Fake, ordinary},
    *,
};

/// An answer whose result is not JSON.
fn broken(message: &Value, result: &[u8]) -> Vec<u8> {
    let mut answer =
        format!(r#"{{"jsonrpc":"2.0","id":{},"result":{{"structuredContent":"#, message["id"]).into_bytes();
    answer.extend_from_slice(result);
    answer.extend_from_slice(b"}}");
    answer
}

fn sent(kind: &'static str, body: impl Into<axum::body::Body>) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, kind)], body.into()).into_response()
}

/// Events that never end.
fn streamed(data: &[u8]) -> Response {
    let event = [b"data: ", data, b"\n\n"].concat();
    let first = futures::stream::iter([Ok::<_, std::convert::Infallible>(event)]);
    let body = axum::body::Body::from_stream(futures::StreamExt::chain(first, futures::stream::pending()));
    sent("text/event-stream", body)
}

#[tokio::test]
async fn a_broken_answer_over_http_fails_its_call_at_once() {
    let surroundings = surroundings();
    let fake = Fake::start(&surroundings, |_, _, message| {
        let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
        match (message["method"].as_str(), message["params"]["name"].as_str()) {
            (Some("tools/call"), Some("json")) => sent("application/json", broken(message, b"NaN")),
            (Some("tools/call"), Some("utf8")) => sent("application/json", broken(message, b"\"\xff\"")),
            (Some("tools/call"), Some("events")) => streamed(&broken(message, b"[1, Infinity]")),
            (Some("tools/call"), Some("deep")) => streamed(&broken(message, deep.as_bytes())),
            (Some("tools/call"), Some("sometimes")) if message["params"]["arguments"]["broken"] == true => {
                streamed(&broken(message, b"NaN"))
            }
            _ => ordinary("s1", message),
        }
    })
    .await;
    let connection = open_session(fake.streamable(), &surroundings).await.unwrap();
    for (tool, expected) in [
        ("json", "expected value"),
        ("utf8", "invalid unicode"),
        ("events", "the server's answer is not JSON: expected value"),
        ("deep", "the server's answer is not JSON: recursion limit exceeded"),
    ] {
        for _ in 0..2 {
            let error = call(&connection, tool, json!({})).await.unwrap_err();
            assert!(error.to_string().contains(expected), "{tool} {error}");
        }
        assert_eq!(text(&call(&connection, "t", json!({})).await.unwrap()), "s1");
    }
    // The second call takes the shortcut.
    call(&connection, "sometimes", json!({})).await.unwrap();
    let error = call(&connection, "sometimes", json!({"broken": true})).await.unwrap_err();
    assert!(error.to_string().starts_with("the server's answer is not JSON: expected value"), "{error}");
    assert_eq!(text(&call(&connection, "t", json!({})).await.unwrap()), "s1");
    connection.close().await;
}
