use std::sync::Arc;

use keyring_core::{CredentialStore, Entry, Error};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

use super::{
    KeychainError,
    item::{Item, SECRET},
    platform::Platform,
};

/// The store as the keychain's thread holds it. Every method blocks.
pub(super) struct Vault {
    pub(super) platform: Arc<dyn Platform>,
    /// Opened when needed and dropped when it breaks, so that a keychain which comes late or is restarted is found.
    store: Option<Arc<CredentialStore>>,
}

impl Vault {
    pub(super) fn new(platform: Arc<dyn Platform>) -> Self {
        Self { platform, store: None }
    }

    pub(super) fn read(&mut self, item: &Item) -> Result<Option<SecretString>, KeychainError> {
        let bytes = self.with_entry(item, Entry::get_secret)?;
        let Some(bytes) = bytes else { return Ok(None) };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text.into())),
            Err(error) => {
                error.into_bytes().zeroize();
                Err(KeychainError::Refused(format!("the item of {} holds no text", item.what)))
            }
        }
    }

    pub(super) fn write(&mut self, item: &Item, value: &SecretString) -> Result<(), KeychainError> {
        // As bytes: `set_password` would double their number on Windows, whose limit is tight.
        let written = self.with_entry(item, |entry| entry.set_secret(value.expose_secret().as_bytes()))?;
        written.ok_or_else(|| KeychainError::Refused(format!("it did not keep {}", item.what)))
    }

    pub(super) fn delete(&mut self, item: &Item) -> Result<bool, KeychainError> {
        Ok(self.with_entry(item, Entry::delete_credential)?.is_some())
    }

    pub(super) fn names(&mut self) -> Result<Vec<String>, KeychainError> {
        let entries = self.attempt(<dyn Platform>::search)?;
        if entries.is_empty() {
            self.platform.confirm_absence()?;
        }
        let mut names: Vec<_> = entries
            .iter()
            .filter_map(Entry::get_specifiers)
            .filter(|(service, _)| service == super::platform::SERVICE)
            .filter_map(|(_, user)| user.strip_prefix(SECRET).map(str::to_owned))
            .collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Does `work` on an item; `None` where there certainly is none.
    fn with_entry<T>(
        &mut self,
        item: &Item,
        work: impl Fn(&Entry) -> keyring_core::Result<T>,
    ) -> Result<Option<T>, KeychainError> {
        let Item { user, label, .. } = item;
        let done = self.attempt(|platform, store| {
            match platform.entry(store, user, label).and_then(|entry| work(&entry)) {
                Ok(done) => Ok(Some(done)),
                Err(Error::NoEntry) => Ok(None),
                Err(Error::Ambiguous(_)) => Err(Error::Invalid(
                    user.clone(),
                    format!("it holds several items `{label}`; delete all but one in your keychain viewer"),
                )),
                Err(error) => Err(error),
            }
        })?;
        if done.is_none() {
            self.platform.confirm_absence()?;
        }
        Ok(done)
    }

    /// Does `work` on the store. A store that was opened earlier and fails now (its daemon was restarted) is opened anew
    /// and tried once more: every operation here gives the same when done twice.
    fn attempt<T>(
        &mut self,
        work: impl Fn(&dyn Platform, &CredentialStore) -> keyring_core::Result<T>,
    ) -> Result<T, KeychainError> {
        let was_open = self.store.is_some();
        let mut outcome = self.once(&work);
        if was_open && matches!(outcome, Err(Error::PlatformFailure(_))) {
            outcome = self.once(&work);
        }
        outcome.map_err(|error| self.platform.explain(error))
    }

    fn once<T>(
        &mut self,
        work: impl Fn(&dyn Platform, &CredentialStore) -> keyring_core::Result<T>,
    ) -> keyring_core::Result<T> {
        let store = match self.store.take() {
            Some(store) => store,
            None => self.platform.open()?,
        };
        let outcome = work(&*self.platform, &*store);
        if !matches!(outcome, Err(Error::PlatformFailure(_))) {
            self.store = Some(store);
        }
        outcome
    }
}
