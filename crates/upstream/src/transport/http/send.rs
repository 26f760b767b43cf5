//! Every request to a server, of both transports, goes out here, with the token of its sign-in.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use reqwest::{Request, RequestBuilder, Response};
use traygate_auth::{Bearer, Challenge, NotNow, Verdict};
use url::Url;

use super::client::{HttpClient, HttpError};
use crate::token_source::TokenSource;

impl HttpClient {
    /// Sends a request, with the access token in its header ("Authorization MUST be included in every HTTP request from
    /// client to server", MCP 2026-07-28, authorization: token requirements). A refusal says that it did not run: it is
    /// sent once more where the sign-in has another token for it. Any other answer is the caller's to read.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, HttpError> {
        let request = request.build()?;
        match &self.sign_in {
            Some(sign_in) if self.takes_token(&request) => {
                self.send_signed_in(sign_in.as_ref(), request).await
            }
            _ => self.send_as_it_is(request).await,
        }
    }

    /// The caller's own `Authorization` stands; and a token goes to nobody but the server that it was issued for.
    fn takes_token(&self, request: &Request) -> bool {
        !request.headers().contains_key(header::AUTHORIZATION) && is_same_origin(request.url(), &self.server)
    }

    async fn send_as_it_is(&self, request: Request) -> Result<Response, HttpError> {
        let sent = request.headers().get(header::AUTHORIZATION).cloned();
        let response = self.client.execute(request).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let is_callers = sent.is_some() && sent != self.configured;
        Err(if is_callers { HttpError::CallersRefused } else { HttpError::SignInNeeded })
    }

    async fn send_signed_in(&self, sign_in: &dyn TokenSource, first: Request) -> Result<Response, HttpError> {
        let second = first.try_clone();
        let bearer = sign_in.bearer().await.map_err(|NotNow(reason)| HttpError::NotNow(reason))?;
        let response = self.send_with(first, bearer.as_ref()).await?;
        let Some(challenge) = refusal(response.status(), response.headers()) else { return Ok(response) };
        drop(response);
        let again = match sign_in.refused(bearer.as_ref(), challenge).await {
            Verdict::Again(bearer) => bearer,
            Verdict::SignInNeeded => return Err(HttpError::SignInNeeded),
            Verdict::NotNow(reason) => return Err(HttpError::NotNow(reason)),
        };
        let Some(second) = second else { return Err(HttpError::SignInNeeded) };
        let response = self.send_with(second, Some(&again)).await?;
        let Some(challenge) = refusal(response.status(), response.headers()) else { return Ok(response) };
        // It learns what a person is to be asked for, and that this token is no good either.
        sign_in.refused(Some(&again), challenge).await;
        Err(HttpError::SignInNeeded)
    }

    async fn send_with(&self, mut request: Request, bearer: Option<&Bearer>) -> Result<Response, HttpError> {
        if let Some(bearer) = bearer {
            let token = bearer.token();
            self.log.hide_token(token);
            let Ok(mut value) = HeaderValue::try_from(format!("Bearer {token}")) else {
                let reason =
                    "its access token holds characters that no header may hold; sign out and in again";
                return Err(HttpError::NotNow(reason.into()));
            };
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        Ok(self.client.execute(request).await?)
    }
}

/// What a refusal asks for: 401, with or without a challenge, and of 403 what is about the token (RFC 6750 §3.1). Any other
/// 403 no sign-in helps.
fn refusal(status: StatusCode, headers: &HeaderMap) -> Option<Challenge> {
    match status {
        StatusCode::UNAUTHORIZED => Some(Challenge::parse(headers)),
        StatusCode::FORBIDDEN => Some(Challenge::parse(headers)).filter(|challenge| {
            challenge.is_insufficient_scope() || challenge.error.as_deref() == Some("invalid_token")
        }),
        _ => None,
    }
}

fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}
