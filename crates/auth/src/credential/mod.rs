//! Where tokens and clients are kept: the OS keychain, encrypted files, memory.
//!
//! Two items for each server, found by its name and its URL together: its tokens, and its clients by issuer.

mod error;
mod file;
mod import;
mod key;
mod lock;
mod place;
mod private;

use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) use self::{error::StoreError, import::McpoSignIn, lock::Guard};
use self::{
    file::Files,
    key::KeySource,
    place::{Kind, Place},
};
use crate::{Keychain, ServerId, StorageType, client::Client, issuer::Issuer, token::Tokens};

#[cfg(test)]
mod tests;

/// The credentials of all servers that are kept in one way. Cheap to clone; what is kept in memory ends with the last
/// clone.
///
/// It never falls back: a keychain that is locked is told, and is not "no credential".
#[derive(Clone)]
pub(crate) struct CredentialStore(Arc<Inner>);

struct Inner {
    backend: Backend,
    folder: Option<PathBuf>,
    /// The clients of a server are one item: changed by one at a time.
    clients: tokio::sync::Mutex<()>,
}

enum Backend {
    Keychain(Keychain),
    /// `None`: there is no folder for them.
    Files(Option<Arc<Files>>),
    Memory(Mutex<HashMap<Place, SecretString>>),
}

type Clients = BTreeMap<Issuer, Client>;

impl CredentialStore {
    /// Opens nothing yet. `folder` is the state folder: `credentials/`, `locks/` and `imported/` are made in it.
    pub(crate) fn new(
        kind: StorageType,
        keychain: Keychain,
        folder: Option<&Path>,
        variables: &HashMap<OsString, OsString>,
    ) -> Self {
        let backend =
            match kind {
                StorageType::Keychain => Backend::Keychain(keychain),
                StorageType::File => Backend::Files(folder.map(|folder| {
                    Arc::new(Files::new(folder.join("credentials"), KeySource::new(variables)))
                })),
                StorageType::Memory => Backend::Memory(Mutex::default()),
            };
        let folder = folder.map(Path::to_owned);
        Self(Arc::new(Inner { backend, folder, clients: tokio::sync::Mutex::default() }))
    }

    /// The tokens of a server.
    pub(crate) async fn tokens(&self, id: &ServerId) -> Result<Option<Tokens>, StoreError> {
        self.get(Kind::Tokens, id).await
    }

    /// Keeps tokens, over older ones.
    pub(crate) async fn save_tokens(&self, id: &ServerId, tokens: &Tokens) -> Result<(), StoreError> {
        self.put(Kind::Tokens, id, tokens).await
    }

    /// Deletes a server's tokens; `false` where there were none.
    pub(crate) async fn delete_tokens(&self, id: &ServerId) -> Result<bool, StoreError> {
        self.delete(Kind::Tokens, id).await
    }

    /// This program as an authorization server knows it. Of another issuer's client nothing is ever said: clients "MUST
    /// NOT" be reused across authorization servers (MCP 2026-07-28, authorization server binding).
    pub(crate) async fn client(&self, id: &ServerId, issuer: &Issuer) -> Result<Option<Client>, StoreError> {
        let clients: Option<Clients> = self.get(Kind::Clients, id).await?;
        // A client that names another issuer than it is kept under is nobody's.
        Ok(clients.and_then(|mut all| all.remove(issuer)).filter(|client| client.issuer == *issuer))
    }

    /// The clients of a server, by whatever issuer.
    pub(crate) async fn clients(&self, id: &ServerId) -> Result<Vec<Client>, StoreError> {
        let clients: Option<Clients> = self.get(Kind::Clients, id).await?;
        Ok(clients.unwrap_or_default().into_values().collect())
    }

    /// Keeps a client under its issuer, over an older one. Two processes may do so at once only under [`Self::lock`].
    pub(crate) async fn save_client(&self, id: &ServerId, client: &Client) -> Result<(), StoreError> {
        let _one_at_a_time = self.0.clients.lock().await;
        let mut clients: Clients = self.get(Kind::Clients, id).await?.unwrap_or_default();
        clients.insert(client.issuer.clone(), client.clone());
        self.put(Kind::Clients, id, &clients).await
    }

    /// Deletes the client of one issuer; `false` where there was none.
    pub(crate) async fn forget_client(&self, id: &ServerId, issuer: &Issuer) -> Result<bool, StoreError> {
        let _one_at_a_time = self.0.clients.lock().await;
        let mut clients: Clients = self.get(Kind::Clients, id).await?.unwrap_or_default();
        if clients.remove(issuer).is_none() {
            return Ok(false);
        }
        if clients.is_empty() {
            self.delete(Kind::Clients, id).await?;
        } else {
            self.put(Kind::Clients, id, &clients).await?;
        }
        Ok(true)
    }

    /// Deletes a server's clients of all issuers; `false` where there were none.
    pub(crate) async fn forget_clients(&self, id: &ServerId) -> Result<bool, StoreError> {
        let _one_at_a_time = self.0.clients.lock().await;
        self.delete(Kind::Clients, id).await
    }

