use std::{
    collections::{BTreeSet, HashMap},
    net::SocketAddr,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use traygate_config::{HeaderForwarding, OperationIds, ServerName};

use super::KeyDigest;
use crate::SignInPolicy;

/// What a path segment cannot hold as it is: unreserved characters stand for themselves (RFC 3986 §2.3); braces would
/// make a path template.
pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Everything about the HTTP side that the command line, the config file and the listeners decide. Pure data, swapped
/// as a whole; documents are made anew for new rules.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// Where tools are found.
    pub(crate) layout: Layout,
    /// The key of tools and documents; `None`: open to whoever passes the Host and Origin checks.
    pub(crate) api_key: Option<KeyDigest>,
    /// Opens `/-/metrics` and documents to programs of this machine, beside the API key.
    pub(crate) admin_token: Option<KeyDigest>,
    /// Documents and docs pages without the key.
    pub(crate) open_docs: bool,
    /// Names that a Host header may carry besides the built-in ones, without port.
    pub(crate) allowed_hosts: Vec<String>,
    /// Origins of web pages that may call; `*` for any.
    pub(crate) cors_origins: Vec<String>,
    /// Where the gateway listens, ports resolved.
    pub(crate) addresses: Vec<SocketAddr>,
    /// Whether it listens with TLS.
    pub(crate) tls: bool,
    /// How operationIds are made.
    pub(crate) operation_ids: OperationIds,
    /// `client_header_forwarding` of each server that has one.
    pub(crate) header_forwarding: HashMap<ServerName, HeaderForwarding>,
    /// `disabledTools` of each server that has them: they are in no list of tools.
    pub(crate) disabled_tools: HashMap<ServerName, BTreeSet<String>>,
    /// What happens where a server needs a sign-in.
    pub(crate) sign_in: SignInPolicy,
    /// Why nobody can sign in to a server, one sentence for each where that is so.
    pub(crate) no_sign_in: HashMap<ServerName, String>,
    /// Where a reverse proxy has this gateway (`/tools`, or empty): before every path that a browser or a document is
    /// told. A proxy may strip it or not, and must where a server's own path begins like it.
    pub(crate) root_path: String,
    /// Before every server's path (`/v1`, or empty); a single server has none, as in mcpo.
    pub(crate) path_prefix: String,
    /// Longest request body in bytes.
    pub(crate) max_body_size: usize,
    /// Title of the root document.
    pub(crate) title: Option<String>,
    /// Description of the root document.
    pub(crate) description: Option<String>,
    /// Version of the root document.
    pub(crate) version: Option<String>,
}

/// Where tools are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A config file: `/{server}/{tool}`.
    Many,
    /// One server from the command line: `/{tool}`.
    Single(ServerName),
}

impl Rules {
    /// Default of [`Rules::max_body_size`].
    pub(crate) const MAX_BODY_SIZE: usize = 16 * 1024 * 1024;

    /// The path that a server's document and tools stand under, percent-encoded; empty where that is the root.
    pub(crate) fn server_path(&self, server: &str) -> String {
        match self.layout {
            Layout::Single(_) => String::new(),
            Layout::Many => format!("{}/{}", self.path_prefix, utf8_percent_encode(server, SEGMENT)),
        }
    }
}

impl Default for Rules {
    /// No key, loopback names only: right for tests, and a start for `Rules { .., ..Rules::default() }`.
    fn default() -> Self {
        Self {
            layout: Layout::Many,
            api_key: None,
            admin_token: None,
            open_docs: false,
            allowed_hosts: Vec::new(),
            cors_origins: Vec::new(),
            addresses: Vec::new(),
            tls: false,
            operation_ids: OperationIds::default(),
            header_forwarding: HashMap::new(),
            disabled_tools: HashMap::new(),
            sign_in: SignInPolicy::default(),
            no_sign_in: HashMap::new(),
            root_path: String::new(),
            path_prefix: String::new(),
            max_body_size: Self::MAX_BODY_SIZE,
            title: None,
            description: None,
            version: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_under_its_encoded_name() {
        let many = Rules { path_prefix: "/v1".into(), ..Rules::default() };
        assert_eq!(many.server_path("time"), "/v1/time");
        assert_eq!(many.server_path("a b?ü%{"), "/v1/a%20b%3F%C3%BC%25%7B");
        let name = ServerName::new("time").unwrap();
        assert_eq!(Rules { layout: Layout::Single(name), ..many }.server_path("time"), "");
    }
}
