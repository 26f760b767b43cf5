//! The real gnome-keyring, each test in a D-Bus session and a home of its own.
//!
//! A test (`in_session`) starts this same test binary again inside the session it made, for the one ignored test that
//! looks at the keychain from there.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use secrecy::ExposeSecret;

use super::super::{Keychain, KeychainError};

/// Starts the daemon, in place of one that runs, and opens (at first: makes) its keyring.
const UNLOCK: &str =
    "printf test | gnome-keyring-daemon --replace --unlock --components=secrets --daemonize >/dev/null";
const LOCK: &str = "gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets \
    --method org.freedesktop.Secret.Service.Lock \"['/org/freedesktop/secrets/aliases/default']\" >/dev/null";
const DISPLAY: [&str; 2] = ["DISPLAY", "WAYLAND_DISPLAY"];

fn in_session(wrapper: &[&str], preparation: &[&str], inner: &str) {
    for tool in ["dbus-run-session", "gnome-keyring-daemon", "gdbus", "xvfb-run"] {
        assert!(
            std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
                .any(|dir| dir.join(tool).is_file()),
            "`{tool}` was not found. Install it: apt install dbus gnome-keyring libglib2.0-bin xvfb xauth"
        );
    }
    let home = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let inner = format!(
        "exec '{}' --exact keychain::tests::gnome_keyring::{inner} --ignored --nocapture",
        this.display()
    );
    let script = preparation.iter().copied().chain([inner.as_str()]).collect::<Vec<_>>().join("\n");
    let output = private(&mut Command::new(wrapper[0]), home.path())
        .args(&wrapper[1..])
        .args(["bash", "-ec", &script])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A home, runtime folder and environment in which nothing of this machine's user is seen.
fn private<'c>(command: &'c mut Command, home: &Path) -> &'c mut Command {
    use std::os::unix::fs::PermissionsExt;
    let runtime = home.join("runtime");
    fs_err::create_dir_all(&runtime).unwrap();
    fs_err::set_permissions(&runtime, std::fs::Permissions::from_mode(0o700)).unwrap();
    for name in DISPLAY.into_iter().chain(["DBUS_SESSION_BUS_ADDRESS", "GNOME_KEYRING_CONTROL"]) {
        command.env_remove(name);
    }
    command.env("HOME", home).env("XDG_RUNTIME_DIR", runtime).stdin(Stdio::null());
    for (name, folder) in [
        ("XDG_DATA_HOME", "data"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
        ("TMPDIR", "tmp"),
    ] {
        fs_err::create_dir_all(home.join(folder)).unwrap();
        command.env(name, home.join(folder));
    }
    command
}

const BUS: &[&str] = &["dbus-run-session", "--"];
const BUS_AND_DISPLAY: &[&str] = &["xvfb-run", "-a", "dbus-run-session", "--"];

#[test]
fn unlocked() {
    in_session(BUS, &[UNLOCK], "in_session_unlocked");
}

#[tokio::test]
#[ignore = "runs inside the session of `unlocked`"]
async fn in_session_unlocked() {
    let keychain = Keychain::system();
    assert_eq!(keychain.secret_names().await.unwrap(), Vec::<String>::new());
    assert!(keychain.secret("github").await.unwrap().is_none());

    let long = "ß".repeat(10_000);
    keychain.set_secret("github", "first".into()).await.unwrap();
    keychain.set_secret("github", long.clone().into()).await.unwrap();
    keychain.set_secret("name with spaces/ß", "x".into()).await.unwrap();
    assert_eq!(keychain.secret("github").await.unwrap().unwrap().expose_secret(), long);
    assert_eq!(keychain.secret_names().await.unwrap(), ["github", "name with spaces/ß"]);
    assert_eq!(
        std::thread::spawn(item_labels).join().unwrap(),
        ["Traygate: secret github", "Traygate: secret name with spaces/ß"]
    );

    // The daemon is restarted, as after an update: its sessions are gone, its keyring is not.
    shell(UNLOCK);
    assert!(keychain.delete_secret("github").await.unwrap());
    assert!(!keychain.delete_secret("github").await.unwrap());
    assert!(keychain.secret("github").await.unwrap().is_none());
}

