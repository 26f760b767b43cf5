use super::{Act::*, Phase::*, *};

/// Servers that change one by one.
struct Bench {
    prompts: Prompts,
    policy: SignInPolicy,
    seen: Vec<Seen>,
}

impl Bench {
    fn new(policy: SignInPolicy, servers: &[(&str, Way)]) -> Self {
        let seen = |&(name, way): &(&str, Way)| Seen {
            name: name.into(),
            waits: false,
            phase: SignedOut,
            changes: 0,
            way,
        };
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
async fn a_sign_in_that_is_followed_by_a_new_need_at_once_was_answered() {
    let mut bench = Bench::auto(&["a"]);
    assert_eq!(bench.change("a", true, SignedOut), open("a"));
    bench.change("a", true, UnderWay);
    bench.seen[0].changes = 1;
    assert_eq!(bench.change("a", false, Again), open("a"), "signed in between two looks, and not for this");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_never_content_is_not_asked_for_again() {
    for seen_signed_in in [true, false] {
        let mut bench = Bench::auto(&["a"]);
        assert_eq!(bench.change("a", true, SignedOut), open("a"));
        bench.change("a", true, UnderWay);
        bench.seen[0].changes = 1;
        if seen_signed_in {
            assert_eq!(bench.change("a", false, SignedIn), NOTHING);
        }
        assert_eq!(bench.change("a", true, Failed), tell("a"));
    }
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
    let mut bench = Bench::new(SignInPolicy::Auto, &[("m", Way::Pasted), ("d", Way::Told), ("a", Way::Page)]);
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

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_no_token_gets_no_page_after_page() {
    let mut bench = Bench::auto(&["a"]);
    bench.set("a", true, SignedOut);
    for _ in 0..Prompts::OFTEN {
        assert_eq!(bench.step(), open("a"));
        bench.change("a", true, UnderWay);
        bench.change("a", false, SignedIn);
        bench.set("a", true, Again);
    }
    assert_eq!(bench.step(), tell("a"));
    assert_eq!(bench.step(), NOTHING);
    bench.change("a", false, SignedIn);
    tokio::time::advance(Prompts::QUIET).await;
    assert_eq!(bench.change("a", true, Again), open("a"), "a refusal of later");
}
