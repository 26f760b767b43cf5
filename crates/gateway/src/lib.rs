//! The HTTP side: `POST /{server}/{tool}`, OpenAPI documents, the guard, and the life of the whole gateway.

mod gateway;
mod http;
mod options;

pub use gateway::{Gateway, StartError};
pub use options::{ConfigSource, Options, Tls};
