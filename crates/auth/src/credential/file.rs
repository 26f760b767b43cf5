//! Credentials in encrypted files: XChaCha20-Poly1305, one file each, bound to what it holds. Everything here blocks.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use fs_err as fs;
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroize as _};

use super::{
    StoreError,
    key::{Key, KeySource, random},
    place::Place,
    private,
};

/// What each file begins with and is bound to; another one where files of this form can no longer be read.
pub(super) const FORMAT: &str = "traygate-credential-1\n";
const NONCE: usize = 24;
const EXTENSION: &str = "sealed";
/// A larger file is not ours.
const LARGEST: u64 = 1 << 20;

/// The folder of encrypted credentials.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    source: KeySource,
    /// Read once: a passphrase takes a while.
    key: Mutex<Option<Arc<Key>>>,
}

impl Files {
    pub(super) fn new(folder: PathBuf, source: KeySource) -> Self {
        Self { folder, source, key: Mutex::default() }
    }

    /// A key that is missing or wrong is told even where there is nothing to open: better now than after a sign-in.
    pub(super) fn read(&self, place: &Place) -> Result<Option<SecretString>, StoreError> {
        let path = self.path(place);
        let key = self.key(false)?;
        let Some(content) = private::read(&path, LARGEST)? else { return Ok(None) };
        match key.and_then(|key| open(&content, place, &key)) {
            Some(text) => Ok(Some(text)),
            None => Err(unreadable(&path)),
        }
    }

    /// What is there is replaced only if it opens: files of two keys would lie beside each other otherwise.
    pub(super) fn write(&self, place: &Place, value: &SecretString) -> Result<(), StoreError> {
        self.read(place)?;
        let Some(key) = self.key(true)? else { return Err(StoreError::NoFolder) };
        private::folder(&self.folder)?;
        Ok(private::write(&self.path(place), &seal(value, place, &key)?)?)
    }

    /// Needs no key: this is the way out where it is lost.
    pub(super) fn delete(&self, place: &Place) -> Result<bool, StoreError> {
        Ok(private::remove(&self.path(place))?)
    }

    fn path(&self, place: &Place) -> PathBuf {
        self.folder.join(place.file_name()).with_extension(EXTENSION)
    }

    fn key(&self, make: bool) -> Result<Option<Arc<Key>>, StoreError> {
        let mut known = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            let key = self.source.load(&self.folder, make, || Ok(any_sealed(&self.folder)?))?;
            *known = key.map(Arc::new);
        }
        Ok(known.clone())
    }
}

fn any_sealed(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(files) => Ok(files.flatten().any(|file| file.path().extension() == Some(OsStr::new(EXTENSION)))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn seal(value: &SecretString, place: &Place, key: &Key) -> Result<Vec<u8>, StoreError> {
    let nonce = random::<NONCE>()?;
    let payload = Payload { msg: value.expose_secret().as_bytes(), aad: &place.binding() };
    let sealed = XChaCha20Poly1305::new(key.expose_secret().into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| StoreError::Folder("the credential could not be encrypted".to_owned()))?;
    Ok([FORMAT.as_bytes(), &nonce, &sealed].concat())
}

fn open(content: &[u8], place: &Place, key: &Key) -> Option<SecretString> {
    let (nonce, sealed) = content.strip_prefix(FORMAT.as_bytes())?.split_first_chunk::<NONCE>()?;
    let payload = Payload { msg: sealed, aad: &place.binding() };
    let opened =
        XChaCha20Poly1305::new(key.expose_secret().into()).decrypt(&XNonce::from(*nonce), payload).ok()?;
    match String::from_utf8(opened) {
        Ok(text) => Some(text.into()),
        Err(error) => {
            error.into_bytes().zeroize();
            None
        }
    }
}

fn unreadable(path: &Path) -> StoreError {
    StoreError::broken(
        format!(
            "the file {} cannot be decrypted: it is damaged, or was written with another key",
            path.display()
        ),
        "Give Traygate the key that it was written with; or sign out, which deletes it, and sign in again.",
    )
}
