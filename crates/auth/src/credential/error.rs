use crate::KeychainError;

/// Why a credential could not be read or kept. It never stands for "there is none". Its words are no sentence yet (no
/// capital, no full stop); [`StoreError::hint`] is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// The keychain is there and locked, or its owner was asked and said no.
    #[error("the keychain is locked")]
    Locked,
    /// It did not answer in time: most likely it waits for its owner's password.
    #[error("the keychain did not answer within {0} s")]
    Late(u64),
    /// It cannot be reached, or has no keyring.
    #[error("{0}")]
    Unavailable(KeychainError),
    /// What is kept is unreadable, or its key is not there. Only a person can help.
    #[error("{what}")]
    Broken {
        /// Which.
        what: String,
        /// A sentence or two.
        remedy: String,
    },
    /// The folder or a file in it cannot be used.
    #[error("{0}")]
    Folder(String),
    /// `storage_type: file` in a gateway without a state folder.
    #[error("there is no folder for encrypted credentials")]
    NoFolder,
    /// Another process holds the lock.
    #[error("another Traygate process is busy with the sign-in of `{0}`")]
    Busy(String),
}

/// For a desktop, else for a machine without one.
const NO_KEYCHAIN: &str = "Or set `storage_type` to `file` in the server's `oauth` block.";

impl StoreError {
    pub(super) fn broken(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Broken { what: what.into(), remedy: remedy.into() }
    }

    /// What to do about it, in a sentence or two.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Locked => KeychainError::Locked.hint().to_owned(),
            Self::Late(seconds) => KeychainError::Timeout(*seconds).hint().to_owned(),
            Self::Unavailable(error) => match error {
                KeychainError::NoSession => format!("Log in to a desktop session. {NO_KEYCHAIN}"),
                KeychainError::NoService => {
                    format!("Install GNOME Keyring or KDE Wallet and log in again. {NO_KEYCHAIN}")
                }
                KeychainError::Unsupported => {
                    "Set `storage_type` to `file` in the server's `oauth` block.".to_owned()
                }
                other => other.hint().to_owned(),
            },
            Self::Broken { remedy, .. } => remedy.clone(),
            Self::Folder(_) => "Check the folder's permissions and the space on its disk.".to_owned(),
            Self::NoFolder => {
                "Set `storage_type` to `keychain` or `memory`, or give Traygate a state folder.".to_owned()
            }
            Self::Busy(_) => "Try again in a moment.".to_owned(),
        }
    }
}

impl From<KeychainError> for StoreError {
    fn from(error: KeychainError) -> Self {
        match error {
            KeychainError::Locked => Self::Locked,
            KeychainError::Timeout(seconds) => Self::Late(seconds),
            KeychainError::Refused(_) => {
                Self::broken(error.to_string(), "Sign out and sign in again; that replaces the item.")
            }
            KeychainError::TooLong(_) => Self::broken(
                "the credential is too long for this system's keychain",
                "Set `storage_type` to `file` in the server's `oauth` block.",
            ),
            other => Self::Unavailable(other),
        }
    }
}

/// The file system's words name the file (fs-err) and hold nothing of its content.
impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Folder(error.to_string())
    }
}
