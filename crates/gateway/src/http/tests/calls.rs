use std::{collections::HashMap, io, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use axum::{Router, body::Body};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::Method;
use rmcp::model::{CallToolResult, JsonObject};
use serde_json::json;
use tokio::{sync::watch, time::Instant};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use traygate_config::{HeaderForwarding, ServerName};
use traygate_upstream::{CallContext, CallError, Catalogue};

use super::{Stand, get, post, stand::request, tool};
use crate::http::{Layout, Rules, Surface, Upstreams, router};

fn free() -> serde_json::Value {
    json!({"type": "object"})
}

#[tokio::test]
async fn a_call_reaches_its_tool_and_the_answer_comes_back() {
    let stand = Stand::new(Rules::default()).ready("time", vec![tool("now", free())]);
    let answer =
        stand.call("/time/now", r#"{"zone":null,"n":12345678901234567890.10,"extra":[{"a":null}]}"#).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "\"done\""));
    assert_eq!(answer.header("content-type"), "application/json");
    let reached = stand.reached();
    assert_eq!((reached[0].server.as_str(), reached[0].tool.as_str()), ("time", "now"));
    assert_eq!(reached[0].arguments, r#"{"zone":null,"n":12345678901234567890.10,"extra":[{"a":null}]}"#);
}

#[tokio::test]
async fn any_name_of_a_tool_can_be_called() {
    let names = [
        "a/b",
        "a/{id}",
        "日本語",
        "with space",
        "docs",
        "openapi.json",
        "api/config",
        "%41",
        "a?b#c",
        "trailing/",
    ];
    let stand = Stand::new(Rules::default()).ready("my server/日本".replace('/', " ").as_str(), {
        names.iter().map(|name| tool(name, free())).collect()
    });
    for (path, expected) in [
        ("a/b", "a/b"),
        ("a%2Fb", "a/b"),
        ("a%2fb", "a/b"),
        ("a/b/", "a/b"),
        ("a/%7Bid%7D", "a/{id}"),
        ("%E6%97%A5%E6%9C%AC%E8%AA%9E", "日本語"),
        ("with%20space", "with space"),
        ("docs", "docs"),
        ("openapi.json", "openapi.json"),
        ("api/config", "api/config"),
        ("%2541", "%41"),
        ("a%3Fb%23c", "a?b#c"),
        ("trailing/", "trailing/"),
    ] {
        let answer = stand.call(&format!("/my%20server%20%E6%97%A5%E6%9C%AC/{path}"), "{}").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(stand.reached()[0].tool, expected);
    }
    let answer = stand.call("/my%20server%20%E6%97%A5%E6%9C%AC/a/anything", "{}").await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn servers_may_be_called_like_pages() {
    let stand = Stand::new(Rules::default())
        .ready("docs", vec![tool("t", free())])
        .ready("api", vec![tool("config", free())])
        .ready("openapi.json", vec![tool("t", free())]);
    for path in ["/docs/t", "/api/config", "/openapi.json/t"] {
        assert_eq!(stand.call(path, "{}").await.status, 200, "{path}");
    }
    assert_eq!(stand.get("/docs/openapi.json").await.json()["info"]["title"], "docs");
}

#[tokio::test]
async fn every_path_that_a_document_names_leads_to_its_tool() {
    let names = ["a/b", "a/{id}", "日本語", "with space", "/lead", "a//b", "..", "a/../b", "100%", "x:y"];
    let stand = Stand::new(Rules { path_prefix: "/v1".into(), ..Rules::default() })
        .ready("ä b", names.iter().map(|name| tool(name, free())).collect());
    let document = stand.get("/openapi.json").await.json();
    let paths: Vec<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(paths.len(), names.len());
    for (path, name) in paths.iter().zip(names) {
        assert!(path.is_ascii() && !path.contains(['{', ' ']), "{path}");
        assert_eq!(stand.call(path, "{}").await.status, 200, "{path}");
        assert_eq!(stand.reached()[0].tool, name);
    }
}

#[tokio::test]
async fn a_single_server_has_its_tools_at_the_root() {
    let rules = Rules {
        layout: Layout::Single(ServerName::new("time").unwrap()),
        title: Some("Mine".into()),
        ..Rules::default()
    };
    let stand = Stand::new(rules).ready("time", vec![tool("now", free())]);
    assert_eq!(stand.call("/now", "").await.status, 200);
    assert_eq!(stand.call("/time/now", "").await.status, 404);
    let document = stand.get("/openapi.json").await.json();
    assert_eq!(document["info"]["title"], "Mine");
    assert!(document["paths"]["/now"].is_object());
    assert!(stand.get("/docs").await.status.is_success());
}

#[tokio::test]
async fn no_arguments_may_be_sent_in_any_way() {
    let stand = Stand::new(Rules::default())
        .ready("s", vec![tool("t", json!({"properties": {"a": {"type": "string"}}}))]);
    for body in ["", "{}", " "] {
        assert_eq!(stand.call("/s/t", body).await.status, 200);
        assert_eq!(stand.reached()[0].arguments, "{}");
    }
}

#[tokio::test]
async fn texts_become_numbers_only_where_the_schema_wants_them() {
    let schema = json!({"properties": {"n": {"type": "integer"}, "s": {"type": "string"}}});
    let stand = Stand::new(Rules::default()).ready("s", vec![tool("t", schema)]);
    stand.call("/s/t", r#"{"n":"7","s":"7"}"#).await;
    assert_eq!(stand.reached()[0].arguments, r#"{"n":7,"s":"7"}"#);
}

#[tokio::test]
async fn chosen_headers_go_on_and_the_key_never_does() {
    let forwarding =
        HeaderForwarding { whitelist: vec!["x-user-*".into(), "authorization".into()], ..Default::default() };
    let mut rules = Rules::clone(&Stand::with_key().rules.load());
    rules.header_forwarding = HashMap::from([(ServerName::new("s").unwrap(), forwarding)]);
    let stand = Stand::new(rules).ready("s", vec![tool("t", free())]).ready("other", vec![tool("t", free())]);
    let headers = [("authorization", "Bearer k3y"), ("x-user-id", "7"), ("x-else", "1")];
    stand.send(post("/s/t", "{}", &headers)).await;
    let reached = &stand.reached()[0].headers;
    assert_eq!(reached.len(), 1);
    assert_eq!(reached["x-user-id"], "7");
    stand.send(post("/other/t", "{}", &headers)).await;
    assert!(stand.reached()[0].headers.is_empty());
}

#[tokio::test]
async fn nothing_is_ever_redirected() {
    let stand = Stand::new(Rules::default()).ready("s", vec![tool("t", free())]);
    for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
        for path in
            ["/", "/s", "/s/", "/s/t", "/s/t/", "/docs/", "/s/docs/", "/s/openapi.json/", "//", "/-", "/-/ui"]
        {
            let answer = stand.send(request(method.clone(), path, "{}", &[])).await;
            assert!(!answer.status.is_redirection(), "{method} {path}: {}", answer.status);
        }
    }
}

/// Servers that never answer, and tell whether a call is waiting.
struct Stuck {
    catalogue: Arc<Catalogue>,
    waiting: watch::Sender<bool>,
}

struct Waiting(watch::Sender<bool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

impl Upstreams for Stuck {
    fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue)
    }

    async fn call(
        &self,
        _: &str,
        _: &str,
        _: JsonObject,
        _: CallContext,
    ) -> Result<CallToolResult, CallError> {
        self.waiting.send_replace(true);
        let _waiting = Waiting(self.waiting.clone());
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_caller_who_leaves_ends_the_call() {
    let catalogue = Stand::new(Rules::default()).ready("s", vec![tool("t", free())]).servers.catalogue();
    let (waiting, mut seen) = watch::channel(false);
    let rules = Arc::new(ArcSwap::from_pointee(Rules::default()));
    let (own, tasks) = (Router::new(), TaskTracker::new());
    let app = router(Surface {
        upstreams: Stuck { catalogue, waiting },
        sign_ins: crate::sign_ins(traygate_auth::Keychain::system(), None, HashMap::new()),
        rules,
        prepared: Arc::default(),
        own,
        tasks,
    });
    tokio::select! {
        answer = app.clone().oneshot(post("/s/t", "{}", &[])) => panic!("{answer:?}"),
        // The value is let go at once: it locks the channel, and the call's end writes to it.
        () = async { drop(seen.wait_for(|waiting| *waiting).await.unwrap()) } => {}
    }
    assert!(!*seen.borrow(), "the call still waits");
    let page = app.oneshot(get("/-/metrics", &[])).await.unwrap().into_body();
    let page = axum::body::to_bytes(page, usize::MAX).await.unwrap();
    let line = r#"traygate_calls_total{server="s",tool="t",outcome="cancelled"} 1"#;
    assert!(String::from_utf8_lossy(&page).contains(line));
}

/// Whoever refuses has no reason to wait for what it does not want.
#[tokio::test(start_paused = true)]
async fn a_refusal_does_not_wait_for_the_body() {
    let stand = Stand::with_key().ready("s", vec![tool("t", json!({}))]);
    for path in ["/s/t", "/nowhere/t", "/-/healthy", "/-/api/ping"] {
        let mut call = post(path, "", &[]);
        let endless = stream::pending::<Result<Bytes, io::Error>>();
        *call.body_mut() = Body::from_stream(endless);
        let asked = Instant::now();
        assert!(stand.send(call).await.status.is_client_error(), "{path}");
        assert_eq!(asked.elapsed(), Duration::ZERO, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_coming_is_not_waited_for_for_ever() {
    let stand = Stand::new(Rules::default()).ready("s", vec![tool("t", json!({}))]);
    let start = stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"{"))]);
    let mut call = post("/s/t", "", &[]);
    *call.body_mut() = Body::from_stream(start.chain(stream::pending()));
    let answer = stand.send(call).await;
    assert_eq!((answer.status.as_u16(), answer.header("connection")), (408, "close"));
    assert_eq!(answer.json()["detail"]["code"], "body-timeout");
    assert!(stand.reached().is_empty());
}
