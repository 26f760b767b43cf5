//! A loopback listener for the responses that the gateway's own callback cannot receive (RFC 8252 §7.3).

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use tokio::net::TcpListener;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use url::{Host, Url};

use crate::{Landing, SignIns};

/// It ends when it is dropped, once the pages that are under way are delivered.
#[derive(Debug)]
pub(crate) struct Listener {
    port: u16,
    _end: DropGuard,
}

impl Listener {
    /// Listens at the address of a redirect URI: for `localhost` on both families, since browsers choose either; port 0
    /// takes any free one.
    ///
    /// # Errors
    /// The system's, when nothing can be bound; [`io::ErrorKind::AddrInUse`] where somebody else listens there.
    pub(crate) async fn bind(at: &Url, sign_ins: SignIns, tasks: &TaskTracker) -> io::Result<Self> {
        let port = at.port_or_known_default().unwrap_or(80);
        let hosts: &[IpAddr] = match at.host() {
            Some(Host::Ipv4(address)) => &[IpAddr::V4(address)],
            Some(Host::Ipv6(address)) => &[IpAddr::V6(address)],
            _ => &[IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
        };
        let mut sockets: Vec<TcpListener> = Vec::new();
        for host in hosts {
            let port =
                sockets.first().and_then(|first| first.local_addr().ok()).map_or(port, |first| first.port());
            match TcpListener::bind(SocketAddr::new(*host, port)).await {
                Ok(socket) => sockets.push(socket),
                // A machine without IPv6: the first one does.
                Err(error) if !sockets.is_empty() && error.kind() != io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        let port = match sockets.first() {
            Some(first) => first.local_addr()?.port(),
            None => return Err(io::ErrorKind::AddrNotAvailable.into()),
        };
        let mut base = at.clone();
        let _ = base.set_port(Some(port));
        base.set_query(None);
        let end = CancellationToken::new();
        for socket in sockets {
            let app = Router::new().fallback(receive).with_state((sign_ins.clone(), base.clone()));
            let ended = end.clone();
            tasks.spawn(async move {
                let served = axum::serve(socket, app).with_graceful_shutdown(ended.cancelled_owned());
                let _ = served.await;
            });
        }
        Ok(Self { port, _end: end.drop_guard() })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

async fn receive(State((sign_ins, base)): State<(SignIns, Url)>, request: Request) -> Response {
    if request.method() != Method::GET || request.uri().path() != base.path() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut at = base;
    at.set_query(request.uri().query());
    page(&sign_ins.redirected(&at).await)
}

/// The page that a browser ends on, which runs nothing, loads nothing and is kept nowhere.
fn page(landing: &Landing) -> Response {
    let status = if landing.ok { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let mut response = (status, landing.page()).into_response();
    for (name, value) in Landing::HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

impl Landing {
    /// What goes with its page: it runs nothing, loads nothing, is framed by nobody and kept nowhere, and the address with
    /// its code is told to nobody.
    pub const HEADERS: [(header::HeaderName, &'static str); 6] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
}
