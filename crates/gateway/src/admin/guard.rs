use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, StatusCode, header, uri::Authority};

use super::{Admin, routes::refusal};

/// Lets a request on to the admin API: the token is the guard; the others are fences in case it leaks.
pub(super) async fn guard(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    match check(&admin, &request) {
        Ok(()) => next.run(request).await,
        Err((status, message)) => refusal(status, "unauthorized", message),
    }
}

fn check(admin: &Admin, request: &Request) -> Result<(), (StatusCode, &'static str)> {
    let forbidden = |message| Err((StatusCode::FORBIDDEN, message));
    // Behind a proxy every caller looks like loopback.
    if is_forwarded(request.headers()) {
        return forbidden("The admin API is not served through a proxy.");
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if !peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback()) {
        return forbidden("The admin API is for this machine only.");
    }
    // A page of a foreign name that resolves to 127.0.0.1 (DNS rebinding) carries that name here.
    if !host(request).is_some_and(|host| is_loopback_name(&host)) {
        return forbidden("The admin API answers to localhost and 127.0.0.1 only.");
    }
    let token = request.headers().get(header::AUTHORIZATION).and_then(bearer);
    let expected = admin.rules.load().admin_token;
    if !token.zip(expected).is_some_and(|(token, expected)| expected.matches(token)) {
        return Err((StatusCode::UNAUTHORIZED, "The admin API needs the token of this start."));
    }
    Ok(())
}

fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        matches!(name.as_str(), "forwarded" | "x-real-ip" | "via")
            || name.as_str().starts_with("x-forwarded-")
    })
}

/// Host, or HTTP/2's `:authority`, which hyper puts into the URI.
fn host(request: &Request) -> Option<String> {
    let authority = match request.headers().get(header::HOST) {
        Some(host) => host.to_str().ok()?.parse::<Authority>().ok()?,
        None => request.uri().authority()?.clone(),
    };
    Some(authority.host().to_owned())
}

fn is_loopback_name(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn bearer(value: &http::HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}
