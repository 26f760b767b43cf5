use std::{sync::Arc, time::SystemTime};

/// What a server is doing, in the words a person sees (DESIGN: Supervisor states).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// `disabled: true` in the file.
    Disabled,
    /// Being started, or its tools being listed.
    Connecting,
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
