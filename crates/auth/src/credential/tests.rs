use std::{sync::Arc, time::SystemTime};

use keyring_core::mock;
use url::Url;

use super::*;
use crate::{
    Scopes,
    client::{ClientAuth, ClientOrigin},
};

mod encrypted;
#[cfg(target_os = "linux")]
mod gnome_keyring;
mod locks;
mod mcpo;

fn id(name: &str, url: &str) -> ServerId {
    ServerId { name: name.into(), url: Url::parse(url).unwrap() }
}

fn github() -> ServerId {
    id("github", "https://api.example.com/mcp")
}

fn issuer(number: u8) -> Issuer {
    Issuer::new(format!("https://as{number}.example.com"))
}

fn tokens(access: &str) -> Tokens {
    Tokens {
        issuer: issuer(1),
        access_token: access.into(),
        refresh_token: Some("refresh-secret".into()),
        issued_at: SystemTime::now(),
        expires_at: Some(SystemTime::now()),
        requested: Scopes::parse("a b"),
        granted: Scopes::parse("a"),
        resource: Some("https://api.example.com/mcp".into()),
        server: None,
    }
}

fn client(issuer: &Issuer, client_id: &str) -> Client {
    Client {
        issuer: issuer.clone(),
        client_id: client_id.into(),
        client_secret: Some("client-secret".into()),
        client_secret_expires_at: None,
        auth_method: ClientAuth::ClientSecretPost,
        redirect_uri: None,
        origin: ClientOrigin::Dynamic,
    }
}

fn access(tokens: Option<Tokens>) -> Option<String> {
    tokens.map(|tokens| tokens.access_token.expose_secret().to_owned())
}

fn store(kind: StorageType, folder: Option<&Path>, variables: &[(&str, &str)]) -> CredentialStore {
    let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    CredentialStore::new(kind, Keychain::with_store(mock::Store::new().unwrap()), folder, &variables)
}

/// One of each kind, and the folder of those that have one.
fn stores() -> (tempfile::TempDir, [CredentialStore; 3]) {
    let folder = tempfile::tempdir().unwrap();
    let of = |kind| store(kind, Some(folder.path()), &[]);
    let stores = [of(StorageType::Keychain), of(StorageType::File), of(StorageType::Memory)];
    (folder, stores)
}

#[tokio::test]
async fn tokens_come_back_as_they_were() {
    let (_folder, stores) = stores();
    for store in stores {
        assert!(store.tokens(&github()).await.unwrap().is_none(), "{store:?}");
        assert!(!store.delete_tokens(&github()).await.unwrap());
        store.save_tokens(&github(), &tokens("first")).await.unwrap();
        let kept = tokens("second");
        store.save_tokens(&github(), &kept).await.unwrap();

        let read = store.clone().tokens(&github()).await.unwrap().unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&kept).unwrap());
        assert!(store.delete_tokens(&github()).await.unwrap());
        assert!(store.tokens(&github()).await.unwrap().is_none());
    }
}

/// "so that no token ever goes where it was not meant to": another name or another URL is another server.
#[tokio::test]
async fn a_credential_belongs_to_one_name_and_one_url() {
    let all = [
        github(),
        id("GitHub", "https://api.example.com/mcp"),
        id("github", "https://api.example.com/MCP"),
        id("github", "http://api.example.com/mcp"),
        id("github", "https://api.example.com/mcp?key=one"),
        id("github", "https://api.example.com/mcp?key=two"),
        id("github", "https://me:word@api.example.com/mcp"),
        id(&"x".repeat(500), "https://api.example.com/mcp"),
        id(&"x".repeat(501), "https://api.example.com/mcp"),
    ];
    let (_folder, stores) = stores();
    for store in stores {
        for (number, id) in all.iter().enumerate() {
            assert!(store.tokens(id).await.unwrap().is_none(), "{store:?} {id:?}");
            store.save_tokens(id, &tokens(&number.to_string())).await.unwrap();
        }
        for (number, id) in all.iter().enumerate() {
            assert_eq!(access(store.tokens(id).await.unwrap()), Some(number.to_string()));
        }
    }
    let users: Vec<_> = all
        .iter()
        .map(|id| Place { kind: Kind::Tokens, id: id.clone() }.item().user.to_lowercase())
        .collect();
    for (number, user) in users.iter().enumerate() {
        assert!(!users[..number].contains(user), "two servers in a keychain without capitals: {user}");
        assert!(user.len() < 500, "{user}");
    }
}

#[test]
fn an_item_is_readable_and_shows_no_secret() {
    let item = |kind, id| Place { kind, id }.item();
    let plain = item(Kind::Tokens, github());
    assert_eq!(plain.user, "tokens:github https://api.example.com/mcp");
    assert_eq!(plain.label, "Traygate: sign-in of github (https://api.example.com/mcp)");

    let secret = item(Kind::Clients, id("github", "https://me:word@api.example.com/mcp?key=s3cret#part"));
    assert!(secret.user.starts_with("clients:github https://api.example.com/mcp #"), "{}", secret.user);
    assert_eq!(secret.label, "Traygate: client of github (https://api.example.com/mcp)");
}

