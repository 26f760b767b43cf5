use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime},
};

use traygate_config::ServerName;

use crate::CallError;

/// What a server is doing, in the words that a person sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// `disabled: true` in the file.
    Disabled,
    /// Being started, or its tools being listed.
    Connecting {
        /// Where it is not the first time: why the attempt or the connection before this one ended.
        last: Option<Arc<str>>,
    },
    /// Answering.
    Ready,
    /// It answered 401: waits for a person. Never polls.
    SignInNeeded,
    /// It failed and is tried again at `until`.
    Backoff {
        /// What failed: one sentence that names the server's command or URL, and what to do.
        reason: Arc<str>,
        /// When the next attempt starts.
        until: SystemTime,
    },
    /// It cannot work until the config changes: one sentence.
    Failed {
        /// Why.
        reason: Arc<str>,
    },
}

impl State {
    /// When it makes sense to ask again for a server that is being started.
    const MOMENT: Duration = Duration::from_secs(2);

    /// Why a call of `server` cannot be made now; `None` while it is Ready.
    pub(crate) fn unavailable(&self, server: &ServerName) -> Option<CallError> {
        let (reason, retry_after) = match self {
            Self::Ready => return None,
            Self::SignInNeeded => return Some(CallError::SignInNeeded),
            Self::Disabled => (
                format!(
                    "`{server}` is disabled. Remove `\"disabled\": true` from its entry in the config file."
                ),
                None,
            ),
            Self::Connecting { last: None } => {
                (format!("`{server}` is still starting; try again in a moment."), Some(Self::MOMENT))
            }
            Self::Connecting { last: Some(reason) } => (
                format!(
                    "`{server}` is starting again; try again in a moment. What went wrong before: {}",
                    stopped(reason)
                ),
                Some(Self::MOMENT),
            ),
            Self::Backoff { reason, until } => {
                let left = until.duration_since(SystemTime::now()).unwrap_or_default();
                let seconds = left.as_secs_f64().ceil().max(1.0);
                (
                    format!("`{server}` is not available: {} Retrying in {seconds} s.", stopped(reason)),
                    Some(Duration::from_secs_f64(seconds)),
                )
            }
            Self::Failed { reason } => (format!("`{server}` could not start: {}", stopped(reason)), None),
        };
        Some(CallError::Unavailable { reason: reason.into(), retry_after })
    }
}

/// A sentence with an end, for others to follow.
pub(crate) fn stopped(sentence: &str) -> Cow<'_, str> {
    let sentence = sentence.trim_end();
    let ended = sentence.ends_with(['.', '?', '!']);
    if ended { sentence.into() } else { format!("{sentence}.").into() }
}

/// A sentence without its full stop, for another to go on.
pub(crate) fn unstopped(sentence: &str) -> &str {
    sentence.trim_end().trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(state: &State) -> (String, Option<Duration>) {
        let server = ServerName::new("github").expect("a name");
        match state.unavailable(&server) {
            Some(CallError::Unavailable { reason, retry_after }) => (reason.to_string(), retry_after),
            other => panic!("{state:?} gave {other:?}"),
        }
    }

    #[test]
    fn each_state_says_which_server_why_and_what_to_do() {
        let reason: Arc<str> = "command `npx` was not found. Install Node.js.".into();
        let soon = SystemTime::now() + Duration::from_hours(1);
        let (text, retry) = sentence(&State::Connecting { last: None });
        assert_eq!(text, "`github` is still starting; try again in a moment.");
        assert!(retry.is_some());
        let (text, retry) = sentence(&State::Connecting { last: Some("it exited with code 1".into()) });
        assert_eq!(
            text,
            "`github` is starting again; try again in a moment. What went wrong before: it exited with code 1."
        );
        assert!(retry.is_some());
        let (text, retry) = sentence(&State::Failed { reason: Arc::clone(&reason) });
        assert_eq!(text, "`github` could not start: command `npx` was not found. Install Node.js.");
        assert_eq!(retry, None);
        let (text, retry) = sentence(&State::Backoff { reason, until: soon });
        let (why, when) = text.split_once(". Retrying in ").expect("a time");
        assert_eq!(why, "`github` is not available: command `npx` was not found. Install Node.js");
        let seconds = retry.expect("a time").as_secs();
        assert_eq!(when, format!("{seconds} s."));
        assert!((3_000..=3_600).contains(&seconds));
        let (text, retry) = sentence(&State::Disabled);
        assert!(text.starts_with("`github` is disabled.") && retry.is_none());
    }

    #[test]
    fn a_reason_ends_with_one_mark() {
        let failed = |reason: &str| sentence(&State::Failed { reason: reason.into() }).0;
        assert_eq!(failed("did you mean `command`?"), "`github` could not start: did you mean `command`?");
        assert_eq!(failed("no key"), "`github` could not start: no key.");
        let state = State::Backoff { reason: "is it running?".into(), until: SystemTime::UNIX_EPOCH };
        assert_eq!(sentence(&state).0, "`github` is not available: is it running? Retrying in 1 s.");
    }

    #[test]
    fn a_retry_that_is_due_is_a_second_away() {
        let state = State::Backoff { reason: "it broke".into(), until: SystemTime::UNIX_EPOCH };
        assert_eq!(
            sentence(&state),
            ("`github` is not available: it broke. Retrying in 1 s.".into(), Some(Duration::from_secs(1)))
        );
    }

    #[test]
    fn ready_is_available_and_a_sign_in_is_its_own_error() {
        let server = ServerName::new("github").expect("a name");
        assert!(State::Ready.unavailable(&server).is_none());
        assert!(matches!(State::SignInNeeded.unavailable(&server), Some(CallError::SignInNeeded)));
    }
}
