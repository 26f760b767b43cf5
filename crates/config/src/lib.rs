//! The config file: text in, [`Config`] and [`Diagnostic`]s out.
//!
//! Pure: no file, no environment, no clock, no tokio. What a `${...}` stands for is asked of a [`Variables`].

mod diagnostic;
mod model;
mod name;
mod template;

pub use diagnostic::{Diagnostic, Position, Severity};
pub use model::{
    Config, Entry, HeaderForwarding, HttpUpstream, OAuth, OperationIds, Server, Settings, StdioUpstream,
    Upstream,
};
pub use name::{InvalidName, ServerName};
pub use template::{Reference, Template, Unresolved, Variables};
