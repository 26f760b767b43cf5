use std::net::Ipv6Addr;

use http::{HeaderMap, StatusCode, Uri, header};

use crate::http::{Rules, problem::Problem};

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

/// Refuses a Host that is neither an address nor a known name: a page of `evil.example` whose DNS points here must not
/// get an answer. 421 is for requests to an authority that this server does not speak for (RFC 9110 §15.5.20).
pub(crate) fn check(
    rules: &Rules,
    machine: &MachineName,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let authority = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(http::uri::Authority::as_str))
        .unwrap_or_default();
    let host = without_port(authority).trim_end_matches('.');
    if is_address(host)
        || BUILT_IN.iter().any(|name| host.eq_ignore_ascii_case(name))
        || machine.is(host)
        || rules.allowed_hosts.iter().any(|allowed| matches(allowed, host))
    {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "unknown-host",
        format!("This gateway does not answer to the host name `{host}`."),
    )
    .hint(format!("Start Traygate with `--allowed-hosts {host}`, or use its IP address.")))
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
    fn an_http_2_authority_counts_as_host() {
        let uri = Uri::from_static("http://127.0.0.1:8000/");
        assert!(check(&Rules::default(), &MachineName::new(""), &uri, &HeaderMap::new()).is_ok());
        let uri = Uri::from_static("http://evil.example/");
        assert!(check(&Rules::default(), &MachineName::new(""), &uri, &HeaderMap::new()).is_err());
    }
}
