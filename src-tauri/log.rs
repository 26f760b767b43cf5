use std::{io, path::Path};

use tracing_appender::rolling::{RollingFileAppender, Rotation};
use traygate_gateway::{Folders, LogLevel, Logging};

/// Days that the log goes back.
const DAYS: usize = 7;

/// Logs on stderr, and into a file per day in the state folder: nobody sees stderr when a desktop starts us.
pub(crate) fn start(level: Option<LogLevel>, folders: Option<&Folders>) -> Logging {
    let level = level.unwrap_or(LogLevel::DEFAULT);
    let Some(folder) = folders.map(|folders| folders.state.join("log")) else {
        return Logging::start(level);
    };
    match files(&folder) {
        Ok(files) => Logging::start_with(level, files),
        Err(error) => {
            let logging = Logging::start(level);
            tracing::warn!("There is no log file: {error}");
            logging
        }
    }
}

fn files(folder: &Path) -> io::Result<RollingFileAppender> {
    // The appender would make it too, after a word on stderr that it was missing.
    fs_err::create_dir_all(folder)?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("traygate")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(folder)
        .map_err(io::Error::other)
}
