//! How this program becomes known to an authorization server: by hand, by a client id metadata document, by dynamic
//! registration (MCP 2026-07-28, client registration).

mod dynamic;
mod error;

#[cfg(test)]
mod tests;

use std::time::SystemTime;

use secrecy::ExposeSecret as _;
use url::Url;

pub(crate) use self::error::RegistrationError;
use crate::{
    Flow, Grant, Scopes, SignInOptions,
    client::{Client, ClientAuth, ClientOrigin},
    discovery::AuthorizationServer,
    token::Transport,
};

/// What this program wants to be known for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registration<'a> {
    pub(crate) server: &'a AuthorizationServer,
    pub(crate) options: &'a SignInOptions,
    /// The flow of this sign-in, which may be another than that of the options.
    pub(crate) flow: Flow,
    pub(crate) redirect_uri: &'a Url,
    /// All that will be asked for, `offline_access` included.
    pub(crate) scopes: &'a Scopes,
    /// What is kept of an earlier registration, or was typed in; not given where it was refused (`invalid_client`).
    pub(crate) kept: Option<&'a Client>,
}

impl Registration<'_> {
    /// The client, in the specification's order: registered by hand; a client id metadata document, where it is taken;
    /// what an earlier dynamic registration gave, or a new one; else somebody has to register. The client that comes of
    /// it is to be kept, and its `redirect_uri` is the one to use: it may be another than was wished for.
    pub(crate) async fn client(
        &self,
        transport: &dyn Transport,
        now: SystemTime,
    ) -> Result<Client, RegistrationError> {
        if let Some(client) = self.configured()? {
            return Ok(client);
        }
        if let Some(kept) = self.kept.filter(|kept| self.keeps(kept, now)) {
            return Ok(kept.clone());
        }
        self.dynamic(transport).await
    }

    /// The client that needs no registration and is not kept: the config's.
    pub(crate) fn configured(&self) -> Result<Option<Client>, RegistrationError> {
        match self.pre_registered()? {
            Some(client) => Ok(Some(client)),
            None => self.metadata_document(),
        }
    }

    /// The client of the config, or the one that was typed in. The first use of it ties it to an issuer.
    fn pre_registered(&self) -> Result<Option<Client>, RegistrationError> {
        let kept = self.kept.filter(|kept| kept.origin == ClientOrigin::PreRegistered);
        let (client_id, client_secret) = match (&self.options.client_id, kept) {
            (Some(id), _) => (id, &self.options.client_secret),
            (None, Some(kept)) => (&kept.client_id, &kept.client_secret),
            (None, None) => return Ok(None),
        };
        if let Some(kept) =
            kept.filter(|kept| kept.client_id == *client_id && kept.issuer != self.server.issuer)
        {
            return Err(RegistrationError::IssuerChanged {
                was: kept.issuer.clone(),
                now: self.server.issuer.clone(),
            });
        }
        let client_secret = client_secret.clone().filter(|secret| !secret.expose_secret().is_empty());
        let auth_method = match (&client_secret, self.configured_auth_method()?) {
            (None, _) => ClientAuth::None,
            (Some(_), Some(method)) => method,
            (Some(_), None) => self.secret_method(),
        };
        Ok(Some(Client {
            issuer: self.server.issuer.clone(),
            client_id: client_id.clone(),
            client_secret,
            client_secret_expires_at: None,
            auth_method,
            redirect_uri: None,
            origin: ClientOrigin::PreRegistered,
        }))
    }

    /// A client id metadata document, where the authorization server takes such. There are no secrets in it.
    fn metadata_document(&self) -> Result<Option<Client>, RegistrationError> {
        let Some(url) = &self.options.client_metadata_url else { return Ok(None) };
        if !self.server.client_id_metadata_document_supported
            || self.options.grant == Grant::ClientCredentials
        {
            return Ok(None);
        }
        // draft-ietf-oauth-client-id-metadata-document §3; a URL that is read has no dot segments left.
        let plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https" || !url.has_host() || url.path() == "/" || !plain {
            return Err(RegistrationError::MetadataUrl);
        }
        Ok(Some(Client {
            issuer: self.server.issuer.clone(),
            client_id: url.as_str().to_owned(),
            client_secret: None,
            client_secret_expires_at: None,
            auth_method: ClientAuth::None,
            redirect_uri: None,
            origin: ClientOrigin::MetadataDocument,
        }))
    }

    /// Whether an earlier dynamic registration still serves, the `localhost` that was taken in place of 127.0.0.1
    /// included.
    fn keeps(&self, kept: &Client, now: SystemTime) -> bool {
        kept.origin == ClientOrigin::Dynamic
            // One that was registered for a browser is not for devices or machines, and the other way round.
            && kept.redirect_uri.is_some() == self.redirects()
            && (kept.client_secret.is_some() || self.options.grant != Grant::ClientCredentials)
            && (kept.is_usable(&self.server.issuer, self.redirect_uri, now)
                || self.localhost().is_some_and(|uri| kept.is_usable(&self.server.issuer, &uri, now)))
    }

    /// The same redirect URI at `localhost`, where it is 127.0.0.1 and nobody fixed it.
    fn localhost(&self) -> Option<Url> {
        if self.redirect_uri.host_str() != Some("127.0.0.1")
            || !self.options.client_metadata.redirect_uris.is_empty()
        {
            return None;
        }
        let mut uri = self.redirect_uri.clone();
        uri.set_host(Some("localhost")).ok()?;
        Some(uri)
    }

    fn configured_auth_method(&self) -> Result<Option<ClientAuth>, RegistrationError> {
        let Some(name) = &self.options.client_metadata.token_endpoint_auth_method else { return Ok(None) };
        ClientAuth::named(name)
            .map(Some)
            .ok_or_else(|| RegistrationError::ConfiguredAuthMethod(crate::token::words(name, &[])))
    }

    /// How a client with a secret proves itself: `client_secret_basic` is the default (RFC 8414 §2), and what every server
    /// with secrets MUST take (RFC 6749 §2.3.1).
    fn secret_method(&self) -> ClientAuth {
        let lists = |name| self.lists(name);
        if lists("client_secret_post") && !lists("client_secret_basic") {
            ClientAuth::ClientSecretPost
        } else {
            ClientAuth::ClientSecretBasic
        }
    }

    fn lists(&self, method: &str) -> bool {
        let methods = self.server.token_endpoint_auth_methods_supported.as_deref();
        methods.unwrap_or_default().iter().any(|known| known == method)
    }
}
