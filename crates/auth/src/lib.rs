//! Sign-in to MCP servers by OAuth 2.1 (MCP specification 2026-07-28, basic/authorization), and the OS keychain. Knows no
//! config types.
//!
//! ```text
//! 401 + Challenge --> discovery --> registration --> authorization --> token --> credential
//!                     RFC 9728      RFC 7591, CIMD   PKCE, RFC 8707    RFC 6749   keychain, file, memory
//!                     RFC 8414                       RFC 9207          RFC 8628
//! ```
//!
//! [`SignIns`] is the whole of it for one gateway, [`SignIn`] that of one server.

mod authorization;
mod challenge;
mod client;
mod credential;
mod discovery;
mod endpoint;
mod http;
mod issuer;
mod keychain;
mod options;
mod redirect;
mod registration;
mod scopes;
mod server_id;
mod sign_in;
mod token;

pub use challenge::Challenge;
pub use keychain::{Keychain, KeychainError};
pub use options::{ClientMetadata, Flow, Grant, RedirectHost, ResourceIndicator, SignInOptions, StorageType};
pub use redirect::SystemBrowser;
pub use scopes::Scopes;
pub use server_id::ServerId;
pub use sign_in::{
    Awaiting, Bearer, Browser, DeviceCode, Landing, NotNow, SignIn, SignInRequest, SignInState, SignIns,
    SignedOut, Surroundings, Verdict,
};
