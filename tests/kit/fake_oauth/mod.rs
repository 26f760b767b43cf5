//! An authorization server and an MCP server that it protects, written by hand: honest, and dishonest in every way that
//! they are told to be. They live in the test's own process, so that a test switches them and reads what they saw.

mod authorization;
mod behaviour;
mod device;
mod http;
mod metadata;
mod protected;
mod registration;
mod secrets;
mod server;
mod store;
mod token;

pub use behaviour::{Authorize, ClientAuth, Document, Iss, Metadata, Refresh, Registration, Returned, Ttl};
pub use http::Seen;
pub use protected::{Challenge, Guard, Protected};
pub(crate) use secrets::Secrets;
pub use server::AuthorizationServer;
