//! The HTTP+SSE transport of revision 2024-11-05: one GET whose events are the server's messages, and POSTs to the
//! address that its first event names.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::{Stream, StreamExt, stream::BoxStream};
use http::{HeaderMap, header};
use rmcp::{
    RoleClient,
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::Transport,
};
use sse_stream::{Sse, SseStream};
use url::Url;

use super::{
    MAX_MESSAGE, broken,
    http::{HttpClient, HttpError, allowed, beginning, of_call},
    task_support,
};
use crate::{log::ServerLog, resolve::ResolvedHttp};

/// Why the session failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SseTransportError {
    #[error("{0}")]
    Http(#[from] HttpError),
    #[error("its event stream ended before it named an endpoint")]
    NoEndpoint,
    #[error("its endpoint event names no address of the same origin")]
    ForeignEndpoint,
    #[error("it answered with {0:?} instead of an event stream")]
    NoEventStream(String),
}

/// A session over one event stream, which ends with it.
pub(crate) struct SseTransport {
    client: HttpClient,
    headers: HeaderMap,
    endpoint: Url,
    events: BoxStream<'static, Sse>,
    log: ServerLog,
}

impl SseTransport {
    /// Opens the event stream and waits for its `endpoint` event.
    pub(crate) async fn connect(
        server: &ResolvedHttp,
        client: HttpClient,
        log: ServerLog,
    ) -> Result<Self, SseTransportError> {
        let headers: HeaderMap =
            allowed(&server.headers).map(|(name, value)| (name.clone(), value.clone())).collect();
        let request = client
            .get(server.url.clone())
            .headers(headers.clone())
            .header(header::ACCEPT, "text/event-stream");
        let response = accepted(client.send(request).await?).await?;
        let kind =
            response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if !kind.to_ascii_lowercase().starts_with("text/event-stream") {
            return Err(SseTransportError::NoEventStream(kind.to_owned()));
        }
        let mut events = bounded(response.bytes_stream()).boxed();
        while let Some(event) = events.next().await {
            if event.event.as_deref() == Some("endpoint") {
                let endpoint = endpoint(&server.url, event.data.as_deref().unwrap_or_default())?;
                return Ok(Self { client, headers, endpoint, events, log });
            }
        }
        Err(SseTransportError::NoEndpoint)
    }
}

/// Messages carry the server's headers: they go nowhere else.
fn endpoint(server: &Url, named: &str) -> Result<Url, SseTransportError> {
    let endpoint = server.join(named.trim()).map_err(|_| SseTransportError::ForeignEndpoint)?;
    if endpoint.origin() != server.origin() || named.trim().is_empty() {
        return Err(SseTransportError::ForeignEndpoint);
    }
    Ok(endpoint)
}

/// The events until the stream ends, breaks, or sends one that is too large.
pub(super) fn bounded<E>(
    bytes: impl Stream<Item = Result<bytes::Bytes, E>> + Send + 'static,
) -> impl Stream<Item = Sse> + Send
where
    E: std::error::Error + Send + Sync + 'static,
{
    events(bytes).filter_map(|event| std::future::ready(event.ok()))
}

/// The events, and as the last why the stream broke: an event that is too large breaks it too.
pub(super) fn events<E>(
    bytes: impl Stream<Item = Result<bytes::Bytes, E>> + Send + 'static,
) -> impl Stream<Item = Result<Sse, sse_stream::Error>> + Send
where
    E: std::error::Error + Send + Sync + 'static,
{
    let size = Arc::new(AtomicUsize::new(0));
    let counted = size.clone();
    let bytes = bytes.map(move |piece| {
        let piece = piece.map_err(io::Error::other)?;
        let size = counted.fetch_add(piece.len(), Ordering::Relaxed) + piece.len();
        let too_large = || io::Error::other(format!("an event is longer than {MAX_MESSAGE} bytes"));
        if size > MAX_MESSAGE { Err(too_large()) } else { Ok(piece) }
    });
    SseStream::from_bytes_stream(bytes).inspect(move |_| size.store(0, Ordering::Relaxed)).scan(
        false,
        |broken, event| {
            let next = if *broken { None } else { Some(event) };
            *broken = next.as_ref().is_none_or(Result::is_err);
            std::future::ready(next)
        },
    )
}

/// The response if its status is a success.
async fn accepted(response: reqwest::Response) -> Result<reqwest::Response, HttpError> {
    let status = response.status().as_u16();
    if response.status().is_success() {
        return Ok(response);
    }
    Err(HttpError::Status { status, body: String::from_utf8_lossy(&beginning(response).await).into_owned() })
}

impl Transport<RoleClient> for SseTransport {
    type Error = SseTransportError;

    fn send(
        &mut self,
        message: ClientJsonRpcMessage,
    ) -> impl Future<Output = Result<(), SseTransportError>> + Send + 'static {
        let mut headers = self.headers.clone();
        for (name, value) in of_call(&message) {
            headers.insert(name.clone(), value.clone());
        }
        let request = self.client.post(self.endpoint.clone()).headers(headers).json(&message);
        let client = self.client.clone();
        async move {
            accepted(client.send(request).await?).await?;
            Ok(())
        }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            let event = self.events.next().await?;
            if !matches!(event.event.as_deref(), None | Some("" | "message")) {
                continue;
            }
            let data = event.data.unwrap_or_default();
            let kept = task_support::kept(data.as_bytes());
            match serde_json::from_slice(kept.as_deref().unwrap_or(data.as_bytes())) {
                Ok(message) => return Some(message),
                Err(_) if data.trim().is_empty() => {}
                Err(error) => {
                    let broken = broken::instead_of(data.as_bytes(), &error);
                    let error = self.log.redact(&error.to_string()).into_owned();
                    tracing::debug!(error, "an event is no message");
                    let beginning: String = data.chars().take(1000).collect();
                    self.log.push(&format!("no MCP message in an event: {beginning}"));
                    if let Some((id, mut error)) = broken {
                        error.message = self.log.redact(&error.message).into_owned().into();
                        return Some(broken::message(id, error));
                    }
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), SseTransportError> {
        self.events = futures::stream::empty().boxed();
        std::future::ready(Ok(())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_stays_at_the_servers_origin() {
        let server = Url::parse("https://example.com/a/sse").unwrap();
        let ok = |named| endpoint(&server, named).unwrap().to_string();
        assert_eq!(ok("/messages?session=1"), "https://example.com/messages?session=1");
        assert_eq!(ok("messages"), "https://example.com/a/messages");
        assert_eq!(ok("https://example.com:443/m"), "https://example.com/m");
        for foreign in ["https://evil.com/m", "http://example.com/m", "//evil.com/m", ""] {
            assert!(endpoint(&server, foreign).is_err(), "{foreign}");
        }
    }

    #[tokio::test]
    async fn an_endless_event_ends_the_stream() {
        let piece = bytes::Bytes::from(vec![b'x'; MAX_MESSAGE / 4]);
        let head = bytes::Bytes::from_static(b"data: 1\n\ndata: ");
        let endless = futures::stream::iter([head]).chain(futures::stream::repeat(piece));
        let events = bounded(endless.map(Ok::<_, io::Error>)).collect::<Vec<_>>().await;
        assert_eq!(events[0].data.as_deref(), Some("1"));
        assert!(events.len() <= 2);
    }
}
