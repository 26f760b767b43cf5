//! The shape of the file, from which its JSON Schema is generated. Every description is what an editor shows.
#![expect(dead_code, reason = "only their schema is wanted")]

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A type whose schema is written by hand and stands where it is used.
macro_rules! inline_schema {
    ($name:ident, |$generator:pat_param| $schema:expr) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

/// Traygate's config file
///
/// Every MCP server that Traygate serves, in the format of mcpo and Claude Desktop. Comments and trailing commas are
/// welcome.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The servers. A server's key is its name: its tools are at `/NAME/TOOL`.
    #[serde(rename = "mcpServers")]
    mcp_servers: Option<BTreeMap<ServerName, Server>>,
    /// VS Code's name for `mcpServers`.
    servers: Option<BTreeMap<ServerName, Server>>,
    /// Settings of Traygate itself. A flag on the command line wins over each.
    traygate: Option<Settings>,
    /// VS Code's prompts. Traygate ignores them: use `${keychain:NAME}`.
    inputs: Option<Vec<serde_json::Value>>,
}

/// A server's name: not empty, not `-`, `.` or `..`, without slashes and control characters.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ServerName;

inline_schema!(ServerName, |_| json_schema!({
    "type": "string", "pattern": r"^(?!(-|\.|\.\.)$)[^/\\\u0000-\u001f\u007f-\u009f]+$"
}));

/// An MCP server: a program (`command`), an address (`url`), or the built-in demo (`"type": "demo"`).
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    /// How the server is spoken to. Needed for `demo` and `sse` only: `command` means stdio, and for a `url` Traygate
    /// tries streamable HTTP first, then SSE. `http` is streamable HTTP. Spelling and case are free
    /// (`streamableHttp`, `SSE`).
    #[serde(rename = "type")]
    transport: Option<Transport>,
    /// The program to start: a path, or a name that is looked up on PATH. May hold `${...}`.
    command: Option<String>,
    /// The program's arguments, each word its own text. May hold `${...}`.
    args: Option<Texts>,
    /// Environment variables for the program, over those of Traygate itself. May hold `${...}`; null leaves one out.
    env: Option<Pairs>,
    /// The program's working folder. May hold `${...}`.
    cwd: Option<String>,
    /// Where the server answers: an http or https address. May hold `${...}`.
    url: Option<String>,
    /// Headers that are sent with every request to `url`. May hold `${...}`; null leaves one out.
    headers: Option<Pairs>,
    /// true keeps the entry but does not start the server.
    disabled: Option<bool>,
    /// false is the same as `"disabled": true`.
    enabled: Option<bool>,
    /// Seconds that a call may be silent before it fails; progress starts them anew. Default 120.
    #[schemars(range(min = 0.001, max = 86400))]
    timeout: Option<f64>,
    /// Seconds from start until the tools must be known. Default 60.
    #[serde(rename = "startupTimeout")]
    #[schemars(range(min = 0.001, max = 86400))]
    startup_timeout: Option<f64>,
    /// Names of tools that are neither listed nor callable.
    #[serde(rename = "disabledTools")]
    disabled_tools: Option<Vec<String>>,
    /// What a server gets that asks a person for input during a call: `decline` (default), or `accept-defaults`, the
    /// defaults of its own form.
    elicitation: Option<Elicitation>,
    /// Which headers of the caller go on to the server; `url` only.
    client_header_forwarding: Option<HeaderForwarding>,
    /// Options of the sign-in; `url` only. Not needed: a server that asks for a sign-in gets one. null and false mean
    /// the same as no block.
    oauth: Option<OAuthBlock>,
}

/// Which headers of the caller go on to the server. Names compare without case; `*` stands for any run of characters.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderForwarding {
    /// true turns forwarding on.
    enabled: Option<bool>,
    /// Only names that match one of these go on, such as `X-User-*`. Empty: all but the refused.
    whitelist: Option<Vec<String>>,
    /// Names that never go on.
    blacklist: Option<Vec<String>>,
    /// Log the names, never the values, of what goes on.
    debug_headers: Option<bool>,
}

