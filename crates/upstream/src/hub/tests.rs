use std::time::Duration;

use tokio::time::Instant;
use traygate_auth::KeychainError;
use traygate_config::{Diagnostic, Position, Severity, Template, Upstream};

use super::*;
use crate::{
    State,
    connection::ConnectError,
    fake::{Calls, Fakes, Opens, config, name, plain, server, tool},
};

mod apply;
mod calls;
mod lifecycle;
mod memory;
mod sign_in;

fn transient(reason: &str) -> Opens {
    Opens::Fails(ConnectError::Transient(reason.into()))
}

fn permanent(reason: &str) -> Opens {
    Opens::Fails(ConnectError::Permanent(reason.into()))
}

fn sentence(result: Result<CallToolResult, CallError>) -> String {
    match result {
        Err(CallError::Unavailable { reason, .. }) => reason.to_string(),
        other => panic!("expected Unavailable, got {other:?}"),
    }
}

/// An entry with a key that is none.
fn invalid(server: &str) -> Entry {
    Entry::Invalid(Diagnostic {
        severity: Severity::Error,
        code: "unknown-key",
        server: Some(name(server)),
        position: Position { line: 7, column: 3 },
        message: "`comand` is not a key of a server.".into(),
        hint: Some("Did you mean `command`?".into()),
    })
}

fn is_backoff(state: &State) -> bool {
    matches!(state, State::Backoff { .. })
}