#[test]
fn locked_without_a_display() {
    in_session(BUS, &[UNLOCK], "in_session_locked");
}

#[tokio::test]
#[ignore = "runs inside the session of `locked_without_a_display`"]
async fn in_session_locked() {
    let keychain = Keychain::system();
    keychain.set_secret("github", "x".into()).await.unwrap();
    shell(LOCK);
    assert_eq!(keychain.secret("github").await.unwrap_err(), KeychainError::Locked);
    assert_eq!(keychain.secret("never set").await.unwrap_err(), KeychainError::Locked);
    assert_eq!(keychain.secret_names().await.unwrap_err(), KeychainError::Locked);
    assert_eq!(keychain.set_secret("github", "y".into()).await.unwrap_err(), KeychainError::Locked);
    assert_eq!(keychain.delete_secret("github").await.unwrap_err(), KeychainError::Locked);
    shell(UNLOCK);
    assert_eq!(keychain.secret("github").await.unwrap().unwrap().expose_secret(), "x");
}

#[test]
fn locked_with_nobody_at_the_prompt() {
    in_session(BUS_AND_DISPLAY, &[UNLOCK], "in_session_prompting");
}

#[tokio::test]
#[ignore = "runs inside the session of `locked_with_nobody_at_the_prompt`"]
async fn in_session_prompting() {
    let keychain = Keychain::system();
    keychain.set_secret("github", "x".into()).await.unwrap();
    shell(LOCK);
    assert_eq!(keychain.secret("github").await.unwrap_err(), KeychainError::Timeout(3));
    assert_eq!(keychain.secret_names().await.unwrap_err(), KeychainError::Timeout(3));
}

#[test]
fn without_a_keyring() {
    in_session(BUS, &[], "in_session_without_a_keyring");
}

/// The bus starts the service, which has no keyring yet: to it, everything is "no such item".
#[tokio::test]
#[ignore = "runs inside the session of `without_a_keyring`"]
async fn in_session_without_a_keyring() {
    let keychain = Keychain::system();
    let errors = [
        keychain.secret("github").await.unwrap_err(),
        keychain.secret_names().await.unwrap_err(),
        keychain.set_secret("github", "x".into()).await.unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("no default keyring yet"), "{error}");
    }
}

#[test]
fn without_a_secret_service() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("bus.conf");
    fs_err::write(&config, BARE_BUS).unwrap();
    let config = format!("--config-file={}", config.display());
    in_session(&["dbus-run-session", &config, "--"], &[], "in_session_without_a_service");
}

#[test]
fn without_a_bus() {
    in_session(&["env"], &[], "in_session_without_a_service");
}

#[tokio::test]
#[ignore = "runs inside the sessions of `without_a_secret_service` and `without_a_bus`"]
async fn in_session_without_a_service() {
    let keychain = Keychain::system();
    for error in [
        keychain.secret("github").await.unwrap_err(),
        keychain.set_secret("github", "x".into()).await.unwrap_err(),
    ] {
        assert!(matches!(error, KeychainError::Unavailable(_)), "{error}");
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

fn shell(script: &str) {
    assert!(Command::new("bash").args(["-ec", script]).status().unwrap().success(), "{script}");
}

/// What a keychain viewer shows: the labels of the items, sorted.
fn item_labels() -> Vec<String> {
    let service =
        secret_service::blocking::SecretService::connect(secret_service::EncryptionType::Plain).unwrap();
    let keyring = service.get_default_collection().unwrap();
    let items = keyring.get_all_items().unwrap();
    let mut labels: Vec<_> = items.iter().map(|item| item.get_label().unwrap()).collect();
    labels.sort();
    labels
}
