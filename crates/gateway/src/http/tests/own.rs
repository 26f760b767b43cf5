use http::Method;
use secrecy::SecretString;
use serde_json::json;
use traygate_upstream::State;

use super::{Stand, get, stand::request, tool};
use crate::http::{KeyDigest, Rules};

#[tokio::test]
async fn health_is_for_anyone_and_says_nothing() {
    let stand = Stand::with_key().server("secret-name", State::Connecting, None);
    let answer = stand.get("/-/healthy").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "ok\n"));
    let answer = stand.get("/-/ready").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (503, "starting\n"));
    let stand = stand.server("secret-name", State::Failed { reason: "x".into() }, None);
    assert_eq!(stand.get("/-/ready").await.status, 200);
}

#[tokio::test]
async fn metrics_want_the_key_or_the_admin_token() {
    let stand = Stand::with_key().ready("s", vec![tool("t", json!({"required": ["a"]}))]);
    let rules = Rules {
        admin_token: Some(KeyDigest::of(&SecretString::from("adm1n"))),
        ..Rules::clone(&stand.rules.load())
    };
    stand.rules.store(rules.into());
    assert_eq!(stand.get("/-/metrics").await.status, 401);
    let key = ("authorization", "Bearer k3y");
    stand.send(request(Method::POST, "/s/t", "{\"a\":1}", &[key])).await;
    stand.send(request(Method::POST, "/s/t", "{}", &[key])).await;
    for token in ["Bearer k3y", "Bearer adm1n"] {
        let page = stand.send(get("/-/metrics", &[("authorization", token)])).await.text();
        for line in [
            r#"traygate_calls_total{server="s",tool="t",outcome="ok"} 1"#,
            r#"traygate_calls_total{server="s",tool="t",outcome="invalid-arguments"} 1"#,
            r#"traygate_server_state{server="s",state="ready"} 1"#,
            r#"traygate_server_tools{server="s"} 1"#,
        ] {
            assert!(page.lines().any(|got| got == line), "{line} is missing in\n{page}");
        }
    }
    assert_eq!(stand.send(get("/s/openapi.json", &[("authorization", "Bearer adm1n")])).await.status, 403);
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
    assert_eq!(script.header("content-type"), "text/javascript");
    assert!(script.text().contains("SwaggerUIBundle("));
    assert_eq!(stand.get("/-/swagger/../../secret").await.status, 404);
    if page.contains("swagger-ui-bundle.js") {
        assert!(page.contains("src=\"/tools/-/swagger/swagger-ui-bundle.js\""), "{page}");
        let bundle = stand.send(get("/-/swagger/swagger-ui-bundle.js", &[("accept-encoding", "gzip")])).await;
        assert_eq!((bundle.status.as_u16(), bundle.header("content-encoding")), (200, "gzip"));
    } else {
        assert!(page.contains("npm run build"), "{page}");
    }
}
