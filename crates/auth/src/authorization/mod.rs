//! The authorization request and its response: PKCE (RFC 7636), `state`, `resource` (RFC 8707), `iss` (RFC 9207).

mod error;
mod request;
mod resource;
mod response;
mod scope;

#[cfg(test)]
mod tests;

pub(crate) use self::{
    error::AuthorizationError,
    request::{AuthorizationRequest, Pending},
    resource::resource,
    response::AuthorizationResponse,
    scope::{OFFLINE_ACCESS, initial},
};
