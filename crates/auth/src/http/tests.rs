use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Uri},
    response::IntoResponse,
    routing::any,
};
use futures::stream;
use tokio::net::TcpListener;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// A public MCP server: it has no address here, and needs none.
fn public() -> Url {
    url("https://mcp.example.com/mcp")
}

/// A server on this machine, for as long as the test's runtime lives.
async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    #[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn near(address: SocketAddr) -> Http {
    Http::new(&url(&format!("http://{address}/mcp")), false).unwrap()
}

fn with_names(near: &Url, allow_private: bool, names: &[(&str, &[&str])]) -> Http {
    Http::with_rules(Rules::with_names(near, allow_private, names))
}

#[tokio::test]
async fn metadata_is_asked_for_as_json_and_with_the_revision() {
    let app = Router::new().fallback(|headers: HeaderMap| async move {
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        format!("{} {}", header("accept"), header("mcp-protocol-version"))
    });
    let address = serve(app).await;
    let answer = near(address).get(&url(&format!("http://{address}/x"))).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, b"application/json 2026-07-28");
}

/// `/N` redirects N times.
async fn redirecting() -> SocketAddr {
    let app = Router::new().fallback(|uri: Uri| async move {
        match uri.path()[1..].parse::<u32>() {
            Ok(0) => "arrived".into_response(),
            Ok(left) => {
                (StatusCode::TEMPORARY_REDIRECT, [("location", format!("/{}", left - 1))]).into_response()
            }
            Err(_) => {
                (StatusCode::FOUND, [("location", uri.query().unwrap_or("").to_owned())]).into_response()
            }
        }
    });
    serve(app).await
}

