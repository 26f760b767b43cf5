//! `/-/oauth/callback`: where a browser comes back to with an authorization response (RFC 8252 §7.3).

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::any,
};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use traygate_auth::{Landing, SignIns};
use url::Url;

use crate::http::Problem;

/// The gateway's own callback. It needs no key: an authorization server's page navigates here, and `state`, which nobody
/// else knows, is the guard.
#[derive(Clone)]
pub(crate) struct Callback {
    at: Option<Url>,
    sign_ins: SignIns,
}

impl Callback {
    pub(crate) const PATH: &str = "/-/oauth/callback";
    /// Longest query. Codes and states are short; what some servers add is not, and a browser sends no more.
    const LONGEST: usize = 16 * 1024;

    /// The callback of a gateway on these addresses; `sign_ins` hear of it.
    pub(crate) fn new(addresses: &[SocketAddr], tls: bool, sign_ins: SignIns) -> Self {
        let at = at(addresses, tls);
        sign_ins.set_callback(at.clone());
        Self { at, sign_ins }
    }

    pub(crate) fn router(self) -> Router {
        // Not `get`, which answers HEAD too: who only looks must not use up a code.
        Router::new().route(Self::PATH, any(land)).with_state(Arc::new(self))
    }
}

/// Plain HTTP on 127.0.0.1, the port that every listener has in common; `None` where there is none.
fn at(addresses: &[SocketAddr], tls: bool) -> Option<Url> {
    let is_reached = |address: &&SocketAddr| {
        let ip = address.ip();
        ip == IpAddr::from(Ipv4Addr::LOCALHOST) || ip == IpAddr::from(Ipv4Addr::UNSPECIFIED)
    };
    let port = addresses.iter().find(is_reached).filter(|_| !tls)?.port();
    Url::parse(&format!("http://127.0.0.1:{port}{}", Callback::PATH)).ok()
}

async fn land(State(callback): State<Arc<Callback>>, method: Method, RawQuery(query): RawQuery) -> Response {
    let Some(at) = &callback.at else {
        return Problem::new(StatusCode::NOT_FOUND, "unknown-path", "Nothing is here.").into_response();
    };
    if method != Method::GET {
        return Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "A browser comes here with GET.",
        )
        .header(header::ALLOW, HeaderValue::from_static("GET"))
        .into_response();
    }
    let query = query.unwrap_or_default();
    if query.len() > Callback::LONGEST {
        return page(&too_long());
    }
    let mut url = at.clone();
    url.set_query(Some(&query));
    page(&callback.sign_ins.redirected(&url).await)
}

/// A response to an https redirect URI of the config, which a proxy forwards to its path here.
pub(crate) async fn forwarded(sign_ins: &SignIns, at: &Uri) -> Response {
    let address = format!("http://127.0.0.1{}", at.path_and_query().map_or("/", |path| path.as_str()));
    match Url::parse(&address) {
        Ok(url) if address.len() <= Callback::LONGEST => page(&sign_ins.redirected(&url).await),
        _ => page(&too_long()),
    }
}

fn too_long() -> Landing {
    Landing {
        ok: false,
        title: "This address is too long".to_owned(),
        message: "It is none that a sign-in ends on. Begin the sign-in again.".to_owned(),
    }
}

fn page(landing: &Landing) -> Response {
    let status = if landing.ok { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    (status, Landing::HEADERS, landing.page()).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use axum::body::Body;
    use http::Request;
    use tower::ServiceExt as _;
    use traygate_auth::Keychain;

    use super::*;

    fn found(addresses: &[&str], tls: bool) -> Option<String> {
        let addresses: Vec<_> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        at(&addresses, tls).map(Into::into)
    }

    #[test]
    fn it_is_where_plain_http_on_127_0_0_1_is_and_nowhere_else() {
        let here = |port: u16| Some(format!("http://127.0.0.1:{port}/-/oauth/callback"));
        assert_eq!(found(&["127.0.0.1:8000"], false), here(8000));
        assert_eq!(found(&["0.0.0.0:8000"], false), here(8000));
        assert_eq!(found(&["172.17.0.1:8000", "127.0.0.1:8000"], false), here(8000));
        assert_eq!(found(&["127.0.0.1:8000"], true), None, "TLS");
        for elsewhere in ["127.0.0.2:8000", "172.17.0.1:8000", "[::1]:8000", "[::]:8000"] {
            assert_eq!(found(&[elsewhere], false), None, "{elsewhere}");
        }
    }

    async fn answer(addresses: &[SocketAddr], method: Method, target: &str) -> Response {
        let sign_ins = crate::sign_ins(Keychain::system(), None, HashMap::new());
        let router = Callback::new(addresses, false, sign_ins).router();
        let request = Request::builder().method(method).uri(target).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap()
    }

    fn here() -> Vec<SocketAddr> {
        vec![([127, 0, 0, 1], 8000).into()]
    }

    #[tokio::test]
    async fn a_response_to_no_sign_in_gets_a_page_that_runs_nothing_and_leaks_nothing() {
        for target in ["/-/oauth/callback?state=nobodys&code=c0de", "/-/oauth/callback"] {
            let response = answer(&here(), Method::GET, target).await;
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{target}");
            for (name, value) in [
                (
                    "content-security-policy",
                    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
                ),
                ("referrer-policy", "no-referrer"),
                ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
                ("x-frame-options", "DENY"),
                ("content-type", "text/html; charset=utf-8"),
            ] {
                assert_eq!(response.headers()[name], value);
            }
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert!(!body.contains("c0de") && !body.contains("nobodys"), "{body}");
        }
    }

    #[test]
    fn a_sign_in_that_went_well_is_200() {
        let landing = Landing { ok: true, title: "Signed in".into(), message: "Close this page.".into() };
        assert_eq!(page(&landing).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn only_a_get_brings_a_response() {
        for method in [Method::HEAD, Method::POST, Method::OPTIONS, Method::DELETE] {
            let response = answer(&here(), method.clone(), "/-/oauth/callback?state=x").await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
            assert_eq!(response.headers()["allow"], "GET");
        }
    }

    #[tokio::test]
    async fn an_endless_query_is_not_looked_at_and_where_there_is_no_callback_nothing_is() {
        let long = format!("/-/oauth/callback?state={}", "x".repeat(Callback::LONGEST));
        assert_eq!(answer(&here(), Method::GET, &long).await.status(), StatusCode::BAD_REQUEST);
        let elsewhere = [([172, 17, 0, 1], 8000).into()];
        let response = answer(&elsewhere, Method::GET, "/-/oauth/callback?state=x").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}
