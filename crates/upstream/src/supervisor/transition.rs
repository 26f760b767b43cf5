//! What a supervisor does next. Pure, so that a table can show every phase every event.

use std::{sync::Arc, time::SystemTime};

use crate::State;

/// Where a supervisor stands. [`crate::State`] is what of it others see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// `disabled: true`.
    Disabled,
    /// The entry cannot be used as written; only another entry helps.
    Unusable { reason: Arc<str> },
    /// A session is being opened and its tools listed. `last` is why the attempt or the session before it ended.
    Connecting { history: History, last: Option<Arc<str>> },
    /// A session is open.
    Ready { failures: u32 },
    /// The server answered 401. Nothing happens until a person does something. It was Ready before, or not.
    SignInNeeded { was_ready: bool },
    /// The next attempt waits for its time.
    Backoff { history: History, reason: Arc<str> },
    /// Trying again cannot help.
    Failed { reason: Arc<str> },
}

/// What came before an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct History {
    /// Failures since the last session that lasted: attempts that failed and sessions that broke early.
    pub(crate) failures: u32,
    /// It was Ready before: a call may wait for it to come back.
    pub(crate) was_ready: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// The attempt opened a session and listed its tools.
    Connected,
    /// The server wants a sign-in.
    SignInNeeded,
    /// A person signed in.
    SignedIn,
    /// A person signed out, or the token ended and cannot be renewed.
    SignedOut,
    /// The attempt failed, and so would the next; or the session can be used no more, nor the next.
    FailedForGood(Arc<str>),
    /// The attempt failed; the next may not.
    FailedForNow(Arc<str>),
    /// The session ended.
    Closed(Arc<str>),
    /// The server says that its tools changed.
    ToolsChanged,
    /// A call failed while its session lived on: is it the call, or the whole session?
    Doubted,
    /// The session has lasted.
    Settled,
    /// The waiting time is over.
    RetryDue,
    /// A call found the server gone and waits for it.
    Wanted,
    /// A person asked for a fresh start.
    Restart,
}

/// What the task is to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// End what is left of the old session, then start an attempt.
    Connect,
    /// Make the new session and its tools everyone's.
    Serve,
    /// Wait as long as this number of failures asks for, then [`Event::RetryDue`].
    Wait { failures: u32 },
    /// Make the waiting time as short as the spacing of attempts allows.
    Hurry,
    /// Read the tools again, once the changes that come close together are in.
    Gather,
    /// Read the tools again.
    List,
    /// End the session.
    Close,
}

/// The next phase and what to do on the way there. An event that does not concern a phase (it was under way when the
/// phase changed) leaves it as it is.
pub(crate) fn next(phase: Phase, event: Event) -> (Phase, Effect) {
    match (phase, event) {
        (phase @ (Phase::Disabled | Phase::Unusable { .. }), _) => (phase, Effect::None),

        (phase, Event::Restart) => {
            let was_ready = match phase {
                Phase::Ready { .. } => true,
                Phase::Connecting { history, .. } | Phase::Backoff { history, .. } => history.was_ready,
                Phase::SignInNeeded { was_ready } => was_ready,
                _ => false,
            };
            let history = History { failures: 0, was_ready };
            (Phase::Connecting { history, last: None }, Effect::Connect)
        }

        (Phase::Connecting { history, .. }, Event::Connected) => {
            (Phase::Ready { failures: history.failures }, Effect::Serve)
        }
        (Phase::Connecting { history, .. }, Event::SignInNeeded) => {
            (Phase::SignInNeeded { was_ready: history.was_ready }, Effect::None)
        }
        (Phase::Connecting { .. }, Event::FailedForGood(reason)) => (Phase::Failed { reason }, Effect::None),
        (Phase::Connecting { history, .. }, Event::FailedForNow(reason)) => {
            let history = history.failed();
            (Phase::Backoff { history, reason }, Effect::Wait { failures: history.failures })
        }

        (Phase::Ready { .. }, Event::Settled) => (Phase::Ready { failures: 0 }, Effect::None),
        (phase @ Phase::Ready { .. }, Event::ToolsChanged) => (phase, Effect::Gather),
        // Whoever signed in anew may see other tools.
        (phase @ Phase::Ready { .. }, Event::Doubted | Event::SignedIn) => (phase, Effect::List),
        (Phase::Ready { .. }, Event::SignInNeeded | Event::SignedOut) => {
            (Phase::SignInNeeded { was_ready: true }, Effect::Close)
        }
        (Phase::Ready { .. }, Event::FailedForGood(reason)) => (Phase::Failed { reason }, Effect::Close),
        // The first retry after a session that lasted is quick; one that broke early counts as a failure, so that a
        // server that crashes after each start is not started in a spin.
        (Phase::Ready { failures }, Event::Closed(reason)) => {
            let history = History { failures, was_ready: true }.failed();
            (Phase::Backoff { history, reason }, Effect::Wait { failures })
        }

        (Phase::Backoff { history, reason }, Event::RetryDue) => {
            (Phase::Connecting { history, last: Some(reason) }, Effect::Connect)
        }
        (phase @ Phase::Backoff { .. }, Event::Wanted | Event::SignedIn) => (phase, Effect::Hurry),

        (Phase::SignInNeeded { was_ready }, Event::SignedIn) => {
            let history = History { failures: 0, was_ready };
            (Phase::Connecting { history, last: None }, Effect::Connect)
        }

        (phase, _) => (phase, Effect::None),
    }
}

