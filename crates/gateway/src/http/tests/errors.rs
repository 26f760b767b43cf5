use std::time::{Duration, SystemTime};

use http::Method;
use rmcp::model::{ErrorCode, ErrorData};
use serde_json::json;
use traygate_upstream::{CallError, State};

use super::{Answer, Stand, get, stand::request, tool};
use crate::http::Rules;

fn stand() -> Stand {
    Stand::new(Rules::default()).ready(
        "github",
        vec![
            tool("search", json!({"properties": {"n": {"type": "integer"}}, "required": ["n"]})),
            tool("t", json!({"type": "object"})),
        ],
    )
}

async fn failing(error: CallError) -> Answer {
    stand().answers("t", Err(error)).call("/github/t", "{}").await
}

/// Status and body in one, as golden text.
fn whole(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    let whole = json!({"status": status, "retry-after": answer.header("retry-after"), "body": answer.json()});
    serde_json::to_string_pretty(&whole).unwrap()
}

#[tokio::test]
async fn unknown_names_come_with_the_nearest() {
    insta::assert_snapshot!("unknown-server", whole(&stand().call("/gihub/search", "{}").await));
    insta::assert_snapshot!("unknown-tool", whole(&stand().call("/github/serch", "{}").await));
    assert_eq!(stand().get("/gihub/openapi.json").await.json()["detail"]["code"], "unknown-server");
    assert_eq!(stand().get("/gihub/docs").await.status, 404);
    assert_eq!(stand().call("/github", "{}").await.json()["detail"]["code"], "unknown-tool");
    assert_eq!(stand().call("/", "{}").await.json()["detail"]["code"], "unknown-server");
}

