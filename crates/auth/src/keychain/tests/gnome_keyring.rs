//! The real gnome-keyring, each test in a D-Bus session and a home of its own.
//!
//! A test (`in_session`) starts this same test binary again inside the session it made, for the one ignored test that
//! looks at the keychain from there.

use std::process::{Command, Stdio};

use secrecy::ExposeSecret;
use traygate_tests::KeychainSession;

use super::super::{Keychain, KeychainError};

fn in_session(session: &KeychainSession, inner: &str) {
    run_in(session, &format!("keychain::tests::gnome_keyring::{inner}"));
}

/// Runs the ignored test of this path in a session.
pub(crate) fn run_in(session: &KeychainSession, test: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]);
    let output = session.place(&mut command).stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn unlocked() {
    in_session(&KeychainSession::unlocked(), "in_session_unlocked");
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
    KeychainSession::inherited().unlock();
    assert!(keychain.delete_secret("github").await.unwrap());
    assert!(!keychain.delete_secret("github").await.unwrap());
    assert!(keychain.secret("github").await.unwrap().is_none());
}

#[test]
fn locked_without_a_display() {
    in_session(&KeychainSession::unlocked(), "in_session_locked");
}

#[tokio::test]
#[ignore = "runs inside the session of `locked_without_a_display`"]
async fn in_session_locked() {
    let keychain = Keychain::system();
    keychain.set_secret("github", "x".into()).await.unwrap();
    KeychainSession::inherited().lock();
    assert_eq!(keychain.secret("github").await.unwrap_err(), KeychainError::Locked);
    assert_eq!(keychain.secret("never set").await.unwrap_err(), KeychainError::Locked);
    assert_eq!(keychain.secret_names().await.unwrap_err(), KeychainError::Locked);
    assert_eq!(keychain.set_secret("github", "y".into()).await.unwrap_err(), KeychainError::Locked);
    assert_eq!(keychain.delete_secret("github").await.unwrap_err(), KeychainError::Locked);
    KeychainSession::inherited().unlock();
    assert_eq!(keychain.secret("github").await.unwrap().unwrap().expose_secret(), "x");
}

#[test]
fn locked_with_nobody_at_the_prompt() {
    in_session(&KeychainSession::unlocked_with_display(), "in_session_prompting");
}

#[tokio::test]
#[ignore = "runs inside the session of `locked_with_nobody_at_the_prompt`"]
async fn in_session_prompting() {
    let keychain = Keychain::system();
    keychain.set_secret("github", "x".into()).await.unwrap();
    KeychainSession::inherited().lock();
    assert_eq!(keychain.secret("github").await.unwrap_err(), KeychainError::Timeout(3));
    assert_eq!(keychain.secret_names().await.unwrap_err(), KeychainError::Timeout(3));
}

#[test]
fn without_a_keyring() {
    in_session(&KeychainSession::empty(), "in_session_without_a_keyring");
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
        assert_eq!(error, KeychainError::NoKeyring);
    }
}

#[test]
fn without_a_secret_service() {
    in_session(&KeychainSession::without_services(), "in_session_without_a_service");
}

#[tokio::test]
#[ignore = "runs inside the session of `without_a_secret_service`"]
async fn in_session_without_a_service() {
    everything_fails_with(KeychainError::NoService).await;
}

#[test]
fn without_a_bus() {
    in_session(&KeychainSession::without_bus(None), "in_session_without_a_bus");
}

#[test]
fn with_a_bus_that_is_gone() {
    in_session(&KeychainSession::without_bus(Some("unix:path=/nowhere")), "in_session_without_a_bus");
}

#[tokio::test]
#[ignore = "runs without the session of `without_a_bus` and `with_a_bus_that_is_gone`"]
async fn in_session_without_a_bus() {
    everything_fails_with(KeychainError::NoSession).await;
}

async fn everything_fails_with(expected: KeychainError) {
    let keychain = Keychain::system();
    assert_eq!(keychain.secret("github").await.unwrap_err(), expected);
    assert_eq!(keychain.set_secret("github", "x".into()).await.unwrap_err(), expected);
    assert_eq!(keychain.secret_names().await.unwrap_err(), expected);
    assert_eq!(keychain.delete_secret("github").await.unwrap_err(), expected);
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
