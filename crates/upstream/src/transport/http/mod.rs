//! MCP over HTTP: one client for both transports, and what a call's own headers are.

mod answer;
mod client;
mod headers;
mod post;
mod refusal;
mod send;
mod shortcut;

use std::{collections::HashMap, sync::Arc, time::Duration};

use rmcp::transport::{
    StreamableHttpClientTransport, common::client_side_sse::ExponentialBackoff,
    streamable_http_client::StreamableHttpClientTransportConfig,
};

pub(crate) use self::{
    answer::beginning,
    client::{HttpClient, HttpError, words},
    headers::{CallHeaders, allowed, of_call},
    refusal::speaks_of_session,
    shortcut::ShortcutError,
};
use super::MAX_MESSAGE;
use crate::resolve::ResolvedHttp;

/// The longest pause between two attempts to open the stream of notifications again.
const MAX_RECONNECT_DELAY: Duration = Duration::from_mins(1);
/// How long the renewal of a session waits for the posts of the old one, and then for the new one: together the 5 s that a
/// call waits for a server that is gone.
const RENEWAL: Duration = Duration::from_millis(2_500);
/// Calls in flight at one server.
const MAX_CONCURRENT_REQUESTS: usize = 256;

/// Streamable HTTP (specification, basic/transports). An expired session is renewed, and the call that met it is sent
/// once more: the server did not know its session, so it did not run.
pub(crate) fn streamable(
    server: &ResolvedHttp,
    client: HttpClient,
) -> StreamableHttpClientTransport<HttpClient> {
    let mut retry = ExponentialBackoff::default();
    retry.max_delay = Some(MAX_RECONNECT_DELAY);
    let headers: HashMap<_, _> =
        allowed(&server.headers).map(|(name, value)| (name.clone(), value.clone())).collect();
    let mut config = StreamableHttpClientTransportConfig::with_uri(server.url.as_str())
        .custom_headers(headers)
        .max_concurrent_requests(MAX_CONCURRENT_REQUESTS)
        .max_sse_event_size(MAX_MESSAGE)
        .max_json_response_size(MAX_MESSAGE)
        .session_recovery_timeout(RENEWAL)
        .reinit_on_expired_session(true);
    config.retry_config = Arc::new(retry);
    StreamableHttpClientTransport::with_client(client, config)
}