/// Options of the sign-in.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OAuth {
    /// The authorization server, where it cannot be discovered.
    server_url: Option<String>,
    /// The local port that the browser returns to: `http://localhost:PORT/callback`. Default: Traygate's own address.
    #[schemars(range(min = 1, max = 65535))]
    callback_port: Option<u16>,
    /// false is the same as `"flow": "manual"`.
    use_loopback: Option<bool>,
    /// Where tokens are kept. Default: the OS's keychain.
    storage_type: Option<StorageType>,
    /// What Traygate says of itself when it registers, in RFC 7591's words (`client_name`, `redirect_uris`, ...).
    client_metadata: Option<BTreeMap<String, serde_json::Value>>,
    /// The id of a client that was registered beforehand.
    client_id: Option<String>,
    /// Its secret; write `${keychain:NAME}`.
    client_secret: Option<String>,
    /// The scopes to ask for, separated by spaces. Default: what the server names.
    scope: Option<String>,
    /// The resource indicator of RFC 8707: `auto` (default), `omit`, or a value.
    resource: Option<String>,
    /// How the person comes back from the browser. Default: browser.
    flow: Option<Flow>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Elicitation {
    Decline,
    AcceptDefaults,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum StorageType {
    Keychain,
    File,
    Memory,
}

#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Flow {
    Browser,
    Webview,
    DeepLink,
    Manual,
    Device,
}

/// Settings of Traygate itself.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Settings {
    /// The IP address, or several, to listen on. Default 127.0.0.1. Others than loopback want an `apiKey`.
    host: Option<OneOrMore>,
    /// The port to listen on; 0 for any free one. Default 8000.
    port: Option<u16>,
    /// The key that callers must send. Write `${keychain:NAME}` to keep it out of this file.
    api_key: Option<Scalar>,
    /// Web origins that may call from a browser, such as `http://localhost:3000`, or `*`.
    cors_allow_origins: Option<OneOrMore>,
    /// Host names, beside localhost and IP addresses, under which callers may reach Traygate.
    allowed_hosts: Option<OneOrMore>,
    /// true shows documents and docs pages without the key.
    open_docs: Option<bool>,
    /// How the names that a model sees are made: `tool`, the tool's own name (default), or `mcpo`, `tool_NAME_post`.
    operation_ids: Option<OperationIds>,
    /// How much is logged: error, warn, info, debug or trace. Default info.
    log_level: Option<LogLevel>,
    /// Put before every server's path.
    path_prefix: Option<String>,
    /// Where a reverse proxy has Traygate, such as `/tools`: stands before the paths in documents and docs pages.
    root_path: Option<String>,
    /// The longest body of a call, in bytes; 16777216 (16 MiB) where it is left out.
    #[schemars(range(min = 1))]
    max_body_size: Option<u64>,
    /// The certificate chain for HTTPS, a PEM file.
    ssl_certfile: Option<String>,
    /// Its private key, a PEM file; where it is left out, the certificate's file holds the key too.
    ssl_keyfile: Option<String>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum OperationIds {
    Tool,
    Mcpo,
}

/// One text or a list of them.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// A `type`: case and punctuation are free; the first are what an editor offers.
struct Transport;

inline_schema!(Transport, |_| json_schema!({ "anyOf": [
    { "enum": ["stdio", "http", "streamable-http", "sse", "demo"] },
    { "type": "string", "pattern":
        "^([sS][tT][dD][iI][oO]|([sS][tT][rR][eE][aA][mM][aA][bB][lL][eE][-_ ]?)?[hH][tT][tT][pP]|[sS][sS][eE]|[dD][eE][mM][oO])$" }
] }));

struct LogLevel;

inline_schema!(LogLevel, |_| json_schema!({ "anyOf": [
    { "enum": ["error", "warn", "info", "debug", "trace"] },
    { "enum": ["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "critical", "warning"] }
] }));

/// A text; numbers and booleans count as the text that they are written as.
struct Scalar;

inline_schema!(Scalar, |_| json_schema!({ "type": ["string", "number", "boolean"] }));

struct Texts;

inline_schema!(Texts, |generator| json_schema!({
    "type": "array", "items": generator.subschema_for::<Scalar>()
}));

struct Pairs;

inline_schema!(Pairs, |generator| json_schema!({
    "type": "object", "additionalProperties": generator.subschema_for::<Option<Scalar>>()
}));

struct OAuthBlock;

inline_schema!(OAuthBlock, |generator| json_schema!({
    "anyOf": [generator.subschema_for::<OAuth>(), { "type": "boolean" }]
}));
