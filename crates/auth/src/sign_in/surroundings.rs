use std::{collections::HashMap, ffi::OsString, fmt, net::SocketAddr, path::PathBuf, sync::Arc};

use url::Url;

use crate::{Keychain, StorageType};

/// What sign-ins need of the world around them.
pub struct Surroundings {
    /// The OS keychain.
    pub keychain: Keychain,
    /// The folder for encrypted files, locks and remembered ports; `None`: nothing is kept in files.
    pub state_dir: Option<PathBuf>,
    /// Where credentials are kept unless a server's entry says otherwise.
    pub storage: StorageType,
    /// Environment variables: `TRAYGATE_KEY_FILE`, `HOME`.
    pub variables: HashMap<OsString, OsString>,
    /// What opens pages; [`crate::SystemBrowser`] in production.
    pub browser: Arc<dyn Browser>,
    /// Who listens at an address of this machine, in words, for a message: "`python3 mcpo` (process 7)".
    pub port_owner: fn(SocketAddr) -> String,
}

/// Opens a page for a person who asked for it.
pub trait Browser: Send + Sync {
    /// Opens it, without waiting for its end. May block for a moment.
    ///
    /// # Errors
    /// One sentence: why nothing opened.
    fn open(&self, url: &Url) -> Result<(), String>;
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("storage", &self.storage).finish_non_exhaustive()
    }
}
