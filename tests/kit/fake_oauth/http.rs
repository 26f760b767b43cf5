use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Response, Uri, header},
};
use futures::{StreamExt, future::BoxFuture, stream};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::form_urlencoded;

use super::Document;

/// One request, as it came in.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its method.
    pub method: Method,
    /// Its path.
    pub path: String,
    /// Its query.
    pub query: HashMap<String, String>,
    /// Its body where that is a form.
    pub form: HashMap<String, String>,
    /// Its body where that is JSON.
    pub json: Value,
    /// Its headers.
    pub headers: HeaderMap,
    /// The parameters that came more than once, of query and form.
    pub twice: Vec<String>,
}

impl Seen {
    pub(crate) fn new(method: Method, uri: &Uri, headers: HeaderMap, body: &Bytes) -> Self {
        let mut twice = Vec::new();
        let mut pairs = |bytes: &[u8]| {
            let mut map = HashMap::new();
            for (name, value) in form_urlencoded::parse(bytes).into_owned() {
                if map.insert(name.clone(), value).is_some() {
                    twice.push(name);
                }
            }
            map
        };
        let query = pairs(uri.query().unwrap_or_default().as_bytes());
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let form =
            if kind.starts_with("application/x-www-form-urlencoded") { pairs(body) } else { HashMap::new() };
        let json = serde_json::from_slice(body).unwrap_or_default();
        Self { method, path: uri.path().into(), query, form, json, headers, twice }
    }

    /// A parameter of the form, empty where absent.
    pub fn form(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }

    /// A parameter of the query, empty where absent.
    pub fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A header, empty where absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub(crate) type Handler =
    Arc<dyn Fn(Method, Uri, HeaderMap, Bytes) -> BoxFuture<'static, Reply> + Send + Sync>;

/// `None`: hang up.
pub(crate) type Reply = Option<Response<Body>>;

/// An answer that says no.
pub(crate) type Refusal = Box<Response<Body>>;

pub(crate) fn refuse<T>(response: Response<Body>) -> Result<T, Refusal> {
    Err(Box::new(response))
}

/// A listener on a port of its own. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) base: String,
    end: CancellationToken,
}

impl Listener {
    /// Binds; what it serves may need the address.
    pub(crate) async fn start(handler: impl FnOnce(&str) -> Handler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let handler = handler(&base);
        let serve = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let handler = Arc::clone(&handler);
            async move { handler(method, uri, headers, body).await.unwrap_or_else(hang_up) }
        };
        let router = Router::new().fallback(serve).layer(axum::extract::DefaultBodyLimit::disable());
        let end = CancellationToken::new();
        let until = end.clone();
        TaskTracker::new().spawn(async move {
            let serving = axum::serve(listener, router).into_future();
            until.run_until_cancelled(serving).await
        });
        Self { base, end }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

/// A response whose body breaks off: the connection is closed without an answer that could be read.
fn hang_up() -> Response<Body> {
    let broken = stream::once(async { Err::<Bytes, _>(std::io::Error::other("hung up")) });
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, "1000")
        .body(Body::from_stream(broken))
        .expect("a valid response")
}

pub(crate) fn json(status: u16, value: &Value) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from(value.to_string()))
        .expect("a valid response")
}

pub(crate) fn page(status: u16, text: &str) -> Response<Body> {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/html")
        .body(Body::from(format!("<!doctype html><title>A page</title><p>{text}")))
        .expect("a valid response")
}

/// RFC 6749 §5.2.
pub(crate) fn error(status: u16, code: &str, description: &str) -> Response<Body> {
    json(status, &serde_json::json!({"error": code, "error_description": description}))
}

pub(crate) fn redirect(to: &str) -> Response<Body> {
    Response::builder()
        .status(302)
        .header(header::LOCATION, to)
        .body(Body::empty())
        .expect("a location is a header value")
}

/// A document, as well or as badly as told.
pub(crate) async fn document(how: Document, value: &Value) -> Response<Body> {
    let endless = |first: String, then: &'static str, pause: Duration| {
        let rest = stream::repeat(then).then(move |text| async move {
            tokio::time::sleep(pause).await;
            text.to_owned()
        });
        let body = stream::once(async { first }).chain(rest).map(Ok::<_, Infallible>);
        Response::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from_stream(body))
            .expect("a valid response")
    };
    match how {
        Document::Json => json(200, value),
        Document::Html => page(200, "Welcome!"),
        Document::Missing => page(404, "Not found"),
        Document::Status(status) => page(status, "Something"),
        Document::Oversized => endless(value.to_string(), SPACES, Duration::ZERO),
        Document::Slow => endless("{".into(), " ", Duration::from_millis(200)),
        Document::Silent => std::future::pending().await,
    }
}

const SPACES: &str = match std::str::from_utf8(&[b' '; 64 * 1024]) {
    Ok(spaces) => spaces,
    Err(_) => "",
};
