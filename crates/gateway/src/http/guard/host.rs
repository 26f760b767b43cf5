use std::net::Ipv6Addr;

use http::{HeaderMap, StatusCode, Uri, header};

use crate::http::{
    Rules,
    problem::{Problem, shown},
};

/// Names under which a container reaches its host; a web page's DNS cannot take them over.
const BUILT_IN: [&str; 3] = ["localhost", "host.docker.internal", "host.containers.internal"];

/// The machine's own name, in lower case, without a dot at its end.
#[derive(Debug, Clone)]
pub(crate) struct MachineName(String);

impl MachineName {
    pub(crate) fn of_this_machine() -> Self {
        Self::new(&gethostname::gethostname().to_string_lossy())
    }

    fn new(name: &str) -> Self {
        Self(name.trim_end_matches('.').to_lowercase())
    }

    /// The name itself, and with `.local` as mDNS gives it (RFC 6762 §3).
    fn is(&self, host: &str) -> bool {
        let own = |name: &str| !self.0.is_empty() && name.eq_ignore_ascii_case(&self.0);
        own(host)
            || host.rsplit_once('.').is_some_and(|(name, end)| end.eq_ignore_ascii_case("local") && own(name))
    }
}

/// The authority that a request names: Host, or HTTP/2's `:authority`, which hyper puts into the URI.
pub(crate) fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match headers.get(header::HOST) {
        Some(host) => host.to_str().ok(),
        None => uri.authority().map(http::uri::Authority::as_str),
    }
}

/// Refuses a Host that is neither an address nor a known name: a page of `evil.example` whose DNS points here must not
/// get an answer. 421 is for requests to an authority that this server does not speak for (RFC 9110 §15.5.20).
pub(crate) fn check(
    rules: &Rules,
    machine: &MachineName,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    // RFC 9112 §3.2: none, several or an unreadable Host MUST be answered with 400.
    let several = headers.get_all(header::HOST).iter().nth(1).is_some();
    let Some(named) = authority(uri, headers).filter(|named| !named.is_empty() && !several) else {
        let message = "A request names one host, and this one does not.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "unknown-host", message));
    };
    // A target that is a whole URL names its own, which MUST win over Host (RFC 9112 §3.2.2): here both have to pass.
    let target = uri.authority().map(http::uri::Authority::as_str);
    for authority in [named].into_iter().chain(target) {
        let host = without_port(authority).trim_end_matches('.');
        if !is_known(rules, machine, host) {
            return Err(Problem::new(
                StatusCode::MISDIRECTED_REQUEST,
                "unknown-host",
                format!("This gateway does not answer to the host name `{}`.", shown(host)),
            )
            .hint(format!("Start Traygate with `--allowed-hosts {}`, or use its IP address.", shown(host))));
        }
    }
    Ok(())
}

fn is_known(rules: &Rules, machine: &MachineName, host: &str) -> bool {
    is_address(host)
        || BUILT_IN.iter().any(|name| host.eq_ignore_ascii_case(name))
        || machine.is(host)
        || rules.allowed_hosts.iter().any(|allowed| matches(allowed, host))
}

/// `host` of `host:port`, `[v6]:port` and `host`.
pub(crate) fn without_port(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority.find(']').map_or(authority, |end| &authority[..=end]);
    }
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

fn is_address(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok()
        || host
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'))
            .is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

fn matches(allowed: &str, host: &str) -> bool {
    if allowed == "*" {
        return true;
    }
    match allowed.strip_prefix("*.") {
        Some(domain) => {
            host.len() > domain.len() + 1
                && host.as_bytes()[host.len() - domain.len() - 1] == b'.'
                && host[host.len() - domain.len()..].eq_ignore_ascii_case(domain)
        }
        None => without_port(allowed).eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(host: &str, allowed: &[&str]) -> bool {
        let rules =
            Rules { allowed_hosts: allowed.iter().map(ToString::to_string).collect(), ..Rules::default() };
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        check(&rules, &MachineName::new("Desk.Example."), &Uri::from_static("/"), &headers).is_ok()
    }

    #[test]
    fn addresses_and_the_machines_own_names_pass() {
        for host in [
            "127.0.0.1:8000",
            "192.168.1.7",
            "[::1]:8000",
            "[fe80::1]",
            "localhost",
            "LOCALHOST:8000",
            "localhost.:8000",
            "host.docker.internal:8000",
            "host.containers.internal",
            "desk.example:8000",
            "desk.example.local",
        ] {
            assert!(passes(host, &[]), "{host}");
        }
    }

    #[test]
    fn other_names_pass_only_where_they_are_listed() {
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "1.2.3", "[::1"]
        {
            assert!(!passes(host, &["tools.example", "*.corp.example"]), "{host}");
        }
        for host in ["tools.example:8000", "TOOLS.example", "a.corp.example"] {
            assert!(passes(host, &["tools.example", "*.corp.example"]), "{host}");
        }
        assert!(!passes("evilcorp.example", &["*.corp.example"]));
        assert!(!passes("corp.example", &["*.corp.example"]));
        assert!(passes("anything.example", &["*"]));
    }

    #[test]
    fn a_request_names_one_host() {
        let known = |target: &'static str, hosts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, http::HeaderValue::from_static(host));
            }
            check(&Rules::default(), &MachineName::new(""), &Uri::from_static(target), &headers).is_ok()
        };
        assert!(known("/", &["localhost"]));
        assert!(!known("/", &[]));
        assert!(!known("/", &["localhost", "localhost"]));
        assert!(!known("/", &["localhost", "evil.example"]));
        assert!(known("http://127.0.0.1/", &["localhost"]));
        assert!(!known("http://evil.example/", &["localhost"]));
    }

    #[test]
    fn an_http_2_authority_counts_as_host() {
        let uri = Uri::from_static("http://127.0.0.1:8000/");
        assert!(check(&Rules::default(), &MachineName::new(""), &uri, &HeaderMap::new()).is_ok());
        let uri = Uri::from_static("http://evil.example/");
        assert!(check(&Rules::default(), &MachineName::new(""), &uri, &HeaderMap::new()).is_err());
    }
}
