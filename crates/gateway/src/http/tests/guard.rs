use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::Method;
use serde_json::json;

use super::{Stand, get, post, stand::request, tool};
use crate::http::Rules;

fn with_tool(stand: Stand) -> Stand {
    stand.ready("s", vec![tool("t", json!({"type": "object"}))])
}

#[tokio::test]
async fn a_foreign_host_name_gets_nothing() {
    let stand = with_tool(Stand::new(Rules::default()));
    for path in ["/s/t", "/s/openapi.json", "/-/healthy", "/-/api/ping"] {
        let answer = stand.send(request(Method::POST, path, "{}", &[("host", "evil.example")])).await;
        assert_eq!(answer.status, 421, "{path}");
        assert_eq!(answer.json()["detail"]["code"], "unknown-host");
    }
    assert!(stand.reached().is_empty());
}

#[tokio::test]
async fn a_foreign_page_gets_nothing() {
    let stand = with_tool(Stand::new(Rules::default()));
    for origin in ["http://evil.example", "null", "http://localhost:3000"] {
        let answer = stand.send(post("/s/t", "{}", &[("origin", origin)])).await;
        assert_eq!(answer.status, 403, "{origin}");
        assert_eq!(answer.json()["detail"]["code"], "foreign-origin");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    assert!(stand.reached().is_empty());
    assert_eq!(stand.send(post("/s/t", "{}", &[("origin", "http://127.0.0.1:8000")])).await.status, 200);
}

#[tokio::test]
async fn open_webuis_browser_path_works() {
    let stand = with_tool(Stand::with_key());
    let origin = ("origin", "http://localhost:8080");
    let asked = "authorization,content-type,x-session-id";
    let preflight = [
        origin,
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", asked),
        ("access-control-request-private-network", "true"),
    ];
    let answer = stand.send(request(Method::OPTIONS, "/s/t", "", &preflight)).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), origin.1);
    assert_eq!(answer.header("access-control-allow-headers"), asked);
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert_eq!(answer.header("access-control-allow-private-network"), "true");

    let key = ("authorization", "Bearer k3y");
    let answer = stand.send(post("/s/t", "{}", &[origin, key, ("x-session-id", "chat")])).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), origin.1);
    assert_eq!(answer.header("access-control-expose-headers"), "Content-Disposition, Location");
    assert_eq!(answer.header("vary"), "Origin");

    for broken in [
        post("/s/nope", "{}", &[origin, key]),
        post("/s/t", "{}", &[origin]),
        get("/s/api/config", &[origin]),
    ] {
        let answer = stand.send(broken).await;
        assert!(answer.status.is_client_error());
        assert_eq!(answer.header("access-control-allow-origin"), origin.1, "errors must be readable too");
    }
    let answer = stand
        .send(request(Method::OPTIONS, "/s/t", "", &[("origin", "http://evil.example"), preflight[1]]))
        .await;
    assert_eq!(answer.status, 403);
}

/// A preflight carries no key, and a page learns whatever it asked for that headers may be sent (Fetch standard §4.8).
#[tokio::test]
async fn preflights_are_answered_before_anything_is_looked_up() {
    let stand = Stand::with_key();
    let headers = [
        ("origin", "http://[::1]:3000"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x-any,x-other"),
    ];
    for path in ["/", "/openapi.json", "/nowhere/t", "/api/config"] {
        let answer = stand.send(request(Method::OPTIONS, path, "", &headers)).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-headers"), "x-any,x-other");
        assert_eq!(answer.header("access-control-allow-origin"), "http://[::1]:3000");
    }
    // Not for the gateway's own paths: no other page may ask them anything.
    let answer = stand.send(request(Method::OPTIONS, "/-/api/ping", "", &headers)).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-headers")), (403, ""));
}

/// A shared cache must not hand one page's answer to another.
#[tokio::test]
async fn answers_say_that_they_depend_on_the_origin() {
    let stand = with_tool(Stand::new(Rules::default()));
    for sent in [get("/s/openapi.json", &[]), post("/s/t", "{}", &[]), get("/nowhere/openapi.json", &[])] {
        let answer = stand.send(sent).await;
        assert!(answer.headers.get_all("vary").iter().any(|vary| vary == "Origin"));
    }
}

#[tokio::test]
async fn listed_origins_pass_and_a_star_lets_anyone_but_null() {
    let listed = with_tool(Stand::new(Rules {
        cors_origins: vec!["https://chat.example/".into()],
        ..Rules::default()
    }));
    let answer = listed.send(post("/s/t", "{}", &[("origin", "https://chat.example")])).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://chat.example");
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    let any = with_tool(Stand::new(Rules { cors_origins: vec!["*".into()], ..Rules::default() }));
    let answer = any.send(post("/s/t", "{}", &[("origin", "https://any.example")])).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    assert_eq!(any.send(post("/s/t", "{}", &[("origin", "null")])).await.status, 403);
}

#[tokio::test]
async fn the_key_guards_tools_documents_and_docs() {
    let stand = with_tool(Stand::with_key());
    for path in ["/openapi.json", "/docs", "/s/openapi.json", "/s/docs"] {
        let answer = stand.get(path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").starts_with("Basic "), "{path}");
        assert_eq!(stand.send(get(path, &[("authorization", "Bearer  k3y ")])).await.status, 200);
        assert_eq!(stand.send(get(path, &[("authorization", "Bearer wrong")])).await.status, 403);
        let basic = format!("Basic {}", BASE64_STANDARD.encode("me:k3y"));
        assert_eq!(stand.send(get(path, &[("authorization", &basic)])).await.status, 200);
    }
    let answer = stand.call("/s/t", "{}").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("www-authenticate")),
        (401, "Bearer realm=\"Traygate\"")
    );
    assert_eq!(answer.json()["detail"]["code"], "unauthorized");
    let answer = stand.send(post("/s/t", "{}", &[("authorization", "Bearer wrong")])).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["detail"]["code"].clone()),
        (403, json!("unauthorized"))
    );
    // Whether a name exists is not told either.
    assert_eq!(stand.call("/nowhere/t", "{}").await.status, 401);
    assert!(stand.reached().is_empty());
}

#[tokio::test]
async fn open_docs_open_documents_and_nothing_else() {
    let stand = with_tool(Stand::with_key());
    let rules = Rules { open_docs: true, ..Rules::clone(&stand.rules.load()) };
    stand.rules.store(rules.into());
    for path in ["/openapi.json", "/docs", "/s/openapi.json", "/s/docs"] {
        assert_eq!(stand.get(path).await.status, 200, "{path}");
    }
    assert_eq!(stand.call("/s/t", "{}").await.status, 401);
}
