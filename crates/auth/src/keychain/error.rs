/// Why the keychain gave no answer. It never stands for "no such entry".
///
/// Its words are a person's: what the system's own libraries said goes to the debug log only. They are no sentence yet
/// (no capital, no full stop); [`KeychainError::hint`] is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// It is there and locked, or its owner was asked and said no.
    #[error("the keychain is locked")]
    Locked,
    /// It did not answer in time: most likely it waits for its owner's password.
    #[error("the keychain did not answer within {0} s")]
    Timeout(u64),
    /// Linux: no D-Bus session.
    #[error("the keychain could not be reached: no desktop session answers on this machine")]
    NoSession,
    /// Linux: a D-Bus session without a Secret Service.
    #[error("the keychain could not be reached: this session has no Secret Service")]
    NoService,
    /// Linux: a Secret Service without a default keyring.
    #[error("the keychain holds no default keyring yet")]
    NoKeyring,
    /// Traygate has no store for this system.
    #[error("Traygate knows no keychain on this system")]
    Unsupported,
    /// It failed in a way of its own.
    #[error("the keychain could not be used")]
    Unavailable,
    /// The secret is longer than this many bytes, the system's limit (Windows: 2560).
    #[error("the secret is too long: this system's keychain takes at most {0} bytes")]
    TooLong(u32),
    /// It is there and open, and will not do this.
    #[error("the keychain refused: {0}")]
    Refused(String),
}

impl KeychainError {
    /// What to do about it, in a sentence or two.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Locked => "Unlock it in your keychain viewer, or log in to the desktop with your password.",
            Self::Timeout(_) => "It may wait for your password: look for its window.",
            Self::NoSession => "Log in to a desktop session, or use `${VAR}` instead of `${keychain:NAME}`.",
            Self::NoService => {
                "Install GNOME Keyring or KDE Wallet and log in again, or use `${VAR}` instead of `${keychain:NAME}`."
            }
            Self::NoKeyring => {
                "Create one in your keychain viewer, or log in to the desktop once with your password."
            }
            Self::Unsupported => "Use `${VAR}` instead of `${keychain:NAME}`.",
            Self::Unavailable => "Try again; `--log-level debug` shows what it said.",
            Self::TooLong(_) => "Keep it in a file or an environment variable instead.",
            Self::Refused(_) => "Look at the item in your keychain viewer.",
        }
    }
}
