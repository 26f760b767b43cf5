//! One server's life: a pure transition function, the task that performs its effects, and the calls that go through.

mod attempt;
mod backoff;
mod calls;
mod live;
mod sign_in_watch;
mod task;
mod transition;
mod work;

use std::{fmt, sync::Arc};

use arc_swap::ArcSwapOption;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use traygate_config::{Diagnostic, Entry, Server, ServerName};

use self::{
    live::Live,
    task::Task,
    transition::{History, Phase},
};
use crate::{
    ServerSnapshot, State, ToolSet, connection::Era, log::ServerLog, resolve::has_authorization, world::World,
};

/// What a 401 means to an entry that has its own header.
const REFUSED: &str =
    "its `headers.Authorization` was refused (HTTP 401). Correct it, or remove it to sign in.";

/// One server of the config file: what calls, the hub and the server's task share. The task alone changes what the
/// others read.
pub(crate) struct Supervisor {
    name: ServerName,
    entry: Entry,
    log: ServerLog,
    /// The open session, while Ready.
    live: ArcSwapOption<Live>,
    status: watch::Sender<Status>,
    stop: CancellationToken,
    /// Cancelled when the task has ended and nothing of the server is left.
    stopped: CancellationToken,
    restart: Notify,
    /// A call found the server gone.
    wanted: Notify,
    /// A call was answered with 401, or not in time, or lost while its session lived on: is it the call, or the whole
    /// session?
    doubted: Notify,
}

/// What calls wait for.
#[derive(Debug, Clone)]
struct Status {
    state: State,
    /// It was Ready before and comes back by itself.
    returning: bool,
    /// Attempts that have ended.
    attempts: u64,
}

/// What a new supervisor takes over.
#[derive(Debug, Default)]
pub(crate) struct Heritage {
    /// The supervisor that had this name before: nothing starts until it has stopped.
    pub(crate) predecessor: Option<Arc<Supervisor>>,
    pub(crate) tools: Option<Arc<ToolSet>>,
    pub(crate) era: Option<Era>,
}

impl Supervisor {
    /// A supervisor at rest; [`Supervisor::start`] sets it going.
    pub(crate) fn new(name: ServerName, entry: Entry, log: ServerLog) -> Arc<Self> {
        let state = first_phase(&entry).state(None);
        Arc::new(Self {
            name,
            entry,
            log,
            live: ArcSwapOption::empty(),
            status: watch::Sender::new(Status { state, returning: false, attempts: 0 }),
            stop: CancellationToken::new(),
            stopped: CancellationToken::new(),
            restart: Notify::new(),
            wanted: Notify::new(),
            doubted: Notify::new(),
        })
    }

    /// Starts its task. Call once.
    pub(crate) fn start(self: &Arc<Self>, world: &Arc<World>, heritage: Heritage) {
        world.tracker.spawn(Task::new(Arc::clone(self), Arc::clone(world), heritage).run());
    }

    pub(crate) fn entry(&self) -> &Entry {
        &self.entry
    }

    pub(crate) fn server(&self) -> Option<&Server> {
        match &self.entry {
            Entry::Valid(server) => Some(server),
            Entry::Invalid(_) => None,
        }
    }

    fn has_authorization(&self) -> bool {
        self.server().is_some_and(has_authorization)
    }

    pub(crate) fn log(&self) -> &ServerLog {
        &self.log
    }

    /// How it stands before its task has run.
    pub(crate) fn first_snapshot(&self, tools: Option<Arc<ToolSet>>) -> ServerSnapshot {
        ServerSnapshot { name: self.name.clone(), state: self.status.borrow().state.clone(), tools }
    }

    /// Asks for a fresh start.
    pub(crate) fn restart(&self) {
        self.restart.notify_one();
    }

    /// Begins its end: calls that run or wait end at once, the session within a few seconds.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether it has given up: only what happens outside can help it.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.status.borrow().state, State::Failed { .. })
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.is_cancelled()
    }

    /// Waits until nothing of the server is left.
    pub(crate) async fn stopped(&self) {
        self.stopped.cancelled().await;
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("name", &self.name).finish_non_exhaustive()
    }
}

fn first_phase(entry: &Entry) -> Phase {
    match entry {
        Entry::Invalid(diagnostic) => Phase::Unusable { reason: unusable(diagnostic) },
        Entry::Valid(server) if server.disabled => Phase::Disabled,
        Entry::Valid(_) => Phase::Connecting { history: History::default(), last: None },
    }
}

/// A diagnostic as a reason, with the place where a person finds it.
fn unusable(diagnostic: &Diagnostic) -> Arc<str> {
    let Diagnostic { message, hint, position, .. } = diagnostic;
    let message = message.trim_end_matches('.');
    let line = position.line;
    match hint {
        Some(hint) => format!("{message} (line {line} of the config file). {hint}"),
        None => format!("{message} (line {line} of the config file)."),
    }
    .into()
}
