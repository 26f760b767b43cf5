use std::{sync::Arc, time::Duration};

use rmcp::model::{CallToolResult, ErrorCode, ErrorData, JsonObject};
use tokio::time::{Instant, timeout};

use super::{Live, REFUSED, Status, Supervisor};
use crate::{
    CallContext, CallError, State,
    connection::Limits,
    state::{stopped, unstopped},
    transport::speaks_of_session,
};

/// The longest that a call waits for anything but its answer: for a server that was Ready to come back, and for word of
/// what became of one that it was lost with.
const PATIENCE: Duration = Duration::from_secs(5);
/// When to try again a server that is just coming back.
const MOMENT: Duration = Duration::from_secs(1);
/// How long after the loss of a call its whole session may turn out to be lost.
const AFTERMATH: Duration = Duration::from_millis(100);

impl Supervisor {
    /// Calls a tool on the open session; waits for one only where the server was Ready and is gone.
    pub(crate) async fn call(
        &self,
        tool: &str,
        arguments: JsonObject,
        context: CallContext,
    ) -> Result<CallToolResult, CallError> {
        if let Some(server) = self.server()
            && server.disabled_tools.contains(tool)
        {
            let message = format!("the tool `{tool}` of `{}` is disabled in the config file", self.name);
            return Err(CallError::Rpc(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, message, None)));
        }
        let silence = self.server().map_or(Duration::MAX, |server| server.timeout);
        let begun = Instant::now();
        let live = self.open_session().await?;
        let patience = PATIENCE.saturating_sub(begun.elapsed());
        let limits = Limits { silence, farewell: patience.saturating_sub(AFTERMATH) };
        let result = tokio::select! {
            biased;
            result = live.session.call(tool, arguments, context, limits) => result,
            () = live.over.cancelled() => {
                let what = if self.stop.is_cancelled() { "was stopped" } else { "ended its connection" };
                return Err(CallError::ConnectionLost(format!("`{}` {what}", self.name).into()));
            }
        };
        match result {
            Err(error) => Err(self.failed(&live, error, patience).await),
            answered => answered,
        }
    }

    /// What a failed call says of its session, and to its caller.
    async fn failed(&self, live: &Live, error: CallError, patience: Duration) -> CallError {
        match error {
            CallError::ConnectionLost(reason) => {
                self.after_loss(live, patience).await;
                CallError::ConnectionLost(self.log.redact(&reason).into())
            }
            // It is the token that is missing for a while, not the session.
            CallError::Unavailable { reason, retry_after: retry_after @ Some(_) } => {
                let reason = self.log.redact(&reason);
                let reason = format!("`{}` is not available: {}", self.name, stopped(&reason));
                CallError::Unavailable { reason: reason.into(), retry_after }
            }
            // Nothing was sent, and what it was is gone: it is the caller's to send again.
            CallError::Unavailable { reason, .. } => {
                self.after_loss(live, patience).await;
                let reason = self.log.redact(&reason);
                let reason = format!(
                    "`{}` was lost and is reconnecting: {}; try again in a moment.",
                    self.name,
                    unstopped(&reason)
                );
                CallError::Unavailable { reason: reason.into(), retry_after: Some(MOMENT) }
            }
            CallError::SignInNeeded if self.has_authorization() => {
                self.doubted.notify_one();
                let reason = format!("`{}` cannot be used: {REFUSED}", self.name);
                CallError::Unavailable { reason: reason.into(), retry_after: None }
            }
            // Of a call too slow, or of a connection that fell silent: a look at the session tells.
            error @ (CallError::SignInNeeded | CallError::Timeout(_)) => {
                self.doubted.notify_one();
                error
            }
            // Too little to send the call again, enough to look: a list renews a session that is lost.
            CallError::Rpc(error) if speaks_of_session(&error) => {
                self.doubted.notify_one();
                CallError::Rpc(error)
            }
            other => other,
        }
    }

    /// A lost call may mean a lost session. Then nobody is to use it again, so that the next call finds it gone and has
    /// the server reconnected; one that seems to live on is left to its other calls, and looked at.
    async fn after_loss(&self, live: &Live, patience: Duration) {
        if timeout(AFTERMATH.min(patience), live.session.closed()).await.is_ok() {
            live.over.cancel();
        } else {
            self.doubted.notify_one();
        }
    }

    async fn open_session(&self) -> Result<Arc<Live>, CallError> {
        match self.current() {
            Some(live) => Ok(live),
            None => self.reconnected().await,
        }
    }

    fn current(&self) -> Option<Arc<Live>> {
        self.live.load_full().filter(|live| !live.over.is_cancelled() && !live.session.is_closed())
    }

    /// Has a server that is gone reconnected at once, and waits for the end of that attempt.
    async fn reconnected(&self) -> Result<Arc<Live>, CallError> {
        let mut status = self.status.subscribe();
        let attempts = {
            let seen = status.borrow_and_update();
            if !seen.returning {
                return self.current().ok_or_else(|| self.unavailable(&seen));
            }
            seen.attempts
        };
        self.wanted.notify_one();
        let waiting = async {
            loop {
                if let Some(live) = self.current() {
                    return Some(live);
                }
                let changed = status.changed().await.is_ok();
                let seen = status.borrow_and_update();
                if !changed || !seen.returning || (seen.attempts != attempts && seen.state != State::Ready) {
                    return None;
                }
            }
        };
        let live = tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            live = timeout(PATIENCE, waiting) => live.ok().flatten(),
        };
        live.ok_or_else(|| self.unavailable(&self.status.borrow()))
    }

    fn unavailable(&self, status: &Status) -> CallError {
        let moment = Some(MOMENT);
        let because =
            |reason: String, retry_after| CallError::Unavailable { reason: reason.into(), retry_after };
        if self.stop.is_cancelled() {
            return because(format!("`{}` was stopped; try again in a moment.", self.name), moment);
        }
        match &status.state {
            State::Connecting { last } if status.returning => because(
                format!(
                    "`{}` was lost and is still reconnecting; try again in a moment.{}",
                    self.name,
                    last.as_deref()
                        .map_or_else(String::new, |last| format!(" What went wrong: {}", stopped(last)))
                ),
                moment,
            ),
            State::Ready if status.returning => because(
                format!("`{}` was lost and is still reconnecting; try again in a moment.", self.name),
                moment,
            ),
            state => state.unavailable(&self.name).unwrap_or_else(|| {
                because(format!("`{}` is just becoming ready; try again.", self.name), moment)
            }),
        }
    }
}
