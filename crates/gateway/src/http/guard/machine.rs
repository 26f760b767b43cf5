use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, Uri};

use super::host;

/// Why a request may come from elsewhere than a program of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// Behind a proxy every peer looks like loopback.
    Proxy,
    /// The peer's address is another machine's.
    Peer,
    /// A page of a foreign name that resolves to 127.0.0.1 (DNS rebinding) carries that name in Host.
    Host,
}

/// Whether a request comes from this machine: fences around the admin token, in case it leaks.
pub(crate) fn is_from_here(uri: &Uri, headers: &HeaderMap, extensions: &Extensions) -> Result<(), Elsewhere> {
    if is_forwarded(headers) {
        return Err(Elsewhere::Proxy);
    }
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    if !peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback()) {
        return Err(Elsewhere::Peer);
    }
    let mut named = host::authorities(uri, headers).map(host::without_port).peekable();
    if named.peek().is_none() || !named.all(is_loopback) {
        return Err(Elsewhere::Host);
    }
    Ok(())
}

/// Whether a host, as it stands in a URL, is this machine's own and no name that somebody's DNS decides.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        matches!(name.as_str(), "forwarded" | "x-real-ip" | "via")
            || name.as_str().starts_with("x-forwarded-")
    })
}
