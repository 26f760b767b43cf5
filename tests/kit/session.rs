use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use crate::{Home, kill};

/// A D-Bus session of its own, in a home of its own in which nothing of this machine's user is seen. Ends when dropped,
/// with all that was started in it.
#[derive(Debug)]
pub struct KeychainSession {
    home: Home,
    /// How programs find it.
    variables: Vec<(&'static str, String)>,
    /// `None`: the session in which this process runs.
    process: Option<Child>,
}

/// Starts the daemon, in place of one that runs, and opens (at first: makes) its keyring.
const UNLOCK: &str =
    "printf test | gnome-keyring-daemon --replace --unlock --components=secrets --daemonize >/dev/null";
const LOCK: &str = "gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets \
    --method org.freedesktop.Secret.Service.Lock \"['/org/freedesktop/secrets/aliases/default']\" >/dev/null";
/// Says where the session is, and ends it with stdin.
const TELL: &str =
    "printf '%s\\n' \"$DBUS_SESSION_BUS_ADDRESS\" \"${DISPLAY:-}\" \"${XAUTHORITY:-}\"; cat >/dev/null";
/// What leads to a session; the order of [`TELL`].
const VARIABLES: [&str; 3] = ["DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "XAUTHORITY"];

impl KeychainSession {
    /// With GNOME Keyring, unlocked and empty.
    pub fn unlocked() -> Self {
        let session = Self::empty();
        session.unlock();
        session
    }

    /// The same with a display, on which the keyring can ask for its password.
    pub fn unlocked_with_display() -> Self {
        let session = Self::start(&["xvfb-run", "-a", "dbus-run-session", "--"]);
        session.unlock();
        session
    }

    /// The bus starts GNOME Keyring when asked, which has no keyring yet.
    pub fn empty() -> Self {
        Self::start(&["dbus-run-session", "--"])
    }

    /// The bus starts nothing.
    pub fn without_services() -> Self {
        let home = Home::new();
        let config = home.path("bus.conf");
        fs_err::write(&config, BARE_BUS).expect("a file in a temporary folder");
        let config = format!("--config-file={}", config.display());
        Self::start_in(home, &["dbus-run-session", &config, "--"])
    }

    /// No bus; `address` is where it is said to be.
    pub fn without_bus(address: Option<&str>) -> Self {
        let variables = address.map(|address| (VARIABLES[0], address.to_owned()));
        Self { home: Home::new(), variables: variables.into_iter().collect(), process: None }
    }

    /// The session in which this process runs already.
    pub fn inherited() -> Self {
        Self { home: Home::new(), variables: Vec::new(), process: None }
    }

    /// Unlocks the keyring; at first makes it. The daemon is started anew, as after an update.
    pub fn unlock(&self) {
        self.shell(UNLOCK);
    }

    /// Locks the keyring.
    pub fn lock(&self) {
        self.shell(LOCK);
    }

    /// How programs find this session.
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// Puts a program into this session and its home.
    pub fn place<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        for name in VARIABLES.into_iter().chain(["WAYLAND_DISPLAY", "GNOME_KEYRING_CONTROL"]) {
            command.env_remove(name);
        }
        command.envs(self.home.variables()).envs(self.variables.iter().map(|(name, value)| (name, value)))
    }

    fn start(wrapper: &[&str]) -> Self {
        Self::start_in(Home::new(), wrapper)
    }

    fn start_in(home: Home, wrapper: &[&str]) -> Self {
        for tool in ["dbus-run-session", "gnome-keyring-daemon", "gdbus", "xvfb-run"] {
            let path = std::env::var_os("PATH").unwrap_or_default();
            assert!(
                std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()),
                "`{tool}` was not found. Install it: apt install dbus gnome-keyring libglib2.0-bin xvfb xauth"
            );
        }
        let mut session = Self { home, variables: Vec::new(), process: None };
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).args(["sh", "-c", TELL]);
        let mut process = session
            .place(&mut command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a D-Bus session starts");
        let told = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
        let told = told.map(|line| line.expect("the session says where it is"));
        session.variables =
            VARIABLES.into_iter().zip(told.take(3)).filter(|(_, value)| !value.is_empty()).collect();
        session.process = Some(process);
        session
    }

    fn shell(&self, script: &str) {
        let mut command = Command::new("bash");
        command.args(["-ec", script]);
        if self.process.is_some() {
            self.place(&mut command);
        }
        let output = command.stdin(Stdio::null()).output().expect("bash starts");
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for KeychainSession {
    fn drop(&mut self) {
        let Some(process) = &mut self.process else { return };
        drop(process.stdin.take());
        let _ = process.wait();
        for left in self.home.processes() {
            kill(left.pid);
        }
    }
}

/// A session bus that starts no services by itself.
const BARE_BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>"#;
