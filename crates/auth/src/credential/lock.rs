//! One process at a time works on a server's credential: two that refresh at once lose a rotated token (RFC 9700 §4.14).

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use fs_err as fs;
use tokio_util::sync::CancellationToken;

use super::{StoreError, private};

/// Holds a server's lock until it is dropped. The end of the process frees it too.
#[derive(Debug)]
#[must_use = "the lock ends with it"]
pub(crate) struct Guard(Option<File>);

/// A refresh takes seconds; what takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at a lock that another process holds.
const PAUSE: Duration = Duration::from_millis(20);

impl Guard {
    /// Where no other process can see the credential.
    pub(super) fn unneeded() -> Self {
        Self(None)
    }

    /// Takes the lock on a file; `None` when `patience` is over or `left` says that nobody waits any more. Blocks.
    pub(super) fn wait(path: &Path, patience: Duration, left: impl Fn() -> bool) -> io::Result<Option<Self>> {
        if let Some(folder) = path.parent() {
            private::folder(folder)?;
        }
        let file: File =
            fs::OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?.into();
        let end = Instant::now() + patience;
        // Looked at again and again, since a `File::lock` that waits can be neither ended nor bounded.
        while !left() {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self(Some(file)))),
                Err(TryLockError::WouldBlock) if Instant::now() < end => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    tracing::warn!(
                        "the disk of {} knows no locks: let no second Traygate use it at the same time",
                        path.display()
                    );
                    return Ok(Some(Self::unneeded()));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Takes a server's lock, within 10 s.
    pub(super) async fn of_server(path: PathBuf, name: &str) -> Result<Self, StoreError> {
        Self::within(path, name, PATIENCE).await
    }

    pub(super) async fn within(path: PathBuf, name: &str, patience: Duration) -> Result<Self, StoreError> {
        let waiting = CancellationToken::new();
        let gone = waiting.clone();
        let _ends_with_this = waiting.drop_guard();
        super::blocking(move || Ok(Self::wait(&path, patience, || gone.is_cancelled())?))
            .await?
            .ok_or_else(|| StoreError::Busy(name.to_owned()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(file) = &self.0 {
            // Said, not left to the handle's end: a child that is just being started has a copy of it for a moment.
            let _ = file.unlock();
        }
    }
}
