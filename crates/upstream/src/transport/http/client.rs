use std::{
    error::Error,
    sync::{Arc, Once},
    time::Duration,
};

use http::{HeaderValue, header};
use reqwest::redirect;
use rmcp::transport::streamable_http_client::StreamableHttpError;
use url::{Host, Url};

use super::shortcut::Routes;
use crate::{log::ServerLog, resolve::ResolvedHttp, token_source::TokenSource};

/// Time to find the host and connect to it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// A peer that vanished without a word is noticed after a few of these.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// Idle connections that are kept for the next calls.
const IDLE_CONNECTIONS: usize = 64;
/// Hops of one request.
const MAX_REDIRECTS: usize = 5;

/// A reqwest client with the manners that MCP needs; also rmcp's `StreamableHttpClient`. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    pub(super) client: reqwest::Client,
    pub(super) routes: Arc<Routes>,
    /// Where a token may go: to its origin alone.
    pub(super) server: Arc<Url>,
    pub(super) sign_in: Option<Arc<dyn TokenSource>>,
    /// The `Authorization` of the server's entry.
    pub(super) configured: Option<HeaderValue>,
    /// Where no token may stand.
    pub(super) log: ServerLog,
}

/// Why a request failed. No text of it holds a URL's query, a header or a token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// No connection, a broken one, TLS, and the like.
    #[error("{}", root_cause(.0))]
    Request(reqwest::Error),
    /// A status that says no.
    #[error("it answered HTTP {status}{}", excerpt(.body))]
    Status { status: u16, body: String },
    /// A body of more bytes than are read.
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
    /// 401, or 403 for want of scopes, to what the entry or its sign-in has to show.
    #[error("it needs sign-in")]
    SignInNeeded,
    /// There is a sign-in whose token cannot be had right now. Nothing was sent, or nothing that ran.
    #[error("{0}")]
    NotNow(Arc<str>),
    /// 401 to the `Authorization` that came with a call.
    #[error(
        "it refused the `Authorization` header that came with the call (HTTP 401). Send one that it takes."
    )]
    CallersRefused,
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        Self::Request(error.without_url())
    }
}

impl HttpError {
    /// Nothing was sent: there is no connection.
    pub(crate) fn is_connect(&self) -> bool {
        matches!(self, Self::Request(error) if error.is_connect())
    }

    /// The request did not run: it never reached the server, or was refused for its sender.
    pub(crate) fn has_not_run(&self) -> bool {
        matches!(self, Self::SignInNeeded | Self::NotNow(_) | Self::CallersRefused) || self.is_connect()
    }

    /// Looks for one of these among the sources of an error.
    pub(crate) fn in_chain<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found);
            }
            if let Some(StreamableHttpError::Client(found)) =
                error.downcast_ref::<StreamableHttpError<Self>>()
            {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

/// The innermost error says what happened; those around it only that something did.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn excerpt(body: &str) -> String {
    words(body).map(|words| format!(": {words}")).unwrap_or_default()
}

/// The beginning of what a body says: the message of a JSON-RPC error, plain text, but no web page.
pub(crate) fn words(body: &str) -> Option<String> {
    let json: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let message = json.as_ref().and_then(|json| json.pointer("/error/message")?.as_str());
    let line = message.unwrap_or(body).split_whitespace().collect::<Vec<_>>().join(" ");
    let says_something = !line.is_empty() && !line.starts_with('<');
    says_something.then(|| line.chars().take(200).collect())
}

impl HttpClient {
    /// A client for one server: TLS by rustls with the system's certificates, the system's proxies except for
    /// loopback, redirects only to the same origin and only those that keep method and body.
    pub(crate) fn new(server: &ResolvedHttp, log: &ServerLog) -> Result<Self, HttpError> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Fails where the program chose a provider already, which is as good.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let ResolvedHttp { url, headers, sign_in } = server;
        let mut client = reqwest::Client::builder()
            .user_agent(concat!("traygate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .tcp_keepalive(KEEPALIVE)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .redirect(same_origin());
        if is_loopback(url) {
            client = client.no_proxy();
        }
        if url.scheme() == "http" {
            // Never becomes https: no need to load the system's certificates.
            client = client.tls_certs_only([]);
        }
        Ok(Self {
            client: client.build()?,
            routes: Arc::default(),
            server: Arc::new(url.clone()),
            sign_in: sign_in.clone(),
            configured: headers.get(header::AUTHORIZATION).cloned(),
            log: log.clone(),
        })
    }

    pub(crate) fn get(&self, url: Url) -> reqwest::RequestBuilder {
        self.client.get(url)
    }

    pub(crate) fn post(&self, url: Url) -> reqwest::RequestBuilder {
        self.client.post(url)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Another origin must not get headers and session, and a 301 to 303 would lose the message.
fn same_origin() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let keeps_body = matches!(attempt.status().as_u16(), 307 | 308);
        let first = attempt.previous().first();
        let same_origin = first.is_some_and(|first| first.origin() == attempt.url().origin());
        if keeps_body && same_origin && attempt.previous().len() <= MAX_REDIRECTS {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_shows_its_body_but_no_web_page() {
        let status = |body: &str| HttpError::Status { status: 502, body: body.into() }.to_string();
        assert_eq!(status(""), "it answered HTTP 502");
        assert_eq!(status("<html>Bad</html>"), "it answered HTTP 502");
        assert_eq!(status("no\n upstream"), "it answered HTTP 502: no upstream");
        let error = r#"{"jsonrpc":"2.0","error":{"code":-32000,"message":"no session"},"id":null}"#;
        assert_eq!(status(error), "it answered HTTP 502: no session");
    }

    #[test]
    fn knows_loopback() {
        for (url, expected) in [
            ("http://localhost:1/", true),
            ("http://127.0.0.2/", true),
            ("http://[::1]/", true),
            ("http://example.com/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    fn client(url: &str) -> Result<HttpClient, HttpError> {
        let url = Url::parse(url).unwrap();
        let server = ResolvedHttp { url, headers: http::HeaderMap::new(), sign_in: None };
        HttpClient::new(&server, &ServerLog::default())
    }

    #[test]
    fn https_is_at_hand() {
        assert!(client("https://example.com/mcp").is_ok());
    }

    #[tokio::test]
    async fn a_refused_connection_is_named_without_the_url() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/?key=secret");
        let error = HttpError::from(client(&url).unwrap().client.get(url).send().await.unwrap_err());
        assert!(error.is_connect());
        assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
        assert!(!format!("{error:?}").contains("secret"));
    }
}
