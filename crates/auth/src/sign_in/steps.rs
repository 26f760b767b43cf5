//! The parts that sign-ins of every flow share: the authorization server, the client, the end that receives.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime},
};

use tokio::time::timeout;
use url::Url;

use super::{
    NotNow, SignIn, SignInRequest, SignInState,
    flow::sentence,
    held::{not_now, unkept},
    sign_ins::locked,
};
use crate::{
    Challenge, Flow, Grant, Scopes,
    authorization::{initial, resource},
    client::{Client, ClientAuth, ClientOrigin},
    credential::StoreError,
    discovery::{Discovered, Start, discover},
    http::Http,
    issuer::Issuer,
    redirect::{End, Listener},
    registration::{Registration, RegistrationError},
    token::Tokens,
};

/// How long a server that is only being started may take to its first refusal. One that needs no sign-in never refuses.
const FIRST_WORD: Duration = Duration::from_secs(5);

impl SignIn {
    /// One for all that is asked of this server's authorization servers: it holds their connections.
    pub(super) fn http(&self) -> Result<Http, String> {
        let mut http = locked(&self.http);
        if let Some(http) = &*http {
            return Ok(http.clone());
        }
        let new = Http::new(&self.id.url, self.options.allow_private_addresses);
        Ok(http.insert(new.map_err(|error| sentence(&error))?).clone())
    }

    /// Looks for the authorization server anew: it may have moved.
    pub(super) async fn discover(&self, http: &Http) -> Result<Discovered, String> {
        self.state.send_replace(SignInState::Discovering);
        let challenge = self.first_word().await;
        let preferred = self.held().tokens().map(|tokens| tokens.issuer.clone());
        let start = Start {
            server: &self.id.url,
            challenge: &challenge,
            hint: self.options.server_url.as_ref(),
            preferred: preferred.as_ref(),
        };
        discover(http, start).await.map_err(|error| sentence(&error))
    }

    /// What the server says of its sign-in. One that begins before the server was asked anything waits for that: its
    /// refusal names the metadata and the scopes.
    async fn first_word(&self) -> Challenge {
        let mut challenge = self.challenge.subscribe();
        if self.held().tokens().is_none() {
            let _ = timeout(FIRST_WORD, challenge.wait_for(Option::is_some)).await;
        }
        challenge.borrow().clone().unwrap_or_default()
    }

    /// What to ask for: more than before where the server wanted more.
    pub(super) fn scopes(&self, discovered: &Discovered) -> Scopes {
        let challenged = self.challenge.borrow().as_ref().and_then(|challenge| challenge.scope.clone());
        let refreshes = self.options.grant == Grant::AuthorizationCode;
        let first = initial(
            self.options.scope.as_ref(),
            challenged.as_ref(),
            discovered.resource.as_ref(),
            &discovered.server,
            refreshes,
        );
        match locked(&self.step_ups).begin() {
            Some(wanted) => wanted,
            None => first,
        }
    }

    pub(super) fn resource(&self, discovered: &Discovered) -> Option<String> {
        resource(&self.options.resource, discovered.resource.as_ref(), &self.id.url)
    }

    /// Where the response of a flow comes in; the listener lives as long as it is held.
    pub(super) async fn receive(&self, flow: Flow) -> Result<(Url, Option<Arc<Listener>>), String> {
        let listeners = &self.all.0.listeners;
        match End::choose(&self.options, flow, self.all.callback().as_ref()) {
            End::Gateway(uri) | End::Elsewhere(uri) => Ok((uri, None)),
            End::Listener(uri) => Ok((uri.clone(), Some(listeners.at(&uri, &self.all).await?))),
            End::OwnListener(host) => {
                let (listener, uri) = listeners.own(host, &self.all).await?;
                Ok((uri, Some(listener)))
            }
        }
    }

