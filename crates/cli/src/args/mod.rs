//! The command line: mcpo's options with mcpo's short forms, and Traygate's own.

mod sign_in;
mod values;

#[cfg(test)]
mod tests;

use std::{ffi::OsString, net::IpAddr, path::PathBuf};

use clap::{
    Arg, ArgAction, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
    builder::{BoolishValueParser, Resettable},
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};
use secrecy::SecretString;
use traygate_config::nearest;
use traygate_gateway::LogLevel;

pub(crate) use self::sign_in::{FlowWord, PolicyWord, StorageWord};
use crate::exit::Exit;

/// Every MCP server as an OpenAPI tool server: one config file, one local address.
#[derive(Parser)]
#[command(
    name = "traygate",
    override_usage = "traygate [OPTIONS] [--config FILE]\n       traygate [OPTIONS] -- COMMAND [ARGS]...\n       \
                      traygate [OPTIONS] --type sse|streamable-http -- URL\n       traygate <SUBCOMMAND>",
    disable_help_flag = true,
    disable_version_flag = true,
    after_help = Exit::HELP,
    max_term_width = 110
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) options: ServeArgs,

    /// The one MCP server to serve, in place of a config file: its command and arguments, or its URL.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) server: Vec<OsString>,

    /// Print this help.
    #[arg(long, action = ArgAction::HelpShort, global = true)]
    help: Option<bool>,
}

/// What `traygate` can do besides serving.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check a config file: what is wrong, what mcpo would do with it, and what Traygate does.
    #[command(after_help = Exit::HELP_OF_CHECK)]
    Check {
        /// The file [default: the one that `traygate` would serve]
        file: Option<PathBuf>,
    },
    /// Print an OpenAPI document: of one server, or of all.
    Openapi {
        /// The server's name in the config file.
        server: Option<String>,
    },
    /// Show the servers of the running gateway.
    Status,
    /// Sign in to a server, or again: through the running gateway, else by itself.
    #[command(after_help = Exit::HELP_OF_SIGN_IN)]
    SignIn {
        /// The server's name in the config file.
        server: String,
        /// How, in place of the `flow` of its `oauth` block.
        #[arg(long, value_enum)]
        flow: Option<FlowWord>,
        /// A client id that was registered with its authorization server; the secret is asked for.
        #[arg(long, value_name = "ID")]
        client_id: Option<String>,
        /// Take over mcpo's sign-in (~/.mcpo/tokens) in place of a new one.
        #[arg(long, conflicts_with_all = ["flow", "client_id"])]
        from_mcpo: bool,
    },
    /// Sign out of a server: its tokens are revoked where that can be, and deleted.
    SignOut {
        /// The server's name in the config file.
        server: String,
        /// Forget the registered client too.
        #[arg(long)]
        forget_client: bool,
    },
    /// Keep secrets in the system's keychain, for `${keychain:NAME}` in the config file.
    #[command(subcommand)]
    Secret(SecretCommand),
}

/// What can be done with secrets.
#[derive(Subcommand)]
pub(crate) enum SecretCommand {
    /// Store a secret. Its value is asked for, or read from standard input.
    Set {
        /// Its name.
        name: String,
    },
    /// List the names of the stored secrets.
    List,
    /// Delete a secret.
    Delete {
        /// Its name.
        name: String,
    },
}

/// What a gateway is started with.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
pub(crate) struct ServeArgs {
    /// The config file.
    #[arg(short, long, value_name = "FILE", global = true, env = "TRAYGATE_CONFIG", hide_env = true)]
    pub(crate) config: Option<PathBuf>,

    /// Do not watch the config file.
    #[arg(long, env = "TRAYGATE_NO_HOT_RELOAD", hide_env = true, value_parser = BoolishValueParser::new())]
    pub(crate) no_hot_reload: bool,

    /// Accepted for mcpo: the config file is watched anyway.
    #[arg(long, env = "TRAYGATE_HOT_RELOAD", hide_env = true, value_parser = BoolishValueParser::new())]
    pub(crate) hot_reload: bool,

