//! The subcommands.

mod check;
mod openapi;
mod secret;
mod sign_in;
mod sign_out;
mod status;

pub(crate) use self::{
    check::check, openapi::openapi, secret::secret, sign_in::sign_in, sign_out::sign_out, status::status,
};
