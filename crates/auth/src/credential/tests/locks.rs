use std::time::Duration;

use super::*;

/// Polls once.
async fn is_pending(future: &mut (impl Future + Unpin)) -> bool {
    tokio::select! { biased; _ = future => false, () = std::future::ready(()) => true }
}

/// A lock belongs to the handle of its file: two handles are to each other what two processes are.
#[tokio::test]
async fn two_processes_do_not_work_on_one_credential() {
    let folder = tempfile::tempdir().unwrap();
    for kind in [StorageType::Keychain, StorageType::File] {
        let (one, two) = (store(kind, Some(folder.path()), &[]), store(kind, Some(folder.path()), &[]));
        let held = one.lock(&github()).await.unwrap();
        let other = two.lock(&id("other", "https://example.com")).await.unwrap();

        let path = folder.path().join("locks").join(github().digest());
        let error = Guard::within(path, "github", Duration::ZERO).await.unwrap_err();
        assert_eq!(error.to_string(), "another Traygate process is busy with the sign-in of `github`");

        let id = github();
        let waiting = two.lock(&id);
        tokio::pin!(waiting);
        assert!(is_pending(&mut waiting).await);
        drop(held);
        drop((waiting.await.unwrap(), other));
    }
}

/// Who stops waiting leaves no lock behind.
#[tokio::test]
async fn a_wait_that_is_given_up_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (
        store(StorageType::File, Some(folder.path()), &[]),
        store(StorageType::File, Some(folder.path()), &[]),
    );
    let held = one.lock(&github()).await.unwrap();
    {
        let id = github();
        let waiting = two.lock(&id);
        tokio::pin!(waiting);
        assert!(is_pending(&mut waiting).await);
    }
    drop(held);
    drop(one.lock(&github()).await.unwrap());
}

#[tokio::test]
async fn memory_needs_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(StorageType::Memory, Some(folder.path()), &[]);
    let _one = store.lock(&github()).await.unwrap();
    let _two = store.lock(&github()).await.unwrap();
    assert!(fs_err::read_dir(folder.path()).unwrap().next().is_none());
}
