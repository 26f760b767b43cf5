use std::{net::SocketAddr, path::PathBuf, time::SystemTime};

use serde::{Deserialize, Serialize};
use traygate_auth::{SignIn, SignInState};
use traygate_config::Diagnostic;
use traygate_upstream::{Quarantined, ServerSnapshot, State};

use crate::{
    SignInStatus,
    http::{Prepared, Rules},
    server_words,
};

/// The answer of `GET /-/api/status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Traygate's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// Whether it listens with TLS.
    pub tls: bool,
    /// Its config file.
    pub config: Option<PathBuf>,
    /// Whether the key was given at the start (`--api-key`): the config file's `apiKey` does not count then.
    #[serde(default)]
    pub fixed_key: bool,
    /// The servers, in the config file's order.
    pub servers: Vec<ServerStatus>,
    /// What is to be said about the config file as it stands now.
    pub diagnostics: Vec<DiagnosticStatus>,
}

/// One server in a [`Status`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerStatus {
    /// Its key in the config file.
    pub name: String,
    /// The path that its document and tools stand under, percent-encoded; empty where that is the root.
    pub path: String,
    /// A stable word: `disabled`, `connecting`, `ready`, `sign-in-needed`, `backoff` or `failed`.
    pub state: String,
    /// The state in words for a person: "Ready", "Retrying in 8 s", ...
    pub words: String,
    /// Why it is retried, connected again, or stopped, or why a sign-in is needed.
    pub reason: Option<String>,
    /// Its sign-in, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignInStatus>,
    /// How many tools are known of it; `None` before its first Ready.
    pub tools: Option<usize>,
    /// How many tools `disabledTools` leaves out.
    #[serde(default)]
    pub disabled: usize,
    /// The tools that are left out, each by itself.
    #[serde(default)]
    pub quarantined: Vec<QuarantinedStatus>,
    /// The tools that can be used, but not all of whose schema can be shown or checked; the first 100 of them.
    #[serde(default)]
    pub warnings: Vec<WarningStatus>,
}

/// One tool in a [`ServerStatus`] that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedStatus {
    /// Its name, at most 200 characters of it; `#3` is the third of its list, which has none.
    pub name: String,
    /// What is wrong, and what the server's author should do.
    pub reason: String,
}

/// One tool in a [`ServerStatus`] that lost something of its schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningStatus {
    /// Its name, at most 200 characters of it.
    pub name: String,
    /// What is not shown or not checked, at most 500 characters of it.
    pub message: String,
}

/// One [`Diagnostic`] in a [`Status`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiagnosticStatus {
    /// `error` or `warning`.
    pub severity: String,
    /// A stable word, such as `unknown-key`.
    pub code: String,
    /// The server it is about.
    pub server: Option<String>,
    /// Line in the file, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The answer of `GET /-/api/servers/{server}/log`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerLog {
    /// The server's name.
    pub server: String,
    /// Its last lines, oldest first.
    pub lines: Vec<String>,
}

/// A server's state in the words that a person sees, in the tray as on the command line.
pub fn state_words(state: &State, now: SystemTime) -> String {
    match state {
        State::Disabled => "Disabled".to_owned(),
        State::Connecting { last: None } => "Connecting".to_owned(),
        State::Connecting { last: Some(_) } => "Connecting again".to_owned(),
        State::Ready => "Ready".to_owned(),
        State::SignInNeeded => "Needs sign-in".to_owned(),
        State::Backoff { until, .. } => {
            let left = until.duration_since(now).unwrap_or_default();
            format!("Retrying in {} s", left.as_millis().div_ceil(1000).max(1))
        }
        State::Failed { reason } => format!("Stopped: {reason}"),
    }
}

impl ServerStatus {
    /// One server as it is `now`.
    pub(super) fn new(
        server: &ServerSnapshot,
        prepared: Option<&Prepared>,
        sign_in: Option<&SignIn>,
        rules: &Rules,
        now: SystemTime,
    ) -> Self {
        const MOST: usize = 100;
        let (state, reason) = match &server.state {
            State::Disabled => ("disabled", None),
            State::Connecting { last } => ("connecting", last.as_ref()),
            State::Ready => ("ready", None),
            State::SignInNeeded => ("sign-in-needed", None),
            State::Backoff { reason, .. } => ("backoff", Some(reason)),
            State::Failed { reason } => ("failed", Some(reason)),
        };
        let standing = sign_in.map(|sign_in| sign_in.state().borrow().clone());
        let of_sign_in = match &standing {
            Some(SignInState::ReauthNeeded { reason }) => Some(reason),
            Some(SignInState::Failed { reason }) if server.state == State::SignInNeeded => Some(reason),
            _ => None,
        };
        Self {
            name: server.name.to_string(),
            path: rules.server_path(server.name.as_str()),
            state: state.to_owned(),
            words: server_words(&server.state, standing.as_ref(), now),
            reason: reason.or(of_sign_in).map(ToString::to_string),
            sign_in: sign_in.map(SignInStatus::of),
            tools: server.tools.as_ref().map(|set| set.tools.len()),
            disabled: server.tools.as_ref().map_or(0, |set| set.disabled),
            quarantined: server
                .tools
                .iter()
                .flat_map(|set| &set.quarantined)
                .map(|Quarantined { name, reason }| QuarantinedStatus {
                    name: name.chars().take(200).collect(),
                    reason: reason.clone(),
                })
                .collect(),
            warnings: prepared
                .into_iter()
                .flat_map(Prepared::warnings)
                .take(MOST)
                .map(|(name, message)| WarningStatus {
                    name: name.chars().take(200).collect(),
                    message: message.chars().take(500).collect(),
                })
                .collect(),
        }
    }
}

impl From<&Diagnostic> for DiagnosticStatus {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            severity: diagnostic.severity.to_string(),
            code: diagnostic.code.to_owned(),
            server: diagnostic.server.as_ref().map(ToString::to_string),
            line: diagnostic.position.line,
            column: diagnostic.position.column,
            message: diagnostic.message.clone(),
            hint: diagnostic.hint.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn states_are_said_in_the_products_words() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let backoff =
            |millis| State::Backoff { reason: "it broke".into(), until: now + Duration::from_millis(millis) };
        for (state, words) in [
            (State::Disabled, "Disabled"),
            (State::Connecting { last: None }, "Connecting"),
            (State::Connecting { last: Some("it broke".into()) }, "Connecting again"),
            (State::Ready, "Ready"),
            (State::SignInNeeded, "Needs sign-in"),
            (backoff(8_000), "Retrying in 8 s"),
            (backoff(7_001), "Retrying in 8 s"),
            (backoff(0), "Retrying in 1 s"),
            (State::Failed { reason: "no `npx`".into() }, "Stopped: no `npx`"),
        ] {
            assert_eq!(state_words(&state, now), words);
        }
    }
}
