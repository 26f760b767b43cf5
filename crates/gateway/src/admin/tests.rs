use std::{collections::HashMap, net::SocketAddr};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response};
use http::{Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;
use traygate_config::{Config, Entry, Position, ServerName, Severity};
use traygate_upstream::Environment;

use super::*;
use crate::http::KeyDigest;

const TOKEN: &str = "0123456789abcdef";

fn admin() -> Router {
    let environment = Environment::new(HashMap::new(), None);
    let hub = Hub::new(environment);
    let broken = Diagnostic {
        severity: Severity::Error,
        code: "missing-command",
        server: ServerName::new("broken").ok(),
        position: Position { line: 3, column: 5 },
        message: "`broken` has neither `command` nor `url`.".to_owned(),
        hint: Some("Add one.".to_owned()),
    };
    let mut config = Config::default();
    config.servers.insert(ServerName::new("broken").expect("a name"), Entry::Invalid(broken.clone()));
    hub.apply(&config);
    let rules = Rules {
        admin_token: Some(KeyDigest::of(&TOKEN.into())),
        addresses: vec!["127.0.0.1:8000".parse().expect("an address")],
        ..Rules::default()
    };
    router(Admin {
        hub,
        prepared: Arc::default(),
        rules: Arc::new(ArcSwap::from_pointee(rules)),
        diagnostics: Arc::new(ArcSwap::from_pointee(vec![broken])),
        config: Some("/etc/traygate.jsonc".into()),
        fixed_key: false,
        reload: mpsc::channel(1).0,
    })
}

/// A request as the command line sends it, to be spoilt.
fn request(path: &str) -> Request<Body> {
    let mut request = Request::get(path)
        .header("host", "127.0.0.1:8000")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Body::empty())
        .expect("a request");
    request
        .extensions_mut()
        .insert(ConnectInfo::<SocketAddr>("127.0.0.1:50000".parse().expect("an address")));
    request
}

async fn answer(request: Request<Body>) -> Response {
    admin().oneshot(request).await.expect("an answer")
}

async fn json(response: Response) -> Value {
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

#[tokio::test]
async fn the_status_tells_of_servers_and_diagnostics() {
    let response = answer(request("/-/api/status")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let status: Status = serde_json::from_value(json(response).await).expect("a status");
    assert_eq!(status.pid, std::process::id());
    assert_eq!(status.config, Some("/etc/traygate.jsonc".into()));
    assert_eq!(status.diagnostics[0].code, "missing-command");
    assert_eq!((status.diagnostics[0].line, status.diagnostics[0].column), (3, 5));
}

#[tokio::test]
async fn a_request_is_refused_for_each_fence_it_breaks() {
    type Spoil = fn(&mut Request<Body>);
    fn set(request: &mut Request<Body>, name: &'static str, value: &'static str) {
        request.headers_mut().insert(name, value.parse().expect("a value"));
    }
    let spoilt: [(Spoil, u16); 14] = [
        (|r| _ = r.headers_mut().remove("authorization"), 401),
        (|r| set(r, "authorization", "Bearer 0123456789abcdee"), 401),
        (|r| set(r, "authorization", "Basic 0123456789abcdef"), 401),
        (|r| set(r, "authorization", "0123456789abcdef"), 401),
        (|r| _ = r.extensions_mut().remove::<ConnectInfo<SocketAddr>>(), 403),
        (|r| _ = r.extensions_mut().insert(ConnectInfo::<SocketAddr>(([192, 168, 0, 9], 1).into())), 403),
        (|r| set(r, "host", "evil.example:8000"), 403),
        (|r| set(r, "host", "127.0.0.1.evil.example"), 403),
        (|r| _ = r.headers_mut().remove("host"), 403),
        (|r| set(r, "forwarded", "for=192.0.2.1"), 403),
        (|r| set(r, "x-forwarded-for", "192.0.2.1"), 403),
        (|r| set(r, "x-forwarded-proto", "https"), 403),
        (|r| set(r, "x-real-ip", "192.0.2.1"), 403),
        (|r| set(r, "via", "1.1 proxy"), 403),
    ];
    for (case, (spoil, status)) in spoilt.into_iter().enumerate() {
        let mut request = request("/-/api/status");
        spoil(&mut request);
        let response = answer(request).await;
        assert_eq!(response.status().as_u16(), status, "case {case}");
        assert_eq!(json(response).await["detail"]["code"], "unauthorized", "case {case}");
    }
}

#[tokio::test]
async fn loopback_in_all_its_spellings_passes() {
    for host in ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000", "127.9.9.9"] {
        let mut request = request("/-/api/status");
        request.headers_mut().insert("host", host.parse().expect("a value"));
        request.extensions_mut().insert(ConnectInfo::<SocketAddr>("[::1]:5".parse().expect("an address")));
        assert_eq!(answer(request).await.status(), StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn unknown_servers_and_paths_say_so() {
    let response = answer(request("/-/api/servers/nope/log")).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(json(response).await["detail"]["message"], "There is no server `nope`.");
    let mut restart = request("/-/api/servers/nope/restart");
    *restart.method_mut() = http::Method::POST;
    assert_eq!(json(answer(restart).await).await["detail"]["code"], "unknown-server");
    assert_eq!(answer(request("/-/api/nothing")).await.status(), StatusCode::NOT_FOUND);
}
