use std::{sync::Arc, time::Duration};

use rmcp::model::ErrorCode;
use tokio::{sync::watch, time::Instant, time::timeout_at};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use traygate_config::Server;

use super::{Live, REFUSED, sign_in_watch::SignInWatch};
use crate::{
    CallError, ServerInfo,
    catalogue::ToolList,
    connection::{ConnectError, Era, Surroundings},
    connector::Session,
    log::ServerLog,
    resolve::{ResolvedServer, has_authorization, resolve},
    world::World,
};

/// One try to get a server Ready. Whatever comes of it, it leaves nothing half open behind.
pub(crate) struct Attempt {
    pub(crate) world: Arc<World>,
    pub(crate) server: Server,
    pub(crate) log: ServerLog,
    pub(crate) era: Option<Era>,
    /// Ends the attempt early, and later the session's use.
    pub(crate) cancel: CancellationToken,
}

/// What an attempt came to.
pub(crate) struct Outcome {
    pub(crate) opened: Result<Opened, ConnectError>,
    /// Has seen every sign-in from before the attempt's first request.
    pub(super) sign_in: Option<SignInWatch>,
}

/// A session whose tools are listed.
pub(crate) struct Opened {
    pub(crate) live: Arc<Live>,
    pub(crate) listing: Listing,
}

/// What one tools/list gave.
pub(crate) struct Listing {
    pub(crate) info: ServerInfo,
    pub(crate) era: Era,
    pub(crate) tools: ToolList,
    /// Has seen every change from before the list.
    pub(crate) changes: watch::Receiver<u64>,
}

impl Attempt {
    /// Keeps a startup timeout of any size within what the clock can count.
    const LONGEST: Duration = Duration::from_hours(24);

    /// Resolves the entry, opens a session and lists its tools; opening and listing share the entry's startup timeout.
    /// Why it failed holds no secret of the entry, though the server may have said one.
    pub(crate) async fn run(self) -> Outcome {
        let (log, has_authorization) = (self.log.clone(), has_authorization(&self.server));
        let mut sign_in = None;
        let opened = self.open(&mut sign_in).await.map_err(|error| match error {
            ConnectError::SignInNeeded if has_authorization => ConnectError::Permanent(REFUSED.into()),
            ConnectError::SignInNeeded => ConnectError::SignInNeeded,
            ConnectError::Permanent(reason) => ConnectError::Permanent(log.redact(&reason).into()),
            ConnectError::Transient(reason) => ConnectError::Transient(log.redact(&reason).into()),
        });
        Outcome { opened, sign_in }
    }

    async fn open(self, sign_in: &mut Option<SignInWatch>) -> Result<Opened, ConnectError> {
        let cancelled = || ConnectError::Transient("it was stopped".into());
        let resolved = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(cancelled()),
            resolved = self.resolve() => resolved?,
        };
        *sign_in = resolved.upstream.sign_in().cloned().map(SignInWatch::new);
        self.log.hide(resolved.redaction.clone());
        self.log.begin();
        let deadline = Instant::now() + self.server.startup_timeout().min(Self::LONGEST);
        let tracker = TaskTracker::new();
        let surroundings = Surroundings {
            tracker: tracker.clone(),
            log: self.log.clone(),
            era: self.era,
            elicitation: self.server.elicitation,
            guardian: self.world.guardian.clone(),
        };
        let opened = tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(cancelled()),
            opened = timeout_at(deadline, self.world.connector.open(&resolved, surroundings)) => {
                opened.unwrap_or_else(|_| Err(self.late()))
            }
        };
        let session = match opened {
            Ok(session) => session,
            Err(error) => {
                Live::clear(&tracker, &self.log).await;
                return Err(error);
            }
        };
        let live = Arc::new(Live::new(session, tracker, self.cancel.child_token()));
        let changes = live.session.tool_changes();
        let listed = tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(cancelled()),
            listed = timeout_at(deadline, list(live.session.as_ref(), changes)) => match listed {
                Ok(listed) => listed.map_err(not_listed),
                Err(_) => Err(self.late()),
            },
        };
        match listed {
            Ok(listing) => Ok(Opened { live, listing }),
            Err(error) => {
                live.end(&self.log).await;
                Err(error)
            }
        }
    }

    async fn resolve(&self) -> Result<ResolvedServer, ConnectError> {
        let World { environment, secrets, sign_ins, .. } = &*self.world;
        resolve(&self.server, &environment.variables, secrets.as_ref(), sign_ins.as_ref()).await
    }

    fn late(&self) -> ConnectError {
        let seconds = self.server.startup_timeout().as_secs_f64();
        let text = match self.log.stray() {
            Some(stray) => format!(
                "it was not ready within {seconds} s, and {stray}. Check that `command` and `args` start an MCP server \
                 over stdio, which writes its log to stderr."
            ),
            None => {
                format!(
                    "it was not ready within {seconds} s. If it needs longer, raise its `startupTimeout`."
                )
            }
        };
        ConnectError::Transient(text.into())
    }
}

/// Reads all tools of a session.
pub(crate) async fn list(
    session: &dyn Session,
    mut changes: watch::Receiver<u64>,
) -> Result<Listing, CallError> {
    changes.mark_unchanged();
    let tools = match session.list_tools().await {
        // A server without the tools capability need not know the method.
        Err(CallError::Rpc(error)) if error.code == ErrorCode::METHOD_NOT_FOUND => ToolList::default(),
        listed => listed?,
    };
    Ok(Listing { info: session.info(), era: session.era(), tools, changes })
}

fn not_listed(error: CallError) -> ConnectError {
    match error {
        CallError::SignInNeeded => ConnectError::SignInNeeded,
        error => ConnectError::Transient(format!("its tools cannot be listed: {error}").into()),
    }
}
