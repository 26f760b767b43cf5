use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

/// `--sign-in`: what happens where a server needs a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SignInPolicy {
    /// The browser opens for each, one page at a time: for who sits before it.
    Auto,
    /// The log tells the command that signs in.
    #[default]
    Ask,
    /// Nothing: the state says it.
    Never,
}

/// A server as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) name: String,
    /// The server waits for a sign-in.
    pub(super) waits: bool,
    pub(super) phase: Phase,
    /// How often its token changed for good, by a sign-in or a sign-out. A sign-in that ends well may be followed by a new
    /// need so soon that [`Phase::SignedIn`] is never seen.
    pub(super) changes: u64,
    pub(super) way: Way,
}

/// Its sign-in, as far as the policy cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    SignedOut,
    UnderWay,
    SignedIn,
    /// Signed in, and not for this: a new one is needed, whatever the server's state.
    Again,
    Failed,
}

/// How it is signed in to where the policy has it begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// A page in the browser.
    Page,
    /// An address is shown, and what came of it pasted.
    Pasted,
    /// Only a person begins it.
    Told,
    /// Without a person: the machine's own grant.
    Alone,
}

/// What is to be done for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// Begin its sign-in, and open the page.
    Open(String),
    /// Begin its sign-in, and show the address at the terminal.
    Show(String),
    /// Begin its sign-in, which goes by itself.
    Begin(String),
    /// Tell how to sign in.
    Tell(String),
}

/// Who was asked to sign in to what. Pure: time and states come in, acts go out. An act that begins a sign-in has begun it
/// when servers are seen next.
#[derive(Debug, Default)]
pub(super) struct Prompts {
    known: HashMap<String, Known>,
    needs: u64,
}

#[derive(Debug, Default)]
struct Known {
    /// Which need of all it is that waits; `None` where there is none.
    need: Option<u64>,
    asked: Asked,
    under_way: bool,
    signed_in: bool,
    changes: u64,
    /// Signed out by a person, who would not like to be asked at once to sign in again.
    released: bool,
    /// Nobody answered: no page before this.
    quiet_until: Option<Instant>,
    /// When the last sign-ins were begun here, at most [`Prompts::OFTEN`] of them.
    begun: VecDeque<Instant>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Asked {
    #[default]
    NotYet,
    /// A sign-in was begun for this need.
    Begun,
    /// And nobody answered it, or it was not to be begun.
    Unanswered,
    Told,
}

impl Prompts {
    /// No page for a server that soon after an unanswered one (ARCHITECTURE.md, invariants).
    pub(super) const QUIET: Duration = Duration::from_mins(10);
    /// So many sign-ins for a server within that time, answered or not: one that takes no token that it is given would get
    /// page after page from a browser that is signed in there already.
    pub(super) const OFTEN: usize = 5;

    /// The server of this name is another one now.
    pub(super) fn forget(&mut self, name: &str) {
        self.known.remove(name);
    }

    /// What to do now that `seen` are all the servers, and when to look again although nothing changed.
    pub(super) fn step(
        &mut self,
        policy: SignInPolicy,
        seen: &[Seen],
        now: Instant,
    ) -> (Vec<Act>, Option<Instant>) {
        self.known.retain(|name, _| seen.iter().any(|one| one.name == *name));
        let mut needs = Vec::new();
        for one in seen {
            let known = self.known.entry(one.name.clone()).or_default();
            known.look(one, now, &mut self.needs);
            needs.extend(known.need.filter(|_| !known.released).map(|need| (need, one)));
        }
        needs.sort_by_key(|(need, _)| *need);
        let (mut acts, mut later) = (Vec::new(), None::<Instant>);
        let mut is_open = seen
            .iter()
            .any(|one| one.way == Way::Page && self.known.get(&one.name).is_some_and(|k| k.under_way));
        for (_, one) in needs {
            let Some(known) = self.known.get_mut(&one.name) else { continue };
            let name = one.name.clone();
            if known.asked == Asked::NotYet
                && let Some(until) = known.often_until(now)
            {
                known.quiet_until = Some(until);
                if one.way == Way::Page {
                    known.asked = Asked::Unanswered;
                }
            }
            match (policy, one.way, known.asked) {
                (SignInPolicy::Never, ..) | (.., Asked::Begun | Asked::Told) => {}
                (SignInPolicy::Auto, Way::Page, Asked::NotYet) | (_, Way::Alone, _) => {
                    if let Some(until) = known.quiet_until.filter(|until| *until > now) {
                        later = Some(later.map_or(until, |later| later.min(until)));
                    } else if one.way == Way::Alone {
                        known.begin(now);
                        acts.push(Act::Begin(name));
                    } else if !is_open {
                        is_open = true;
                        known.begin(now);
                        acts.push(Act::Open(name));
                    }
                }
                (_, Way::Pasted, Asked::NotYet) => {
                    known.begin(now);
                    acts.push(Act::Show(name));
                }
                (_, Way::Page | Way::Pasted | Way::Told, _) => {
                    known.asked = Asked::Told;
                    acts.push(Act::Tell(name));
                }
            }
        }
        (acts, later)
    }
}

impl Known {
    fn look(&mut self, seen: &Seen, now: Instant, needs: &mut u64) {
        if seen.phase == Phase::UnderWay {
            self.changes = seen.changes;
            // Whoever began it.
            (self.under_way, self.signed_in, self.released) = (true, false, false);
            return;
        }
        let has_changed = std::mem::replace(&mut self.changes, seen.changes) != seen.changes;
        if std::mem::take(&mut self.under_way) {
            if seen.phase == Phase::SignedIn || (has_changed && seen.phase != Phase::SignedOut) {
                (self.quiet_until, self.need, self.asked) = (None, None, Asked::NotYet);
            } else {
                self.unanswered(now);
            }
        }
        // The server wants more than it was given, again and again: another page would not help.
        if seen.phase == Phase::Failed && (has_changed || self.signed_in) {
            self.unanswered(now);
        }
        match seen.phase {
            Phase::SignedIn => (self.signed_in, self.released) = (true, false),
            Phase::SignedOut => self.released |= std::mem::take(&mut self.signed_in),
            Phase::Again | Phase::Failed | Phase::UnderWay => self.signed_in = false,
        }
        let is_needed = match seen.phase {
            Phase::SignedOut | Phase::Failed => seen.waits,
            Phase::Again => true,
            Phase::SignedIn | Phase::UnderWay => false,
        };
        if !is_needed {
            (self.need, self.asked) = (None, Asked::NotYet);
        } else if self.need.is_none() {
            *needs += 1;
            self.need = Some(*needs);
        }
    }

    fn unanswered(&mut self, now: Instant) {
        self.quiet_until = Some(now + Prompts::QUIET);
        self.asked = Asked::Unanswered;
    }

    fn begin(&mut self, now: Instant) {
        (self.under_way, self.asked) = (true, Asked::Begun);
        self.begun.push_back(now);
        if self.begun.len() > Prompts::OFTEN {
            self.begun.pop_front();
        }
    }

    /// Until when it was begun too often.
    fn often_until(&self, now: Instant) -> Option<Instant> {
        let first = self.begun.front().filter(|_| self.begun.len() >= Prompts::OFTEN)?;
        Some(*first + Prompts::QUIET).filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests;
