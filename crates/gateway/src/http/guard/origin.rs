use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};

use super::{host, machine::is_loopback};
use crate::http::{Rules, problem::Problem};

/// Whose page sent a request, as far as its Origin header says (Fetch standard §3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// No page: a program, or a page that only navigates here.
    None,
    /// A page of this gateway. Without a key only under a name that is certain: whoever runs the network may answer for
    /// another with a page of theirs first, and with this machine's address then.
    Own(HeaderValue),
    /// Named in `corsAllowOrigins`.
    Listed(HeaderValue),
    /// Anyone, since `*` is listed; or a page of this machine where a key is needed anyway (Open WebUI's browser path).
    Tolerated(HeaderValue),
    /// Anyone else, and `null` always.
    Foreign(HeaderValue),
}

const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

impl Origin {
    pub(crate) fn of(rules: &Rules, uri: &Uri, headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(header::ORIGIN) else { return Self::None };
        let origin = value.to_str().unwrap_or_default();
        let Some((scheme, authority)) = origin.split_once("://") else { return Self::Foreign(value.clone()) };
        let own = host::authority(uri, headers);
        let web = scheme == "http" || scheme == "https";
        let is_ours = |host| rules.api_key.is_some() || host::is_certain(rules, host);
        if web && own.is_some_and(|own| own.eq_ignore_ascii_case(authority) && is_ours(host::bare(own))) {
            Self::Own(value.clone())
        } else if rules
            .cors_origins
            .iter()
            .any(|listed| listed.trim_end_matches('/').eq_ignore_ascii_case(origin))
        {
            Self::Listed(value.clone())
        } else if rules.cors_origins.iter().any(|listed| listed == "*")
            || (web && rules.api_key.is_some() && is_loopback(host::without_port(authority)))
        {
            Self::Tolerated(value.clone())
        } else {
            Self::Foreign(value.clone())
        }
    }

    /// Refuses a foreign page. The gateway's own `/-/` paths are for its own pages only.
    pub(crate) fn check(&self, own_path: bool) -> Result<(), Problem> {
        let origin = match self {
            Self::None | Self::Own(_) => return Ok(()),
            Self::Listed(_) | Self::Tolerated(_) if !own_path => return Ok(()),
            Self::Listed(origin) | Self::Tolerated(origin) | Self::Foreign(origin) => origin,
        };
        let origin = origin.to_str().unwrap_or("?");
        let problem = Problem::new(
            StatusCode::FORBIDDEN,
            "foreign-origin",
            format!("Web pages of `{origin}` may not use this gateway."),
        );
        Err(if own_path || origin == "null" {
            problem
        } else {
            problem.hint(format!(
                "To let them, add it to `corsAllowOrigins` in the config file (or start with `--cors-allow-origins \
                 {origin}`)."
            ))
        })
    }

    /// Whether a password that the browser added by itself counts: not for somebody else's page.
    pub(crate) fn may_use_basic(&self) -> bool {
        matches!(self, Self::None | Self::Own(_) | Self::Listed(_))
    }

    /// The answer to a preflight; it needs no key (Fetch standard §4.8: it carries no credentials).
    pub(crate) fn preflight(headers: &HeaderMap) -> Response {
        let mut response = (StatusCode::NO_CONTENT, Body::empty()).into_response();
        let answer = response.headers_mut();
        let methods = HeaderValue::from_static("GET, HEAD, POST, OPTIONS");
        if !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
            answer.insert(header::ALLOW, methods);
            return response;
        }
        answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        if let Some(asked) = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        if headers.contains_key("access-control-request-private-network") {
            answer.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
        }
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        answer.insert(
            header::VARY,
            HeaderValue::from_static(
                "Access-Control-Request-Headers, Access-Control-Request-Private-Network",
            ),
        );
        response
    }

    /// Lets the page read the response, an error too.
    pub(crate) fn decorate(self, headers: &mut HeaderMap) {
        // Where no page asked as well, for what is cached (Fetch standard, "CORS protocol and HTTP caches").
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let (origin, credentials) = match self {
            Self::Own(origin) | Self::Listed(origin) => (origin, true),
            Self::Tolerated(origin) => (origin, false),
            Self::None | Self::Foreign(_) => return,
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("Content-Disposition, Location"),
        );
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::http::KeyDigest;

    fn origin(origin: &str, rules: &Rules) -> Origin {
        origin_at("127.0.0.1:8000", origin, rules)
    }

    fn origin_at(host: &str, origin: &str, rules: &Rules) -> Origin {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        headers.insert(header::ORIGIN, origin.parse().unwrap());
        Origin::of(rules, &Uri::from_static("/"), &headers)
    }

    #[test]
    fn only_known_pages_pass() {
        let open = Rules::default();
        let keyed = Rules { api_key: Some(KeyDigest::of(&SecretString::from("k"))), ..Rules::default() };
        let listed = Rules { cors_origins: vec!["https://chat.example".into()], ..Rules::default() };
        let any = Rules { cors_origins: vec!["*".into()], ..Rules::default() };
        assert!(matches!(origin("http://127.0.0.1:8000", &open), Origin::Own(_)));
        assert!(matches!(origin("http://127.0.0.1:3000", &open), Origin::Foreign(_)));
        assert!(matches!(origin("http://127.0.0.1:3000", &keyed), Origin::Tolerated(_)));
        assert!(matches!(origin("http://localhost:3000", &keyed), Origin::Tolerated(_)));
        assert!(matches!(origin("http://[::1]:3000", &keyed), Origin::Tolerated(_)));
        assert!(matches!(origin("http://localhost.evil.example", &keyed), Origin::Foreign(_)));
        assert!(matches!(origin("chrome-extension://127.0.0.1:8000", &open), Origin::Foreign(_)));
        assert!(matches!(origin("https://chat.example", &listed), Origin::Listed(_)));
        assert!(matches!(origin("https://chat.example.evil", &listed), Origin::Foreign(_)));
        assert!(matches!(origin("https://chat.example", &any), Origin::Tolerated(_)));
        assert!(matches!(origin("null", &any), Origin::Foreign(_)));
    }

    #[test]
    fn without_a_key_our_own_pages_are_those_of_certain_names() {
        let open = Rules::default();
        let keyed = Rules { api_key: Some(KeyDigest::of(&SecretString::from("k"))), ..Rules::default() };
        let listed = Rules { allowed_hosts: vec!["desk.example".into()], ..Rules::default() };
        let own =
            |host: &str, rules| matches!(origin_at(host, &format!("http://{host}"), rules), Origin::Own(_));
        for certain in ["127.0.0.1:8000", "192.168.1.7", "[::1]:8000", "localhost:8000", "LOCALHOST"] {
            assert!(own(certain, &open), "{certain}");
        }
        for uncertain in ["desk.example:8000", "desk.local", "host.docker.internal:8000", "localhost.example"]
        {
            assert!(!own(uncertain, &open), "{uncertain}");
            assert!(own(uncertain, &keyed), "{uncertain}: the key stands before everything");
        }
        assert!(own("desk.example:8000", &listed));
    }
}
