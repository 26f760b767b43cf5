//! `traygate` without a subcommand: the gateway, until it is asked to end.

mod desk;
mod environment;
mod options;
mod single;
mod summary;

use std::time::Duration;

use tokio::time::timeout;
use traygate_gateway::{ConfigSource, Folders, Gateway, LogLevel, Logging, Signals};

pub(crate) use self::{desk::has_desktop, environment::environment, options::options};
use crate::{
    args::{Args, ServeArgs},
    exit::{Exit, Problem},
    output,
};

/// Everything ends within this time after it was asked for, whatever hangs.
const END: Duration = Duration::from_secs(5);

/// Serves until a signal comes.
pub(crate) async fn serve(args: &Args) -> Result<Exit, Problem> {
    let mut signals = Signals::take()
        .map_err(|error| Exit::Failed.because(format!("Signals cannot be received: {error}.")))?;
    let folders = Folders::system();
    let environment = environment(&args.options, folders.as_ref())?;
    let level = log_level(&args.options, &environment);
    let logging = Logging::start(level.unwrap_or(LogLevel::DEFAULT));
    let source = if args.server.is_empty() {
        ConfigSource::File(config_file(&args.options, folders.as_ref(), true)?)
    } else {
        ConfigSource::Single(Box::new(single::config(&args.server, &args.options)?))
    };
    let options = options(&args.options, source.clone(), environment, folders.as_ref());
    let held = logging.hold();
    let gateway = tokio::select! {
        started = Gateway::start(options) => started?,
        () = signals.next() => return Ok(Exit::Ok),
    };
    if let (None, Some(Ok(level))) = (level, gateway.log_level().map(str::parse)) {
        logging.set(level);
    }
    output::note(summary::summary(&gateway, &source, !args.options.no_hot_reload));
    drop(held);

    signals.next().await;
    output::note("Stopping. Ctrl-C again stops at once.");
    tokio::select! {
        ended = timeout(END, gateway.shutdown()) => {
            if ended.is_err() {
                tracing::warn!("not everything ended in time");
            }
            Ok(Exit::Ok)
        }
        () = signals.next() => Ok(Exit::Failed),
    }
}

/// The config file that was named, else this user's own, which `first_run` writes where there is none.
pub(crate) fn config_file(
    args: &ServeArgs,
    folders: Option<&Folders>,
    first_run: bool,
) -> Result<std::path::PathBuf, Problem> {
    if let Some(file) = &args.config {
        return Ok(file.clone());
    }
    let folders = folders.ok_or_else(|| {
        Exit::Usage.because(
            "This user has no home folder to keep a config file in. Give one with `--config FILE`, or a server's \
             command after `--`.",
        )
    })?;
    let file = folders.config_file();
    if first_run {
        let written = folders.write_starter().map_err(|error| {
            Exit::Failed.because(format!("The first config file cannot be written: {error}."))
        })?;
        if written {
            output::note(format_args!("Wrote a first config file: {}\n", file.display()));
        }
    }
    Ok(file)
}

/// The level that the command line or mcpo's `LOG_LEVEL` asks for.
fn log_level(args: &ServeArgs, environment: &traygate_upstream::Environment) -> Option<LogLevel> {
    let variable = || environment.variables.get(std::ffi::OsStr::new("LOG_LEVEL"))?.to_str()?.parse().ok();
    args.log_level.or_else(variable)
}
