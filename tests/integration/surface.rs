//! The gateway's own paths, documents and docs pages.

use reqwest::Method;
use serde_json::json;
use traygate_tests::{Answer, Gateway, Home, fake};

#[tokio::test]
async fn health_is_for_anyone_and_metrics_are_not() {
    let home = Home::new();
    let gateway =
        Gateway::builder(&home).config(&json!({"mcpServers": {"a": fake(&[])}})).api_key("k3y").start().await;
    gateway.wait_ready("a").await;
    assert_eq!(gateway.call("a", "add", json!({"a": 1, "b": 1})).await.ok(), "2");
    for path in ["/-/healthy", "/-/ready"] {
        assert_eq!(Answer::to(gateway.bare_request(Method::GET, path)).await.status, 200, "{path}");
    }
    assert_eq!(Answer::to(gateway.bare_request(Method::GET, "/-/metrics")).await.status, 401);
    let metrics = gateway.get("/-/metrics").await;
    assert!(metrics.header("content-type").starts_with("text/plain"));
    let counted = metrics.text.lines().any(|line| !line.starts_with('#') && line.contains("server=\"a\""));
    assert!(counted, "{}", metrics.text);
    gateway.stop().await;
}

#[tokio::test]
async fn the_admin_api_wants_its_token() {
    let home = Home::new();
    let gateway = Gateway::builder(&home).config(&json!({"mcpServers": {}})).api_key("k3y").start().await;
    for answer in [
        Answer::to(gateway.bare_request(Method::GET, "/-/api/status")).await,
        // The callers' key opens nothing here.
        gateway.get("/-/api/status").await,
    ] {
        assert!([401, 403].contains(&answer.status.as_u16()), "{}: {}", answer.status, answer.text);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_said_without_a_token() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {}})).await;
    for path in ["/-/nope", "/-/oauth/callback"] {
        assert_eq!(gateway.get(path).await.refused(404)["code"], "unknown-path", "{path}");
    }
    let page = gateway.get("/-/ui/").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("no config UI"), "{}", page.text);
    gateway.stop().await;
}

#[tokio::test]
async fn the_admin_api_reads_the_config_again_when_asked() {
    let home = Home::new();
    let gateway =
        Gateway::builder(&home).config(&json!({"mcpServers": {}})).arg("--no-hot-reload").start().await;
    home.config().write(&json!({"mcpServers": {"a": fake(&[])}}));
    let ask = gateway.bare_request(Method::POST, "/-/api/reload");
    let status = Answer::to(ask.bearer_auth(home.admin_token(gateway.pid()))).await.ok();
    assert_eq!(status["servers"][0]["name"], "a");
    gateway.wait_ready("a").await;
    gateway.stop().await;

    let program = fake(&[])["command"].as_str().unwrap().to_owned();
    let gateway = Gateway::builder(&home).args(["--", &program]).start().await;
    let ask = gateway.bare_request(Method::POST, "/-/api/reload");
    let answer = Answer::to(ask.bearer_auth(home.admin_token(gateway.pid()))).await;
    assert_eq!(answer.refused(409)["code"], "no-config-file");
    gateway.stop().await;
}

#[tokio::test]
async fn nothing_is_ever_redirected() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    for path in
        ["/", "/a", "/a/", "/docs", "/docs/", "/a/docs", "/a/docs/", "/a/openapi.json/", "//a/openapi.json"]
    {
        let answer = gateway.get(path).await;
        assert!(!answer.status.is_redirection(), "{path}: {}", answer.status);
    }
    assert_eq!(gateway.get("/a/api/config").await.status, 404);
    gateway.stop().await;
}

#[tokio::test]
async fn documents_are_openapi_31_and_can_be_gzipped() {
    let home = Home::new();
    let config = json!({"mcpServers": {"a": fake(&["--tools", "100", "--instructions", "Be kind."])}});
    let gateway = Gateway::start(&home, &config).await;
    let document = gateway.wait_ready("a").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["info"]["version"], "1.2.3");
    assert!(document["info"]["description"].as_str().unwrap().contains("Be kind."));
    let zipped = gateway
        .request(Method::GET, "/a/openapi.json")
        .header("Accept-Encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    let size = zipped.bytes().await.unwrap().len();
    assert!(size < document.to_string().len() / 4, "{size} bytes");
    gateway.stop().await;
}

#[tokio::test]
async fn docs_pages_load_nothing_from_elsewhere() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    for path in ["/docs", "/a/docs"] {
        let page = gateway.get(path).await;
        assert_eq!(page.status, 200);
        assert!(!page.text.contains("https://") && !page.text.contains("src=\"//"), "{}", page.text);
    }
    gateway.stop().await;
}