    /// How much is logged: error, warn, info, debug, trace or off, or Python's names as in mcpo [default: info]
    #[arg(long, value_name = "LEVEL", global = true, env = "TRAYGATE_LOG_LEVEL", hide_env = true)]
    pub(crate) log_level: Option<LogLevel>,

    /// IP address to listen on; may be repeated [default: 127.0.0.1]
    #[arg(short = 'h', long, value_name = "ADDRESS", value_delimiter = ',', value_parser = values::address)]
    #[arg(env = "TRAYGATE_HOST", hide_env = true, help_heading = LISTENING)]
    pub(crate) host: Vec<IpAddr>,

    /// Port to listen on; 0 takes any free one [default: 8000]
    #[arg(short, long, value_parser = values::port, env = "TRAYGATE_PORT", hide_env = true)]
    #[arg(help_heading = LISTENING)]
    pub(crate) port: Option<u16>,

    /// Certificate chain for HTTPS, a PEM file; without --ssl-keyfile it holds the private key too.
    #[arg(short = 't', long, value_name = "FILE")]
    #[arg(env = "TRAYGATE_SSL_CERTFILE", hide_env = true, help_heading = LISTENING)]
    pub(crate) ssl_certfile: Option<PathBuf>,

    /// Private key for HTTPS, a PEM file.
    #[arg(short = 'K', long, value_name = "FILE")]
    #[arg(env = "TRAYGATE_SSL_KEYFILE", hide_env = true, help_heading = LISTENING)]
    pub(crate) ssl_keyfile: Option<PathBuf>,

    /// Path before every server's own.
    #[arg(long, value_name = "PATH", env = "TRAYGATE_PATH_PREFIX", hide_env = true, help_heading = LISTENING)]
    pub(crate) path_prefix: Option<String>,

    /// Where a reverse proxy has Traygate: stands before the paths in documents and docs pages.
    #[arg(long, value_name = "PATH", env = "TRAYGATE_ROOT_PATH", hide_env = true, help_heading = LISTENING)]
    pub(crate) root_path: Option<String>,

    /// The key that callers must send, as bearer token or as password.
    #[arg(short = 'k', long, value_name = "KEY", value_parser = values::api_key)]
    #[arg(env = "TRAYGATE_API_KEY", hide_env = true, help_heading = CALLERS)]
    pub(crate) api_key: Option<SecretString>,

    /// Let anyone read documents and docs pages without the key.
    #[arg(long, env = "TRAYGATE_OPEN_DOCS", hide_env = true, value_parser = BoolishValueParser::new())]
    #[arg(help_heading = CALLERS)]
    pub(crate) open_docs: bool,

    /// Accepted for mcpo: documents and docs pages need the key anyway, unless --open-docs is given.
    #[arg(long, env = "TRAYGATE_STRICT_AUTH", hide_env = true, value_parser = BoolishValueParser::new())]
    #[arg(help_heading = CALLERS)]
    pub(crate) strict_auth: bool,

    /// Host names, besides this machine's own, that requests may be addressed to; may be repeated.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = values::host_name)]
    #[arg(env = "TRAYGATE_ALLOWED_HOSTS", hide_env = true, help_heading = CALLERS)]
    pub(crate) allowed_hosts: Vec<String>,

    /// Web origins whose pages may call; may be repeated, `*` for any.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', value_parser = values::origin)]
    #[arg(env = "TRAYGATE_CORS_ALLOW_ORIGINS", hide_env = true, help_heading = CALLERS)]
    pub(crate) cors_allow_origins: Vec<String>,

    /// Environment variable for the servers; may be repeated.
    #[arg(short, long, value_name = "NAME=VALUE", env = "TRAYGATE_ENV", hide_env = true)]
    #[arg(help_heading = SERVERS)]
    pub(crate) env: Vec<String>,

    /// File of environment variables for the servers.
    #[arg(long, value_name = "FILE", env = "TRAYGATE_ENV_PATH", hide_env = true, help_heading = SERVERS)]
    pub(crate) env_path: Option<PathBuf>,

