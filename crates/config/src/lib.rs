//! The config file: text in, [`Config`] and [`Diagnostic`]s out.
//!
//! Pure: no file, no environment, no clock, no tokio. What a `${...}` stands for is asked of a [`Variables`].

mod address;
mod compat;
mod diagnostic;
mod keys;
mod model;
mod name;
mod oauth;
mod parse;
mod schema;
mod starter;
mod template;
mod text;
mod word;

pub use address::{host_name, origin};
pub use compat::{McpoRemark, McpoVerdict, mcpo_verdict};
pub use diagnostic::{Diagnostic, Position, Severity};
pub use keys::nearest;
pub use model::{
    Config, Elicitation, Entry, HeaderForwarding, HttpUpstream, OperationIds, Server, Settings,
    StdioUpstream, Upstream,
};
pub use name::{InvalidName, ServerName};
pub use oauth::{
    ClientMetadata, OAuth, OAuthFlow, OAuthGrant, RedirectHost, ResourceIndicator, SignInMode,
    TokenEndpointAuthMethod, TokenStorage,
};
pub use parse::{Parsed, parse};
pub use schema::schema;
pub use starter::starter;
pub use template::{Reference, Template, Unresolved, Variables};
