//! The token of a sign-in on every request of both transports, and what a refusal of it leads to.

use std::sync::Mutex;

use ::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::any,
};
use traygate_auth::{Challenge, NotNow, Verdict};

use super::{
    http::{legacy_router, ordinary, reply, serve},
    *,
};
use crate::{
    fake::{FakeSignIn, bearer},
    token_source::TokenSource,
};

/// A server of both transports that takes one token, and what it was asked with.
#[derive(Clone)]
struct Guarded {
    takes: Arc<Mutex<&'static str>>,
    refusal: Arc<dyn Fn() -> Response + Send + Sync>,
    /// Method, path and `Authorization` of each request.
    seen: watch::Sender<Vec<(Method, String, String)>>,
}

impl Guarded {
    fn taking(token: &'static str) -> Self {
        Self::refusing(token, || StatusCode::UNAUTHORIZED.into_response())
    }

    fn refusing(token: &'static str, refusal: impl Fn() -> Response + Send + Sync + 'static) -> Self {
        Self {
            takes: Arc::new(Mutex::new(token)),
            refusal: Arc::new(refusal),
            seen: watch::Sender::new(Vec::new()),
        }
    }

    async fn start(&self, surroundings: &Surroundings) -> url::Url {
        let guard = async |State(guarded): State<Self>, request: Request, next: Next| {
            let sent = request.headers().get(header::AUTHORIZATION);
            let sent = sent.map_or("", |sent| sent.to_str().unwrap()).to_owned();
            let takes = *guarded.takes.lock().unwrap();
            let seen = (request.method().clone(), request.uri().path().to_owned(), sent.clone());
            guarded.seen.send_modify(|all| all.push(seen));
            if sent == format!("Bearer {takes}") { next.run(request).await } else { (guarded.refusal)() }
        };
        let streamable = async |method: Method, body: Bytes| {
            if method == Method::GET {
                let events = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
                return ([(header::CONTENT_TYPE, "text/event-stream")], events).into_response();
            }
            let Ok(message) = serde_json::from_slice::<Value>(&body) else {
                return StatusCode::OK.into_response();
            };
            match message["method"].as_str() {
                Some("tools/list") => reply(&message, &json!({"tools": []})),
                _ => ordinary("s1", &message),
            }
        };
        let router = legacy_router(Arc::default())
            .fallback(streamable)
            .layer(middleware::from_fn_with_state(self.clone(), guard));
        serve(surroundings, router).await
    }

    fn tokens(&self) -> Vec<String> {
        self.seen.borrow().iter().map(|(_, _, sent)| sent.clone()).collect()
    }

    async fn until_streaming(&self) {
        let such = |all: &Vec<(Method, String, String)>| all.iter().any(|seen| seen.0 == Method::GET);
        self.seen.subscribe().wait_for(such).await.unwrap();
    }

    async fn until_seen(&self, method: &Method, path: &str) {
        let such =
            |all: &Vec<(Method, String, String)>| all.iter().any(|seen| seen.0 == *method && seen.1 == path);
        self.seen.subscribe().wait_for(such).await.unwrap();
    }
}

fn entry(url: &url::Url, sign_in: &Arc<FakeSignIn>) -> ResolvedHttp {
    let sign_in = Some(Arc::clone(sign_in) as Arc<dyn TokenSource>);
    ResolvedHttp { url: url.clone(), headers: HeaderMap::new(), sign_in }
}

fn streamable(url: &url::Url, sign_in: &Arc<FakeSignIn>) -> ResolvedUpstream {
    ResolvedUpstream::StreamableHttp(entry(&url.join("/mcp").unwrap(), sign_in))
}

fn sse(url: &url::Url, sign_in: &Arc<FakeSignIn>) -> ResolvedUpstream {
    ResolvedUpstream::Sse(entry(&url.join("/sse").unwrap(), sign_in))
}