    /// How the server after `--` is reached: stdio, a command; sse or streamable-http, a URL [default: stdio]
    #[arg(
        long = "type",
        visible_alias = "server-type",
        value_enum,
        ignore_case = true,
        hide_possible_values = true
    )]
    #[arg(default_value = "stdio", hide_default_value = true, env = "TRAYGATE_TYPE", hide_env = true)]
    #[arg(value_name = "TYPE", help_heading = SERVERS)]
    pub(crate) server_type: ServerType,

    /// Headers for the server at the URL after `--`, as a JSON object.
    #[arg(short = 'H', long, value_name = "JSON", value_parser = values::secret)]
    #[arg(env = "TRAYGATE_HEADER", hide_env = true, help_heading = SERVERS)]
    pub(crate) header: Option<SecretString>,

    /// Where a server needs a sign-in: auto opens the browser, ask tells the command, never is silent [default: auto on a
    /// terminal with a desktop, else ask]
    #[arg(long, value_name = "WHEN", value_enum, ignore_case = true, hide_possible_values = true)]
    #[arg(env = "TRAYGATE_SIGN_IN", hide_env = true, help_heading = SERVERS)]
    pub(crate) sign_in: Option<PolicyWord>,

    /// Where tokens are kept: keychain, file (encrypted) or memory [default: keychain]
    #[arg(long, value_name = "PLACE", value_enum, ignore_case = true, hide_possible_values = true)]
    #[arg(env = "TRAYGATE_TOKEN_STORAGE", hide_env = true, help_heading = SERVERS)]
    pub(crate) token_storage: Option<StorageWord>,

    /// Title of the root document.
    #[arg(short, long, value_name = "TEXT", env = "TRAYGATE_NAME", hide_env = true, help_heading = DOCUMENTS)]
    pub(crate) name: Option<String>,

    /// Description of the root document.
    #[arg(short, long, value_name = "TEXT", env = "TRAYGATE_DESCRIPTION", hide_env = true)]
    #[arg(help_heading = DOCUMENTS)]
    pub(crate) description: Option<String>,

    /// Version of the root document; alone, print Traygate's.
    #[arg(short, long, num_args = 0..=1, value_name = "TEXT")]
    #[arg(env = "TRAYGATE_VERSION", hide_env = true, help_heading = DOCUMENTS)]
    #[expect(clippy::option_option, reason = "clap's form of an option whose value may be left out")]
    pub(crate) version: Option<Option<String>>,

    /// Name operations as mcpo does: `tool_<name>_post`.
    #[arg(long, env = "TRAYGATE_MCPO_OPERATION_IDS", hide_env = true, value_parser = BoolishValueParser::new())]
    #[arg(help_heading = DOCUMENTS)]
    pub(crate) mcpo_operation_ids: bool,
}

const LISTENING: &str = "Where it listens";
const CALLERS: &str = "Who may call";
const SERVERS: &str = "Servers";
const DOCUMENTS: &str = "Documents";

/// `--type`, in all the spellings that mcpo and config files use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServerType {
    /// A command.
    Stdio,
    /// A URL of the older HTTP+SSE transport.
    Sse,
    /// A URL of streamable HTTP.
    #[value(alias = "streamable_http", alias = "streamablehttp", alias = "http")]
    StreamableHttp,
}

impl Args {
    /// Reads a command line and the `TRAYGATE_` variables.
    ///
    /// # Errors
    /// What is wrong with it, or the help that was asked for: clap's errors print themselves.
    pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command =
            Self::command().mut_args(unless_empty).mut_subcommands(|below| below.mut_args(unless_empty));
        let words: Vec<_> = words.into_iter().collect();
        let matches = command.try_get_matches_from_mut(&words).map_err(|error| with_a_tip(error, &words))?;
        let mut args = Self::from_arg_matches(&matches)?;
        let on_the_command_line = |id| matches.value_source(id) == Some(ValueSource::CommandLine);

