//! The key of the gateway, out of a flag or the config file.

use std::collections::HashMap;

use secrecy::{ExposeSecret as _, SecretString};
use traygate_auth::KeychainError;
use traygate_config::{Diagnostic, Reference, Template, Variables};
use traygate_upstream::Environment;

/// Reads the key: `flag` wins over the file's `apiKey`. White space around it does not count; an empty one is none.
///
/// # Errors
/// A sentence: `apiKey` cannot be used, a `${...}` in it stands for nothing, or the keychain does not answer. It never means "no key".
pub(crate) async fn api_key(
    flag: Option<&SecretString>,
    file: Option<&Result<Template, Diagnostic>>,
    environment: &Environment,
) -> Result<Option<SecretString>, String> {
    let key = match (flag.and_then(trimmed), file) {
        (Some(key), _) => return Ok(Some(key)),
        (None, None) => return Ok(None),
        (None, Some(Err(diagnostic))) => {
            let hint = diagnostic.hint.as_deref().unwrap_or("Write a text in quotes, or remove it.");
            return Err(format!("{} {hint}", diagnostic.message));
        }
        (None, Some(Ok(template))) => expand(template, environment).await?,
    };
    trimmed(&key).map(Some).ok_or_else(|| {
        "`apiKey` is empty. Give it a value, or remove it to serve this machine only, without a key."
            .to_owned()
    })
}

/// A new key or token: 256 random bits in hexadecimal.
///
/// # Errors
/// The system has no random numbers.
pub fn new_key() -> Result<SecretString, getrandom::Error> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits)?;
    Ok(hex::encode(bits).into())
}

async fn expand(template: &Template, environment: &Environment) -> Result<SecretString, String> {
    let unresolved = |error: traygate_config::Unresolved| format!("`apiKey`: {error}. {}", error.hint());
    let mut secrets = HashMap::new();
    for reference in template.references().map_err(unresolved)? {
        if let Reference::Keychain { name } = reference {
            let secret = environment.keychain.secret(&name).await;
            let unread = |error: KeychainError| format!("`apiKey`: {error}. {}", error.hint());
            if let Some(secret) = secret.map_err(unread)? {
                secrets.insert(name, secret);
            }
        }
    }
    template.expand(&Known { environment, secrets }).map_err(unresolved)
}

/// What is known once the keychain was asked.
struct Known<'e> {
    environment: &'e Environment,
    secrets: HashMap<String, SecretString>,
}

impl Variables for Known<'_> {
    fn environment(&self, name: &str) -> Option<String> {
        self.environment.variables.get(std::ffi::OsStr::new(name))?.to_str().map(ToOwned::to_owned)
    }

    fn keychain(&self, name: &str) -> Option<SecretString> {
        self.secrets.get(name).cloned()
    }
}

fn trimmed(key: &SecretString) -> Option<SecretString> {
    let key = key.expose_secret().trim();
    (!key.is_empty()).then(|| key.into())
}

#[cfg(test)]
mod tests {

    use super::*;

    async fn key(flag: Option<&str>, file: Option<&str>) -> Result<Option<String>, String> {
        let variables = [("KEY".into(), " from-env\n".into()), ("EMPTY".into(), "".into())];
        let environment = Environment::new(HashMap::from(variables), None);
        let (flag, file) = (flag.map(SecretString::from), file.map(|text| Ok(Template::new(text))));
        let key = api_key(flag.as_ref(), file.as_ref(), &environment).await?;
        Ok(key.map(|key| key.expose_secret().to_owned()))
    }

    #[test]
    fn new_keys_are_256_random_bits() {
        let (one, other) = (new_key().expect("a key"), new_key().expect("a key"));
        assert_eq!(one.expose_secret().len(), 64);
        assert_ne!(one.expose_secret(), other.expose_secret());
    }

    #[tokio::test]
    async fn the_flag_wins_over_the_file() {
        assert_eq!(key(None, None).await, Ok(None));
        assert_eq!(key(Some(" flag "), Some("file")).await, Ok(Some("flag".into())));
        assert_eq!(key(Some(""), Some("file")).await, Ok(Some("file".into())));
        assert_eq!(key(None, Some("${KEY}")).await, Ok(Some("from-env".into())));
        assert_eq!(key(Some("  "), None).await, Ok(None));
    }

    #[tokio::test]
    async fn an_unresolved_key_is_never_no_key() {
        for file in ["${NOPE}", "${EMPTY}", "${broken", "  "] {
            let error = key(None, Some(file)).await.expect_err(file);
            assert!(error.starts_with("`apiKey`"), "{error}");
        }
    }
}
