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

/// Options of the sign-in. Its texts may hold `${...}`.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OAuth {
    /// The authorization server, where it cannot be discovered: an https address, or http on this machine.
    server_url: Option<String>,
    /// The local port that the browser returns to: `http://localhost:PORT/callback`. Default: Traygate's own address.
    /// `client_metadata.redirect_uris` win over it.
    #[schemars(range(min = 1, max = 65535))]
    callback_port: Option<u16>,
    /// false is the same as `"flow": "manual"`; `flow` wins over it.
    use_loopback: Option<bool>,
    /// How the person comes back from the browser: `browser` (default); `webview`, a window of the tray application;
    /// `deep-link`, `dev.traygate.desktop:/oauth/callback`; `manual`, by copy and paste; `device`, a code that is typed
    /// on another machine.
    flow: Option<Flow>,
    /// Whose tokens: `authorization_code`, a person's (default), or `client_credentials`, the machine's own.
    grant: Option<Grant>,
    /// Where tokens are kept: `keychain`, the OS's (default); `file`, encrypted files (mcpo's are plain text);
    /// `memory`, until Traygate ends. Default: `tokenStorage` of `traygate`.
    storage_type: Option<TokenStorage>,
    /// The id of a client that was registered beforehand.
    client_id: Option<Scalar>,
    /// Its secret; write `${keychain:NAME}`. Needs `client_id`.
    client_secret: Option<Scalar>,
    /// The https address of a client id metadata document: it is the client id where the authorization server takes
    /// such documents.
    client_metadata_url: Option<String>,
    /// What Traygate says of itself when it registers, in RFC 7591's words.
    client_metadata: Option<ClientMetadata>,
    /// The host of the redirect URI that Traygate makes: `127.0.0.1` (default), or `localhost` for authorization servers
    /// that know no other.
    redirect_host: Option<RedirectHost>,
    /// The scopes to ask for, separated by spaces, or a list of them. Default: what the server names.
    scope: Option<OneOrMore>,
    /// The resource indicator of RFC 8707: `auto` (default), what the server names; `omit`, nothing, for authorization
    /// servers that refuse it (Entra); or a value that is sent letter by letter.
    resource: Option<String>,
    /// true lets a public server name authorization servers inside this network. Default false.
    allow_private_addresses: Option<bool>,
    /// false is the same as no block.
    enabled: Option<bool>,
}

/// What Traygate says of itself when it registers (RFC 7591). What is left out gets Traygate's own value.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientMetadata {
    /// The name on the consent page. Default Traygate.
    client_name: Option<String>,
    /// Where the browser comes back: http on this machine, https, or `dev.traygate.desktop:/oauth/callback`. Of several
    /// the first that can be received is used.
    redirect_uris: Option<RedirectUris>,
    /// Default `authorization_code` and `refresh_token`.
    grant_types: Option<OneOrMore>,
    /// Default `code`.
    response_types: Option<OneOrMore>,
    /// How Traygate shows the token endpoint who it is: `none`, `client_secret_basic` or `client_secret_post`. What the
    /// registration answers wins.
    token_endpoint_auth_method: Option<TokenEndpointAuthMethod>,
    /// The scopes that the client may ask for, separated by spaces. Better left out: the server names them.
    scope: Option<OneOrMore>,
    /// A page about the client.
    client_uri: Option<String>,
    /// Its picture on the consent page.
    logo_uri: Option<String>,
    /// Whom to write to about it.
    contacts: Option<OneOrMore>,
    /// Its terms of service.
    tos_uri: Option<String>,
    /// Its privacy policy.
    policy_uri: Option<String>,
    /// An id that all versions of the client share.
    software_id: Option<Scalar>,
    /// The client's version.
    software_version: Option<Scalar>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Elicitation {
    Decline,
    AcceptDefaults,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum TokenStorage {
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

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Grant {
    AuthorizationCode,
    ClientCredentials,
}

#[derive(JsonSchema)]
enum RedirectHost {
    #[serde(rename = "127.0.0.1")]
    Ip,
    #[serde(rename = "localhost")]
    Localhost,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TokenEndpointAuthMethod {
    None,
    ClientSecretBasic,
    ClientSecretPost,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SignInMode {
    Auto,
    Ask,
    Never,
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
    /// What happens when a server needs a sign-in: `auto`, the browser opens by itself; `ask`, the link is shown;
    /// `never`. Default: auto on a terminal with a desktop, else ask. The tray application always asks.
    sign_in: Option<SignInMode>,
    /// Where tokens are kept: `keychain` (default), `file` or `memory`. A server's `oauth.storage_type` wins.
    token_storage: Option<TokenStorage>,
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

/// A redirect URI that Traygate can receive, or a text with a reference in it.
struct RedirectUri;

inline_schema!(RedirectUri, |_| json_schema!({
    "type": "string",
    "pattern": r"^(https://|http://([^/@]*\.)?localhost(:[0-9]+)?(/|$)|http://127\.|http://\[::1\]|dev\.traygate\.desktop:|.*\$\{)"
}));

struct RedirectUris;

inline_schema!(RedirectUris, |generator| {
    let uri = generator.subschema_for::<RedirectUri>();
    json_schema!({ "anyOf": [uri, { "type": "array", "items": uri }] })
});

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
