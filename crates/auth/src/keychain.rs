use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use keyring_core::CredentialStore;
use secrecy::SecretString;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

mod error;
mod item;
mod parts;
mod platform;
mod vault;

#[cfg(test)]
pub(crate) mod tests;

pub use error::KeychainError;
pub(crate) use item::Item;
use platform::{Injected, Platform, System};
use vault::Vault;

/// The OS keychain, used from one dedicated thread. Cheap to clone.
///
/// The systems' keychains block: for milliseconds mostly, for as long as a password prompt stays open when locked. So
/// one thread of its own does all the waiting, and callers leave it when their time is over. It is started by the first
/// use and ends with the last clone.
#[derive(Clone)]
pub struct Keychain {
    platform: Arc<dyn Platform>,
    thread: Arc<Mutex<Option<mpsc::Sender<Job>>>>,
}

/// One question to the keychain's thread, with the way back for its answer.
type Job = Box<dyn FnOnce(&mut Vault) + Send>;

/// How long a caller waits for an answer.
const READ: Duration = Duration::from_secs(3);
/// A write is a person's act, and that person may have to type a password first.
const WRITE: Duration = Duration::from_secs(30);
/// Questions that wait while the thread is busy; who comes later waits outside, with the same time limit.
const QUEUE: usize = 16;

impl Keychain {
    /// The system's keychain. Nothing is opened before the first use.
    pub fn system() -> Self {
        Self::on(System)
    }

    /// A keychain over a given store, e.g. `keyring_core::mock::Store`, for tests.
    pub fn with_store(store: Arc<CredentialStore>) -> Self {
        Self::on(Injected(store))
    }

    fn on(platform: impl Platform) -> Self {
        Self { platform: Arc::new(platform), thread: Arc::default() }
    }

    /// Reads the secret `name`; `None` where there is none. Waits at most 3 s.
    ///
    /// # Errors
    /// [`KeychainError`]: locked, late or absent.
    pub async fn secret(&self, name: &str) -> Result<Option<SecretString>, KeychainError> {
        let item = Item::secret(name);
        self.ask(READ, move |vault| vault.read(&item)).await
    }

    /// Stores the secret `name`, over an older one. Waits at most 30 s; a write that timed out on a password prompt
    /// still takes place when the password is given.
    ///
    /// # Errors
    /// [`KeychainError`].
    pub async fn set_secret(&self, name: &str, value: SecretString) -> Result<(), KeychainError> {
        let item = Item::secret(name);
        self.ask(WRITE, move |vault| vault.write(&item, &value)).await
    }

    /// Deletes the secret `name`; `false` where there was none. Waits at most 30 s.
    ///
    /// # Errors
    /// [`KeychainError`].
    pub async fn delete_secret(&self, name: &str) -> Result<bool, KeychainError> {
        let item = Item::secret(name);
        self.ask(WRITE, move |vault| vault.delete(&item)).await
    }

    /// The names of the stored secrets, sorted. Waits at most 3 s.
    ///
    /// # Errors
    /// [`KeychainError`].
    pub async fn secret_names(&self) -> Result<Vec<String>, KeychainError> {
        self.ask(READ, Vault::names).await
    }

    /// Reads an item of any length; `None` where there is none. Waits at most 3 s.
    pub(crate) async fn item(&self, item: Item) -> Result<Option<SecretString>, KeychainError> {
        self.ask(READ, move |vault| vault.read_whole(&item)).await
    }

    /// Stores an item of any length, over an older one; waits as [`Keychain::set_secret`] does.
    pub(crate) async fn set_item(&self, item: Item, value: SecretString) -> Result<(), KeychainError> {
        self.ask(WRITE, move |vault| vault.write_whole(&item, &value)).await
    }

    /// Deletes an item of any length; `false` where there was none. Waits at most 30 s.
    pub(crate) async fn delete_item(&self, item: Item) -> Result<bool, KeychainError> {
        self.ask(WRITE, move |vault| vault.delete_whole(&item)).await
    }

    /// Puts a question to the thread and waits for the answer, `limit` in all.
    async fn ask<T: Send + 'static>(
        &self,
        limit: Duration,
        question: impl FnOnce(&mut Vault) -> Result<T, KeychainError> + Send + 'static,
    ) -> Result<T, KeychainError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |vault| {
            // Who asked may have left while another question held the thread: then nothing is done in their name.
            if !answer.is_closed() {
                let _ = answer.send(question(vault));
            }
        });
        let thread = self.thread()?;
        let exchange = async {
            thread.send(job).await.ok();
            answered.await
        };
        match timeout(limit, exchange).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(KeychainError::Unavailable),
            Err(_) => Err(KeychainError::Timeout(limit.as_secs())),
        }
    }

    /// The way to the thread, which is started if there is none.
    fn thread(&self) -> Result<mpsc::Sender<Job>, KeychainError> {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = thread.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(running.clone());
        }
        let (sender, mut jobs) = mpsc::channel::<Job>(QUEUE);
        let platform = Arc::clone(&self.platform);
        std::thread::Builder::new()
            .name("keychain".into())
            .spawn(move || {
                let mut vault = Vault::new(Arc::clone(&platform));
                while let Some(job) = jobs.blocking_recv() {
                    // A store's panic costs its own question and the open store, not those that wait behind it.
                    if catch_unwind(AssertUnwindSafe(|| job(&mut vault))).is_err() {
                        vault = Vault::new(Arc::clone(&platform));
                    }
                }
            })
            .map_err(|error| {
                tracing::debug!("no thread for the keychain: {error}");
                KeychainError::Unavailable
            })?;
        *thread = Some(sender.clone());
        Ok(sender)
    }
}

impl fmt::Debug for Keychain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keychain")
    }
}
