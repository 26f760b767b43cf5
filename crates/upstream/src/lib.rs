//! The MCP client side: a [`Hub`] of servers, one supervisor each, and the [`Catalogue`] of their tools.

mod call;
mod catalogue;
mod connection;
mod connector;
mod demo;
mod environment;
#[cfg(test)]
mod fake;
mod fingerprint;
mod hub;
mod log;
mod one_line;
mod process;
mod publisher;
mod redact;
mod resolve;
mod state;
mod store;
mod supervisor;
mod token_source;
mod transport;
mod world;

pub use call::{CallContext, CallError};
pub use catalogue::{Catalogue, Quarantined, ServerInfo, ServerSnapshot, ToolEntry, ToolSet, tool_count};
pub use environment::Environment;
pub use hub::Hub;
pub use one_line::one_line;
pub use process::{guardian_main, login_shell_path};
pub use resolve::not_found;
pub use state::State;
