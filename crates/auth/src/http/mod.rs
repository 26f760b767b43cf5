//! HTTP to authorization servers and for their metadata: bounded in time and size, and never into the private network at
//! the word of a public server.

mod address;
mod error;
mod resolver;
mod rules;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, Once},
    time::Duration,
};

use ::http::{HeaderMap, StatusCode, header};
use reqwest::{Client, Method, redirect};
use tokio::{sync::OnceCell, time::timeout};
use url::Url;

pub(crate) use self::error::HttpError;
use self::{resolver::Resolver, rules::Rules};
use crate::endpoint::is_loopback;

/// Time to find a host and connect to it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for one question and its whole answer, redirects included.
const TIMEOUT: Duration = Duration::from_secs(20);
/// What an answer may hold.
const MAX_BODY: usize = 1024 * 1024;
/// Hops of one question for metadata.
const MAX_REDIRECTS: usize = 3;

/// An HTTP client on behalf of one MCP server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Http(Arc<Inner>);

struct Inner {
    rules: Arc<Rules>,
    /// To this machine: past the system's proxies.
    direct: OnceCell<Client>,
    /// To everywhere else.
    proxied: OnceCell<Client>,
}

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// A client that goes where the MCP server at `near` may send it: into private networks only from within one, or
    /// where `allow_private` (`oauth.allow_private_addresses`).
    pub(crate) fn new(near: &Url, allow_private: bool) -> Result<Self, HttpError> {
        Rules::new(near, allow_private).map(Self::with_rules)
    }

    fn with_rules(rules: Rules) -> Self {
        Self(Arc::new(Inner { rules: Arc::new(rules), direct: OnceCell::new(), proxied: OnceCell::new() }))
    }

    /// Asks for metadata. Follows a few redirects, each held to the same rules, and none from https down to http.
    pub(crate) async fn get(&self, url: &Url) -> Result<Answer, HttpError> {
        in_time(url, async {
            let mut at = url.clone();
            for _ in 0..=MAX_REDIRECTS {
                let mut request = reqwest::Request::new(Method::GET, at.clone());
                let headers = request.headers_mut();
                headers.insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
                // "MCP clients SHOULD include" it (MCP 2025-03-26, metadata discovery); no later revision forbids it.
                headers.insert("mcp-protocol-version", header::HeaderValue::from_static(REVISION));
                let response = self.exchange(request).await?;
                match next_hop(&at, &response)? {
                    Some(next) => at = next,
                    None => return read(&at, response).await,
                }
            }
            Err(HttpError::other(&at, format_args!("redirects more than {MAX_REDIRECTS} times")))
        })
        .await
    }

    /// Sends a request as it is. Redirects are never followed: what a token request holds is for that endpoint alone.
    pub(crate) async fn send(&self, request: ::http::Request<Vec<u8>>) -> Result<Answer, HttpError> {
        let request = reqwest::Request::try_from(request)
            .map_err(|_| HttpError::Other("the address of a request is no URL".to_owned()))?;
        let url = request.url().clone();
        in_time(&url, async { read(&url, self.exchange(request).await?).await }).await
    }

    async fn exchange(&self, request: reqwest::Request) -> Result<reqwest::Response, HttpError> {
        let url = request.url().clone();
        self.0.rules.check(&url).await?;
        let client = self.client(&url).await?;
        client.execute(request).await.map_err(|error| HttpError::of(&url, &error.without_url()))
    }

    async fn client(&self, to: &Url) -> Result<&Client, HttpError> {
        let (cell, proxied) = if is_loopback(to) {
            (&self.0.direct, false)
        } else {
            (&self.0.proxied, self.0.rules.has_proxies())
        };
        cell.get_or_try_init(|| async { build(&self.0.rules, proxied) })
            .await
            .map_err(|error| HttpError::of(to, &error.without_url()))
    }
}

/// The revision of MCP by whose rules metadata is asked for.
const REVISION: &str = "2026-07-28";

fn build(rules: &Arc<Rules>, proxied: bool) -> Result<Client, reqwest::Error> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Fails where the program chose a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let client = Client::builder()
        .user_agent(concat!("traygate/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirect::Policy::none())
        .dns_resolver(Resolver::new(Arc::clone(rules)));
    if proxied { client } else { client.no_proxy() }.build()
}

async fn in_time<T>(url: &Url, answer: impl Future<Output = Result<T, HttpError>>) -> Result<T, HttpError> {
    timeout(TIMEOUT, answer).await.unwrap_or_else(|_| Err(HttpError::late(url, TIMEOUT)))
}

/// Where a redirect leads; `None` where the answer is none.
fn next_hop(from: &Url, response: &reqwest::Response) -> Result<Option<Url>, HttpError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(header::LOCATION) else { return Ok(None) };
    let to = location.to_str().ok().and_then(|location| from.join(location).ok());
    let Some(to) = to.filter(|to| matches!(to.scheme(), "http" | "https")) else {
        return Err(HttpError::other(from, "redirects to what is no http(s) address"));
    };
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err(HttpError::other(from, "redirects from https down to http"));
    }
    Ok(Some(to))
}

async fn read(url: &Url, mut response: reqwest::Response) -> Result<Answer, HttpError> {
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = Vec::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|error| HttpError::of(url, &error.without_url()))?
    {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(HttpError::too_large(url));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

/// Bodies hold tokens.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}
