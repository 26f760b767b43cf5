use std::{
    io,
    path::Path,
    time::{Duration, SystemTime},
};

use traygate_config::{Config, Diagnostic, Entry, Parsed, Severity, parse};
use traygate_upstream::Environment;

use super::about_file;

/// What a file held when it was read, or why it could not be: for comparing with the next time.
pub(crate) type LastRead = Result<Contents, io::ErrorKind>;

/// A file as it was at one time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) bytes: Vec<u8>,
    /// When it was saved; `None` where the system does not tell.
    saved: Option<SystemTime>,
}

/// Reads and parses the file.
pub(crate) async fn load(path: &Path) -> (LastRead, Result<Parsed, Diagnostic>) {
    // Before the bytes: a save in between is then seen as one at the next look.
    let saved = fs_err::tokio::metadata(path).await.and_then(|metadata| metadata.modified()).ok();
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
    (Ok(Contents { bytes, saved }), parsed)
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

/// mcpo's `CONNECTION_TIMEOUT`, in seconds: the startup timeout of servers that name none.
pub(crate) fn connection_timeout(config: &mut Config, environment: &Environment) {
    let text = environment.variables.get(std::ffi::OsStr::new("CONNECTION_TIMEOUT"));
    let Some(text) = text.filter(|text| !text.is_empty()) else { return };
    let seconds = text.to_str().and_then(|text| text.trim().parse().ok());
    let timeout = seconds.and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    let Some(timeout) = timeout.filter(|timeout| !timeout.is_zero()) else {
        return tracing::warn!("CONNECTION_TIMEOUT is not a number of seconds; it is ignored.");
    };
    for entry in config.servers.values_mut() {
        if let Entry::Valid(server) = entry {
            server.startup_timeout.get_or_insert(timeout);
        }
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn connection_timeout_is_for_servers_that_name_none() {
        let text = r#"{"mcpServers": {"a": {"type": "demo", "startupTimeout": 60}, "b": {"type": "demo"}}}"#;
        let timeouts = |variable: Option<&str>| {
            let mut config = parse(text).config.expect("a config");
            let variables = variable.map(|value| ("CONNECTION_TIMEOUT".into(), value.into()));
            let environment = Environment::new(variables.into_iter().collect(), None);
            connection_timeout(&mut config, &environment);
            let seconds = |entry: &Entry| match entry {
                Entry::Valid(server) => server.startup_timeout().as_secs(),
                Entry::Invalid(diagnostic) => panic!("{diagnostic}"),
            };
            config.servers.values().map(seconds).collect::<Vec<_>>()
        };
        assert_eq!(timeouts(Some("7")), [60, 7]);
        assert_eq!(timeouts(Some("soon")), [60, 60]);
        assert_eq!(timeouts(None), [60, 60]);
    }
}
