use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;

use super::Admin;
use crate::http::{Elsewhere, Problem, bearer, is_from_here};

/// Lets a request on to the admin API: the token is the guard; the others are fences in case it leaks.
pub(super) async fn guard(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    match check(&admin, &request) {
        Ok(()) => next.run(request).await,
        Err((status, message)) => Problem::new(status, "unauthorized", message).into_response(),
    }
}

fn check(admin: &Admin, request: &Request) -> Result<(), (StatusCode, &'static str)> {
    is_from_here(request.uri(), request.headers(), request.extensions()).map_err(|elsewhere| {
        let message = match elsewhere {
            Elsewhere::Proxy => "The admin API is not served through a proxy.",
            Elsewhere::Peer => "The admin API is for this machine only.",
            Elsewhere::Host => "The admin API answers to localhost and 127.0.0.1 only.",
        };
        (StatusCode::FORBIDDEN, message)
    })?;
    let token = bearer(request.headers());
    let expected = admin.rules.load().admin_token;
    if !token.zip(expected).is_some_and(|(token, expected)| expected.matches(token)) {
        return Err((StatusCode::UNAUTHORIZED, "The admin API needs the token of this start."));
    }
    Ok(())
}