#[tokio::test]
async fn metadata_follows_three_redirects() {
    let address = redirecting().await;
    let http = near(address);
    assert_eq!(http.get(&url(&format!("http://{address}/3"))).await.unwrap().body, b"arrived");
    let error = http.get(&url(&format!("http://{address}/4"))).await.unwrap_err();
    assert_eq!(error.to_string(), "`127.0.0.1` redirects more than 3 times");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn tokens_follow_no_redirect() {
    let address = redirecting().await;
    let request = ::http::Request::post(format!("http://{address}/1")).body(b"code=x".to_vec()).unwrap();
    assert_eq!(near(address).send(request).await.unwrap().status, StatusCode::TEMPORARY_REDIRECT);
}

#[tokio::test]
async fn a_redirect_is_held_to_the_same_rules() {
    let address = redirecting().await;
    for (to, why) in [
        ("http://169.254.169.254/latest", "`169.254.169.254` is at an address that Traygate never asks"),
        ("http://[fe80::1]/", "never asks"),
        ("javascript:alert(1)", "redirects to what is no http(s) address"),
        ("file:///etc/passwd", "redirects to what is no http(s) address"),
    ] {
        let error = near(address).get(&url(&format!("http://{address}/to?{to}"))).await.unwrap_err();
        assert!(error.to_string().contains(why), "{to}: {error}");
    }
}

#[test]
fn a_redirect_never_leaves_https() {
    let response = |location: &str| -> reqwest::Response {
        ::http::Response::builder().status(302).header("location", location).body("").unwrap().into()
    };
    let from = url("https://as.example.com/a?b");
    assert_eq!(
        next_hop(&from, &response("http://as.example.com/")).unwrap_err().to_string(),
        "`as.example.com` redirects from https down to http"
    );
    assert_eq!(next_hop(&from, &response("/c")).unwrap(), Some(url("https://as.example.com/c")));
}

#[tokio::test]
async fn a_public_server_may_not_send_us_inside() {
    let address = serve(Router::new().fallback(|| async { "inside" })).await;
    let port = address.port();
    let names: &[(&str, &[&str])] = &[
        ("mcp.example.com", &["93.184.215.14"]),
        ("rebound.example.com", &["127.0.0.1"]),
        ("mapped.example.com", &["::ffff:127.0.0.1"]),
        ("metadata.example.com", &["169.254.169.254"]),
    ];
    let targets = [
        format!("http://127.0.0.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://localhost:{port}/"),
        format!("http://localhost.:{port}/"),
        format!("http://rebound.example.com:{port}/"),
        format!("http://mapped.example.com:{port}/"),
    ];
    for target in &targets {
        let error = with_names(&public(), false, names).get(&url(target)).await.unwrap_err();
        assert!(matches!(error, HttpError::Private { allowable: true, .. }), "{target}: {error}");
        assert!(error.to_string().contains("allow_private_addresses"), "{error}");
        assert!(!error.is_transient());
        let request = ::http::Request::post(target).body(Vec::new()).unwrap();
        let error = with_names(&public(), false, names).send(request).await.unwrap_err();
        assert!(matches!(error, HttpError::Private { .. }), "{target}: {error}");
    }
    for target in [&targets[0], &targets[6]] {
        assert_eq!(with_names(&public(), true, names).get(&url(target)).await.unwrap().body, b"inside");
    }
    for target in ["http://169.254.169.254/", "http://metadata.example.com/", "http://100.100.100.200/"] {
        let error = with_names(&public(), true, names).get(&url(target)).await.unwrap_err();
        assert!(matches!(error, HttpError::Private { allowable: false, .. }), "{target}: {error}");
    }
}

#[tokio::test]
async fn a_server_inside_may_name_others_inside() {
    let address = serve(Router::new().fallback(|| async { "inside" })).await;
    let port = address.port();
    let names: &[(&str, &[&str])] = &[
        ("mcp.corp.example", &["10.0.0.7", "fd00::7"]),
        ("half.corp.example", &["10.0.0.7", "93.184.215.14"]),
        ("as.corp.example", &["203.0.113.5", "127.0.0.1"]),
    ];
    for (near, admitted) in [
        ("http://localhost:1/mcp", true),
        ("http://127.0.0.1:1/mcp", true),
        ("http://0.0.0.0:1/mcp", true),
        ("http://192.168.1.2/mcp", true),
        ("http://100.64.0.2/mcp", true),
        ("http://[fd00::1]/mcp", true),
        ("https://mcp.corp.example/mcp", true),
        ("https://half.corp.example/mcp", false),
        ("https://unknown.example/mcp", false),
        ("https://93.184.215.14/mcp", false),
    ] {
        let http = with_names(&url(near), false, names);
        let answer = http.get(&url(&format!("http://as.corp.example:{port}/"))).await;
        assert_eq!(answer.is_ok(), admitted, "{near}: {answer:?}");
    }
}

#[tokio::test]
async fn a_proxys_name_is_let_through_as_a_proxy_only() {
    let names: &[(&str, &[&str])] =
        &[("proxy.corp.example", &["10.0.0.9"]), ("inside.example", &["10.0.0.9"])];
    let rules = Rules::with_names(&public(), false, names).with_proxy("http://proxy.corp.example:3128");
    rules.check(&url("https://as.example.com/")).await.unwrap();
    let error = rules.check(&url("http://proxy.corp.example/")).await.unwrap_err();
    assert!(matches!(error, HttpError::Private { .. }), "{error}");
    let resolver = Resolver::new(Arc::new(rules));
    let resolve = |name: &str| reqwest::dns::Resolve::resolve(&resolver, name.parse().unwrap());
    assert_eq!(resolve("proxy.corp.example").await.unwrap().count(), 1);
    assert!(resolve("inside.example").await.is_err());
}

#[tokio::test]
async fn an_answer_is_read_up_to_1_mib() {
    let app = Router::new()
        .route("/all", any(|| async { vec![b'x'; MAX_BODY] }))
        .route("/more", any(|| async { vec![b'x'; MAX_BODY + 1] }))
        // Without an end, and without a length.
        .route(
            "/endless",
            any(|| async {
                Body::from_stream(stream::repeat_with(|| {
                    Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 4096]))
                }))
            }),
        );
    let address = serve(app).await;
    let http = near(address);
    let get = async |path: &str| http.get(&url(&format!("http://{address}{path}?key=secret"))).await;
    assert_eq!(get("/all").await.unwrap().body.len(), MAX_BODY);
    for path in ["/more", "/endless"] {
        let error = get(path).await.unwrap_err();
        assert_eq!(error.to_string(), "`127.0.0.1` answered with more than 1024 KiB");
        assert!(!error.is_transient());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_given_up_on() {
    let app = Router::new().route("/headers", any(|| async { std::future::pending::<()>().await })).route(
        "/body",
        any(|| async { Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>()) }),
    );
    let address = serve(app).await;
    for path in ["headers", "body"] {
        let error = near(address).get(&url(&format!("http://{address}/{path}?q=secret"))).await.unwrap_err();
        assert!(matches!(error, HttpError::Late { .. } | HttpError::Unreachable { .. }), "{error}");
        assert!(error.is_transient() && !error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn trouble_on_the_way_is_transient_and_names_the_host_only() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let error = near(address).get(&url(&format!("http://{address}/path?key=secret"))).await.unwrap_err();
    assert!(error.is_transient());
    let text = error.to_string();
    assert!(text.starts_with("`127.0.0.1` could not be reached (") && text.contains("refused"), "{text}");
    assert!(!format!("{error:?}").contains("secret") && !text.contains("path"), "{error:?}");
    let unknown = with_names(&public(), false, &[]).get(&url("http://unknown.example/")).await.unwrap_err();
    assert!(unknown.is_transient(), "{unknown:?}");
}

#[tokio::test]
async fn only_http_is_asked() {
    let http = near("127.0.0.1:1".parse().unwrap());
    for target in ["ftp://127.0.0.1/", "file:///etc/passwd", "javascript:alert(1)"] {
        assert!(matches!(http.get(&url(target)).await, Err(HttpError::Other(_))), "{target}");
    }
}