    /// Deletes all that is kept of a server, readable or not; `false` where there was nothing.
    pub(crate) async fn forget(&self, id: &ServerId) -> Result<bool, StoreError> {
        let _one_at_a_time = self.0.clients.lock().await;
        let tokens = self.delete(Kind::Tokens, id).await;
        let clients = self.delete(Kind::Clients, id).await;
        Ok(tokens? | clients?)
    }

    /// Keeps other processes away from a server's credential. Waits at most 10 s. Not reentrant.
    pub(crate) async fn lock(&self, id: &ServerId) -> Result<Guard, StoreError> {
        match (&self.0.backend, &self.0.folder) {
            (Backend::Memory(_), _) | (_, None) => Ok(Guard::unneeded()),
            (_, Some(folder)) => Guard::of_server(folder.join("locks").join(id.digest()), &id.name).await,
        }
    }

    /// What mcpo left in its folder for a server of this name, unless it was imported before.
    pub(crate) async fn mcpo_sign_in(&self, home: &Path, id: &ServerId) -> Option<McpoSignIn> {
        let (marker, home, name) = (self.import_marker(id)?, home.to_owned(), id.name.clone());
        let look = move || Ok(if marker.exists() { None } else { McpoSignIn::found(&home, &name) });
        blocking(look).await.ok().flatten()
    }

    /// Remembers that mcpo's sign-in of a server was taken, for good: a sign-out is not undone by the next start.
    pub(crate) async fn mcpo_was_imported(&self, id: &ServerId) -> Result<(), StoreError> {
        let Some(marker) = self.import_marker(id) else { return Ok(()) };
        blocking(move || {
            if let Some(folder) = marker.parent() {
                private::folder(folder)?;
            }
            Ok(private::write(&marker, b"")?)
        })
        .await
    }

    fn import_marker(&self, id: &ServerId) -> Option<PathBuf> {
        Some(self.0.folder.as_ref()?.join("imported").join(id.digest()))
    }

    async fn get<T: DeserializeOwned>(&self, kind: Kind, id: &ServerId) -> Result<Option<T>, StoreError> {
        let Some(text) = self.0.backend.read(Place { kind, id: id.clone() }).await? else { return Ok(None) };
        match serde_json::from_str(text.expose_secret()) {
            Ok(value) => Ok(Some(value)),
            // Its words may quote the text.
            Err(_) => Err(StoreError::broken(
                format!("what is kept of {} is unreadable", Place { kind, id: id.clone() }.item().what),
                "Sign out, which deletes it, and sign in again.",
            )),
        }
    }

    async fn put(&self, kind: Kind, id: &ServerId, value: &impl Serialize) -> Result<(), StoreError> {
        let text = serde_json::to_string(value)
            .map_err(|_| StoreError::Folder("the credential could not be written as JSON".to_owned()))?;
        self.0.backend.write(Place { kind, id: id.clone() }, text.into()).await
    }

    async fn delete(&self, kind: Kind, id: &ServerId) -> Result<bool, StoreError> {
        self.0.backend.delete(Place { kind, id: id.clone() }).await
    }
}

impl Backend {
    async fn read(&self, place: Place) -> Result<Option<SecretString>, StoreError> {
        match self {
            Self::Keychain(keychain) => Ok(keychain.item(place.item()).await?),
            Self::Files(files) => {
                let files = Self::files(files.as_ref())?;
                blocking(move || files.read(&place)).await
            }
            Self::Memory(memory) => {
                Ok(memory.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned())
            }
        }
    }

    async fn write(&self, place: Place, value: SecretString) -> Result<(), StoreError> {
        match self {
            Self::Keychain(keychain) => Ok(keychain.set_item(place.item(), value).await?),
            Self::Files(files) => {
                let files = Self::files(files.as_ref())?;
                blocking(move || files.write(&place, &value)).await
            }
            Self::Memory(memory) => {
                memory.lock().unwrap_or_else(PoisonError::into_inner).insert(place, value);
                Ok(())
            }
        }
    }

    async fn delete(&self, place: Place) -> Result<bool, StoreError> {
        match self {
            Self::Keychain(keychain) => Ok(keychain.delete_item(place.item()).await?),
            Self::Files(files) => {
                let files = Self::files(files.as_ref())?;
                blocking(move || files.delete(&place)).await
            }
            Self::Memory(memory) => {
                Ok(memory.lock().unwrap_or_else(PoisonError::into_inner).remove(&place).is_some())
            }
        }
    }

    fn files(files: Option<&Arc<Files>>) -> Result<Arc<Files>, StoreError> {
        files.cloned().ok_or(StoreError::NoFolder)
    }
}

/// Does what blocks on a thread made for that. What it began it finishes, even where nobody waits any more.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(StoreError::Folder("the program is ending".to_owned())),
    }
}

impl fmt::Debug for CredentialStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0.backend {
            Backend::Keychain(_) => "CredentialStore(keychain)",
            Backend::Files(_) => "CredentialStore(file)",
            Backend::Memory(_) => "CredentialStore(memory)",
        })
    }
}