    /// This program as the authorization server knows it; registered where need be, and kept before anything is asked in
    /// its name.
    pub(super) async fn client(
        &self,
        http: &Http,
        discovered: &Discovered,
        flow: Flow,
        redirect_uri: &Url,
        scopes: &Scopes,
        request: &SignInRequest,
    ) -> Result<Client, String> {
        self.state.send_replace(SignInState::Registering);
        let server = &discovered.server;
        let kept = match &request.client {
            Some((client_id, client_secret)) => Some(Client {
                issuer: server.issuer.clone(),
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
                client_secret_expires_at: None,
                auth_method: ClientAuth::None,
                redirect_uri: None,
                origin: ClientOrigin::PreRegistered,
            }),
            None => self.kept_client(&server.issuer).await.map_err(|error| unkept(&error))?,
        };
        let registration =
            Registration { server, options: &self.options, flow, redirect_uri, scopes, kept: kept.as_ref() };
        let client = registration.client(http, SystemTime::now()).await.map_err(|error| {
            let needed = matches!(error, RegistrationError::ClientNeeded { .. });
            self.needs_client.store(needed, Ordering::Relaxed);
            sentence(&error)
        })?;
        if client.origin == ClientOrigin::MetadataDocument {
            // The tokens to come are not those of an earlier registration.
            self.forget_client(&client.issuer).await;
        } else {
            // Of the config's own client the issuer is remembered alone; its secret stands in one place.
            let mut kept = client.clone();
            kept.client_secret = kept.client_secret.filter(|_| self.options.client_id.is_none());
            let _lock = self.store.lock(&self.id).await.map_err(|error| unkept(&error))?;
            let saved = self.store.save_client(&self.id, &kept).await;
            saved.map_err(|error| unkept(&error))?;
        }
        Ok(client)
    }

    /// The client of this issuer; else one that was registered by hand with another, which is not to be used unseen.
    async fn kept_client(&self, issuer: &Issuer) -> Result<Option<Client>, StoreError> {
        let mut clients = self.store.clients(&self.id).await?;
        let own = clients.iter().position(|client| client.issuer == *issuer);
        let by_hand = |client: &Client| client.origin == ClientOrigin::PreRegistered;
        let position = own.or_else(|| clients.iter().position(by_hand));
        Ok(position.map(|position| clients.swap_remove(position)))
    }

    /// The client that tokens of `issuer` belong to.
    pub(super) async fn client_of(&self, tokens: &Tokens) -> Result<Option<Client>, StoreError> {
        let configured = tokens.server.as_deref().and_then(|server| {
            let redirect_uri =
                self.all.callback().or_else(|| Url::parse("http://127.0.0.1/callback").ok())?;
            let registration = Registration {
                server,
                options: &self.options,
                flow: self.options.flow,
                redirect_uri: &redirect_uri,
                scopes: &tokens.requested,
                kept: None,
            };
            registration.configured().ok().flatten()
        });
        match self.store.client(&self.id, &tokens.issuer).await? {
            Some(registered) if registered.origin == ClientOrigin::Dynamic => Ok(Some(registered)),
            kept => Ok(configured.or(kept)),
        }
    }

    /// The authorization server forgot this client.
    pub(super) async fn forget_client(&self, issuer: &Issuer) {
        if let Err(error) = self.store.forget_client(&self.id, issuer).await {
            tracing::warn!(server = %self.id.name, "its registration could not be deleted: {error}");
        }
    }

    /// Saves the tokens of a new sign-in; from now on requests carry them.
    pub(super) async fn store_new(&self, tokens: Tokens) {
        self.state.send_replace(SignInState::Storing);
        {
            let _changing = self.changing.lock().await;
            // Saved in any case: another process that holds it too long is not worth a sign-in.
            let _lock = self.store.lock(&self.id).await;
            self.keep(tokens).await;
        }
        self.settle_mcpo().await;
        self.signed_in();
    }

    /// The server is gone from the config.
    pub(super) async fn forget(&self) {
        let _changing = self.changing.lock().await;
        if let Err(error) = self.store.forget(&self.id).await {
            let reason = NotNow(not_now(&error));
            tracing::warn!(server = %self.id.name, "its credentials could not be deleted: {reason}");
        }
    }
}