impl Phase {
    /// What others see of it. `retry_at` is when a Backoff ends.
    pub(super) fn state(&self, retry_at: Option<SystemTime>) -> State {
        match self {
            Self::Disabled => State::Disabled,
            Self::Connecting { last, .. } => State::Connecting { last: last.clone() },
            Self::Ready { .. } => State::Ready,
            Self::SignInNeeded { .. } => State::SignInNeeded,
            Self::Backoff { reason, .. } => {
                State::Backoff { reason: Arc::clone(reason), until: retry_at.unwrap_or_else(SystemTime::now) }
            }
            Self::Unusable { reason } | Self::Failed { reason } => {
                State::Failed { reason: Arc::clone(reason) }
            }
        }
    }

    /// It was Ready and comes back by itself: a call may wait for it.
    pub(super) fn returning(&self) -> bool {
        match self {
            Self::Ready { .. } => true,
            Self::Connecting { history, .. } | Self::Backoff { history, .. } => history.was_ready,
            Self::Disabled | Self::Unusable { .. } | Self::SignInNeeded { .. } | Self::Failed { .. } => false,
        }
    }
}

impl History {
    fn failed(self) -> Self {
        Self { failures: self.failures.saturating_add(1), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: usize = 13;

    fn why() -> Arc<str> {
        "why".into()
    }

    fn events() -> [Event; EVENTS] {
        [
            Event::Connected,
            Event::SignInNeeded,
            Event::SignedIn,
            Event::SignedOut,
            Event::FailedForGood(why()),
            Event::FailedForNow(why()),
            Event::Closed(why()),
            Event::ToolsChanged,
            Event::Doubted,
            Event::Settled,
            Event::RetryDue,
            Event::Wanted,
            Event::Restart,
        ]
    }

    fn connecting(failures: u32, was_ready: bool) -> Phase {
        Phase::Connecting { history: History { failures, was_ready }, last: None }
    }

    fn again(failures: u32, was_ready: bool) -> Phase {
        Phase::Connecting { history: History { failures, was_ready }, last: Some(why()) }
    }

    fn backoff(failures: u32, was_ready: bool) -> Phase {
        Phase::Backoff { history: History { failures, was_ready }, reason: why() }
    }

    /// `expected` in the order of [`events`].
    fn row(phase: &Phase, expected: [(Phase, Effect); EVENTS]) {
        for (event, expected) in events().into_iter().zip(expected) {
            assert_eq!(next(phase.clone(), event.clone()), expected, "{phase:?} meets {event:?}");
        }
    }

    #[test]
    fn disabled_and_unusable_stay_whatever_happens() {
        for phase in [Phase::Disabled, Phase::Unusable { reason: why() }] {
            row(&phase, std::array::from_fn(|_| (phase.clone(), Effect::None)));
        }
    }

    #[test]
    fn connecting_meets_every_event() {
        for phase in [connecting(2, true), again(2, true)] {
            let same = || (phase.clone(), Effect::None);
            row(
                &phase,
                [
                    (Phase::Ready { failures: 2 }, Effect::Serve),
                    (Phase::SignInNeeded { was_ready: true }, Effect::None),
                    same(),
                    same(),
                    (Phase::Failed { reason: why() }, Effect::None),
                    (backoff(3, true), Effect::Wait { failures: 3 }),
                    same(),
                    same(),
                    same(),
                    same(),
                    same(),
                    same(),
                    (connecting(0, true), Effect::Connect),
                ],
            );
        }
    }

    #[test]
    fn an_attempt_knows_why_the_one_before_it_failed() {
        let failed = |phase, reason: &str| next(phase, Event::FailedForNow(reason.into())).0;
        let retried = |phase| next(phase, Event::RetryDue).0;
        let last = |phase: &Phase| match phase.state(None) {
            State::Connecting { last } => last,
            other => panic!("{other:?}"),
        };
        let second = retried(failed(connecting(0, false), "one"));
        assert_eq!(last(&second).as_deref(), Some("one"));
        let third = retried(failed(second, "two"));
        assert_eq!(last(&third).as_deref(), Some("two"));
        // A fresh start has nothing behind it.
        assert_eq!(last(&next(third, Event::Restart).0), None);
        let closed = next(Phase::Ready { failures: 0 }, Event::Closed("it ended".into())).0;
        assert_eq!(last(&retried(closed)).as_deref(), Some("it ended"));
    }

    #[test]
    fn ready_meets_every_event() {
        let ready = || Phase::Ready { failures: 2 };
        let same = || (ready(), Effect::None);
        row(
            &ready(),
            [
                same(),
                (Phase::SignInNeeded { was_ready: true }, Effect::Close),
                (ready(), Effect::List),
                (Phase::SignInNeeded { was_ready: true }, Effect::Close),
                (Phase::Failed { reason: why() }, Effect::Close),
                same(),
                (backoff(3, true), Effect::Wait { failures: 2 }),
                (ready(), Effect::Gather),
                (ready(), Effect::List),
                (Phase::Ready { failures: 0 }, Effect::None),
                same(),
                same(),
                (connecting(0, true), Effect::Connect),
            ],
        );
    }

    #[test]
    fn backoff_meets_every_event() {
        let same = || (backoff(4, false), Effect::None);
        row(
            &backoff(4, false),
            [
                same(),
                same(),
                (backoff(4, false), Effect::Hurry),
                same(),
                same(),
                same(),
                same(),
                same(),
                same(),
                same(),
                (again(4, false), Effect::Connect),
                (backoff(4, false), Effect::Hurry),
                (connecting(0, false), Effect::Connect),
            ],
        );
    }

    #[test]
    fn failed_waits_for_a_fresh_start() {
        let phase = Phase::Failed { reason: why() };
        let mut expected = std::array::from_fn(|_| (phase.clone(), Effect::None));
        expected[EVENTS - 1] = (connecting(0, false), Effect::Connect);
        row(&phase, expected);
    }

    #[test]
    fn sign_in_needed_waits_for_a_person_and_remembers_whether_it_was_ready() {
        for was_ready in [false, true] {
            let phase = Phase::SignInNeeded { was_ready };
            let mut expected = std::array::from_fn(|_| (phase.clone(), Effect::None));
            let signed_in = events().iter().position(|event| *event == Event::SignedIn).unwrap();
            for event in [signed_in, EVENTS - 1] {
                expected[event] = (connecting(0, was_ready), Effect::Connect);
            }
            row(&phase, expected);
            assert!(!phase.returning(), "no call waits for a person");
        }
    }
}
