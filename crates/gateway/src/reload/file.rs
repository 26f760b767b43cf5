use std::{io, path::Path, time::Duration};

use traygate_config::{Config, Diagnostic, Entry, Parsed, Severity, parse};
use traygate_upstream::Environment;

use super::about_file;

/// What a file held: its bytes, or why it could not be read.
pub(crate) type ConfigText = Result<Vec<u8>, io::ErrorKind>;

/// Reads and parses the file. The first part is for comparing with what was there before.
pub(crate) async fn load(path: &Path) -> (ConfigText, Result<Parsed, Diagnostic>) {
    let bytes = match fs_err::tokio::read(path).await {
        Ok(bytes) => bytes,
        Err(error) => return (Err(error.kind()), Err(unreadable(path, &error))),
    };
    let parsed = match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(parse(text)),
        Err(error) => {
            let message = format!("The file is not UTF-8 text (byte {}).", error.valid_up_to());
            Err(broken("not-utf-8", message, "Save it as UTF-8."))
        }
    };
    (Ok(bytes), parsed)
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    match error.kind() {
        io::ErrorKind::NotFound => {
            let message = format!("There is no file `{}`.", path.display());
            broken("missing-file", message, "Create it, or give another with `--config`.")
        }
        io::ErrorKind::PermissionDenied => {
            let message = format!("`{}` may not be read by this user.", path.display());
            broken("unreadable-file", message, "Give this user the right to read it.")
        }
        _ => broken("unreadable-file", format!("The file cannot be read: {error}."), "Check `--config`."),
    }
}

fn broken(code: &'static str, message: String, hint: &str) -> Diagnostic {
    about_file(Severity::Error, code, message, hint)
}

/// mcpo's `CONNECTION_TIMEOUT`, in seconds: the startup timeout of servers that name none. (One that names the
/// default itself cannot be told from these.)
pub(crate) fn connection_timeout(config: &mut Config, environment: &Environment) {
    const DEFAULT: Duration = Duration::from_mins(1);
    let Some(text) = environment.variables.get(std::ffi::OsStr::new("CONNECTION_TIMEOUT")) else { return };
    let seconds = text.to_str().and_then(|text| text.trim().parse().ok());
    let timeout = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    let Some(timeout) = timeout.filter(|timeout| !timeout.is_zero()) else {
        return tracing::warn!("CONNECTION_TIMEOUT is not a number of seconds; it is ignored.");
    };
    for entry in config.servers.values_mut() {
        if let Entry::Valid(server) = entry
            && server.startup_timeout == DEFAULT
        {
            server.startup_timeout = timeout;
        }
    }
}
