use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::attempt::{Listing, Outcome};
use crate::{CallError, connection::ConnectError};

/// What is under way on a task of its own. It takes no harm from not being looked at.
pub(super) enum Work {
    Nothing,
    Attempt(JoinHandle<Outcome>, CancellationToken),
    List(JoinHandle<Result<Listing, CallError>>),
    /// The end of a session that broke.
    End(JoinHandle<()>),
}

/// What [`Work`] came to.
pub(super) enum Done {
    Attempt(Outcome),
    List(Result<Listing, CallError>),
    End,
}

impl Work {
    /// Waits for the end of what is under way; for ever where nothing is.
    pub(super) async fn done(&mut self) -> Done {
        let done = match self {
            Self::Nothing => std::future::pending().await,
            Self::Attempt(attempt, _) => Done::Attempt(attempt.await.unwrap_or_else(|_| {
                let reason = "starting it failed inside Traygate; its log says how";
                Outcome { opened: Err(ConnectError::Transient(reason.into())), sign_in: None }
            })),
            Self::List(list) => Done::List(list.await.unwrap_or_else(|_| {
                Err(CallError::ConnectionLost("reading its tools failed inside Traygate".into()))
            })),
            Self::End(end) => {
                let _ = end.await;
                Done::End
            }
        };
        *self = Self::Nothing;
        done
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }
}
