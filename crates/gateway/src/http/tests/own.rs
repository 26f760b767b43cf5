use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::Method;
use secrecy::SecretString;
use serde_json::json;
use traygate_config::ServerName;
use traygate_upstream::State;

use super::{Stand, get, stand::request, tool};
use crate::http::{KeyDigest, Layout, Rules};

#[tokio::test]
async fn health_is_for_anyone_and_says_nothing() {
    let stand = Stand::with_key().server("secret-name", State::Connecting { last: None }, None);
    let answer = stand.get("/-/healthy").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "ok\n"));
    let answer = stand.get("/-/ready").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (503, "starting\n"));
    let stand = stand.server("secret-name", State::Failed { reason: "x".into() }, None);
    assert_eq!(stand.get("/-/ready").await.status, 200);
}

/// A stand with a key and an admin token.
fn with_token() -> Stand {
    let stand = Stand::with_key().ready("s", vec![tool("t", json!({"required": ["a"]}))]);
    let admin_token = Some(KeyDigest::of(&SecretString::from("adm1n")));
    stand.rules.store(Rules { admin_token, ..Rules::clone(&stand.rules.load()) }.into());
    stand
}

/// The status for who shows the admin token from `peer`.
async fn with_admin_token(
    stand: &Stand,
    method: Method,
    path: &str,
    peer: [u8; 4],
    headers: &[(&'static str, &str)],
) -> u16 {
    let mut request = request(method, path, "{}", headers);
    request.headers_mut().insert(http::header::AUTHORIZATION, "Bearer adm1n".parse().unwrap());
    request.extensions_mut().insert(ConnectInfo::<SocketAddr>((peer, 50_000).into()));
    stand.send(request).await.status.as_u16()
}

const HERE: [u8; 4] = [127, 0, 0, 1];

#[tokio::test]
async fn metrics_want_the_key() {
    let stand = with_token();
    assert_eq!(stand.get("/-/metrics").await.status, 401);
    let key = ("authorization", "Bearer k3y");
    for body in ["{\"a\":1}", "{}", "[]", "{x"] {
        stand.send(request(Method::POST, "/s/t", body, &[key])).await;
    }
    stand.rules.store(Rules { max_body_size: 5, ..Rules::clone(&stand.rules.load()) }.into());
    stand.send(request(Method::POST, "/s/t", "{\"a\":1}", &[key])).await;
    let page = stand.send(get("/-/metrics", &[key])).await.text();
    for line in [
        r#"traygate_calls_total{server="s",tool="t",outcome="ok"} 1"#,
        r#"traygate_calls_total{server="s",tool="t",outcome="invalid-arguments"} 2"#,
        r#"traygate_calls_total{server="s",tool="t",outcome="invalid-json"} 1"#,
        r#"traygate_calls_total{server="s",tool="t",outcome="payload-too-large"} 1"#,
        r#"traygate_server_state{server="s",state="ready"} 1"#,
        r#"traygate_server_tools{server="s"} 1"#,
    ] {
        assert!(page.lines().any(|got| got == line), "{line} is missing in\n{page}");
    }
}

#[tokio::test]
async fn the_admin_token_opens_documents_and_metrics_from_this_machine_and_no_tool() {
    let stand = with_token();
    for path in ["/openapi.json", "/s/openapi.json", "/-/metrics"] {
        let read = |peer, headers| with_admin_token(&stand, Method::GET, path, peer, headers);
        assert_eq!(read(HERE, &[]).await, 200, "{path}");
        assert_eq!(read([192, 168, 0, 9], &[]).await, 403, "{path}: another machine");
        assert_eq!(read(HERE, &[("x-forwarded-for", "::1")]).await, 403, "{path}: a proxy");
        assert_eq!(read(HERE, &[("host", "192.168.0.9")]).await, 403, "{path}: another host");
        let far = format!("http://192.168.0.9{path}");
        let status = with_admin_token(&stand, Method::GET, &far, HERE, &[("host", "localhost")]).await;
        assert_eq!(status, 403, "{path}: another host in the target");
        let peerless = stand.send(get(path, &[("authorization", "Bearer adm1n")])).await;
        assert_eq!(peerless.status, 403, "{path}: no peer");
    }
    for path in ["/docs", "/s/docs"] {
        assert_eq!(with_admin_token(&stand, Method::GET, path, HERE, &[]).await, 403, "{path}");
    }
    assert_eq!(with_admin_token(&stand, Method::POST, "/s/t", HERE, &[]).await, 403);
    assert!(stand.reached().is_empty());
}

#[tokio::test]
async fn the_gateways_own_paths_stay_at_the_root() {
    let rules = Rules { path_prefix: "/v1".into(), root_path: "/tools".into(), ..Rules::default() };
    let stand = Stand::new(rules).ready("s", vec![tool("t", json!({}))]);
    for path in ["/-/healthy", "/-/ready", "/-/metrics", "/-/api/ping", "/-/swagger/start.js"] {
        assert_eq!(stand.get(path).await.status, 200, "{path}");
        assert_eq!(stand.get(&format!("/v1{path}")).await.status, 404, "{path}");
    }
    for path in ["/-/healthy", "/-/metrics", "/-/api/ping", "/-/oauth/callback"] {
        assert_eq!(stand.get(&format!("/tools{path}")).await.status, 404, "{path}");
    }
    // A docs page behind a proxy that strips nothing needs its files.
    assert_eq!(stand.get("/tools/-/swagger/start.js").await.status, 200);
}

#[tokio::test]
async fn what_is_gone_is_forgotten() {
    let rules = Rules { root_path: "/tools".into(), ..Rules::default() };
    let stand = Stand::new(rules)
        .ready("stays", vec![tool("kept", json!({})), tool("dropped", json!({}))])
        .ready("goes", vec![tool("t", json!({}))]);
    for path in ["/stays/kept", "/stays/dropped", "/goes/t"] {
        assert_eq!(stand.call(path, "{}").await.status, 200, "{path}");
    }
    let counted = async |stand: &Stand| -> Vec<String> {
        let page = stand.get("/-/metrics").await.text();
        let lines = page.lines().filter(|line| line.starts_with("traygate_calls_total{"));
        lines.map(|line| line.split('"').nth(3).unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(counted(&stand).await, ["t", "dropped", "kept"]);
    // Tools that are not known for a while are not gone.
    let stand = stand.server("stays", State::Connecting { last: None }, None);
    assert_eq!(counted(&stand).await, ["t", "dropped", "kept"]);
    let stand = stand.ready("stays", vec![tool("kept", json!({}))]).without("goes");
    assert_eq!(counted(&stand).await, ["kept"]);
    let stand = stand.ready("goes", vec![tool("t", json!({}))]);
    assert_eq!(stand.call("/goes/t", "{}").await.status, 200);
    assert_eq!(counted(&stand).await, ["t", "kept"]);
}

#[tokio::test]
async fn a_person_who_opens_a_tool_servers_url_sees_its_docs() {
    let person = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let rules = Rules { path_prefix: "/v1".into(), root_path: "/tools".into(), ..Rules::default() };
    let stand = Stand::new(rules).ready("a b", vec![tool("t", json!({}))]);
    for (path, document) in [
        ("/", "/tools/openapi.json"),
        ("/v1", "/tools/openapi.json"),
        ("/docs", "/tools/openapi.json"),
        ("/tools/", "/tools/openapi.json"),
        ("/v1/a%20b", "/tools/v1/a%20b/openapi.json"),
        ("/v1/a%20b/docs/", "/tools/v1/a%20b/openapi.json"),
        ("/tools/v1/a%20b/", "/tools/v1/a%20b/openapi.json"),
    ] {
        let page = stand.send(get(path, &[person])).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        assert_eq!(page.header("vary"), "Accept");
        assert!(page.text().contains(&format!("\"{document}\"")), "{path}: {}", page.text());
        assert_eq!(stand.get(document).await.status, 200, "{document}");
    }
    assert_eq!(stand.send(get("/v1/other", &[person])).await.status, 404);
    // A program is told what is wrong.
    for (path, status) in [("/", 404), ("/v1/a%20b", 404)] {
        let answer = stand.send(get(path, &[("accept", "*/*")])).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/json"));
        assert_eq!(answer.header("vary"), "Accept", "{path}");
    }
    let layout = Layout::Single(ServerName::new("time").unwrap());
    let single = Stand::new(Rules { layout, ..Rules::default() }).ready("time", vec![tool("t", json!({}))]);
    assert!(single.send(get("/", &[person])).await.text().contains("\"/openapi.json\""));

    let locked = Stand::with_key().ready("s", vec![tool("t", json!({}))]);
    for path in ["/", "/s", "/docs", "/s/docs"] {
        let answer = locked.send(get(path, &[person])).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").starts_with("Basic "), "{path}");
        assert_eq!(answer.header("vary"), "Accept", "{path}");
        assert_eq!(locked.get(path).await.header("vary"), "Accept", "{path}");
        let key = ("authorization", "Bearer k3y");
        assert_eq!(locked.send(get(path, &[person, key])).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_gateways_own_paths_are_for_its_own_pages() {
    let keyed = Stand::with_key();
    assert_eq!(keyed.get("/-/api/ping").await.text(), "pong");
    assert_eq!(keyed.send(get("/-/api/ping", &[("origin", "http://127.0.0.1:8000")])).await.text(), "pong");
    assert_eq!(keyed.send(get("/-/api/ping", &[("origin", "http://localhost:3000")])).await.status, 403);
    let foreign = [("origin", "https://login.example")];
    assert_eq!(keyed.send(get("/-/oauth/callback?state=x", &foreign)).await.text(), "thanks");
    assert_eq!(keyed.get("/-/nothing").await.status, 404);
}

#[tokio::test]
async fn docs_pages_load_nothing_from_elsewhere() {
    let stand = Stand::new(Rules { root_path: "/tools".into(), ..Rules::default() })
        .ready("<s>", vec![tool("t", json!({}))]);
    let answer = stand.get("/%3Cs%3E/docs").await;
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.header("content-security-policy").starts_with("default-src 'self';"));
    let page = answer.text();
    assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
    assert!(!page.contains("<s>"), "{page}");
    let script = stand.get("/-/swagger/start.js").await;
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert!(script.text().contains("SwaggerUIBundle("));
    // An update must not mix its pages with older files.
    assert_eq!(script.header("cache-control"), "no-cache");
    let known = [("if-none-match", script.header("etag"))];
    let again = stand.send(get("/-/swagger/start.js", &known)).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    let other = stand.send(get("/-/swagger/start.js", &[("if-none-match", "\"other\"")])).await;
    assert_eq!(other.status, 200);
    assert_eq!(stand.get("/-/swagger/../../secret").await.status, 404);
    if page.contains("swagger-ui-bundle.js") {
        assert!(page.contains("src=\"/tools/-/swagger/swagger-ui-bundle.js\""), "{page}");
        let bundle = stand.send(get("/-/swagger/swagger-ui-bundle.js", &[("accept-encoding", "gzip")])).await;
        assert_eq!((bundle.status.as_u16(), bundle.header("content-encoding")), (200, "gzip"));
        let plain = stand.get("/-/swagger/swagger-ui-bundle.js").await;
        assert_eq!((plain.status.as_u16(), plain.header("content-encoding")), (200, ""));
        assert!(plain.text().contains("SwaggerUIBundle"));
    } else {
        assert!(page.contains("./dev ui"), "{page}");
    }
}