        if let Some(option) =
            args.server.first().and_then(|word| word.to_str()).filter(|word| word.starts_with('-'))
        {
            return Err(command.error(ErrorKind::InvalidValue, not_a_command(option)));
        }
        if args.command.is_some() && !args.server.is_empty() {
            return Err(command
                .error(ErrorKind::ArgumentConflict, "a subcommand takes no server's command after `--`"));
        }
        if !args.server.is_empty() && args.options.config.is_some() {
            if on_the_command_line("config") {
                return Err(command.error(
                    ErrorKind::ArgumentConflict,
                    "`--config` and a command after `--` exclude each other: give one of them",
                ));
            }
            args.options.config = None;
        }
        for (id, flag) in [("server_type", "--type"), ("header", "--header")] {
            if args.server.is_empty() && args.command.is_none() && on_the_command_line(id) {
                let message = format!(
                    "`{flag}` is about the server after `--`, and none is given: name it, as in `traygate {flag} ... -- \
                     http://localhost:9000/mcp`. In a config file it is `{}` of the server's entry",
                    if id == "header" { "headers" } else { "type" }
                );
                return Err(command.error(ErrorKind::MissingRequiredArgument, message));
            }
        }
        if args.options.ssl_keyfile.is_some() && args.options.ssl_certfile.is_none() {
            return Err(command.error(
                ErrorKind::MissingRequiredArgument,
                "`--ssl-keyfile` needs its certificate: give it with `--ssl-certfile`",
            ));
        }
        Ok(args)
    }

    /// Whether `--version` stands alone and asks for Traygate's own.
    pub(crate) fn asks_version(&self) -> bool {
        self.options.version == Some(None)
    }
}

/// A variable that is set to nothing, as `NAME=` in a compose file leaves it, counts as unset.
fn unless_empty(arg: Arg) -> Arg {
    let value = arg.get_env().and_then(std::env::var_os);
    if value.is_some_and(|value| value.is_empty()) { arg.env(Resettable::Reset) } else { arg }
}

/// What stands after `--` and is no server's command: most likely an option of ours.
fn not_a_command(word: &str) -> String {
    let command = Args::command();
    let (name, value) = word.split_once('=').map_or((word, ""), |(name, _)| (name, "=..."));
    let options = command.get_arguments().filter_map(Arg::get_long);
    let near = nearest(name.trim_start_matches('-'), options);
    // A value may stand right after a short option.
    let name = if name.starts_with("--") { name.to_owned() } else { name.chars().take(2).collect() };
    let tip = near.map_or_else(String::new, |near| format!(" Did you mean `traygate --{near}{value}`?"));
    format!(
        "after `--` stands the command of a server, and `{name}` is an option; ours stand before it.{tip}"
    )
}

/// Adds a tip where a word is neither an option nor a subcommand: it is a subcommand misspelled, or a server's command
/// without the `--` before it.
fn with_a_tip(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    let command = Args::command();
    let is_subcommand =
        |word: &OsString| word.to_str().is_some_and(|word| command.find_subcommand(word).is_some());
    let word = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) if error.kind() == ErrorKind::UnknownArgument => word.clone(),
        _ => return error,
    };
    if word.starts_with('-') {
        // clap's other tip, to let it stand after `--`, makes a server's command of it.
        if error.get(ContextKind::SuggestedArg).is_some() {
            error.remove(ContextKind::Suggested);
        }
        return error;
    }
    if words.iter().any(is_subcommand) {
        return error;
    }
    let near = |name: &&str| strsim::damerau_levenshtein(name, &word) <= 2;
    let is_file = PathBuf::from(&word)
        .extension()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("json") || kind.eq_ignore_ascii_case("jsonc"));
    let tip = match command.get_subcommands().map(clap::Command::get_name).find(near) {
        Some(name) => format!("did you mean `traygate {name}`?"),
        None if is_file => format!("a config file stands after `--config`, as in `traygate --config {word}`"),
        None if matches!(&*word, "run" | "serve" | "server" | "start" | "up") => {
            "`traygate` alone serves, as in `traygate --config config.json`".to_owned()
        }
        None => "a server's command stands after `--`, as in `traygate -- uvx mcp-server-time`".to_owned(),
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}