/// MCP 2026-07-28: "MUST key persisted credentials by issuer, MUST NOT reuse across authorization servers".
#[tokio::test]
async fn a_client_is_found_for_its_own_issuer_only() {
    let (_folder, stores) = stores();
    let (one, two) = (issuer(1), issuer(2));
    for store in stores {
        store.save_client(&github(), &client(&one, "at one")).await.unwrap();
        assert!(store.client(&github(), &two).await.unwrap().is_none());
        store.save_client(&github(), &client(&two, "at two")).await.unwrap();
        for (issuer, expected) in [(&one, "at one"), (&two, "at two")] {
            assert_eq!(store.client(&github(), issuer).await.unwrap().unwrap().client_id, expected);
        }
        // Issuers are compared letter by letter.
        assert!(store.client(&github(), &Issuer::new("https://as1.example.com/")).await.unwrap().is_none());

        assert!(store.forget_client(&github(), &one).await.unwrap());
        assert!(!store.forget_client(&github(), &one).await.unwrap());
        assert!(store.client(&github(), &one).await.unwrap().is_none());
        assert!(store.client(&github(), &two).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn clients_that_are_saved_at_once_are_all_kept() {
    let (_folder, stores) = stores();
    for store in stores {
        let store = &store;
        let id = &github();
        let saved = futures::future::join_all(
            (0..20).map(|number| async move { store.save_client(id, &client(&issuer(number), "x")).await }),
        );
        assert!(saved.await.iter().all(Result::is_ok));
        for number in 0..20 {
            assert!(store.client(id, &issuer(number)).await.unwrap().is_some(), "{store:?} {number}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_gone_leaves_nothing() {
    let (folder, stores) = stores();
    let other = id("other", "https://api.example.com/mcp");
    for store in stores {
        for id in [&github(), &other] {
            store.save_tokens(id, &tokens("x")).await.unwrap();
            store.save_client(id, &client(&issuer(1), "x")).await.unwrap();
        }
        assert!(store.forget(&github()).await.unwrap());
        assert!(!store.forget(&github()).await.unwrap());
        assert!(store.tokens(&github()).await.unwrap().is_none());
        assert!(store.client(&github(), &issuer(1)).await.unwrap().is_none());
        assert!(store.tokens(&other).await.unwrap().is_some());
        assert!(store.client(&other, &issuer(1)).await.unwrap().is_some());
    }
    assert_eq!(encrypted::sealed(folder.path()).len(), 2);
}

/// A locked keychain is no empty one, and nothing else is used in its place.
#[tokio::test]
async fn a_keychain_without_an_answer_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let keychain = mock::Store::new().unwrap();
    let store = CredentialStore::new(
        StorageType::Keychain,
        Keychain::with_store(Arc::clone(&keychain) as Arc<keyring_core::CredentialStore>),
        Some(folder.path()),
        &HashMap::new(),
    );
    store.save_tokens(&github(), &tokens("x")).await.unwrap();
    let fail = |error| {
        let user = Place { kind: Kind::Tokens, id: github() }.item().user;
        let entry =
            keyring_core::api::CredentialStoreApi::build(&*keychain, "Traygate", &user, None).unwrap();
        entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
        entry
    };
    fail(keyring_core::Error::NoStorageAccess("locked".into()));
    assert_eq!(store.tokens(&github()).await.unwrap_err(), StoreError::Locked);
    fail(keyring_core::Error::NoStorageAccess("locked".into()));
    assert_eq!(store.save_tokens(&github(), &tokens("y")).await.unwrap_err(), StoreError::Locked);
    fail(keyring_core::Error::NoStorageAccess("locked".into()));
    assert_eq!(store.delete_tokens(&github()).await.unwrap_err(), StoreError::Locked);
    fail(keyring_core::Error::BadDataFormat(Vec::new(), "x".into()));
    let error = store.tokens(&github()).await.unwrap_err();
    assert_eq!(error, StoreError::Unavailable(crate::KeychainError::Unavailable));
    assert_eq!(access(store.tokens(&github()).await.unwrap()), Some("x".into()));

    let entry = fail(keyring_core::Error::NoStorageAccess("locked".into()));
    let _ = entry.get_secret();
    entry.set_secret(b"{\"access_token\":\"s3cret\"").unwrap();
    let error = store.tokens(&github()).await.unwrap_err();
    assert_eq!(error.to_string(), "what is kept of the sign-in of `github` is unreadable");
    assert_eq!(error.hint(), "Sign out, which deletes it, and sign in again.");
    assert!(!format!("{error:?}").contains("s3cret"));
    assert!(store.delete_tokens(&github()).await.unwrap(), "the way out");
    assert!(fs_err::read_dir(folder.path()).unwrap().next().is_none(), "nothing went into files");
}

#[tokio::test]
async fn files_need_a_folder() {
    let store = store(StorageType::File, None, &[]);
    assert_eq!(store.tokens(&github()).await.unwrap_err(), StoreError::NoFolder);
    assert_eq!(store.save_tokens(&github(), &tokens("x")).await.unwrap_err(), StoreError::NoFolder);
}
