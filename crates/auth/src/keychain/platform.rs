use std::{collections::HashMap, sync::Arc};

use keyring_core::{CredentialStore, Entry, Error, Result};

use super::KeychainError;

/// The service (Windows: the end of the target name) that all items share.
pub(super) const SERVICE: &str = "Traygate";

/// What differs between the systems' keychains.
pub(super) trait Platform: Send + Sync + 'static {
    /// Opens the store.
    fn open(&self) -> Result<Arc<CredentialStore>>;

    /// The item of `user`, which a person finds under `label` where the system knows labels.
    fn entry(&self, store: &CredentialStore, user: &str, label: &str) -> Result<Entry> {
        let _ = label;
        store.build(SERVICE, user, None)
    }

    /// At least all items of [`SERVICE`].
    fn search(&self, store: &CredentialStore) -> Result<Vec<Entry>> {
        store.search(&HashMap::from([("service", SERVICE)]))
    }

    /// How many bytes an item holds, where that is few.
    fn limit(&self) -> Option<usize> {
        None
    }

    /// After "no such entry": makes sure that the keychain could have had one.
    fn confirm_absence(&self) -> std::result::Result<(), KeychainError> {
        Ok(())
    }

    /// Puts a store's error into the caller's terms.
    fn explain(&self, error: Error) -> KeychainError {
        explain(error)
    }
}

/// A store that was given.
pub(super) struct Injected(pub(super) Arc<CredentialStore>);

impl Platform for Injected {
    fn open(&self) -> Result<Arc<CredentialStore>> {
        Ok(Arc::clone(&self.0))
    }
}

/// The keychain of the system that this is compiled for.
pub(super) struct System;

fn explain(error: Error) -> KeychainError {
    match error {
        Error::NoStorageAccess(_) => KeychainError::Locked,
        Error::TooLong(_, limit) => KeychainError::TooLong(limit),
        Error::NoDefaultStore => KeychainError::Unsupported,
        Error::Invalid(_, reason) => KeychainError::Refused(reason),
        other => unavailable(&other),
    }
}

/// The libraries' words are for whoever looks for a fault, not for who wants a secret.
fn unavailable(cause: &dyn std::error::Error) -> KeychainError {
    tracing::debug!("the keychain: {cause}");
    KeychainError::Unavailable
}

#[cfg(target_os = "linux")]
mod linux {
    use secret_service::{EncryptionType, blocking::SecretService};
    use zbus::DBusError as _;
    use zbus_secret_service_keyring_store::Store;

    use super::{
        Arc, CredentialStore, Entry, Error, HashMap, KeychainError, Platform, Result, SERVICE, System,
        explain, unavailable,
    };

    impl Platform for System {
        fn open(&self) -> Result<Arc<CredentialStore>> {
            Ok(Store::new()?)
        }

        fn entry(&self, store: &CredentialStore, user: &str, label: &str) -> Result<Entry> {
            store.build(SERVICE, user, Some(&HashMap::from([("label", label)])))
        }

        /// A service without a default keyring, or with a locked one, finds nothing and calls that "no entry".
        fn confirm_absence(&self) -> std::result::Result<(), KeychainError> {
            let locked = SecretService::connect(EncryptionType::Plain)
                .and_then(|service| service.get_default_collection()?.is_locked());
            match locked {
                Ok(false) => Ok(()),
                Ok(true) => Err(KeychainError::Locked),
                Err(error) => Err(explain_service(&error)),
            }
        }

        fn explain(&self, error: Error) -> KeychainError {
            match error {
                Error::NoStorageAccess(cause) | Error::PlatformFailure(cause) => {
                    match cause.downcast_ref::<secret_service::Error>() {
                        Some(error) => explain_service(error),
                        None => unavailable(&*cause),
                    }
                }
                other => explain(other),
            }
        }
    }

    fn explain_service(error: &secret_service::Error) -> KeychainError {
        use secret_service::Error::{
            Locked, NoResult, Prompt, PromptDisconnected, Unavailable, Zbus, ZbusFdo,
        };
        use zbus::Error::{Connection, FDO, Handshake, InputOutput, MethodError};
        tracing::debug!("the keychain: {error}");
        match error {
            Locked | Prompt | PromptDisconnected => KeychainError::Locked,
            NoResult => KeychainError::NoKeyring,
            // The bus is named nowhere, or does not answer where it is said to be.
            Unavailable | Zbus(Connection(..) | InputOutput(_) | Handshake(_)) => KeychainError::NoSession,
            Zbus(MethodError(name, ..)) if is_absent(name.as_str()) => KeychainError::NoService,
            Zbus(FDO(error)) if is_absent(error.name().as_str()) => KeychainError::NoService,
            ZbusFdo(error) if is_absent(error.name().as_str()) => KeychainError::NoService,
            _ => KeychainError::Unavailable,
        }
    }

    /// D-Bus specification, "Message Bus Starting Services": nobody has the name, and nobody can be started for it.
    fn is_absent(error: &str) -> bool {
        let ours = error.strip_prefix("org.freedesktop.DBus.Error.").unwrap_or_default();
        ours == "ServiceUnknown" || ours == "NameHasNoOwner" || ours.starts_with("Spawn.")
    }
}

#[cfg(target_os = "macos")]
mod macos {
    use apple_native_keyring_store::keychain::Store;

    use super::{Arc, CredentialStore, Error, KeychainError, Platform, Result, System, explain};

    impl Platform for System {
        fn open(&self) -> Result<Arc<CredentialStore>> {
            Ok(Store::new()?)
        }

        fn explain(&self, error: Error) -> KeychainError {
            // errSecUserCanceled, errSecAuthFailed, errSecInteractionNotAllowed
            const LOCKED: [i32; 3] = [-128, -25293, -25308];
            match &error {
                Error::PlatformFailure(cause)
                    if cause
                        .downcast_ref::<security_framework::base::Error>()
                        .is_some_and(|cause| LOCKED.contains(&cause.code())) =>
                {
                    KeychainError::Locked
                }
                _ => explain(error),
            }
        }
    }
}

#[cfg(windows)]
mod windows {
    use windows_native_keyring_store::Store;

    use super::{Arc, CredentialStore, Entry, HashMap, Platform, Result, SERVICE, System};

    impl Platform for System {
        fn open(&self) -> Result<Arc<CredentialStore>> {
            Ok(Store::new()?)
        }

        /// `CRED_MAX_CREDENTIAL_BLOB_SIZE`.
        fn limit(&self) -> Option<usize> {
            Some(5 * 512)
        }

        fn search(&self, store: &CredentialStore) -> Result<Vec<Entry>> {
            // Target names are `<user>.<service>`.
            let pattern = format!(r"\.{SERVICE}$");
            store.search(&HashMap::from([("pattern", pattern.as_str())]))
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
impl Platform for System {
    fn open(&self) -> Result<Arc<CredentialStore>> {
        Err(Error::NoDefaultStore)
    }
}
