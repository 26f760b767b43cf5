//! Items that are longer than the system takes.

use keyring_core::api::CredentialStoreApi as _;

use super::*;
use crate::keychain::{Item, platform};

const LIMIT: usize = 100;

/// A mock store of items of at most [`LIMIT`] bytes.
struct Small(Arc<mock::Store>);

impl Platform for Small {
    fn open(&self) -> Result<Arc<CredentialStore>> {
        Ok(Arc::clone(&self.0) as Arc<CredentialStore>)
    }

    fn limit(&self) -> Option<usize> {
        Some(LIMIT)
    }
}

fn small() -> (Keychain, Arc<mock::Store>) {
    let store = mock::Store::new().unwrap();
    (Keychain::on(Small(Arc::clone(&store))), store)
}

fn item() -> Item {
    Item { user: "tokens:a".into(), label: "Traygate: a".into(), what: "the sign-in of `a`".into() }
}

fn cred(store: &mock::Store, user: &str) -> Entry {
    store.build(platform::SERVICE, user, None).unwrap()
}

fn fail(store: &mock::Store, user: &str) {
    let entry = cred(store, user);
    let cred: &mock::Cred = entry.as_any().downcast_ref().unwrap();
    cred.set_error(Error::NoStorageAccess("locked".into()));
}

/// How many items there are; none is longer than the limit.
fn count(store: &mock::Store) -> usize {
    let items = store.inner.lock().unwrap();
    let items = items.borrow();
    let sizes: Vec<_> = items
        .iter()
        .filter_map(|cred| cred.inner.lock().unwrap().borrow().secret.as_ref().map(Vec::len))
        .collect();
    assert!(sizes.iter().all(|size| *size <= LIMIT), "{sizes:?}");
    sizes.len()
}

#[tokio::test]
async fn a_long_item_is_split_and_put_together() {
    let (keychain, store) = small();
    let (long, longer, short) = ("aß€".repeat(60), "€".repeat(500), "{}");
    for (value, items) in [(&*long, 5), (&*longer, 17), (&*long, 5), (short, 1), (&*longer, 17)] {
        keychain.set_item(item(), value.into()).await.unwrap();
        assert_eq!(text(keychain.item(item()).await.unwrap()).unwrap(), value);
        assert_eq!(count(&store), items, "nothing of an older value stays");
    }
    assert_eq!(keychain.secret_names().await.unwrap(), Vec::<String>::new());
    assert!(keychain.delete_item(item()).await.unwrap());
    assert!(!keychain.delete_item(item()).await.unwrap());
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn a_write_that_breaks_off_leaves_the_old_value() {
    let (keychain, store) = small();
    let (old, new) = ("o".repeat(450), "n".repeat(350));
    keychain.set_item(item(), old.clone().into()).await.unwrap();
    fail(&store, "tokens:a B3");
    assert_eq!(keychain.set_item(item(), new.clone().into()).await.unwrap_err(), KeychainError::Locked);
    assert_eq!(text(keychain.item(item()).await.unwrap()).unwrap(), old);

    keychain.set_item(item(), new.clone().into()).await.unwrap();
    assert_eq!(text(keychain.item(item()).await.unwrap()).unwrap(), new);
    assert_eq!(count(&store), 5);
}

#[tokio::test]
async fn what_is_torn_is_told_and_never_read() {
    let (keychain, store) = small();
    keychain.set_item(item(), "o".repeat(450).into()).await.unwrap();
    cred(&store, "tokens:a A2").set_secret(b"another value").unwrap();
    let error = keychain.item(item()).await.unwrap_err();
    assert_eq!(error.to_string(), "the keychain refused: the item of the sign-in of `a` is incomplete");

    cred(&store, "tokens:a A2").delete_credential().unwrap();
    assert!(matches!(keychain.item(item()).await.unwrap_err(), KeychainError::Refused(_)));

    // Written anew, it is whole.
    keychain.set_item(item(), "n".repeat(450).into()).await.unwrap();
    assert_eq!(text(keychain.item(item()).await.unwrap()).unwrap(), "n".repeat(450));
}

#[tokio::test]
async fn what_is_far_too_long_is_refused() {
    let (keychain, store) = small();
    let error = keychain.set_item(item(), "x".repeat(LIMIT * 65).into()).await.unwrap_err();
    assert_eq!(error, KeychainError::TooLong(6400));
    assert_eq!(count(&store), 0);
}
