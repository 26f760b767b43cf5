//! The key of the encrypted files: in a file of the person's own, out of a passphrase, or beside the files.

use std::{
    collections::HashMap,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::{ExposeSecret as _, ExposeSecretMut as _, SecretBox, SecretSlice};
use serde::{Deserialize, Serialize};

use super::{Guard, StoreError, private};

/// 256 bits.
pub(super) type Key = SecretBox<[u8; 32]>;

/// Where the key comes from.
#[derive(Debug)]
pub(super) enum KeySource {
    /// `TRAYGATE_KEY_FILE`.
    File(PathBuf),
    /// `TRAYGATE_KEY_PASSPHRASE`.
    Passphrase(SecretSlice<u8>),
    /// Made by Traygate, beside the files.
    Beside,
}

/// How a passphrase becomes a key; kept beside the files, since another salt or cost gives another key.
#[derive(Debug, Serialize, Deserialize)]
struct Derivation {
    algorithm: String,
    version: u32,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

const KEY: &str = "key";
const DERIVATION: &str = "passphrase.json";
const LOCK: &str = "key.lock";
/// A larger file holds no key.
const LARGEST: u64 = 4096;
/// Another process makes a key in less.
const PATIENCE: Duration = Duration::from_secs(10);

impl KeySource {
    pub(super) fn new(variables: &HashMap<OsString, OsString>) -> Self {
        let given = |name: &str| variables.get(&OsString::from(name)).filter(|value| !value.is_empty());
        if let Some(path) = given("TRAYGATE_KEY_FILE") {
            Self::File(path.into())
        } else if let Some(passphrase) = given("TRAYGATE_KEY_PASSPHRASE") {
            Self::Passphrase(passphrase.clone().into_encoded_bytes().into())
        } else {
            Self::Beside
        }
    }

    /// The key. Where there is none yet it is made if `make`, unless something is `sealed` already: that needs the key
    /// which is lost, and never a new one. Blocks.
    pub(super) fn load(
        &self,
        folder: &Path,
        make: bool,
        sealed: impl Fn() -> Result<bool, StoreError>,
    ) -> Result<Option<Key>, StoreError> {
        if let Self::File(path) = self {
            return read_key(path, "TRAYGATE_KEY_FILE names it")?.map(Some).ok_or_else(|| {
                StoreError::broken(
                    format!("the key file {} does not exist", path.display()),
                    "Put it back, or make one: `head -c 32 /dev/urandom > FILE && chmod 600 FILE`.",
                )
            });
        }
        if let Some(key) = self.find(folder)? {
            return Ok(Some(key));
        }
        if sealed()? {
            return Err(self.lost(folder));
        }
        if !make {
            return Ok(None);
        }
        private::folder(folder)?;
        let Some(_guard) = Guard::wait(&folder.join(LOCK), PATIENCE, || false)? else {
            return Err(StoreError::Folder(format!(
                "another process holds the lock {}",
                folder.join(LOCK).display()
            )));
        };
        // Another process may have been first.
        if self.find(folder)?.is_none() {
            self.make(folder)?;
        }
        self.find(folder)
    }

    /// What was made before.
    fn find(&self, folder: &Path) -> Result<Option<Key>, StoreError> {
        match self {
            Self::File(_) => Ok(None),
            Self::Passphrase(passphrase) => {
                let path = folder.join(DERIVATION);
                let Some(text) = private::read(&path, LARGEST)? else { return Ok(None) };
                let derivation: Option<Derivation> = serde_json::from_slice(&text).ok();
                match derivation.and_then(|derivation| derivation.derive(passphrase.expose_secret())) {
                    Some(key) => Ok(Some(key)),
                    None => Err(StoreError::broken(
                        format!(
                            "the file {} is damaged: it says how the passphrase becomes a key",
                            path.display()
                        ),
                        format!("Put it back, or delete the folder {} and sign in again.", folder.display()),
                    )),
                }
            }
            Self::Beside => {
                let path = folder.join(KEY);
                let key = read_key(&path, "it opens the credentials beside it")?;
                if key.is_some() {
                    tracing::info!(
                        "the key of the encrypted credentials is kept beside the files it protects, in {}; \
                         TRAYGATE_KEY_FILE or TRAYGATE_KEY_PASSPHRASE names another",
                        path.display()
                    );
                }
                Ok(key)
            }
        }
    }

    fn make(&self, folder: &Path) -> Result<(), StoreError> {
        match self {
            Self::File(_) => {}
            Self::Passphrase(_) => {
                let text = serde_json::to_vec_pretty(&Derivation::new(hex::encode(random::<16>()?)));
                private::write(&folder.join(DERIVATION), &text.map_err(std::io::Error::from)?)?;
            }
            Self::Beside => {
                let key = SecretBox::new(Box::new(random::<32>()?));
                let text = SecretBox::new(Box::new(hex::encode(key.expose_secret())));
                private::write(&folder.join(KEY), text.expose_secret().as_bytes())?;
            }
        }
        Ok(())
    }

    fn lost(&self, folder: &Path) -> StoreError {
        let missing = match self {
            Self::Passphrase(_) => folder.join(DERIVATION),
            _ => folder.join(KEY),
        };
        StoreError::broken(
            format!("the key of the encrypted credentials is lost: {} does not exist", missing.display()),
            format!(
                "Put it back, set the TRAYGATE_KEY_FILE or TRAYGATE_KEY_PASSPHRASE that they were written with, or \
                 delete the folder {} and sign in again.",
                folder.display()
            ),
        )
    }
}

impl Derivation {
    /// RFC 9106 §4, the second recommended option: 64 MiB, three passes, four lanes.
    fn new(salt: String) -> Self {
        Self { algorithm: "argon2id".into(), version: 0x13, memory_kib: 1 << 16, passes: 3, lanes: 4, salt }
    }

    /// `None` where the file does not say what this program would have written: bounded, or a changed file would hang us.
    fn derive(&self, passphrase: &[u8]) -> Option<Key> {
        let known = self.algorithm == "argon2id" && self.version == 0x13;
        let bounded = self.memory_kib <= 1 << 20 && self.passes <= 64 && self.lanes <= 64;
        if !known || !bounded {
            return None;
        }
        let salt = hex::decode(&self.salt).ok().filter(|salt| salt.len() == 16)?;
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()?;
        let mut key = Key::new(Box::new([0; 32]));
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase, &salt, key.expose_secret_mut())
            .ok()?;
        Some(key)
    }
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) => Err(StoreError::Folder(format!("this system gives no random numbers: {error}"))),
    }
}

