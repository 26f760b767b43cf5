//! From an `oauth` block as written to the options of a sign-in.

use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use traygate_auth::{Flow, ResourceIndicator, Scopes, SignInOptions};
use traygate_config::{OAuth, Template};

use super::{Values, expand, permanent};
use crate::connection::ConnectError;

/// Every text of the block: each may hold `${...}`.
pub(super) fn templates(oauth: Option<&OAuth>) -> Vec<Template> {
    fn gather(value: &Value, templates: &mut Vec<Template>) {
        match value {
            Value::String(text) => templates.push(Template::new(text.as_str())),
            Value::Array(items) => items.iter().for_each(|item| gather(item, templates)),
            Value::Object(map) => map.values().for_each(|item| gather(item, templates)),
            _ => {}
        }
    }
    let mut templates = Vec::new();
    for value in oauth.iter().flat_map(|oauth| oauth.raw.values()) {
        gather(value, &mut templates);
    }
    templates
}

/// How a server is signed in to.
///
/// # Errors
/// `Permanent`: which value is not what it must be. The value itself is not repeated: it may be a secret.
pub(super) fn sign_in_options(oauth: &OAuth, values: &Values<'_>) -> Result<SignInOptions, ConnectError> {
    const FLOWS: &str = "`browser`, `webview`, `deep-link`, `manual` or `device`";
    let mut block = Block(oauth.raw.clone());
    for (name, value) in &mut block.0 {
        expand_all(&format!("oauth.{name}"), value, values)?;
    }
    let manual = block.read("use_loopback", "true or false")? == Some(false);
    let scope: Option<String> = block.read("scope", "text")?;
    let resource: Option<String> = block.read("resource", "`auto`, `omit` or a text")?;
    let client_secret: Option<String> = block.read("client_secret", "text")?;
    Ok(SignInOptions {
        server_url: block.read("server_url", "a URL")?,
        flow: block.read("flow", FLOWS)?.unwrap_or(if manual { Flow::Manual } else { Flow::default() }),
        grant: block.read("grant", "`authorization_code` or `client_credentials`")?.unwrap_or_default(),
        storage: block.read("storage_type", "`keychain`, `file` or `memory`")?,
        client_id: block.read("client_id", "text")?,
        client_secret: client_secret.map(Into::into),
        client_metadata_url: block.read("client_metadata_url", "a URL")?,
        client_metadata: block
            .read("client_metadata", "an object as RFC 7591 describes it")?
            .unwrap_or_default(),
        callback_port: block.read("callback_port", "a port from 1 to 65535")?,
        redirect_host: block.read("redirect_host", "`127.0.0.1` or `localhost`")?.unwrap_or_default(),
        scope: scope.map(|scope| Scopes::parse(&scope)),
        resource: match resource.as_deref() {
            None | Some("auto") => ResourceIndicator::Auto,
            Some("omit") => ResourceIndicator::Omit,
            Some(value) => ResourceIndicator::Value(value.to_owned()),
        },
        allow_private_addresses: block.read("allow_private_addresses", "true or false")?.unwrap_or_default(),
    })
}

struct Block(Map<String, Value>);

impl Block {
    /// A value of the block; null is none.
    fn read<T: DeserializeOwned>(&self, name: &str, expected: &str) -> Result<Option<T>, ConnectError> {
        let value = self.0.get(name).filter(|value| !value.is_null()).cloned();
        value
            .map(serde_json::from_value)
            .transpose()
            .map_err(|_: serde_json::Error| permanent(format!("its `oauth.{name}` must be {expected}.")))
    }
}

fn expand_all(place: &str, value: &mut Value, values: &Values<'_>) -> Result<(), ConnectError> {
    match value {
        Value::String(text) => {
            *text = expand(place, &Template::new(text.as_str()), values)?.expose_secret().to_owned();
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| expand_all(place, item, values)),
        Value::Object(map) => {
            map.iter_mut().try_for_each(|(name, item)| expand_all(&format!("{place}.{name}"), item, values))
        }
        _ => Ok(()),
    }
}