#[tokio::test]
async fn a_tool_that_the_config_file_leaves_out_says_so() {
    let name = traygate_config::ServerName::new("s").unwrap();
    let disabled_tools = [(name, ["gone".to_owned()].into())].into();
    let stand = Stand::new(Rules { disabled_tools, ..Rules::default() })
        .ready("s", vec![tool("t", json!({"type": "object"}))])
        .ready("other", vec![tool("t", json!({"type": "object"}))]);
    let answer = stand.call("/s/gone", "{}").await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.json()["detail"],
        json!({"message": "The tool `gone` of `s` is disabled.", "code": "unknown-tool",
            "hint": "Take it out of the server's `disabledTools` in the config file."})
    );
    let message = stand.call("/other/gone", "{}").await.json()["detail"]["message"].clone();
    assert_eq!(message, "`other` has no tool `gone`.");
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    insta::assert_snapshot!(
        "invalid-arguments",
        whole(&stand().call("/github/search", r#"{"n":"x"}"#).await)
    );
    insta::assert_snapshot!("missing-argument", whole(&stand().call("/github/search", "").await));
    insta::assert_snapshot!("not-an-object", whole(&stand().call("/github/search", "[1]").await));
    let stand = stand();
    stand.call("/github/search", "{}").await;
    assert!(stand.reached().is_empty());
}

#[tokio::test]
async fn broken_json_says_where() {
    insta::assert_snapshot!(
        "invalid-json",
        whole(&stand().call("/github/search", "{\"n\": 1,\n oops}").await)
    );
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_announced_or_not() {
    let stand =
        Stand::new(Rules { max_body_size: 10, ..Rules::default() }).ready("s", vec![tool("t", json!({}))]);
    let answer = stand.call("/s/t", r#"{"a":"0123456789"}"#).await;
    insta::assert_snapshot!("payload-too-large", whole(&answer));
    let answer = stand.send(request(Method::POST, "/s/t", "{}", &[("content-length", "11")])).await;
    assert_eq!(answer.status, 413);
    assert!(stand.reached().is_empty());
    assert_eq!(stand.call("/s/t", r#"{"a":1234}"#).await.status, 200);
}

#[tokio::test]
async fn failures_of_a_call_are_told_apart() {
    for (name, error) in [
        ("sign-in-required", CallError::SignInNeeded),
        (
            "server-unavailable",
            CallError::Unavailable {
                reason: "`github` could not start: command `npx` was not found.".into(),
                retry_after: Some(Duration::from_secs(8)),
            },
        ),
        ("timeout", CallError::Timeout(Duration::from_mins(2))),
        ("connection-lost", CallError::ConnectionLost("the process ended.".into())),
        ("unknown-server-late", CallError::UnknownServer),
    ] {
        insta::assert_snapshot!(name, whole(&failing(error).await));
    }
}

#[tokio::test]
async fn a_short_timeout_is_told_with_its_fraction() {
    let answer = failing(CallError::Timeout(Duration::from_millis(400))).await;
    assert_eq!(answer.json()["detail"]["message"], "`t` of `github` did not answer within 0.4 s.");
}

#[tokio::test]
async fn long_names_are_not_repeated_whole() {
    let long = "x".repeat(60_000);
    for path in [format!("/github/{long}"), format!("/{long}/t")] {
        let answer = stand().call(&path, "{}").await;
        assert_eq!(answer.status, 404);
        assert!(answer.body.len() < 1000, "{} bytes", answer.body.len());
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_too_large() {
    let broken = futures::stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
    let mut request = request(Method::POST, "/github/t", "", &[]);
    *request.body_mut() = axum::body::Body::from_stream(broken);
    let answer = stand().send(request).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["detail"]["message"], "The body did not arrive whole.");
}

#[tokio::test]
async fn json_rpc_codes_become_statuses() {
    for (code, status, name) in [
        (-32700, 400, "rpc-error"),
        (-32600, 400, "rpc-error"),
        (-32601, 404, "rpc-error"),
        (-32602, 422, "rpc-error"),
        (-32603, 500, "rpc-error"),
        (-32000, 500, "rpc-error"),
        (408, 504, "timeout"),
        (-32001, 504, "timeout"),
    ] {
        let error = ErrorData::new(ErrorCode(code), "no", Some(json!({"why": 1})));
        let answer = failing(CallError::Rpc(error)).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.json(), json!({"detail": {"message": "no", "data": {"why": 1}, "code": name}}));
    }
    let pages = json!({"elicitations": [{"url": "https://example.com/in"}]});
    for said in ["Sign in first", "Sign in first."] {
        let error = ErrorData::new(ErrorCode(-32042), said, Some(pages.clone()));
        assert_eq!(
            failing(CallError::Rpc(error)).await.json()["detail"]["message"],
            "Sign in first. A person must first open https://example.com/in, then the call can be made again."
        );
    }
}

#[tokio::test]
async fn a_tools_own_error_is_told_whole() {
    let said = json!({"isError": true, "content": [{"type": "text", "text": "rate limited"}, {"type": "text", "text": "second"}]});
    let answer = stand().answers("t", Ok(said)).call("/github/t", "{}").await;
    insta::assert_snapshot!("tool-error", whole(&answer));
}

#[tokio::test]
async fn a_server_without_tools_says_why_for_calls_and_documents() {
    for (name, state) in [
        ("disabled", State::Disabled),
        ("connecting", State::Connecting { last: None }),
        ("connecting-again", State::Connecting { last: Some("it exited with code 1".into()) }),
        ("sign-in-needed", State::SignInNeeded),
        ("failed", State::Failed { reason: "command `npx` was not found.".into() }),
    ] {
        let stand = Stand::new(Rules::default()).server("x", state, None);
        let (call, document) = (stand.call("/x/t", "{}").await, stand.get("/x/openapi.json").await);
        assert_eq!(whole(&call), whole(&document));
        insta::assert_snapshot!(format!("no-tools-{name}"), whole(&call));
        assert_eq!(whole(&stand.get("/x/docs").await), whole(&document));
        let page = stand.send(get("/x/docs", &[("accept", "text/html")])).await;
        assert_eq!((page.status, page.header("retry-after")), (call.status, call.header("retry-after")));
        let (text, message) = (page.text(), document.json()["detail"]["message"].clone());
        assert!(text.contains("<code>") && !text.contains('`'), "{text}");
        let plain = text.replace("<code>", "`").replace("</code>", "`").replace("&quot;", "\"");
        assert!(plain.contains(message.as_str().unwrap()), "{message} is missing in {text}");
    }
    let state = State::Backoff { reason: "No.".into(), until: SystemTime::now() + Duration::from_hours(1) };
    let answer = Stand::new(Rules::default()).server("x", state, None).get("/x/openapi.json").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "3600"));
    let message = answer.json()["detail"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.starts_with("`x` is not available: No. Retrying in "), "{message}");
}

#[tokio::test]
async fn a_wrong_method_names_the_right_one() {
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = stand().send(request(method, "/github/t", "", &[])).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
        assert_eq!(answer.json()["detail"]["code"], "method-not-allowed");
    }
    let answer = stand().send(request(Method::POST, "/-/healthy", "", &[])).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, HEAD"));
}

#[tokio::test]
async fn no_server_is_taken_for_an_open_terminal() {
    let stand = Stand::with_key().ready("s", vec![tool("api/config", json!({"type": "object"}))]);
    for path in ["/s/api/config", "/nowhere/api/config", "/s/api/config/", "/api/config"] {
        let answer = stand.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["detail"]["code"], "not-found");
    }
}

#[tokio::test]
async fn a_body_that_is_no_object_is_sent_back_only_where_it_is_short() {
    let stand = Stand::new(Rules::default()).ready("s", vec![tool("t", json!({}))]);
    for (body, is_short) in
        [(json!([1, "two"]), true), (json!(vec![7; 600]), false), (json!("x".repeat(1_100)), false)]
    {
        let answer = stand.call("/s/t", &body.to_string()).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.json()["detail"][0].get("input"), is_short.then_some(&body));
    }
}
