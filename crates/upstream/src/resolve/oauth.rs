//! From an `oauth` block as written to the options of a sign-in.

use secrecy::{ExposeSecret as _, SecretString};
use traygate_auth::{
    ClientMetadata, Flow, Grant, RedirectHost, ResourceIndicator, Scopes, SignInOptions, StorageType,
};
use traygate_config::{self as config, OAuth, Template};
use url::Url;

use super::{Values, expand, permanent};
use crate::connection::ConnectError;

/// Every text of the block: each may hold `${...}`.
pub(super) fn templates(oauth: Option<&OAuth>) -> Vec<&Template> {
    oauth.map(OAuth::templates).unwrap_or_default()
}

/// How a server is signed in to.
///
/// # Errors
/// `Permanent`: which value is not what it must be. The value itself is not repeated: it may be a secret.
pub(super) fn sign_in_options(oauth: &OAuth, values: &Values<'_>) -> Result<SignInOptions, ConnectError> {
    let block = Block(values);
    Ok(SignInOptions {
        server_url: block.url("server_url", oauth.server_url.as_ref())?,
        flow: oauth.flow.map(flow).unwrap_or_default(),
        grant: oauth.grant.map(grant).unwrap_or_default(),
        storage: oauth.storage_type.map(storage),
        client_id: block.text("client_id", oauth.client_id.as_ref())?,
        client_secret: block.secret("client_secret", oauth.client_secret.as_ref())?,
        client_metadata_url: block.url("client_metadata_url", oauth.client_metadata_url.as_ref())?,
        client_metadata: client_metadata(&oauth.client_metadata, &block)?,
        callback_port: oauth.callback_port,
        redirect_host: oauth.redirect_host.map(redirect_host).unwrap_or_default(),
        scope: block.scopes("scope", oauth.scope.as_ref())?,
        resource: match &oauth.resource {
            config::ResourceIndicator::Auto => ResourceIndicator::Auto,
            config::ResourceIndicator::Omit => ResourceIndicator::Omit,
            config::ResourceIndicator::Value(value) => {
                block.text("resource", Some(value))?.map_or(ResourceIndicator::Auto, ResourceIndicator::Value)
            }
        },
        allow_private_addresses: oauth.allow_private_addresses,
    })
}

fn client_metadata(
    written: &config::ClientMetadata,
    block: &Block<'_>,
) -> Result<ClientMetadata, ConnectError> {
    let texts = |name: &str, texts: Option<&Vec<Template>>| {
        let each = |text| expand(&format!("oauth.client_metadata.{name}"), text, block.0);
        texts
            .map(|texts| texts.iter().map(|text| Ok(each(text)?.expose_secret().to_owned())).collect())
            .transpose()
    };
    let text =
        |name: &str, text: &Option<Template>| block.text(&format!("client_metadata.{name}"), text.as_ref());
    let url =
        |name: &str, url: &Option<Template>| block.url(&format!("client_metadata.{name}"), url.as_ref());
    let mut redirect_uris = Vec::with_capacity(written.redirect_uris.len());
    for uri in &written.redirect_uris {
        redirect_uris.extend(block.url("client_metadata.redirect_uris", Some(uri))?);
    }
    Ok(ClientMetadata {
        client_name: text("client_name", &written.client_name)?,
        redirect_uris,
        grant_types: texts("grant_types", written.grant_types.as_ref())?,
        response_types: texts("response_types", written.response_types.as_ref())?,
        token_endpoint_auth_method: written
            .token_endpoint_auth_method
            .map(|method| method.as_str().to_owned()),
        scope: block.scopes("client_metadata.scope", written.scope.as_ref())?,
        client_uri: url("client_uri", &written.client_uri)?,
        logo_uri: url("logo_uri", &written.logo_uri)?,
        contacts: texts("contacts", written.contacts.as_ref())?,
        tos_uri: url("tos_uri", &written.tos_uri)?,
        policy_uri: url("policy_uri", &written.policy_uri)?,
        software_id: text("software_id", &written.software_id)?,
        software_version: text("software_version", &written.software_version)?,
    })
}

/// The block's texts with what their references stand for; one that comes to nothing is as good as not written.
struct Block<'a>(&'a Values<'a>);

impl Block<'_> {
    fn secret(&self, name: &str, text: Option<&Template>) -> Result<Option<SecretString>, ConnectError> {
        let text = text.map(|text| expand(&format!("oauth.{name}"), text, self.0)).transpose()?;
        Ok(text
            .map(|text| SecretString::from(text.expose_secret().trim()))
            .filter(|text| !text.expose_secret().is_empty()))
    }

    fn text(&self, name: &str, text: Option<&Template>) -> Result<Option<String>, ConnectError> {
        Ok(self.secret(name, text)?.map(|text| text.expose_secret().to_owned()))
    }

    fn scopes(&self, name: &str, text: Option<&Template>) -> Result<Option<Scopes>, ConnectError> {
        Ok(self.text(name, text)?.map(|scopes| Scopes::parse(&scopes)))
    }

    fn url(&self, name: &str, text: Option<&Template>) -> Result<Option<Url>, ConnectError> {
        let text = self.text(name, text)?;
        text.map(|text| text.parse())
            .transpose()
            .map_err(|_: url::ParseError| permanent(format!("its `oauth.{name}` must be a URL.")))
    }
}

fn flow(flow: config::OAuthFlow) -> Flow {
    match flow {
        config::OAuthFlow::Browser => Flow::Browser,
        config::OAuthFlow::Webview => Flow::Webview,
        config::OAuthFlow::DeepLink => Flow::DeepLink,
        config::OAuthFlow::Manual => Flow::Manual,
        config::OAuthFlow::Device => Flow::Device,
    }
}

fn grant(grant: config::OAuthGrant) -> Grant {
    match grant {
        config::OAuthGrant::AuthorizationCode => Grant::AuthorizationCode,
        config::OAuthGrant::ClientCredentials => Grant::ClientCredentials,
    }
}

fn storage(storage: config::TokenStorage) -> StorageType {
    match storage {
        config::TokenStorage::Keychain => StorageType::Keychain,
        config::TokenStorage::File => StorageType::File,
        config::TokenStorage::Memory => StorageType::Memory,
    }
}

fn redirect_host(host: config::RedirectHost) -> RedirectHost {
    match host {
        config::RedirectHost::Ip => RedirectHost::Ip,
        config::RedirectHost::Localhost => RedirectHost::Localhost,
    }
}
