use std::{collections::HashMap, ffi::OsString, fmt, path::PathBuf, time::Duration};

use http::HeaderMap;
use traygate_config::ServerName;
use url::Url;

/// A server's entry with every `${...}` replaced: what a connection is opened from. Its Debug output shows no value.
#[derive(Clone)]
pub(crate) struct ResolvedServer {
    pub(crate) name: ServerName,
    pub(crate) upstream: ResolvedUpstream,
    pub(crate) timeout: Duration,
    pub(crate) startup_timeout: Duration,
}

#[derive(Clone)]
pub(crate) enum ResolvedUpstream {
    Stdio(ResolvedCommand),
    StreamableHttp(ResolvedHttp),
    Sse(ResolvedHttp),
    /// Streamable HTTP first, then HTTP+SSE.
    Http(ResolvedHttp),
    Demo,
}

#[derive(Clone)]
pub(crate) struct ResolvedCommand {
    pub(crate) command: String,
    pub(crate) args: Vec<String>,
    /// The child's whole environment.
    pub(crate) env: HashMap<OsString, OsString>,
    pub(crate) cwd: Option<PathBuf>,
}

#[derive(Clone)]
pub(crate) struct ResolvedHttp {
    pub(crate) url: Url,
    /// Values are marked sensitive.
    pub(crate) headers: HeaderMap,
}

impl fmt::Debug for ResolvedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolvedServer").field("name", &self.name).finish_non_exhaustive()
    }
}
