//! From addresses to served connections.

mod bind;
mod door;
mod opening;
mod port_owner;
mod serve;
mod tls;

pub(crate) use self::{bind::Bound, serve::Listening, tls::TlsIdentity};
