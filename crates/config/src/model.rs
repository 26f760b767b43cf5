use std::{collections::BTreeSet, net::IpAddr, path::PathBuf, time::Duration};

use indexmap::IndexMap;

use crate::{Diagnostic, OAuth, ServerName, SignInMode, Template, TokenStorage, word::words};

/// A whole config file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The top-level `traygate` object.
    pub settings: Settings,
    /// The servers, in the file's order.
    pub servers: IndexMap<ServerName, Entry>,
}

/// One key of `mcpServers`. A bad one keeps its place and says why; the others live.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A server that can be started.
    Valid(Box<Server>),
    /// An entry that cannot be used, with the first error about it.
    Invalid(Diagnostic),
}

/// A server's entry, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Its key in the file.
    pub name: ServerName,
    /// How it is reached.
    pub upstream: Upstream,
    /// `disabled: true`: known, not started.
    pub disabled: bool,
    /// Longest silence of a call; progress starts it anew. Default 120 s.
    pub timeout: Duration,
    /// Longest time from start to the end of tools/list; `None` where the file names none.
    pub startup_timeout: Option<Duration>,
    /// Tools that are neither listed nor callable.
    pub disabled_tools: BTreeSet<String>,
    /// What becomes of its questions to a person.
    pub elicitation: Elicitation,
    /// Which of the caller's headers go on to an HTTP server; `None`: none.
    pub header_forwarding: Option<HeaderForwarding>,
    /// The `oauth` block, where there is one.
    pub oauth: Option<OAuth>,
}

impl Server {
    const DEFAULT_STARTUP_TIMEOUT: Duration = Duration::from_mins(1);

    /// Longest time from start to the end of tools/list. Default 60 s.
    pub fn startup_timeout(&self) -> Duration {
        self.startup_timeout.unwrap_or(Self::DEFAULT_STARTUP_TIMEOUT)
    }

    /// Every text of its entry that may hold `${...}`; those of the `oauth` block are [`OAuth::templates`].
    pub fn templates(&self) -> Vec<&Template> {
        match &self.upstream {
            Upstream::Stdio(stdio) => std::iter::once(&stdio.command)
                .chain(&stdio.args)
                .chain(stdio.env.values())
                .chain(&stdio.cwd)
                .collect(),
            Upstream::StreamableHttp(http) | Upstream::Sse(http) | Upstream::Http(http) => {
                std::iter::once(&http.url).chain(http.headers.values()).collect()
            }
            Upstream::Demo => Vec::new(),
        }
    }
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq)]
pub enum Upstream {
    /// A child process that speaks on its stdin and stdout.
    Stdio(StdioUpstream),
    /// Streamable HTTP.
    StreamableHttp(HttpUpstream),
    /// The HTTP+SSE transport of revision 2024-11-05.
    Sse(HttpUpstream),
    /// A `url` without a `type`: streamable HTTP first, then HTTP+SSE.
    Http(HttpUpstream),
    /// The demo server inside the gateway.
    Demo,
}

/// What starts a stdio server.
#[derive(Debug, Clone, PartialEq)]
pub struct StdioUpstream {
    /// The program: a path, or a name looked up on PATH (with PATHEXT on Windows).
    pub command: Template,
    /// Its arguments.
    pub args: Vec<Template>,
    /// Variables set over the gateway's own environment.
    pub env: IndexMap<String, Template>,
    /// Its working folder.
    pub cwd: Option<Template>,
}

/// Where an HTTP server answers.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpUpstream {
    /// The MCP endpoint.
    pub url: Template,
    /// Headers sent with every request.
    pub headers: IndexMap<String, Template>,
}

/// mcpo's `client_header_forwarding`. Names compare without case; `*` stands for any run of characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeaderForwarding {
    /// Forwarded are only names that match one of these; empty: all but the refused.
    pub whitelist: Vec<String>,
    /// Never forwarded.
    pub blacklist: Vec<String>,
    /// Log the names (never the values) of what is forwarded.
    pub debug_headers: bool,
}

words! {
    /// What a server gets that asks a person for input during a call (MCP, client/elicitation): nobody is there to
    /// answer.
    #[derive(Default)]
    pub enum Elicitation {
        /// A no; it is not even told that it may ask.
        #[default]
        Decline = "decline",
        /// The defaults of its own form, where every field that must be filled in has one; else a no.
        AcceptDefaults = "accept-defaults",
    }
}

words! {
    /// How operationIds, the names that a model sees, are made.
    #[derive(Default)]
    pub enum OperationIds {
        /// The tool's own name, made legal.
        #[default]
        Tool = "tool",
        /// `tool_<name>_post`, as mcpo makes them.
        Mcpo = "mcpo",
    }
}

/// The top-level `traygate` object. `None` or empty: the flag's or the built-in default holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// `host`: one address or a list.
    pub host: Vec<IpAddr>,
    /// `port`.
    pub port: Option<u16>,
    /// `apiKey`; the error about it where it is there and cannot be used: that never means "no key".
    pub api_key: Option<Result<Template, Diagnostic>>,
    /// `corsAllowOrigins`.
    pub cors_allow_origins: Option<Vec<String>>,
    /// `allowedHosts`.
    pub allowed_hosts: Vec<String>,
    /// `openDocs`.
    pub open_docs: Option<bool>,
    /// `operationIds`.
    pub operation_ids: Option<OperationIds>,
    /// `logLevel`: error, warn, info, debug or trace.
    pub log_level: Option<String>,
    /// `pathPrefix`.
    pub path_prefix: Option<String>,
    /// `rootPath`.
    pub root_path: Option<String>,
    /// `maxBodySize` in bytes.
    pub max_body_size: Option<u64>,
    /// `sslCertfile`.
    pub ssl_certfile: Option<PathBuf>,
    /// `sslKeyfile`.
    pub ssl_keyfile: Option<PathBuf>,
    /// `signIn`.
    pub sign_in: Option<SignInMode>,
    /// `tokenStorage`: for every server whose `oauth` block does not name its own.
    pub token_storage: Option<TokenStorage>,
}
