use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
    mpsc,
};

use keyring_core::{CredentialStore, Entry, Error, Result, mock};
use secrecy::{ExposeSecret, SecretString};

use super::{Keychain, KeychainError, platform::Platform};

#[cfg(target_os = "linux")]
pub(crate) mod gnome_keyring;
mod parts;

/// A platform that opens as `open` says, told how many times it was opened before.
struct Scripted<F> {
    opened: Arc<AtomicUsize>,
    open: F,
}

impl<F: Fn(usize) -> Result<Arc<CredentialStore>> + Send + Sync + 'static> Platform for Scripted<F> {
    fn open(&self) -> Result<Arc<CredentialStore>> {
        (self.open)(self.opened.fetch_add(1, Ordering::SeqCst))
    }
}

fn scripted(
    open: impl Fn(usize) -> Result<Arc<CredentialStore>> + Send + Sync + 'static,
) -> (Keychain, Arc<AtomicUsize>) {
    let opened = Arc::new(AtomicUsize::new(0));
    (Keychain::on(Scripted { opened: Arc::clone(&opened), open }), opened)
}

fn mock_store() -> Arc<CredentialStore> {
    mock::Store::new().unwrap()
}

/// Makes the next use of the secret `name` in a mock store fail.
fn fail_next(store: &Arc<CredentialStore>, name: &str, error: Error) {
    let entry: Entry = store.build("Traygate", &format!("secret:{name}"), None).unwrap();
    entry.as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
}

fn text(secret: Option<SecretString>) -> Option<String> {
    secret.map(|secret| secret.expose_secret().to_owned())
}

#[tokio::test]
async fn a_secret_is_set_read_listed_and_deleted() {
    let keychain = Keychain::with_store(mock_store());
    assert_eq!(text(keychain.secret("github").await.unwrap()), None);

    keychain.set_secret("github", "first".into()).await.unwrap();
    keychain.set_secret("github", "gho_ß".into()).await.unwrap();
    keychain.set_secret("aws", "x".into()).await.unwrap();
    assert_eq!(text(keychain.secret("github").await.unwrap()), Some("gho_ß".into()));
    assert_eq!(keychain.secret_names().await.unwrap(), ["aws", "github"]);

    assert!(keychain.delete_secret("github").await.unwrap());
    assert!(!keychain.delete_secret("github").await.unwrap());
    assert_eq!(text(keychain.secret("github").await.unwrap()), None);
}

#[tokio::test]
async fn only_secrets_are_listed() {
    let store = mock_store();
    for (service, user) in
        [("Traygate", "credential:a"), ("Traygate Beta", "secret:b"), ("Traygate", "secret:c")]
    {
        store.build(service, user, None).unwrap().set_secret(b"x").unwrap();
    }
    assert_eq!(Keychain::with_store(store).secret_names().await.unwrap(), ["c"]);
}

#[tokio::test]
async fn errors_say_what_is_the_matter() {
    let store = mock_store();
    let keychain = Keychain::with_store(Arc::clone(&store));
    keychain.set_secret("a", "x".into()).await.unwrap();

    fail_next(&store, "a", Error::NoStorageAccess("prompt dismissed".into()));
    assert_eq!(keychain.secret("a").await.unwrap_err(), KeychainError::Locked);
    fail_next(&store, "a", Error::TooLong("secret".into(), 2560));
    assert_eq!(keychain.set_secret("a", "y".into()).await.unwrap_err(), KeychainError::TooLong(2560));

    // What a library says is for the debug log.
    fail_next(&store, "a", Error::BadDataFormat(Vec::new(), "zbus error: I/O error".into()));
    assert_eq!(keychain.secret("a").await.unwrap_err().to_string(), "the keychain could not be used");

    store.build("Traygate", "secret:a", None).unwrap().set_secret(b"\xff").unwrap();
    let error = keychain.secret("a").await.unwrap_err();
    assert_eq!(error.to_string(), "the keychain refused: the item of secret `a` holds no text");
}

#[tokio::test]
async fn a_keychain_that_comes_late_is_found() {
    let store = mock_store();
    let (keychain, _) = scripted(move |before| match before {
        0 => Err(Error::PlatformFailure("no bus".into())),
        _ => Ok(Arc::clone(&store)),
    });
    let error = keychain.set_secret("a", "x".into()).await.unwrap_err();
    assert_eq!(error, KeychainError::Unavailable);
    keychain.set_secret("a", "x".into()).await.unwrap();
}

#[tokio::test]
async fn a_keychain_that_was_restarted_is_opened_anew() {
    let store = mock_store();
    let (keychain, opened) = scripted({
        let store = Arc::clone(&store);
        move |_| Ok(Arc::clone(&store))
    });
    keychain.set_secret("a", "x".into()).await.unwrap();
    fail_next(&store, "a", Error::PlatformFailure("no such session".into()));
    assert_eq!(text(keychain.secret("a").await.unwrap()), Some("x".into()));
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_panic_in_a_store_is_survived() {
    let store = mock_store();
    let (keychain, _) = scripted(move |before| {
        assert!(before > 0, "a store's bug");
        Ok(Arc::clone(&store))
    });
    assert!(matches!(keychain.secret("a").await.unwrap_err(), KeychainError::Unavailable));
    assert_eq!(text(keychain.secret("a").await.unwrap()), None);
}

#[tokio::test(start_paused = true)]
async fn an_open_password_prompt_holds_nobody_up() {
    let (answer_prompt, prompt) = mpsc::channel::<()>();
    let prompt = Mutex::new(prompt);
    let store = mock_store();
    let (appear, appeared) = mpsc::channel::<()>();
    let (keychain, opened) = scripted(move |_| {
        appear.send(()).unwrap();
        prompt.lock().unwrap().recv().unwrap();
        Ok(Arc::clone(&store))
    });

    // More callers than the queue is long; all leave, and all but the first leave nothing behind. The clock stands while
    // something blocks: the first caller has its prompt before its time is over.
    let prompted = tokio::task::spawn_blocking(move || appeared.recv());
    let (first, prompted) = tokio::join!(keychain.secret("a"), prompted);
    prompted.unwrap().unwrap();
    assert_eq!(first.unwrap_err(), KeychainError::Timeout(3));
    let written = keychain.set_secret("a", "too late".into()).await;
    assert_eq!(written.unwrap_err(), KeychainError::Timeout(30));
    for _ in 0..40 {
        assert_eq!(keychain.secret("a").await.unwrap_err(), KeychainError::Timeout(3));
    }

    answer_prompt.send(()).unwrap();
    tokio::time::resume();
    assert_eq!(text(keychain.secret("a").await.unwrap()), None, "a write was done for a caller who had left");
    assert_eq!(opened.load(Ordering::SeqCst), 1, "one thread, one prompt");
}

#[test]
fn debug_output_names_only_the_type() {
    assert_eq!(format!("{:?}", Keychain::with_store(mock_store())), "Keychain");
}