fn read_key(path: &Path, role: &str) -> Result<Option<Key>, StoreError> {
    let Some(content) = private::read(path, LARGEST)? else { return Ok(None) };
    let content = SecretSlice::from(content);
    check_private(path)?;
    match parse_key(content.expose_secret()) {
        Some(key) => Ok(Some(key)),
        None => Err(StoreError::broken(
            format!("the file {} holds no key ({role})", path.display()),
            "A key is 32 bytes: as they are, in hex, or in base64.",
        )),
    }
}

fn parse_key(content: &[u8]) -> Option<Key> {
    const ANY: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    if let Ok(raw) = <[u8; 32]>::try_from(content) {
        return Some(Key::new(Box::new(raw)));
    }
    let text = content.trim_ascii();
    let decoded = match text.len() {
        64 => hex::decode(text).ok(),
        _ => [STANDARD, URL_SAFE]
            .iter()
            .find_map(|alphabet| GeneralPurpose::new(alphabet, ANY).decode(text).ok()),
    };
    let decoded = SecretSlice::from(decoded?);
    let key = <[u8; 32]>::try_from(decoded.expose_secret()).ok()?;
    Some(Key::new(Box::new(key)))
}

/// Nobody else reads a key, as with ssh. The group of a file of root's may: that is how orchestrators hand secrets to a
/// program that is not root.
#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs_err::metadata(path)?;
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if metadata.is_file() && metadata.mode() & forbidden != 0 {
        return Err(StoreError::broken(
            format!("the key file {} can be read by others", path.display()),
            format!("Make it yours alone: `chmod 600 {}`.", path.display()),
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_path: &Path) -> Result<(), StoreError> {
    Ok(())
}
