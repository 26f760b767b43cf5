use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// A scriptable MCP server for tests and benchmarks.
#[derive(Debug, Clone, Parser)]
#[command(name = "fake-mcp")]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of a command line")]
pub(crate) struct Options {
    /// How it is reached. The HTTP transports listen on 127.0.0.1, print their URL as the first line of stdout, and end
    /// with their stdin.
    #[arg(long, value_enum, default_value = "stdio")]
    pub(crate) transport: Transport,
    /// The port of the HTTP transports; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Which revisions it speaks: `initialize` (legacy), the stateless 2026-07-28 (modern), or both.
    #[arg(long, value_enum, default_value = "both")]
    pub(crate) era: Era,
    /// The newest revision that its `initialize` agrees to.
    #[arg(long, default_value = "2025-11-25")]
    pub(crate) revision: String,
    /// What it answers to a method it does not know.
    #[arg(long, value_enum, default_value = "error")]
    pub(crate) unknown_method: UnknownMethod,
    /// Answer every HTTP request with an event stream, not with JSON.
    #[arg(long)]
    pub(crate) event_streams: bool,

    /// `serverInfo.name`.
    #[arg(long, default_value = "fake-mcp")]
    pub(crate) name: String,
    /// `serverInfo.version`.
    #[arg(long, default_value = "1.2.3")]
    pub(crate) server_version: String,
    /// `instructions`.
    #[arg(long)]
    pub(crate) instructions: Option<String>,
    /// List this many generated tools (`tool_0000`, ...) that echo.
    #[arg(long)]
    pub(crate) tools: Option<usize>,
    /// List the tools of this file, a JSON array; they echo.
    #[arg(long)]
    pub(crate) tools_file: Option<PathBuf>,
    /// Do not declare that tools can be run as tasks, whatever they say of themselves.
    #[arg(long)]
    pub(crate) without_tasks: bool,
    /// Tools per page of tools/list.
    #[arg(long)]
    pub(crate) page: Option<usize>,
    /// The last page of tools/list names itself as the next.
    #[arg(long)]
    pub(crate) repeat_cursor: bool,
    /// Never answer tools/list.
    #[arg(long)]
    pub(crate) hang_list: bool,

    /// Append what happens to this file, one JSON object a line.
    #[arg(long)]
    pub(crate) record: Option<PathBuf>,
    /// Answer 401 to requests without exactly this `Authorization` header.
    #[arg(long)]
    pub(crate) authorization: Option<String>,
    /// The `WWW-Authenticate` header of a 401; without it a 401 has none.
    #[arg(long)]
    pub(crate) challenge: Option<String>,

    /// Exit at once with this code.
    #[arg(long)]
    pub(crate) exit_at_start: Option<u8>,
    /// Start nothing before this file exists.
    #[arg(long)]
    pub(crate) wait_for: Option<PathBuf>,
    /// Wait this long before anything else.
    #[arg(long, default_value_t = 0)]
    pub(crate) start_delay_ms: u64,
    /// Write this text to stdout before anything else.
    #[arg(long)]
    pub(crate) preamble: Option<String>,
    /// Write this line to stderr at start.
    #[arg(long)]
    pub(crate) complain: Option<String>,
    /// Complain with the value of this variable instead, as a server does whose token is refused.
    #[arg(long)]
    pub(crate) complain_of: Option<String>,
    /// Read, and never answer.
    #[arg(long)]
    pub(crate) silent: bool,
    /// Ignore SIGTERM and the end of input; gone only by SIGKILL, or after two minutes.
    #[arg(long)]
    pub(crate) stubborn: bool,
    /// Start a stubborn grandchild in a session of its own; its pid is recorded.
    #[arg(long)]
    pub(crate) grandchild: bool,
    /// Be that grandchild.
    #[arg(long, hide = true)]
    pub(crate) linger: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    Stdio,
    StreamableHttp,
    Sse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Era {
    Legacy,
    Modern,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnknownMethod {
    Error,
    EmptyResult,
    Ignore,
}
