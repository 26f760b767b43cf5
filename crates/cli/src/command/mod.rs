//! The subcommands.

mod check;
mod openapi;
mod secret;
mod status;

pub(crate) use self::{check::check, openapi::openapi, secret::secret, status::status};
