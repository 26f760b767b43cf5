use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, builder::Resettable};
use traygate_gateway::LogLevel;

/// Traygate in the system tray: every MCP server of one config file as an OpenAPI tool server.
///
/// For a machine without a desktop, and for mcpo's command line, there is `traygate`.
#[derive(Debug, clap::Parser)]
#[command(name = "traygate-desktop", version)]
pub(crate) struct Arguments {
    /// The config file; without it the one in your config folder, which a first run writes.
    #[arg(long, env = "TRAYGATE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// The port; it wins over the config file's. 0 takes any free one.
    #[arg(long, env = "TRAYGATE_PORT")]
    pub(crate) port: Option<u16>,

    /// How much is logged: error, warn, info, debug, trace, off; it wins over the config file's `logLevel`.
    #[arg(long, env = "TRAYGATE_LOG_LEVEL", value_name = "LEVEL")]
    pub(crate) log_level: Option<LogLevel>,

    /// Start, see that the gateway answers and the tray icon is made, and quit: 0 if all is well.
    #[arg(long)]
    pub(crate) smoke: bool,
}

impl Arguments {
    /// Reads the command line and the `TRAYGATE_` variables, of which an empty one counts as unset.
    ///
    /// # Errors
    /// What is wrong with it, or the help that was asked for: clap's errors print themselves.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let command = Self::command().mut_args(|arg| {
            let value = arg.get_env().and_then(std::env::var_os);
            if value.is_some_and(|value| value.is_empty()) { arg.env(Resettable::Reset) } else { arg }
        });
        Self::from_arg_matches(&command.try_get_matches()?)
    }
}
