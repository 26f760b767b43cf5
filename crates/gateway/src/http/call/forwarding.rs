use http::{HeaderMap, HeaderName, HeaderValue, header};
use traygate_config::{HeaderForwarding, ServerName};

use crate::http::{KeyDigest, Rules, guard::key};

/// The caller's headers that go on to this server; mostly none.
pub(super) fn headers(rules: &Rules, server: &ServerName, headers: &HeaderMap) -> HeaderMap {
    match rules.header_forwarding.get(server) {
        Some(forwarding) => select(forwarding, rules.api_key.as_ref(), server, headers),
        None => HeaderMap::new(),
    }
}

fn select(
    forwarding: &HeaderForwarding,
    api_key: Option<&KeyDigest>,
    server: &ServerName,
    headers: &HeaderMap,
) -> HeaderMap {
    let ours = |value: &HeaderValue| api_key.is_some_and(|api_key| key::carries(value, api_key));
    let chosen: HeaderMap = headers
        .iter()
        .filter(|(name, value)| {
            allowed(forwarding, name.as_str()) && !is_hop_by_hop(headers, name) && !ours(value)
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if forwarding.debug_headers {
        let names: Vec<&str> = chosen.keys().map(HeaderName::as_str).collect();
        tracing::info!(%server, ?names, "headers of the caller go on to the server");
    }
    chosen
}

fn allowed(forwarding: &HeaderForwarding, name: &str) -> bool {
    if is_ours(name) || forwarding.blacklist.iter().any(|pattern| matches(pattern, name)) {
        return false;
    }
    let credential = name == header::COOKIE || name == header::AUTHORIZATION;
    if credential {
        return forwarding.whitelist.iter().any(|listed| listed.eq_ignore_ascii_case(name));
    }
    forwarding.whitelist.is_empty() || forwarding.whitelist.iter().any(|pattern| matches(pattern, name))
}

/// Headers that belong to the request to us, or that our own MCP client sets; no list can name them.
fn is_ours(name: &str) -> bool {
    const NAMES: [HeaderName; 8] = [
        header::HOST,
        header::ACCEPT,
        header::ACCEPT_ENCODING,
        header::EXPECT,
        header::ORIGIN,
        header::REFERER,
        header::RANGE,
        HeaderName::from_static("last-event-id"),
    ];
    const PREFIXES: [&str; 6] = ["content-", "mcp-", "proxy-", "sec-", "access-control-", "if-"];
    NAMES.iter().any(|ours| name == ours.as_str()) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// RFC 9110 §7.6.1: the fixed ones, and whatever Connection names.
fn is_hop_by_hop(headers: &HeaderMap, name: &HeaderName) -> bool {
    const NAMES: [&str; 6] = ["connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];
    NAMES.contains(&name.as_str())
        || headers
            .get_all(header::CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|named| named.trim().eq_ignore_ascii_case(name.as_str()))
}

/// `*` stands for any run of characters; case does not count.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, mut rest) = (pattern.to_ascii_lowercase(), name);
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(tail) = rest.strip_prefix(first) else { return false };
    rest = tail;
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn forwarded(whitelist: &[&str], blacklist: &[&str]) -> Vec<String> {
        let texts = |list: &[&str]| list.iter().map(ToString::to_string).collect();
        let forwarding = HeaderForwarding {
            whitelist: texts(whitelist),
            blacklist: texts(blacklist),
            debug_headers: false,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("host", "h"),
            ("connection", "keep-alive, x-hop"),
            ("x-hop", "1"),
            ("content-type", "application/json"),
            ("mcp-session-id", "s"),
            ("cookie", "c=1"),
            ("authorization", "Bearer user-token"),
            ("x-user-id", "7"),
            ("x-user-email", "a@example.com"),
            ("x-copy-of-the-key", "k3y"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let key = KeyDigest::of(&SecretString::from("k3y"));
        let server = ServerName::new("s").unwrap();
        let mut names: Vec<String> =
            select(&forwarding, Some(&key), &server, &headers).keys().map(ToString::to_string).collect();
        names.sort();
        names
    }

    #[test]
    fn lists_choose_and_some_headers_never_go() {
        assert_eq!(forwarded(&[], &[]), ["x-user-email", "x-user-id"]);
        assert_eq!(forwarded(&["X-User-*"], &["x-user-email"]), ["x-user-id"]);
        assert_eq!(forwarded(&["*"], &[]), ["x-user-email", "x-user-id"]);
        assert_eq!(forwarded(&["Authorization"], &[]), ["authorization"]);
        assert_eq!(forwarded(&["cookie", "host", "content-type", "x-hop"], &[]), ["cookie"]);
    }

    #[test]
    fn our_own_key_never_goes() {
        let forwarding =
            HeaderForwarding { whitelist: vec!["authorization".into()], ..HeaderForwarding::default() };
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer k3y"));
        let key = KeyDigest::of(&SecretString::from("k3y"));
        let server = ServerName::new("s").unwrap();
        assert!(select(&forwarding, Some(&key), &server, &headers).is_empty());
        assert_eq!(select(&forwarding, None, &server, &headers).len(), 1);
    }

    #[test]
    fn stars_match_runs() {
        for (pattern, name, expected) in [
            ("x-*", "x-a", true),
            ("*-id", "x-user-id", true),
            ("x-*-id", "x-user-id", true),
            ("x-*-id", "x-id", false),
            ("*a*b*", "xaxbx", true),
            ("*", "", true),
            ("x", "xy", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
