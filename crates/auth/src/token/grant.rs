//! The grants that one request and one answer make (RFC 6749 §4.1.3, §4.4, §6).

use std::time::SystemTime;

use secrecy::{ExposeSecret as _, SecretString};

use super::{TokenError, Tokens, answer, answer::Granted, request::Form, transport::Transport};
use crate::{Scopes, authorization::Pending, client::Client, discovery::AuthorizationServer, issuer::Issuer};

/// Gives the code for tokens. It goes to the authorization server that the request was made for (RFC 9207 §2.4: the
/// mix-up attack sends it elsewhere), with the verifier, the redirect URI and the resource of that request.
pub(crate) async fn exchange(
    transport: &dyn Transport,
    server: &AuthorizationServer,
    client: &Client,
    pending: &Pending,
    code: &SecretString,
) -> Result<Tokens, TokenError> {
    same_issuer(server, client, &pending.issuer)?;
    let form = Form::new(&server.token_endpoint, client)
        .with("grant_type", "authorization_code")
        .with_secret("code", code.expose_secret())
        .with("redirect_uri", pending.redirect_uri.as_str())
        .with_secret("code_verifier", pending.verifier.expose_secret())
        .with_resource(pending.resource.as_deref());
    let (granted, now) = ask(transport, &form).await?;
    Ok(Tokens::new(server, granted, &pending.scopes, pending.resource.clone(), now))
}

/// Gives the refresh token for new tokens. The old one stays where none is given in its place (RFC 6749 §6). `scope` is
/// sent only where it is asked for: some authorization servers forget scopes otherwise (Entra).
pub(crate) async fn refresh(
    transport: &dyn Transport,
    server: &AuthorizationServer,
    client: &Client,
    tokens: &Tokens,
    scope: Option<&Scopes>,
) -> Result<Tokens, TokenError> {
    same_issuer(server, client, &tokens.issuer)?;
    let Some(refresh_token) = &tokens.refresh_token else {
        return Err(TokenError::InvalidGrant { words: "it gave no refresh token".into() });
    };
    let form = Form::new(&server.token_endpoint, client)
        .with("grant_type", "refresh_token")
        .with_secret("refresh_token", refresh_token.expose_secret())
        .with_scopes(scope)
        .with_resource(tokens.resource.as_deref());
    let (granted, now) = ask(transport, &form).await?;
    let granted = Granted {
        refresh_token: granted.refresh_token.or_else(|| Some(refresh_token.clone())),
        scope: granted.scope.or_else(|| Some(tokens.granted.clone())),
        ..granted
    };
    Ok(Tokens::new(server, granted, &tokens.requested, tokens.resource.clone(), now))
}

/// Asks for the machine's own tokens.
pub(crate) async fn client_credentials(
    transport: &dyn Transport,
    server: &AuthorizationServer,
    client: &Client,
    scopes: &Scopes,
    resource: Option<&str>,
) -> Result<Tokens, TokenError> {
    same_issuer(server, client, &server.issuer)?;
    if client.client_secret.is_none() {
        return Err(TokenError::SecretNeeded);
    }
    let form = Form::new(&server.token_endpoint, client)
        .with("grant_type", "client_credentials")
        .with_scopes(Some(scopes))
        .with_resource(resource);
    let (granted, now) = ask(transport, &form).await?;
    Ok(Tokens::new(server, granted, scopes, resource.map(Into::into), now))
}

/// "Client credentials MUST NOT be used with another authorization server" (MCP 2026-07-28, client registration), nor do
/// codes and tokens go there.
pub(super) fn same_issuer(
    server: &AuthorizationServer,
    client: &Client,
    issuer: &Issuer,
) -> Result<(), TokenError> {
    if server.issuer == *issuer && client.issuer == *issuer { Ok(()) } else { Err(TokenError::OtherIssuer) }
}

/// One request; and when it began, for a token's life begins before its answer arrives.
async fn ask(transport: &dyn Transport, form: &Form<'_>) -> Result<(Granted, SystemTime), TokenError> {
    let now = SystemTime::now();
    let answer = transport.send(form.request()?).await?;
    Ok((answer::read(&answer, form.secrets(), now)?, now))
}
