use std::{
    collections::HashSet,
    mem,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::watch,
    time::{Instant, Sleep, sleep, sleep_until, timeout},
};
use traygate_config::Upstream;

use super::{
    Heritage, Live, REFUSED, Status, Supervisor,
    attempt::{Attempt, Listing, Opened, Outcome, list},
    backoff, first_phase,
    sign_in_watch::SignInWatch,
    transition::{Effect, Event, Phase, next},
    work::{Done, Work},
};
use crate::{
    CallError, ToolSet,
    connection::{ConnectError, Era},
    world::World,
};

/// How long a session must last for its failures to be forgotten.
const SETTLED: Duration = Duration::from_mins(1);
/// The least time from one attempt to the next, however many calls want the server.
const SPACING: Duration = Duration::from_secs(1);
/// How long changes of a tool list are gathered before it is read again; doubled up to the second value while a server
/// announces changes and makes none, as one does that announces one whenever its list is read.
const GATHERING: (Duration, Duration) = (Duration::from_millis(200), Duration::from_mins(1));

/// What drives one supervisor: it waits for an event, asks [`next`], and performs the effect.
pub(super) struct Task {
    supervisor: Arc<Supervisor>,
    world: Arc<World>,
    heritage: Heritage,
    phase: Phase,
    work: Work,
    /// What a good attempt brought, until it is served.
    opened: Option<Opened>,
    /// Backoff: the next attempt. Ready: the session has lasted.
    timer: Option<Pin<Box<Sleep>>>,
    retry_at: Option<SystemTime>,
    attempted: Option<Instant>,
    attempts: u64,
    /// A process that died may have died of a question that it does not know: the next attempt begins with
    /// `initialize`, the one after it as usual.
    initialize_first: bool,
    gathering: Duration,
    listed_at: Option<Instant>,
    /// What was said of the last list.
    warned: HashSet<String>,
    /// `None` while they are being listed, and once nobody can announce any.
    changes: Option<watch::Receiver<u64>>,
    /// Of the last attempt.
    sign_in: Option<SignInWatch>,
}

impl Task {
    pub(super) fn new(supervisor: Arc<Supervisor>, world: Arc<World>, heritage: Heritage) -> Self {
        let phase = first_phase(&supervisor.entry);
        Self {
            supervisor,
            world,
            heritage,
            phase,
            work: Work::Nothing,
            opened: None,
            timer: None,
            retry_at: None,
            attempted: None,
            attempts: 0,
            initialize_first: false,
            gathering: GATHERING.0,
            listed_at: None,
            warned: HashSet::new(),
            changes: None,
            sign_in: None,
        }
    }

