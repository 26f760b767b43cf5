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

fn is_backoff(state: &State) -> bool {
    matches!(state, State::Backoff { .. })
}
