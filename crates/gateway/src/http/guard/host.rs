use std::net::Ipv6Addr;

use http::{HeaderMap, StatusCode, Uri, Version, header, request::Parts};

use crate::http::{
    Rules, health,
    problem::{Problem, shown},
};

const LOCALHOST: &str = "localhost";
/// Names under which a container reaches its host. On a hostile network anyone may answer for them, as for this
/// machine's own name: programs get in under them, and pages only where [`is_certain`] or a key is needed.
const OF_CONTAINERS: [&str; 2] = ["host.docker.internal", "host.containers.internal"];

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

/// Everything that a request says it is for: a target that is a whole URL names its own, which MUST win over Host
/// (RFC 9112 §3.2.2): here both have to pass.
pub(crate) fn authorities<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
    authority(uri, headers).into_iter().chain(uri.authority().map(http::uri::Authority::as_str))
}

/// Refuses a Host that is neither an address nor a known name: a page of `evil.example` whose DNS points here must not
/// get an answer. 421 is for requests to an authority that this server does not speak for (RFC 9110 §15.5.20).
pub(crate) fn check(rules: &Rules, machine: &MachineName, request: &Parts) -> Result<(), Problem> {
    let (uri, headers) = (&request.uri, &request.headers);
    let hosts = headers.get_all(header::HOST).iter().count();
    // HTTP/1.0 needs none, and so do load balancers ask for health.
    if request.version < Version::HTTP_11
        && hosts == 0
        && uri.authority().is_none()
        && health::is_asked(uri.path())
    {
        return Ok(());
    }
    // RFC 9112 §3.2: none, several or an unreadable Host MUST be answered with 400.
    if hosts > 1 || authority(uri, headers).is_none_or(str::is_empty) {
        let message = "A request names one host, and this one does not.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "unknown-host", message));
    }
    for host in authorities(uri, headers).map(bare) {
        if !is_known(rules, machine, host) {
            let host = shown(host);
            return Err(Problem::new(
                StatusCode::MISDIRECTED_REQUEST,
                "unknown-host",
                format!("This gateway does not answer to the host name `{host}`."),
            )
            .hint(format!(
                "Add it to `allowedHosts` in the config file (or start with `--allowed-hosts {host}`), or use the IP \
                 address."
            )));
        }
    }
    Ok(())
}

fn is_known(rules: &Rules, machine: &MachineName, host: &str) -> bool {
    is_certain(rules, host)
        || OF_CONTAINERS.iter().any(|name| host.eq_ignore_ascii_case(name))
        || machine.is(host)
}

/// Whether a host is what it says whoever runs the network: an address, localhost, or a name that the owner answers for.
pub(crate) fn is_certain(rules: &Rules, host: &str) -> bool {
    is_address(host)
        || host.eq_ignore_ascii_case(LOCALHOST)
        || rules.allowed_hosts.iter().any(|allowed| matches(allowed, host))
}

/// The host of an authority, without the dot that may end a name.
pub(crate) fn bare(authority: &str) -> &str {
    without_port(authority).trim_end_matches('.')
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

    fn request(version: Version, target: &'static str, hosts: &[&str]) -> Parts {
        let mut request = http::Request::builder().version(version).uri(target);
        for host in hosts {
            request = request.header(header::HOST, *host);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn passes(host: &str, allowed: &[&str]) -> bool {
        let rules =
            Rules { allowed_hosts: allowed.iter().map(ToString::to_string).collect(), ..Rules::default() };
        check(&rules, &MachineName::new("Desk.Example."), &request(Version::HTTP_11, "/", &[host])).is_ok()
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
        let known = |target, hosts: &[&str]| {
            let request = request(Version::HTTP_11, target, hosts);
            check(&Rules::default(), &MachineName::new(""), &request).is_ok()
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
        for (target, expected) in [("http://127.0.0.1:8000/", true), ("http://evil.example/", false)] {
            let request = request(Version::HTTP_2, target, &[]);
            assert_eq!(
                check(&Rules::default(), &MachineName::new(""), &request).is_ok(),
                expected,
                "{target}"
            );
        }
    }

    #[test]
    fn a_load_balancer_of_http_1_0_asks_for_health_without_a_host() {
        for (version, target, expected) in [
            (Version::HTTP_10, "/-/healthy", true),
            (Version::HTTP_10, "/-/ready", true),
            (Version::HTTP_10, "/-/metrics", false),
            (Version::HTTP_10, "http://evil.example/-/healthy", false),
            (Version::HTTP_11, "/-/healthy", false),
        ] {
            let request = request(version, target, &[]);
            let passed = check(&Rules::default(), &MachineName::new(""), &request).is_ok();
            assert_eq!(passed, expected, "{version:?} {target}");
        }
    }
}