fn challenged(status: StatusCode, challenges: &[&'static str]) -> Response {
    let mut response = (status, "not you").into_response();
    for challenge in challenges {
        response.headers_mut().append(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

#[tokio::test]
async fn every_request_of_streamable_http_carries_the_token() {
    let surroundings = surroundings();
    let server = Guarded::taking("t1");
    let url = server.start(&surroundings).await;
    let connection = open_session(streamable(&url, &FakeSignIn::with("t1")), &surroundings).await.unwrap();
    server.until_seen(&Method::GET, "/mcp").await;
    connection.list_tools().await.unwrap();
    for _ in 0..2 {
        assert_eq!(text(&call(&connection, "t", json!({})).await.unwrap()), "s1");
    }
    connection.close().await;
    server.until_seen(&Method::DELETE, "/mcp").await;
    let tokens = server.tokens();
    assert!(tokens.len() >= 7 && tokens.iter().all(|sent| sent == "Bearer t1"), "{tokens:?}");
}

#[tokio::test]
async fn every_request_of_sse_carries_the_token() {
    let surroundings = surroundings();
    let server = Guarded::taking("t1");
    let url = server.start(&surroundings).await;
    let connection = open_session(sse(&url, &FakeSignIn::with("t1")), &surroundings).await.unwrap();
    call(&connection, "t", json!({})).await.unwrap();
    server.until_seen(&Method::GET, "/sse").await;
    server.until_seen(&Method::POST, "/messages").await;
    assert!(server.tokens().iter().all(|sent| sent == "Bearer t1"), "{:?}", server.tokens());
    connection.close().await;
}

#[tokio::test]
async fn a_call_that_met_401_is_sent_once_more_with_the_new_token() {
    for open in [streamable, sse] {
        // The first call of a tool goes through rmcp, the second takes the shortcut.
        for calls_before in [0, 1] {
            let surroundings = surroundings();
            let server = Guarded::taking("t1");
            let url = server.start(&surroundings).await;
            let sign_in = FakeSignIn::with("t1");
            let connection = open_session(open(&url, &sign_in), &surroundings).await.unwrap();
            // The stream of notifications is no part of it.
            server.until_streaming().await;
            for _ in 0..calls_before {
                call(&connection, "t", json!({})).await.unwrap();
            }
            *server.takes.lock().unwrap() = "t2";
            sign_in.will(Verdict::Again(bearer("t2")));
            for _ in 0..3 {
                call(&connection, "t", json!({})).await.unwrap();
            }
            assert_eq!(
                sign_in.refusals(),
                [(Some("t1".to_owned()), Challenge::default())],
                "a bare 401, once"
            );
            let posts = server
                .seen
                .borrow()
                .iter()
                .filter(|seen| seen.0 == Method::POST && seen.2 == "Bearer t2")
                .count();
            assert_eq!(posts, 3, "each call ran once, and no old token was learned");
            connection.close().await;
        }
    }
}

#[tokio::test]
async fn a_second_refusal_is_final() {
    for open in [streamable, sse] {
        let surroundings = surroundings();
        let server = Guarded::taking("none");
        let url = server.start(&surroundings).await;
        let sign_in = FakeSignIn::with("t1");
        sign_in.will(Verdict::Again(bearer("t2")));
        sign_in.will(Verdict::Again(bearer("t3")));
        let error = open_session(open(&url, &sign_in), &surroundings).await.unwrap_err();
        assert!(matches!(error, ConnectError::SignInNeeded), "{error:?}");
        assert_eq!(server.tokens(), ["Bearer t1", "Bearer t2"]);
        assert_eq!(sign_in.refusals().len(), 2, "it is told that this token is no good either");
    }
}

#[tokio::test]
async fn without_a_token_a_request_goes_without_and_learns_the_challenge() {
    for open in [streamable, sse] {
        let surroundings = surroundings();
        let server = Guarded::refusing("t1", || {
            let bearer = r#"Bearer resource_metadata="https://a.example/r", scope="a b""#;
            challenged(StatusCode::UNAUTHORIZED, &["Basic realm=\"x\"", bearer])
        });
        let url = server.start(&surroundings).await;
        let sign_in = Arc::new(FakeSignIn::default());
        let error = open_session(open(&url, &sign_in), &surroundings).await.unwrap_err();
        assert!(matches!(error, ConnectError::SignInNeeded), "{error:?}");
        assert_eq!(server.tokens(), [""]);
        let [(None, challenge)] = &sign_in.refusals()[..] else { panic!("{:?}", sign_in.refusals()) };
        assert_eq!(challenge.scope.as_ref().unwrap().to_string(), "a b");
        assert_eq!(challenge.resource_metadata.as_ref().unwrap().as_str(), "https://a.example/r");
    }
}

#[tokio::test]
async fn a_403_for_want_of_scopes_asks_for_a_sign_in_and_any_other_does_not() {
    const SCOPES: &str = r#"Bearer error="insufficient_scope", scope="a""#;
    for (challenge, asks) in [(SCOPES, true), (r#"Bearer error="invalid_token""#, true), ("Bearer", false)] {
        let surroundings = surroundings();
        let server = Guarded::refusing("t1", move || challenged(StatusCode::FORBIDDEN, &[challenge]));
        let url = server.start(&surroundings).await;
        let sign_in = FakeSignIn::with("t1");
        let connection = open_session(streamable(&url, &sign_in), &surroundings).await.unwrap();
        // Over rmcp, then over the shortcut.
        for _ in 0..2 {
            *server.takes.lock().unwrap() = "t2";
            let asked = sign_in.refusals().len();
            let error = call(&connection, "t", json!({})).await.unwrap_err();
            let told = &sign_in.refusals()[asked..];
            if asks {
                assert!(matches!(error, CallError::SignInNeeded), "{challenge}: {error:?}");
                assert!(told.iter().all(|(_, told)| told.error.is_some()) && !told.is_empty());
            } else {
                assert_eq!(told, []);
                assert!(error.to_string().contains("HTTP 403: not you"), "{error}");
            }
            *server.takes.lock().unwrap() = "t1";
            call(&connection, "t", json!({})).await.unwrap();
        }
        connection.close().await;
    }
}

#[tokio::test]
async fn the_scopes_that_a_new_token_still_lacks_are_told() {
    let surroundings = surroundings();
    let server = Guarded::refusing("none", || {
        challenged(StatusCode::FORBIDDEN, &[r#"Bearer error="insufficient_scope", scope="a""#])
    });
    let url = server.start(&surroundings).await;
    let sign_in = FakeSignIn::with("t1");
    sign_in.will(Verdict::Again(bearer("t2")));
    let error = open_session(streamable(&url, &sign_in), &surroundings).await.unwrap_err();
    assert!(matches!(error, ConnectError::SignInNeeded), "{error:?}");
    let sent: Vec<_> = sign_in.refusals().into_iter().map(|(sent, _)| sent.unwrap()).collect();
    assert_eq!(sent, ["t1", "t2"]);
}

#[tokio::test]
async fn a_redirect_takes_the_token_nowhere_else() {
    let surroundings = surroundings();
    let other = Guarded::taking("t1");
    let elsewhere = other.start(&surroundings).await.join("/mcp").unwrap();
    for (to, followed) in [("/mcp", true), (elsewhere.as_str(), false)] {
        let to = HeaderValue::from_str(to).unwrap();
        let redirect =
            async move || (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response();
        let take = async |headers: HeaderMap, body: Bytes| {
            if headers.get(header::AUTHORIZATION).is_none_or(|sent| sent != "Bearer t1") {
                return StatusCode::UNAUTHORIZED.into_response();
            }
            ordinary("s1", &serde_json::from_slice(&body).unwrap_or_default())
        };
        let router = Router::new().route("/from", any(redirect)).route("/mcp", any(take));
        let url = serve(&surroundings, router).await.join("/from").unwrap();
        let upstream = ResolvedUpstream::StreamableHttp(entry(&url, &FakeSignIn::with("t1")));
        let opened = open_session(upstream, &surroundings).await;
        assert_eq!(opened.is_ok(), followed, "{opened:?}");
    }
    assert!(other.tokens().is_empty(), "another origin was asked: {:?}", other.tokens());
}

#[tokio::test]
async fn the_callers_own_authorization_stands_and_its_refusal_is_the_callers() {
    for open in [streamable, sse] {
        let surroundings = surroundings();
        let server = Guarded::taking("t1");
        let url = server.start(&surroundings).await;
        let sign_in = FakeSignIn::with("t1");
        let connection = open_session(open(&url, &sign_in), &surroundings).await.unwrap();
        for _ in 0..2 {
            let headers =
                HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("Bearer callers"))]);
            let context = CallContext { headers };
            let error = connection.call("t", JsonObject::new(), context, limits(LONG)).await.unwrap_err();
            assert!(
                matches!(&error, CallError::Rpc(error) if error.message.contains("came with the call")),
                "{error:?}"
            );
            assert_eq!(server.tokens().last().unwrap(), "Bearer callers");
            call(&connection, "t", json!({})).await.unwrap();
        }
        assert_eq!(sign_in.refusals(), []);
        connection.close().await;
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_had_now_is_said_and_nothing_is_sent() {
    let surroundings = surroundings();
    let server = Guarded::taking("t1");
    let url = server.start(&surroundings).await;
    let sign_in = FakeSignIn::with("t1");
    let locked = || NotNow("the keychain is locked. Unlock it.".into());
    let connection = open_session(streamable(&url, &sign_in), &surroundings).await.unwrap();
    server.until_seen(&Method::GET, "/mcp").await;
    call(&connection, "t", json!({})).await.unwrap();
    sign_in.set(Err(locked()));
    let asked = server.tokens().len();
    // Over the shortcut, and over rmcp.
    for tool in ["t", "u"] {
        let error = call(&connection, tool, json!({})).await.unwrap_err();
        let CallError::Unavailable { reason, retry_after: Some(_) } = &error else { panic!("{error:?}") };
        assert_eq!(&**reason, "the keychain is locked. Unlock it.");
    }
    let error = open_session(streamable(&url, &sign_in), &surroundings).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::Transient(reason) if reason.starts_with("the keychain")),
        "{error:?}"
    );
    assert_eq!(server.tokens().len(), asked);
    // The same where the refresh fails.
    sign_in.set(Ok(Some(bearer("old"))));
    sign_in.will(Verdict::NotNow("its authorization server does not answer.".into()));
    let error = call(&connection, "t", json!({})).await.unwrap_err();
    assert!(error.to_string().starts_with("its authorization server"), "{error}");
    connection.close().await;
}

#[tokio::test]
async fn a_server_that_repeats_the_token_does_not_get_it_into_the_log() {
    let surroundings = surroundings();
    let server =
        Guarded::refusing("none", || (StatusCode::BAD_REQUEST, "bad ya29.secret-token").into_response());
    let url = server.start(&surroundings).await;
    let sign_in = FakeSignIn::with("ya29.secret-token");
    let upstream = streamable(&url, &sign_in);
    let client = match &upstream {
        ResolvedUpstream::StreamableHttp(entry) => HttpClient::new(entry, &surroundings.log).unwrap(),
        _ => panic!("no address"),
    };
    let error = open_session(upstream, &surroundings).await.unwrap_err().to_string();
    assert!(surroundings.log.redact(&error).contains("bad ***"), "{error}");
    assert!(!format!("{client:?}").contains("ya29"), "{client:?}");
}
