use std::{
    ffi::OsString,
    process::{Output, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader},
    process::Command,
    time::timeout,
};
use tokio_util::task::TaskTracker;

#[cfg(unix)]
use super::Talk;
use super::{Gateway, Home};
use crate::{PATIENCE, eventually_some, traygate};

/// How to start a gateway.
#[derive(Debug)]
pub struct GatewayBuilder {
    home: Home,
    args: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    api_key: Option<String>,
    input: Option<String>,
}

/// A `traygate` that ended by itself.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; `None`: a signal.
    pub code: Option<i32>,
    /// Its stdout.
    pub stdout: String,
    /// Its stderr.
    pub stderr: String,
}

impl GatewayBuilder {
    pub(super) fn new(home: Home) -> Self {
        Self { home, args: Vec::new(), variables: Vec::new(), api_key: None, input: None }
    }

    /// Writes the home's config file and passes `--config`.
    #[must_use]
    pub fn config(self, config: &Value) -> Self {
        self.home.config().write(config);
        self.config_file()
    }

    /// Passes the home's config file, as it is, with `--config`.
    #[must_use]
    pub fn config_file(self) -> Self {
        let path = self.home.config().path().to_owned();
        self.arg("--config").arg(path)
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Passes `--api-key`; the kit's own requests carry it.
    #[must_use]
    pub fn api_key(mut self, key: &str) -> Self {
        self.api_key = Some(key.into());
        self.arg("--api-key").arg(key)
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Sets environment variables.
    #[must_use]
    pub fn envs<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        self.variables.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// What [`GatewayBuilder::finish`] writes to its stdin.
    #[must_use]
    pub fn input(mut self, text: &str) -> Self {
        self.input = Some(text.into());
        self
    }

    /// Starts it and waits for its address: an URL on stderr whose `/-/healthy` answers. A port of 0 is passed first
    /// unless the arguments name one.
    ///
    /// # Panics
    /// Where it ends instead.
    pub async fn start(self) -> Gateway {
        let named = self.args.iter().any(|arg| arg == "--port" || arg == "-p");
        let port: &[&str] = if named { &[] } else { &["--port", "0"] };
        let mut child = self.command(port).spawn().expect("traygate starts");
        let stderr = Arc::new(Mutex::new(String::new()));
        let tracker = TaskTracker::new();
        tracker.spawn(collect(child.stdout.take().expect("stdout is piped"), Arc::default()));
        tracker.spawn(collect(child.stderr.take().expect("stderr is piped"), Arc::clone(&stderr)));
        let text = || stderr.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let base = eventually_some("the gateway's address on stderr", async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("traygate ended with {status}:\n{}", text());
            }
            for url in urls(&text()) {
                let request = super::http_client().get(format!("{url}/-/healthy"));
                if request.send().await.is_ok_and(|answer| answer.status().is_success()) {
                    return Some(url);
                }
            }
            None
        })
        .await;
        Gateway::new(self.home, child, base, self.api_key, stderr)
    }

    /// Runs it to its end, for subcommands and refusals.
    ///
    /// # Panics
    /// Where it does not end.
    pub async fn finish(self) -> Finished {
        let mut child = self.command(&[]).stdin(Stdio::piped()).spawn().expect("traygate starts");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        // It may end without having read it.
        let _ = stdin.write_all(self.input.unwrap_or_default().as_bytes()).await;
        drop(stdin);
        let output = timeout(PATIENCE, child.wait_with_output()).await;
        let Output { status, stdout, stderr } =
            output.expect("traygate ends by itself").expect("traygate can be waited for");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let finished = Finished { code: status.code(), stdout: text(stdout), stderr: text(stderr) };
        assert!(!finished.stderr.contains("panicked at"), "{}", finished.stderr);
        finished
    }

    /// Starts it, to be talked to.
    #[cfg(unix)]
    pub fn talk(self) -> Talk {
        Talk::start(&mut self.command(&[]))
    }

    /// The same at a terminal: what it asks there, and what it says, goes through `script` (util-linux), all as stdout.
    ///
    /// # Panics
    /// Where the command line is not text.
    #[cfg(unix)]
    pub fn talk_at_a_terminal(self) -> Talk {
        let words = std::iter::once(traygate().into_os_string()).chain(self.args.iter().cloned());
        let words: Vec<_> = words
            .map(|word| format!("'{}'", word.into_string().expect("text").replace('\'', "'\\''")))
            .collect();
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--echo", "never", "--command", &words.join(" "), "/dev/null"]);
        Talk::start(self.prepare(&mut command))
    }

    fn command(&self, first: &[&str]) -> Command {
        let mut command = Command::new(traygate());
        command.args(first).args(&self.args);
        self.prepare(&mut command);
        command
    }

    /// Keeps it inside the home.
    fn prepare<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .envs(self.home.variables())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
    }
}

pub(super) async fn collect(from: impl AsyncRead + Unpin, into: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut text = into.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&line);
        text.push('\n');
    }
}

/// The `http://127.0.0.1:PORT` and `https://127.0.0.1:PORT` in a text, each once.
fn urls(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for scheme in ["http://127.0.0.1:", "https://127.0.0.1:"] {
        for (at, _) in text.match_indices(scheme) {
            let digits: String = text[at + scheme.len()..].chars().take_while(char::is_ascii_digit).collect();
            let url = format!("{scheme}{digits}");
            if !digits.is_empty() && !found.contains(&url) {
                found.push(url);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #[test]
    fn urls_are_found_in_a_summary() {
        let text = "Traygate 0.1.0\n  listening on http://127.0.0.1:8000/, https://127.0.0.1:8443\nhttp://127.0.0.1:8000/time";
        assert_eq!(super::urls(text), ["http://127.0.0.1:8000", "https://127.0.0.1:8443"]);
    }
}
