//! The gateway's own paths, documents and docs pages.

use reqwest::Method;
use serde_json::{Value, json};
use traygate_tests::{Answer, Gateway, Home, eventually, fake};

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
async fn what_was_removed_leaves_no_counters() {
    let home = Home::new();
    let server = || fake(&[]);
    let both = json!({"mcpServers": {"a": server(), "b": server()}});
    let gateway = Gateway::start(&home, &both).await;
    for round in 1..=3 {
        for name in ["a", "b"] {
            gateway.wait_ready(name).await;
            assert_eq!(gateway.call(name, "add", json!({"a": 1, "b": 1})).await.ok(), "2");
        }
        let page = gateway.get("/-/metrics").await.text;
        // The one that stays counts on, the one that comes back begins anew.
        for (name, count) in [("a", round), ("b", 1)] {
            let line =
                format!("traygate_calls_total{{server=\"{name}\",tool=\"add\",outcome=\"ok\"}} {count}");
            assert!(page.lines().any(|got| got == line), "{line} is missing in\n{page}");
        }
        home.config().write(&json!({"mcpServers": {"a": server()}}));
        gateway.wait_for_status("/b/openapi.json", 404).await;
        let page = gateway.get("/-/metrics").await.text;
        assert!(page.contains("server=\"a\"") && !page.contains("server=\"b\""), "{page}");
        home.config().write(&both);
    }
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
async fn the_admin_api_shows_what_a_server_wrote_to_stderr() {
    let home = Home::new();
    let servers = json!({"a b": fake(&["--complain", "out of cheese"]), "quiet": fake(&[])});
    let gateway = Gateway::start(&home, &json!({"mcpServers": servers})).await;
    let log = async |server: &str| {
        let ask = gateway.bare_request(Method::GET, &format!("/-/api/servers/{server}/log"));
        Answer::to(ask.bearer_auth(home.admin_token(gateway.pid()))).await
    };
    let lines = async |server: &str| log(server).await.ok()["lines"].as_array().cloned().unwrap_or_default();
    let complains =
        |lines: &[Value]| lines.iter().any(|line| line.as_str().is_some_and(|line| line.contains("cheese")));
    eventually("the line in the server's log", async || complains(&lines("a%20b").await)).await;
    gateway.wait_ready("quiet").await;
    assert!(!complains(&lines("quiet").await), "each server has a log of its own");
    assert_eq!(log("nope").await.refused(404)["code"], "unknown-server");
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_said_without_a_token() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {}})).await;
    for path in ["/-/nope", "/-/oauth/nope"] {
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
async fn the_address_that_a_person_is_told_shows_the_docs() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"a": fake(&[])}})).await;
    gateway.wait_ready("a").await;
    for path in ["", "/", "/a"] {
        let page = Answer::to(gateway.request(Method::GET, path).header("Accept", "text/html,*/*")).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        assert_eq!(gateway.get(path).await.status, 404, "{path}: a program learns of its mistake");
    }
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
        // Only the full set builds the UI first.
        if std::env::var_os("TRAYGATE_TEST_SERVERS").is_some() {
            everything_that_the_page_names_is_served(&gateway, &page.text).await;
        }
    }
    gateway.stop().await;
}

async fn everything_that_the_page_names_is_served(gateway: &Gateway, page: &str) {
    // The least size, in bytes, that each can have.
    let mut wanted = vec![
        (".css", "text/css", 10_000),
        ("bundle.js", "text/javascript", 1_000_000),
        ("start.js", "text/javascript", 100),
        (".png", "image/png", 100),
        ("openapi.json", "application/json", 100),
    ];
    let named = ["src=\"", "href=\"", "data-document=\""].map(|attribute| page.split(attribute).skip(1));
    for path in named.into_iter().flatten().map(|rest| rest.split('"').next().unwrap()) {
        let at = wanted.iter().position(|(end, ..)| path.ends_with(end));
        let (_, kind, least) = wanted.remove(at.unwrap_or_else(|| panic!("{path} in {page}")));
        for encoding in ["identity", "gzip"] {
            let request = gateway.request(Method::GET, path).header("Accept-Encoding", encoding);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            let got = answer.headers()["content-type"].to_str().unwrap();
            assert!(got.starts_with(kind), "{path}: {got}");
            let size = answer.bytes().await.unwrap().len();
            let least = if encoding == "gzip" { least / 5 } else { least };
            assert!(size >= least, "{path}: {size} bytes");
        }
    }
    assert!(wanted.is_empty(), "{wanted:?} in {page}");
}
