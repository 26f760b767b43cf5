use std::{collections::HashMap, time::Duration};

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
    /// Signed out by a person, who would not like to be asked at once to sign in again.
    released: bool,
    /// Nobody answered: no page before this.
    quiet_until: Option<Instant>,
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
            match (policy, one.way, known.asked) {
                (SignInPolicy::Never, ..) | (.., Asked::Begun | Asked::Told) => {}
                (SignInPolicy::Auto, Way::Page, Asked::NotYet) | (_, Way::Alone, _) => {
                    if let Some(until) = known.quiet_until.filter(|until| *until > now) {
                        later = Some(later.map_or(until, |later| later.min(until)));
                    } else if one.way == Way::Alone {
                        known.begin();
                        acts.push(Act::Begin(name));
                    } else if !is_open {
                        is_open = true;
                        known.begin();
                        acts.push(Act::Open(name));
                    }
                }
                (_, Way::Pasted, Asked::NotYet) => {
                    known.begin();
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
            // Whoever began it.
            (self.under_way, self.signed_in, self.released) = (true, false, false);
            return;
        }
        if std::mem::take(&mut self.under_way) {
            if seen.phase == Phase::SignedIn {
                self.quiet_until = None;
            } else {
                self.quiet_until = Some(now + Prompts::QUIET);
                self.asked = Asked::Unanswered;
            }
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

    fn begin(&mut self) {
        (self.under_way, self.asked) = (true, Asked::Begun);
    }
}

#[cfg(test)]
mod tests {
    use super::{Act::*, Phase::*, *};

    /// Servers that change one by one.
    struct Bench {
        prompts: Prompts,
        policy: SignInPolicy,
        seen: Vec<Seen>,
    }

    impl Bench {
        fn new(policy: SignInPolicy, servers: &[(&str, Way)]) -> Self {
            let seen =
                |&(name, way): &(&str, Way)| Seen { name: name.into(), waits: false, phase: SignedOut, way };
            Self { prompts: Prompts::default(), policy, seen: servers.iter().map(seen).collect() }
        }

        fn auto(names: &[&str]) -> Self {
            let servers: Vec<_> = names.iter().map(|&name| (name, Way::Page)).collect();
            Self::new(SignInPolicy::Auto, &servers)
        }

        fn set(&mut self, name: &str, waits: bool, phase: Phase) -> &mut Self {
            let one = self.seen.iter_mut().find(|one| one.name == name).unwrap();
            (one.waits, one.phase) = (waits, phase);
            self
        }

        fn step(&mut self) -> Vec<Act> {
            self.prompts.step(self.policy, &self.seen, Instant::now()).0
        }

        fn later(&mut self) -> Option<Duration> {
            let now = Instant::now();
            self.prompts.step(self.policy, &self.seen, now).1.map(|later| later - now)
        }

        fn change(&mut self, name: &str, waits: bool, phase: Phase) -> Vec<Act> {
            self.set(name, waits, phase).step()
        }
    }

    fn open(name: &str) -> Vec<Act> {
        vec![Open(name.into())]
    }

    fn tell(name: &str) -> Vec<Act> {
        vec![Tell(name.into())]
    }

    const NOTHING: [Act; 0] = [];

    #[tokio::test(start_paused = true)]
    async fn one_page_is_open_at_a_time_over_all_servers_and_the_others_wait_in_order() {
        let mut bench = Bench::auto(&["a", "b", "c"]);
        assert_eq!(bench.step(), NOTHING);
        assert_eq!(bench.change("c", true, SignedOut), open("c"));
        bench.set("c", true, UnderWay);
        assert_eq!(bench.change("b", true, SignedOut), NOTHING);
        assert_eq!(bench.change("a", true, SignedOut), NOTHING);
        assert_eq!(bench.change("c", false, SignedIn), open("b"), "it came to need one before a");
        assert_eq!(bench.change("b", true, UnderWay), NOTHING);
        assert_eq!(bench.change("b", true, Failed), [Tell("b".into()), Open("a".into())]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_a_person_opened_counts_too() {
        let mut bench = Bench::auto(&["a", "b"]);
        bench.set("a", true, UnderWay);
        assert_eq!(bench.change("b", true, SignedOut), NOTHING);
        assert_eq!(bench.change("a", false, SignedIn), open("b"));
    }

    #[tokio::test(start_paused = true)]
    async fn no_page_within_ten_minutes_of_an_unanswered_one() {
        for unanswered in [Failed, SignedOut] {
            let mut bench = Bench::auto(&["a"]);
            assert_eq!(bench.change("a", true, SignedOut), open("a"));
            assert_eq!(bench.change("a", true, UnderWay), NOTHING);
            assert_eq!(bench.change("a", true, unanswered), tell("a"));
            assert_eq!(bench.step(), NOTHING, "told once");
            // It is connected again, and asks again.
            assert_eq!(bench.change("a", false, unanswered), NOTHING);
            tokio::time::advance(Duration::from_mins(9)).await;
            assert_eq!(bench.change("a", true, unanswered), NOTHING);
            assert_eq!(bench.later(), Some(Duration::from_mins(1)));
            tokio::time::advance(Duration::from_mins(1)).await;
            assert_eq!(bench.step(), open("a"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_who_does_not_answer_is_asked_again_for_the_same_need() {
        let mut bench = Bench::auto(&["a"]);
        bench.change("a", true, SignedOut);
        bench.change("a", true, UnderWay);
        assert_eq!(bench.change("a", true, Failed), tell("a"));
        tokio::time::advance(Duration::from_hours(8)).await;
        assert_eq!((bench.step(), bench.later()), (vec![], None));
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_person_began_and_cancelled_is_unanswered_too() {
        let mut bench = Bench::auto(&["a"]);
        bench.change("a", false, UnderWay);
        assert_eq!(bench.change("a", true, SignedOut), tell("a"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_is_refused_later_starts_the_sign_in_again() {
        let mut bench = Bench::auto(&["a"]);
        bench.change("a", true, SignedOut);
        bench.change("a", true, UnderWay);
        assert_eq!(bench.change("a", false, SignedIn), NOTHING);
        assert_eq!(bench.change("a", false, Again), open("a"));
        assert_eq!(bench.change("a", false, UnderWay), NOTHING);
        assert_eq!(bench.change("a", false, SignedIn), NOTHING);
    }

    #[tokio::test(start_paused = true)]
    async fn who_signed_out_is_not_asked_to_sign_in() {
        let mut bench = Bench::auto(&["a"]);
        bench.change("a", false, SignedIn);
        assert_eq!(bench.change("a", false, SignedOut), NOTHING);
        assert_eq!(bench.change("a", true, SignedOut), NOTHING);
        // Until it was signed in to again.
        bench.change("a", true, UnderWay);
        bench.change("a", false, SignedIn);
        assert_eq!(bench.change("a", false, Again), open("a"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_sign_in_that_the_server_does_not_need_asks_nobody() {
        let mut bench = Bench::auto(&["a"]);
        assert_eq!(bench.change("a", false, UnderWay), NOTHING);
        assert_eq!(bench.change("a", false, Failed), NOTHING);
    }

    #[tokio::test(start_paused = true)]
    async fn ask_tells_once_for_each_need_and_opens_nothing() {
        let mut bench = Bench::new(SignInPolicy::Ask, &[("a", Way::Page), ("d", Way::Told)]);
        bench.set("d", true, SignedOut);
        assert_eq!(bench.change("a", true, SignedOut), [Tell("a".into()), Tell("d".into())]);
        assert_eq!(bench.step(), NOTHING);
        bench.change("a", false, SignedIn);
        assert_eq!(bench.change("a", false, Again), tell("a"));
    }

    #[tokio::test(start_paused = true)]
    async fn never_says_nothing() {
        let ways = [("a", Way::Page), ("m", Way::Pasted), ("d", Way::Told), ("g", Way::Alone)];
        let mut bench = Bench::new(SignInPolicy::Never, &ways);
        for (name, _) in ways {
            assert_eq!(bench.change(name, true, SignedOut), NOTHING);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_needs_no_browser_is_shown_or_told_under_auto_too_and_holds_up_no_page() {
        let mut bench =
            Bench::new(SignInPolicy::Auto, &[("m", Way::Pasted), ("d", Way::Told), ("a", Way::Page)]);
        assert_eq!(bench.change("m", true, SignedOut), [Show("m".into())]);
        bench.set("m", true, UnderWay);
        assert_eq!(bench.change("d", true, SignedOut), tell("d"));
        assert_eq!(bench.change("a", true, SignedOut), open("a"));
        bench.set("a", true, UnderWay);
        assert_eq!(bench.change("m", true, Failed), tell("m"), "shown once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_machines_own_grant_asks_no_person_and_is_tried_again_every_ten_minutes() {
        for policy in [SignInPolicy::Auto, SignInPolicy::Ask] {
            let mut bench = Bench::new(policy, &[("g", Way::Alone)]);
            assert_eq!(bench.change("g", true, SignedOut), [Begin("g".into())]);
            bench.change("g", true, UnderWay);
            assert_eq!(bench.change("g", true, Failed), NOTHING);
            assert_eq!(bench.later(), Some(Prompts::QUIET));
            tokio::time::advance(Prompts::QUIET).await;
            assert_eq!(bench.step(), [Begin("g".into())]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_gone_or_another_is_a_new_one() {
        let mut bench = Bench::auto(&["a", "b"]);
        bench.change("a", true, SignedOut);
        bench.set("a", true, Failed).set("b", true, SignedOut);
        assert_eq!(bench.step(), [Tell("a".into()), Open("b".into())]);
        bench.set("b", true, UnderWay);
        bench.prompts.forget("a");
        assert_eq!(bench.change("a", true, SignedOut), NOTHING, "b's page is open");
        bench.seen.pop();
        assert_eq!(bench.step(), open("a"));
    }
}
