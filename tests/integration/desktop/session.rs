use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};
use tokio_util::task::TaskTracker;
use traygate_tests::{Home, PATIENCE, eventually};

/// A display, a D-Bus session and tests/desktop/panel.py in it. Ends when dropped.
pub(super) struct Session {
    home: Home,
    /// How programs find display and bus.
    environment: BTreeMap<String, String>,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _panel: Child,
}

/// One line of the tray menu.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) label: String,
    pub(super) enabled: bool,
}

impl Session {
    /// Starts one; `--blind` is a desktop whose panel has no tray.
    pub(super) async fn start(flags: &[&str]) -> Self {
        let home = Home::new();
        let panel = Path::new(env!("CARGO_MANIFEST_DIR")).join("desktop/panel.py");
        let mut command = Command::new("xvfb-run");
        command.args(["-a", "dbus-run-session", "--"]).arg(panel).args(flags);
        inside(&home, &mut command);
        // xvfb-run outlives the home by a moment, and without its own files leaves the display running.
        command.env_remove("TMPDIR");
        // The panel ends with its stdin, the session with the panel, the display with the session.
        let mut panel = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("xvfb-run starts. Install it: apt install xvfb xauth dbus python3-dbus python3-gi");
        let commands = panel.stdin.take().unwrap();
        let answers = BufReader::new(panel.stdout.take().unwrap()).lines();
        let mut session = Self { home, environment: BTreeMap::new(), commands, answers, _panel: panel };
        session.environment = session.answer().await;
        session
    }

    pub(super) fn home(&self) -> &Home {
        &self.home
    }

    /// The tray application in this session, not started.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let program = std::env::var_os("TRAYGATE_DESKTOP_BIN").expect(
            "TRAYGATE_DESKTOP_BIN names the program. `./dev test` sets it; by hand: cargo build -p traygate-desktop",
        );
        let mut command = Command::new(program);
        command.args(args);
        inside(&self.home, &mut command);
        command.envs(&self.environment);
        command
    }

    /// Starts the tray application in this session.
    pub(super) fn launch(&self, args: &[&str]) -> Application {
        Application::launch(self.command(args))
    }

    /// How many icons the tray took so far.
    pub(super) async fn icons(&mut self) -> usize {
        self.ask::<Vec<String>>("icons").await.len()
    }

    /// The menu of the first icon.
    pub(super) async fn menu(&mut self) -> Option<Vec<Line>> {
        self.ask("menu").await
    }

    /// Waits for a line of the menu that starts like this.
    pub(super) async fn wait_for_line(&mut self, start: &str) {
        eventually(&format!("`{start}` in the tray menu"), async || {
            let menu = self.menu().await.unwrap_or_default();
            menu.iter().any(|line| line.label.starts_with(start))
        })
        .await;
    }

    /// Clicks a line of the menu; `false` where there is none.
    pub(super) async fn click(&mut self, label: &str) -> bool {
        self.ask(&format!("click {label}")).await
    }

    /// The windows on the display, as xwininfo writes them: each with its title in quotes.
    pub(super) async fn windows(&self) -> String {
        let mut command = Command::new("xwininfo");
        command.args(["-root", "-tree"]).envs(&self.environment);
        let output = command.output().await.expect("xwininfo runs. Install it: apt install x11-utils");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What the clipboard holds.
    pub(super) async fn clipboard(&self) -> String {
        let mut command = Command::new("xclip");
        command.args(["-selection", "clipboard", "-out"]).envs(&self.environment);
        let output = command.output().await.expect("xclip runs. Install it: apt install xclip");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    async fn ask<T: DeserializeOwned>(&mut self, command: &str) -> T {
        self.commands.write_all(format!("{command}\n").as_bytes()).await.expect("the panel listens");
        self.answer().await
    }

    async fn answer<T: DeserializeOwned>(&mut self) -> T {
        loop {
            let line = timeout(PATIENCE, self.answers.next_line()).await.expect("the panel answers").unwrap();
            // The services of the session write here too.
            if let Some(answer) = line.expect("the panel runs").strip_prefix("panel: ") {
                return serde_json::from_str(answer).unwrap();
            }
        }
    }
}

/// A running tray application. Killed when dropped.
pub(super) struct Application {
    program: OsString,
    child: Child,
    stderr: Arc<Mutex<String>>,
}

impl Application {
    pub(super) fn launch(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let stderr = Arc::new(Mutex::new(String::new()));
        TaskTracker::new().spawn(collect(child.stderr.take().unwrap(), Arc::clone(&stderr)));
        Self { program: command.as_std().get_program().to_owned(), child, stderr }
    }

    /// SIGTERM.
    pub(super) fn terminate(&self) {
        let pid =
            self.child.id().and_then(|pid| rustix::process::Pid::from_raw(pid.try_into().ok()?)).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits for its end; its exit code, `None` for a signal.
    pub(super) async fn ended_within(&mut self, limit: Duration) -> Option<i32> {
        let ended = timeout(limit, self.child.wait()).await;
        ended.unwrap_or_else(|_| panic!("still running after {limit:?}:\n{}", self.stderr())).unwrap().code()
    }

    /// Its stderr so far.
    pub(super) fn stderr(&self) -> String {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether this is a command line of it.
    pub(super) fn names(&self, command: &str) -> bool {
        command.starts_with(&*self.program.to_string_lossy())
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let stderr = self.stderr();
        assert!(std::thread::panicking() || !stderr.contains("panicked at"), "{stderr}");
    }
}

async fn collect(from: impl AsyncRead + Unpin, into: Arc<Mutex<String>>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut text = into.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&line);
        text.push('\n');
    }
}

/// Keeps a program inside the home, with nothing of this machine's desktop.
fn inside(home: &Home, command: &mut Command) {
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS"] {
        command.env_remove(name);
    }
    let folders = [
        ("HOME", ""),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_RUNTIME_DIR", "run"),
        ("TMPDIR", "tmp"),
    ];
    command.envs(folders.map(|(name, folder)| (name, home.path(folder)))).current_dir(home.path(""));
}
