//! The HTTP side: `POST /{server}/{tool}`, OpenAPI documents, the guard, and the life of the whole gateway.

mod admin;
mod api_key;
mod base_path;
mod folders;
mod gateway;
mod http;
mod listen;
mod logging;
mod merge;
mod opening;
mod options;
mod reload;
mod sign_in;
mod signals;
mod variables;

pub use admin::{
    DiagnosticStatus, QuarantinedStatus, RunningGateway, ServerLog, ServerStatus, Status, WarningStatus,
    state_words,
};
pub use api_key::new_key;
pub use folders::Folders;
pub use gateway::{Gateway, StartError};
pub use logging::{Held, LogLevel, Logging, UnknownLevel};
pub use opening::{refusal, remarks};
pub use options::{ConfigSource, Options, Tls};
pub use sign_in::{
    SignInPolicy, SignInStatus, SignedOutStatus, Terminal, cannot_sign_in, command as sign_in_command,
    server_words, sign_ins,
};
pub use signals::Signals;
pub use variables::inherited;