    /// Runs until the supervisor is stopped; then nothing of the server is left.
    pub(super) async fn run(mut self) {
        // Even a panic must not leave a successor waiting.
        let _stopped = self.supervisor.stopped.clone().drop_guard();
        if let Some(predecessor) = self.heritage.predecessor.take() {
            predecessor.stopped().await;
        }
        if matches!(self.phase, Phase::Connecting { .. }) && !self.supervisor.stop.is_cancelled() {
            self.connect().await;
        }
        let stop = self.supervisor.stop.clone();
        loop {
            // Biased: an attempt that the stop has cancelled is not told as one that failed.
            let event = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                event = self.event() => event,
            };
            self.step(event).await;
        }
        self.end().await;
    }

    async fn step(&mut self, event: Event) {
        self.note(&event);
        let before = self.phase.clone();
        let (phase, effect) = next(before.clone(), event);
        self.phase = phase;
        match effect {
            Effect::None => {}
            Effect::Connect => {
                self.publish(None);
                self.connect().await;
            }
            Effect::Serve => self.serve(),
            Effect::Wait { failures } => self.wait(failures),
            Effect::Hurry => self.hurry(),
            Effect::Gather => self.gather(),
            Effect::List => self.list(GATHERING.0),
            Effect::Close => self.end().await,
        }
        // Ready is published with its tools, and Connecting before its attempt.
        if self.phase != before && !matches!(self.phase, Phase::Ready { .. } | Phase::Connecting { .. }) {
            self.publish(None);
        }
    }

    /// The next thing that happens in this phase. Dropping it loses nothing.
    async fn event(&mut self) -> Event {
        let supervisor = Arc::clone(&self.supervisor);
        let ready = matches!(self.phase, Phase::Ready { .. });
        let backoff = matches!(self.phase, Phase::Backoff { .. });
        let signs_in = ready || backoff || matches!(self.phase, Phase::SignInNeeded { .. });
        let live = supervisor.live.load_full();
        loop {
            tokio::select! {
                biased;
                () = supervisor.restart.notified() => return Event::Restart,
                done = self.work.done() => if let Some(event) = self.finished(done) {
                    return event;
                },
                reason = closed(live.as_deref()), if ready => return Event::Closed(reason),
                () = elapsed(&mut self.timer) => {
                    self.timer = None;
                    return if ready { Event::Settled } else { Event::RetryDue };
                }
                event = signed(&mut self.sign_in), if signs_in => return event,
                () = supervisor.wanted.notified(), if backoff => return Event::Wanted,
                () = supervisor.doubted.notified(), if ready && !self.work.is_list() => return Event::Doubted,
                alive = changed(&mut self.changes), if ready => {
                    if alive {
                        return Event::ToolsChanged;
                    }
                    self.changes = None;
                }
            }
        }
    }

    /// Turns finished work into what it means.
    fn finished(&mut self, done: Done) -> Option<Event> {
        match done {
            Done::Attempt(Outcome { opened, sign_in }) => {
                self.attempts += 1;
                self.sign_in = sign_in;
                self.initialize_first = opened.is_err() && self.is_process() && !self.initialize_first;
                Some(match opened {
                    Ok(opened) => {
                        self.opened = Some(opened);
                        Event::Connected
                    }
                    Err(ConnectError::SignInNeeded) => Event::SignInNeeded,
                    Err(ConnectError::Permanent(reason)) => Event::FailedForGood(reason),
                    Err(ConnectError::Transient(reason)) => Event::FailedForNow(reason),
                })
            }
            Done::List(Ok(listing)) => {
                self.listed(listing);
                None
            }
            Done::List(Err(CallError::SignInNeeded)) => Some(if self.supervisor.has_authorization() {
                Event::FailedForGood(REFUSED.into())
            } else {
                Event::SignInNeeded
            }),
            // No list, no calls: a session over which nothing passes has ended, whatever it says of itself.
            Done::List(Err(
                CallError::ConnectionLost(reason) | CallError::Unavailable { reason, retry_after: None },
            )) => Some(Event::Closed(self.supervisor.log.redact(&reason).into())),
            Done::List(Err(CallError::Timeout(limit))) => {
                let seconds = limit.as_secs_f64();
                Some(Event::Closed(format!("it did not list its tools within {seconds} s").into()))
            }
            Done::List(Err(error)) => {
                // The last tools stay: the server answered, or could not be asked.
                self.supervisor.log.warn(&format!("its changed tools cannot be listed: {error}"));
                self.changes = self.supervisor.live.load().as_ref().map(|live| live.session.tool_changes());
                None
            }
            Done::End => None,
        }
    }

    /// Makes a new session everyone's: first the calls', then the catalogue's, then those who wait for it.
    fn serve(&mut self) {
        let Some(Opened { live, listing }) = self.opened.take() else { return };
        self.supervisor.live.store(Some(live));
        self.timer = Some(Box::pin(sleep(SETTLED)));
        if let Some(tools) = self.listed(listing) {
            self.supervisor.log.info(&format!("ready, {}", tools.count()));
        }
        self.gathering = GATHERING.0;
    }

    /// Publishes a listing. Tools that say the same keep their revision, and with it the documents made of them.
    fn listed(&mut self, listing: Listing) -> Option<Arc<ToolSet>> {
        let Listing { info, era, tools, changes } = listing;
        self.changes = Some(changes);
        let supervisor = Arc::clone(&self.supervisor);
        let server = supervisor.server()?;
        let (tools, warnings) = ToolSet::from_list(info, tools, &server.disabled_tools);
        self.warn(warnings);
        let known = self.heritage.tools.take().filter(|known| known.says_the_same(&tools));
        if known.is_none() || self.heritage.era != Some(era) {
            self.world.remember(server, Some(era), &tools);
        }
        self.listed_at = Some(Instant::now());
        if known.is_none() {
            self.gathering = GATHERING.0;
        }
        let tools = known.unwrap_or_else(|| Arc::new(tools));
        self.heritage.era = Some(era);
        self.heritage.tools = Some(Arc::clone(&tools));
        self.publish(Some(Arc::clone(&tools)));
        Some(tools)
    }

    /// Says what is wrong with a list, but nothing again that was said of the last one.
    fn warn(&mut self, warnings: Vec<String>) {
        const MOST: usize = 50;
        let log = &self.supervisor.log;
        let mut fresh = warnings.iter().filter(|warning| !self.warned.contains(*warning));
        for warning in fresh.by_ref().take(MOST) {
            log.warn(warning);
        }
        match fresh.count() {
            0 => {}
            rest => log.warn(&format!("{rest} more of its tools have something wrong with them")),
        }
        self.warned = warnings.into_iter().collect();
    }

    /// Starts an attempt once nothing is left of the last one and its session: a server has one process at most.
    async fn connect(&mut self) {
        self.end().await;
        let Some(server) = self.supervisor.server() else { return };
        let cancel = self.supervisor.stop.child_token();
        let attempt = Attempt {
            world: Arc::clone(&self.world),
            server: server.clone(),
            log: self.supervisor.log.clone(),
            era: if self.initialize_first { Some(Era::Initialize) } else { self.heritage.era },
            cancel: cancel.clone(),
        };
        self.supervisor.log.info("starting");
        self.attempted = Some(Instant::now());
        self.work = Work::Attempt(self.world.tracker.spawn(attempt.run()), cancel);
    }

    /// Waits for the next attempt; the broken session, if there is one, is ended meanwhile.
    fn wait(&mut self, failures: u32) {
        let delay = backoff::delay(failures, backoff::random());
        self.retry_at = Some(SystemTime::now() + delay);
        self.timer = Some(Box::pin(sleep(delay)));
        self.changes = None;
        if let Some(live) = self.supervisor.live.swap(None) {
            let log = self.supervisor.log.clone();
            if let Work::List(list) = mem::replace(&mut self.work, Work::Nothing) {
                list.abort();
            }
            self.work = Work::End(self.world.tracker.spawn(async move { live.end(&log).await }));
        }
    }

    fn hurry(&mut self) {
        let now = Instant::now();
        let earliest = self.attempted.map_or(now, |attempted| attempted + SPACING).max(now);
        if self.timer.as_ref().is_some_and(|timer| timer.deadline() > earliest) {
            self.timer = Some(Box::pin(sleep_until(earliest)));
        }
    }

    /// Reads the tools again once the changes that come close together are in.
    fn gather(&mut self) {
        if self.listed_at.is_some_and(|listed| listed.elapsed() > GATHERING.1) {
            self.gathering = GATHERING.0;
        }
        self.list(self.gathering);
        self.gathering = (self.gathering * 2).min(GATHERING.1);
    }

    /// Reads the tools again after a while.
    fn list(&mut self, after: Duration) {
        let Some(live) = self.supervisor.live.load_full() else { return };
        if let Work::List(list) = mem::replace(&mut self.work, Work::Nothing) {
            list.abort();
        }
        let changes = self.changes.take().unwrap_or_else(|| live.session.tool_changes());
        let longest =
            self.supervisor.server().map_or(Duration::MAX, traygate_config::Server::startup_timeout);
        self.work = Work::List(self.world.tracker.spawn(async move {
            sleep(after).await;
            let listed = timeout(longest, list(live.session.as_ref(), changes)).await;
            listed.unwrap_or(Err(CallError::Timeout(longest)))
        }));
    }

    /// Ends whatever is under way and open, and waits until nothing of it is left.
    async fn end(&mut self) {
        self.timer = None;
        self.changes = None;
        let live = self.supervisor.live.swap(None);
        match mem::replace(&mut self.work, Work::Nothing) {
            Work::Nothing => {}
            Work::Attempt(attempt, cancel) => {
                cancel.cancel();
                self.opened = attempt.await.ok().and_then(|outcome| outcome.opened.ok());
            }
            Work::List(list) => list.abort(),
            Work::End(end) => {
                // It only fails where it panicked, and then there is nothing to wait for either.
                let _ = end.await;
            }
        }
        let opened = self.opened.take().map(|opened| opened.live);
        for live in live.into_iter().chain(opened) {
            live.end(&self.supervisor.log).await;
        }
    }

    /// Tells the catalogue and the waiting calls how the server stands.
    fn publish(&self, tools: Option<Arc<ToolSet>>) {
        let Supervisor { name, stop, status, .. } = &*self.supervisor;
        let state = self.phase.state(self.retry_at);
        self.world.publisher.publish(name, state.clone(), tools, stop);
        status.send_replace(Status { state, returning: self.phase.returning(), attempts: self.attempts });
    }

    /// Says what became of its connection, and what its process had to say of it.
    fn note(&self, event: &Event) {
        let log = &self.supervisor.log;
        match event {
            Event::FailedForGood(reason) | Event::FailedForNow(reason) => {
                log.warn(&format!("could not start: {reason}"));
            }
            Event::Closed(reason) => log.warn(&format!("connection lost: {reason}")),
            Event::SignInNeeded => log.warn("needs sign-in"),
            Event::SignedIn => log.info("signed in"),
            Event::SignedOut => log.info("signed out"),
            _ => return,
        }
        log.tell_last_words();
    }

    fn is_process(&self) -> bool {
        self.supervisor.server().is_some_and(|server| matches!(server.upstream, Upstream::Stdio(_)))
    }
}

/// Waits for the end of a session.
async fn closed(live: Option<&Live>) -> Arc<str> {
    match live {
        Some(live) => live.session.closed().await,
        None => std::future::pending().await,
    }
}

async fn elapsed(timer: &mut Option<Pin<Box<Sleep>>>) {
    match timer {
        Some(timer) => timer.as_mut().await,
        None => std::future::pending().await,
    }
}

async fn signed(sign_in: &mut Option<SignInWatch>) -> Event {
    match sign_in {
        Some(sign_in) => sign_in.changed().await,
        None => std::future::pending().await,
    }
}

/// Waits for a change; `false` once nobody can announce one.
async fn changed(changes: &mut Option<watch::Receiver<u64>>) -> bool {
    match changes {
        Some(changes) => changes.changed().await.is_ok(),
        None => std::future::pending().await,
    }
}
