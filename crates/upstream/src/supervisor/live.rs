use std::{fmt, sync::Arc, time::Duration};

use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{connector::Session, log::ServerLog};

/// An open session, as calls and the supervisor share it.
pub(crate) struct Live {
    pub(crate) session: Arc<dyn Session>,
    /// The session's own tasks: it has ended when they have.
    tracker: TaskTracker,
    /// Cancelled when nobody may use the session any more; calls that run on it end then.
    pub(crate) over: CancellationToken,
}

impl Live {
    /// The longest that the end of one session takes. One that takes longer is given up, not waited for.
    const ENDING: Duration = Duration::from_secs(4);

    pub(crate) fn new(session: Arc<dyn Session>, tracker: TaskTracker, over: CancellationToken) -> Self {
        Self { session, tracker, over }
    }

    /// Ends the session and waits until nothing of it is left.
    pub(crate) async fn end(&self, log: &ServerLog) {
        self.over.cancel();
        self.tracker.close();
        let ended = timeout(Self::ENDING, async {
            self.session.close().await;
            self.tracker.wait().await;
        });
        if ended.await.is_err() {
            log.push("warning: its connection did not end in time and was given up");
        }
    }

    /// Waits until nothing is left of an attempt that opened no session.
    pub(crate) async fn clear(tracker: &TaskTracker, log: &ServerLog) {
        tracker.close();
        if timeout(Self::ENDING, tracker.wait()).await.is_err() {
            log.push("warning: a failed start did not end in time and was given up");
        }
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("over", &self.over.is_cancelled()).finish_non_exhaustive()
    }
}
