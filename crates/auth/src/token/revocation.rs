use std::time::SystemTime;

use secrecy::ExposeSecret as _;

use super::{TokenError, Tokens, answer, grant::same_issuer, request::Form, transport::Transport};
use crate::{client::Client, discovery::AuthorizationServer};

/// Takes tokens back (RFC 7009): the refresh token first, for with it often goes the access token, then the access token.
/// `false` where the authorization server offers no revocation. A token that it does not know is answered 200 as well
/// (§2.2).
pub(crate) async fn revoke(
    transport: &dyn Transport,
    server: &AuthorizationServer,
    client: &Client,
    tokens: &Tokens,
) -> Result<bool, TokenError> {
    same_issuer(server, client, &tokens.issuer)?;
    let Some(endpoint) = &server.revocation_endpoint else { return Ok(false) };
    let refresh_token = tokens.refresh_token.as_ref().map(|token| ("refresh_token", token));
    let mut outcome = Ok(true);
    for (hint, token) in refresh_token.into_iter().chain([("access_token", &tokens.access_token)]) {
        let form = Form::new(endpoint, client)
            .with_secret("token", token.expose_secret())
            .with("token_type_hint", hint);
        let revoked = async {
            let answer = transport.send(form.request()?).await?;
            // Its body says nothing that is needed: "all necessary information is conveyed in the response code" (§2.2).
            if answer.status.is_success() {
                return Ok(());
            }
            match answer::fields(&answer, form.secrets(), SystemTime::now()) {
                // An access token that cannot be taken back ends by itself (§2.2.1).
                Err(TokenError::Refused { words })
                    if hint == "access_token" && words.starts_with("unsupported_token_type") =>
                {
                    Ok(())
                }
                Err(error) => Err(error),
                Ok(_) => Ok(()),
            }
        };
        // One that stays is no reason to leave the other.
        if let Err(error) = revoked.await {
            outcome = outcome.and(Err(error));
        }
    }
    outcome
}
