//! From a server's entry to a session: which transport, which era, and what is tried next.

use rmcp::{RoleClient, serve_server, service::ClientInitializeError, transport::Transport};
use tokio_util::sync::CancellationToken;

use super::{
    ConnectError, Connection, Surroundings,
    endpoint::{Endpoint, Protocol, place},
    failure,
    handshake::{End, Handshake, Mode, Refusal},
};
use crate::{
    demo::Demo,
    resolve::{ResolvedHttp, ResolvedUpstream},
    transport::{HttpClient, SseTransport, StdioTransport, pair, streamable},
};

/// Opens a session with any kind of server.
pub(super) async fn open(
    upstream: &ResolvedUpstream,
    surroundings: &Surroundings,
) -> Result<Connection, ConnectError> {
    match upstream {
        ResolvedUpstream::Stdio(command) => {
            let start = || {
                let transport = StdioTransport::start(command, surroundings)?;
                let end = End::of(transport.child());
                Ok((transport, end))
            };
            by_era(surroundings, None, start).await.map_err(Refusal::into_error)
        }
        ResolvedUpstream::StreamableHttp(server) => {
            by_streamable(server, Protocol::StreamableHttp, surroundings).await.map_err(Refusal::into_error)
        }
        ResolvedUpstream::Sse(server) => by_sse(server, surroundings).await,
        // A 4xx to `initialize` may mean an older server (specification 2025-06-18, transports: backwards
        // compatibility).
        ResolvedUpstream::Http(server) => match by_streamable(server, Protocol::Both, surroundings).await {
            Ok(connection) => Ok(connection),
            Err(refusal) if refusal.status.is_some_and(|status| (400..500).contains(&status)) => {
                match by_sse(server, surroundings).await {
                    Err(ConnectError::Transient(_) | ConnectError::Permanent(_)) => Err(refusal.error),
                    other => other,
                }
            }
            Err(refusal) => Err(refusal.error),
        },
        ResolvedUpstream::Demo => {
            let (ours, theirs) = pair();
            let end = CancellationToken::new();
            surroundings.tracker.spawn(end.clone().run_until_cancelled_owned(async move {
                if let Ok(demo) = serve_server(Demo, theirs).await {
                    let _ = demo.waiting().await;
                }
            }));
            over(ours, Mode::Discover, surroundings)
                .await
                .map_err(|error| failure::of_handshake(&error, None))
        }
    }
}

async fn by_streamable(
    server: &ResolvedHttp,
    protocol: Protocol,
    surroundings: &Surroundings,
) -> Result<Connection, Refusal> {
    let client = client(server, surroundings)?;
    let endpoint = Endpoint { url: &server.url, protocol };
    let start = || Ok((streamable(server, client.clone()), End::default()));
    by_era(surroundings, Some((endpoint, &client)), start).await
}

async fn by_sse(server: &ResolvedHttp, surroundings: &Surroundings) -> Result<Connection, ConnectError> {
    let client = client(server, surroundings)?;
    let endpoint = Endpoint { url: &server.url, protocol: Protocol::Sse };
    let transport = SseTransport::connect(server, client, surroundings.log.clone())
        .await
        .map_err(|error| failure::of_transport(&error, Some(endpoint)))?;
    // This transport is older than the newer era.
    over(transport, Mode::Initialize, surroundings)
        .await
        .map_err(|error| failure::of_handshake(&error, Some(endpoint)))
}

/// Opens a session over a transport that needs nothing else.
pub(super) async fn over<T: Transport<RoleClient> + 'static>(
    transport: T,
    mode: Mode,
    surroundings: &Surroundings,
) -> Result<Connection, ClientInitializeError> {
    let handshake = Handshake::begin(surroundings, transport, mode).await?;
    Ok(handshake.finish(surroundings, End::default(), None))
}

fn client(server: &ResolvedHttp, surroundings: &Surroundings) -> Result<HttpClient, ConnectError> {
    if !matches!(server.url.scheme(), "http" | "https") {
        let text = format!("`{}` is no http or https address. Correct `url`.", place(&server.url));
        return Err(ConnectError::Permanent(text.into()));
    }
    HttpClient::new(server, &surroundings.log)
        .map_err(|error| ConnectError::Permanent(error.to_string().into()))
}

/// Shakes hands in one era, then in the other on a new transport.
async fn by_era<T: Transport<RoleClient> + 'static>(
    surroundings: &Surroundings,
    server: Option<(Endpoint<'_>, &HttpClient)>,
    start: impl Fn() -> Result<(T, End), ConnectError>,
) -> Result<Connection, Refusal> {
    let endpoint = server.map(|(endpoint, _)| endpoint);
    let shortcut = || server.map(|(_, client)| client.clone());
    let [first, second] = Mode::order(surroundings.era);
    let (transport, end) = start()?;
    let error = match Handshake::begin(surroundings, transport, first).await {
        Ok(handshake) => return Ok(handshake.finish(surroundings, end, shortcut())),
        Err(error) => error,
    };
    let initialize_failed_too = matches!(error, ClientInitializeError::LegacyFallbackFailed { .. });
    let refusal = end.explain(&error, endpoint, &surroundings.log).await;
    if matches!(refusal.error, ConnectError::SignInNeeded)
        || failure::is_unreachable(&error)
        // Once per attempt is enough for a crash loop; the next attempt begins with the other era.
        || refusal.crashed
        || (server.is_some() && initialize_failed_too)
    {
        return Err(refusal);
    }
    let error = surroundings.log.redact(&error.to_string()).into_owned();
    tracing::debug!(error, ?first, ?second, "the handshake failed: trying the other era");
    let (transport, end) = start()?;
    match Handshake::begin(surroundings, transport, second).await {
        Ok(handshake) => Ok(handshake.finish(surroundings, end, shortcut())),
        Err(error) => Err(end.explain(&error, endpoint, &surroundings.log).await),
    }
}
