//! The sign-ins that need no redirect: a code on another device (RFC 8628), and the machine's own (RFC 6749 §4.4).

use super::{SignIn, SignInRequest, SignInState, flow::sentence, renewal::Refusal};
use crate::{
    Flow, Scopes,
    client::Client,
    discovery::Discovered,
    http::Http,
    token::{TokenError, Tokens, authorize_device, client_credentials},
};

impl SignIn {
    /// A person types a code elsewhere.
    pub(super) async fn device_sign_in(
        &self,
        http: &Http,
        discovered: &Discovered,
        scopes: &Scopes,
        request: &SignInRequest,
    ) -> Result<(), String> {
        let client = self.client_without_redirect(http, discovered, Flow::Device, scopes, request).await?;
        let resource = self.resource(discovered);
        let server = &discovered.server;
        let authorization = authorize_device(http, server, &client, scopes, resource.as_deref())
            .await
            .map_err(|error| sentence(&error))?;
        let code = authorization.code.clone();
        if request.open {
            self.open(code.verification_uri_complete.as_ref().unwrap_or(&code.verification_uri));
        }
        self.state.send_replace(SignInState::AwaitingDevice(code));
        let tokens = authorization.tokens(http, server, &client).await.map_err(|error| sentence(&error))?;
        self.store_new(tokens).await;
        Ok(())
    }

    /// Nobody is asked.
    pub(super) async fn own_sign_in(
        &self,
        http: &Http,
        discovered: &Discovered,
        scopes: &Scopes,
    ) -> Result<(), String> {
        let request = SignInRequest::default();
        let client =
            self.client_without_redirect(http, discovered, self.options.flow, scopes, &request).await?;
        let resource = self.resource(discovered);
        self.state.send_replace(SignInState::Exchanging);
        let tokens = client_credentials(http, &discovered.server, &client, scopes, resource.as_deref())
            .await
            .map_err(|error| sentence(&error))?;
        self.store_new(tokens).await;
        Ok(())
    }

    /// New tokens of the machine's own, in place of those that end.
    pub(super) async fn own_tokens(&self, kept: &Tokens) -> Result<Tokens, Refusal> {
        let for_now = |reason: String| Refusal::ForNow { reason: reason.into(), retry_after: None };
        let http = self.http().map_err(for_now)?;
        let Some(server) = kept.server.as_deref() else {
            return Err(Refusal::ForGood {
                reason: "Its authorization server is not known any more.".into(),
                dead: false,
            });
        };
        let client =
            self.client_of(kept).await.map_err(|error| for_now(super::held::not_now(&error).to_string()))?;
        let Some(client) = client else {
            return Err(Refusal::ForGood {
                reason: "The client that its token was given to is gone.".into(),
                dead: false,
            });
        };
        let asked = client_credentials(&http, server, &client, &kept.requested, kept.resource.as_deref());
        asked.await.map_err(Refusal::from)
    }

    async fn client_without_redirect(
        &self,
        http: &Http,
        discovered: &Discovered,
        flow: Flow,
        scopes: &Scopes,
        request: &SignInRequest,
    ) -> Result<Client, String> {
        // A registration names a redirect URI all the same (RFC 7591 §2); nothing comes in there.
        let (redirect_uri, _listener) = self.receive(flow).await?;
        self.client(http, discovered, flow, &redirect_uri, scopes, request).await
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        let reason = sentence(&error).into();
        match error {
            TokenError::Transient { retry_after, .. } => Self::ForNow { reason, retry_after },
            // What no RFC knows, a page of a proxy for one, says nothing about the credentials.
            TokenError::Nonsense { .. } => Self::ForNow { reason, retry_after: None },
            TokenError::InvalidGrant { .. } => Self::ForGood { reason, dead: true },
            // A secret that was mistyped, a scope that is gone: the refresh token may live on.
            _ => Self::ForGood { reason, dead: false },
        }
    }
}
