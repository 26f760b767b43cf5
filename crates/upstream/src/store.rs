//! What is remembered of each server across restarts: its last tools and the era of its last session.
//!
//! One file per server in the state folder, readable by its owner alone. No secret is in it: the entry that the tools
//! belong to is there as a salted SHA-256 of its templates as written.

use std::{
    collections::{HashMap, HashSet},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use fs_err as fs;
use serde::{Deserialize, Serialize};
use traygate_config::{Server, ServerName};

use crate::{Quarantined, ServerInfo, ToolEntry, connection::Era, fingerprint::Salt};

/// What is remembered of one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// How its last session began.
    pub(crate) era: Option<Era>,
    /// What it said of itself.
    pub(crate) info: ServerInfo,
    /// Its tools, in its order.
    pub(crate) tools: Vec<ToolEntry>,
    /// Those that were left out.
    #[serde(default)]
    pub(crate) quarantined: Vec<Quarantined>,
    /// How many of its tools `disabledTools` leaves out.
    #[serde(default)]
    pub(crate) disabled: usize,
}

/// The folder of memories.
#[derive(Debug)]
pub(crate) struct Store {
    folder: PathBuf,
    salt: Salt,
    /// The place of the newest save of each file: writes run on other threads and may overtake each other.
    saved: Mutex<HashMap<PathBuf, u64>>,
    places: AtomicU64,
}

/// One file's content.
#[derive(Serialize, Deserialize)]
struct Record {
    format: u32,
    entry: String,
    memory: Memory,
}

/// A memory on its way to the disk. [`Save::write`] blocks.
#[derive(Debug)]
pub(crate) struct Save {
    path: PathBuf,
    entry: String,
    memory: Memory,
    place: u64,
}

impl Store {
    /// Raised when files of an older form can no longer be read.
    const FORMAT: u32 = 1;
    /// A larger file is not ours.
    const LARGEST: u64 = 64 << 20;
    const EXTENSION: &str = "json";

    /// Opens the folder `state_dir`/catalogue and makes it where it is missing; blocks for a moment.
    ///
    /// # Errors
    /// The folder or its salt cannot be made or read.
    pub(crate) fn open(state_dir: &Path) -> io::Result<Self> {
        let folder = state_dir.join("catalogue");
        create_private_folder(&folder)?;
        let salt = Salt::load_or_create(&folder.join("salt"))?;
        Ok(Self { folder, salt, saved: Mutex::default(), places: AtomicU64::new(1) })
    }

    /// What is remembered of this very entry. A file that cannot be read is as good as none.
    pub(crate) fn load(&self, server: &Server) -> Option<Memory> {
        let path = self.path(&server.name);
        let record = match read(&path) {
            Ok(record) => record,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(server = %server.name, %error, "what was remembered of its tools is unreadable and is ignored");
                return None;
            }
        };
        let same = record.format == Self::FORMAT && record.entry == self.salt.of_entry(server);
        same.then_some(record.memory)
    }

    /// Takes a memory for writing; the later of two saves of one server wins, in whatever order they are written.
    pub(crate) fn save(&self, server: &Server, memory: Memory) -> Save {
        Save {
            path: self.path(&server.name),
            entry: self.salt.of_entry(server),
            memory,
            place: self.places.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Writes a memory; blocks.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn write(&self, save: Save) -> io::Result<()> {
        let Save { path, entry, memory, place } = save;
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        if saved.get(&path).is_some_and(|newest| *newest > place) {
            return Ok(());
        }
        let text = serde_json::to_vec(&Record { format: Self::FORMAT, entry, memory })?;
        write_private(&path, &text)?;
        saved.insert(path, place);
        Ok(())
    }

    /// Deletes what is remembered of servers that are not among `names`; blocks.
    pub(crate) fn prune<'a>(&self, names: impl IntoIterator<Item = &'a ServerName>) {
        let kept: HashSet<PathBuf> = names.into_iter().map(|name| self.path(name)).collect();
        let files = match fs::read_dir(&self.folder) {
            Ok(files) => files,
            Err(error) => return tracing::warn!(%error, "old catalogues stay on disk"),
        };
        for path in files.flatten().map(|file| file.path()) {
            let ours = path.extension().is_some_and(|extension| extension == Self::EXTENSION);
            if ours
                && !kept.contains(&path)
                && let Err(error) = fs::remove_file(&path)
            {
                tracing::warn!(%error, "an old catalogue stays on disk");
            }
        }
    }

    fn path(&self, name: &ServerName) -> PathBuf {
        self.folder.join(self.salt.of_name(name)).with_extension(Self::EXTENSION)
    }
}

fn read(path: &Path) -> io::Result<Record> {
    let mut text = Vec::new();
    fs::File::open(path)?.take(Store::LARGEST).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// Replaces a file at once and whole, readable by its owner alone.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = private().open(path)?;
    file.write_all(content)?;
    file.commit()
}

#[cfg(unix)]
fn private() -> atomic_write_file::OpenOptions {
    use atomic_write_file::unix::OpenOptionsExt as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = atomic_write_file::OpenOptions::new();
    options.preserve_mode(false).mode(0o600);
    options
}

/// A user's own folders are private on Windows.
#[cfg(not(unix))]
fn private() -> atomic_write_file::OpenOptions {
    atomic_write_file::OpenOptions::new()
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(|error| {
        io::Error::new(error.kind(), format!("the folder {} cannot be made: {error}", folder.display()))
    })
}

#[cfg(test)]
mod tests;
