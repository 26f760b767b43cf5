//! Credentials in the real gnome-keyring; see the keychain's own tests for how they run.

use std::process::{Command, Stdio};

use traygate_tests::KeychainSession;

use super::*;
use crate::keychain::tests::gnome_keyring::run_in;

fn in_session(session: &KeychainSession, inner: &str) {
    run_in(session, &format!("credential::tests::gnome_keyring::{inner}"));
}

fn of_system() -> CredentialStore {
    CredentialStore::new(StorageType::Keychain, Keychain::system(), None, &HashMap::new())
}

/// What a person finds.
fn secret_tool(arguments: &[&str]) -> String {
    let mut command = Command::new("secret-tool");
    let output = command.args(arguments).stdin(Stdio::null()).output();
    let output = output.expect("`secret-tool` starts. Install it: apt install libsecret-tools");
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn unlocked() {
    in_session(&KeychainSession::unlocked(), "in_session_unlocked");
}

#[tokio::test]
#[ignore = "runs inside the session of `unlocked`"]
async fn in_session_unlocked() {
    let access_token = "ey".repeat(5000);
    let (store, id) = (of_system(), github());
    assert!(store.tokens(&id).await.unwrap().is_none());
    store.save_tokens(&id, &tokens("first")).await.unwrap();
    store.save_tokens(&id, &tokens(&access_token)).await.unwrap();
    store.save_client(&id, &client(&issuer(1), "one")).await.unwrap();

    // The daemon and this program are started anew.
    KeychainSession::inherited().unlock();
    let store = of_system();
    assert_eq!(access(store.tokens(&id).await.unwrap()), Some(access_token));
    assert_eq!(store.client(&id, &issuer(1)).await.unwrap().unwrap().client_id, "one");
    assert_eq!(Keychain::system().secret_names().await.unwrap(), Vec::<String>::new());

    let found = tokio::task::spawn_blocking(|| secret_tool(&["search", "--all", "service", "Traygate"]));
    let found = found.await.unwrap();
    for line in [
        "label = Traygate: sign-in of github (https://api.example.com/mcp)",
        "label = Traygate: client of github (https://api.example.com/mcp)",
        "attribute.username = tokens:github https://api.example.com/mcp",
    ] {
        assert!(found.contains(line), "{line}: {found}");
    }
    assert_eq!(found.matches("label = ").count(), 2, "one item each");

    assert!(store.forget(&id).await.unwrap());
    let found = tokio::task::spawn_blocking(|| secret_tool(&["search", "--all", "service", "Traygate"]));
    assert_eq!(found.await.unwrap(), "");
}

#[test]
fn locked() {
    in_session(&KeychainSession::unlocked(), "in_session_locked");
}

#[tokio::test]
#[ignore = "runs inside the session of `locked`"]
async fn in_session_locked() {
    let (store, id, other) = (of_system(), github(), id("other", "https://example.com/"));
    store.save_tokens(&id, &tokens("x")).await.unwrap();
    KeychainSession::inherited().lock();
    assert_eq!(store.tokens(&id).await.unwrap_err(), StoreError::Locked);
    assert_eq!(store.tokens(&other).await.unwrap_err(), StoreError::Locked, "not: nothing is kept");
    assert_eq!(store.save_tokens(&other, &tokens("y")).await.unwrap_err(), StoreError::Locked);
    assert_eq!(store.save_client(&id, &client(&issuer(1), "y")).await.unwrap_err(), StoreError::Locked);
    assert_eq!(store.forget(&id).await.unwrap_err(), StoreError::Locked);
    KeychainSession::inherited().unlock();
    assert_eq!(access(store.tokens(&id).await.unwrap()), Some("x".into()));
}

#[test]
fn absent() {
    in_session(&KeychainSession::without_bus(None), "in_session_absent");
}

#[tokio::test]
#[ignore = "runs without the session of `absent`"]
async fn in_session_absent() {
    let error = of_system().tokens(&github()).await.unwrap_err();
    assert_eq!(error, StoreError::Unavailable(crate::KeychainError::NoSession));
    assert!(error.hint().contains("`storage_type` to `file`"), "{}", error.hint());
    assert_eq!(of_system().save_tokens(&github(), &tokens("x")).await.unwrap_err(), error);
}

/// A daemon that has no keyring yet calls everything "no such item".
#[test]
fn without_a_keyring() {
    in_session(&KeychainSession::empty(), "in_session_without_a_keyring");
}

#[tokio::test]
#[ignore = "runs inside the session of `without_a_keyring`"]
async fn in_session_without_a_keyring() {
    let error = of_system().tokens(&github()).await.unwrap_err();
    assert_eq!(error, StoreError::Unavailable(crate::KeychainError::NoKeyring));
}
