//! Calls, while their server comes and goes.

use futures::future::join_all;

use super::*;

/// L04.
#[tokio::test(start_paused = true)]
async fn a_server_that_dies_of_a_call_is_there_for_the_next() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a", "b"]));
    fakes.until_ready("a").await;
    fakes.until_ready("b").await;
    let a = fakes.server("a");
    for round in 1..4 {
        a.script().calls = Calls::Kills;
        assert!(matches!(fakes.call("a").await, Err(CallError::ConnectionLost(_))));
        a.script().calls = Calls::Answers;
        let next = fakes.call("a").await;
        assert!(next.is_ok(), "round {round}: {next:?}");
    }
    assert_eq!((a.attempts(), a.most_alive()), (4, 1));
    assert!(fakes.call("b").await.is_ok());
    assert_eq!(fakes.server("b").attempts(), 1);
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_wakes_a_server_out_of_a_long_backoff() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    a.script().opens = transient("down");
    a.crash("down");
    a.until(|script| script.attempts == 8).await;
    let waiting = sentence(fakes.call("a").await);
    assert!(waiting.starts_with("`a` is not available: down. Retrying in "), "{waiting}");
    a.script().opens = Opens::Session;
    let begun = Instant::now();
    assert!(fakes.call("a").await.is_ok());
    assert!(begun.elapsed() <= Duration::from_secs(5), "{:?}", begun.elapsed());
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn many_calls_wake_a_failing_server_no_more_than_once_a_second() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    a.script().opens = transient("down");
    a.crash("down");
    let before = a.attempts();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        join_all((0..20).map(|_| fakes.call("a"))).await;
    }
    let attempts = a.attempts() - before;
    assert!(attempts <= 32, "{attempts} attempts in 30 s");
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_no_more_than_five_seconds_for_a_server_that_was_ready() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    a.script().opens = Opens::Never;
    a.crash("down");
    a.until(|script| script.attempts == 2).await;
    let begun = Instant::now();
    assert_eq!(
        sentence(fakes.call("a").await),
        "`a` was lost and is still reconnecting; try again in a moment. What went wrong: down."
    );
    assert_eq!(begun.elapsed().as_secs(), 5);
    fakes.hub.shutdown().await;
}

/// One deadline for all that a call waits for: the server's return, and word of what became of it.
#[tokio::test(start_paused = true)]
async fn a_call_lost_after_a_wait_does_not_wait_longer_than_five_seconds_in_all() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    a.script().opens = Opens::Slowly(Duration::from_secs(4));
    a.script().calls = Calls::Vanishes;
    a.crash("down");
    a.until(|script| script.attempts == 2).await;
    let begun = Instant::now();
    assert!(matches!(fakes.call("a").await, Err(CallError::ConnectionLost(_))));
    assert!(begun.elapsed() > Duration::from_secs(4), "it waited for the server");
    assert!(begun.elapsed() <= Duration::from_secs(5), "{:?}", begun.elapsed());
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_session_is_looked_at() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    a.script().calls = Calls::ForgetsSession;
    assert!(matches!(fakes.call("a").await, Err(CallError::Rpc(_))));
    a.until(|script| script.lists == 2).await;
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_never_waits_for_a_first_connect() {
    let fakes = Fakes::new();
    fakes.server("a").script().opens = Opens::Never;
    fakes.hub.apply(&plain(&["a"]));
    let begun = Instant::now();
    assert_eq!(sentence(fakes.call("a").await), "`a` is still starting; try again in a moment.");
    assert_eq!(begun.elapsed(), Duration::ZERO);
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_the_session_to_its_other_calls() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    a.script().calls = Calls::Loses;
    assert!(matches!(fakes.call("a").await, Err(CallError::ConnectionLost(_))));
    a.script().calls = Calls::Answers;
    assert!(fakes.call("a").await.is_ok());
    assert_eq!(a.attempts(), 1);
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_challenged_call_has_the_session_checked() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    a.script().calls = Calls::Challenges;
    assert!(matches!(fakes.call("a").await, Err(CallError::SignInNeeded)));
    a.until(|script| script.lists == 2).await;
    assert_eq!(fakes.snapshot("a").state, State::Ready, "one tool that wants more does not end the session");
    a.script().refuses_lists = Some(CallError::SignInNeeded);
    assert!(matches!(fakes.call("a").await, Err(CallError::SignInNeeded)));
    fakes.until(|catalogue| catalogue.servers["a"].state == State::SignInNeeded).await;
    assert_eq!(a.alive(), 0);
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn removal_ends_the_calls_that_run() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().calls = Calls::Never;
    a.script().closes = false;
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let calls = join_all((0..3).map(|_| fakes.call("a")));
    let removal = async {
        tokio::task::yield_now().await;
        fakes.hub.apply(&plain(&[]));
        Instant::now()
    };
    let (results, removed) = tokio::join!(calls, removal);
    assert_eq!(removed.elapsed(), Duration::ZERO);
    for result in results {
        assert!(
            matches!(&result, Err(CallError::ConnectionLost(why)) if why.contains("was stopped")),
            "{result:?}"
        );
    }
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_ends_the_calls_that_run() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().calls = Calls::Never;
    a.script().closes = false;
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let begun = Instant::now();
    let restart = async {
        tokio::task::yield_now().await;
        fakes.hub.restart("a")
    };
    let (result, restarted) = tokio::join!(fakes.call("a"), restart);
    assert!(restarted && begun.elapsed() == Duration::ZERO);
    assert!(matches!(&result, Err(CallError::ConnectionLost(why)) if why.contains("ended")), "{result:?}");
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn removal_ends_the_calls_that_wait() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    a.script().opens = Opens::Never;
    a.crash("down");
    a.until(|script| script.attempts == 2).await;
    let removal = async {
        tokio::task::yield_now().await;
        fakes.hub.apply(&plain(&[]));
        Instant::now()
    };
    let (result, removed) = tokio::join!(fakes.call("a"), removal);
    assert_eq!(removed.elapsed(), Duration::ZERO);
    assert_eq!(sentence(result), "`a` was stopped; try again in a moment.");
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn two_hundred_callers_of_a_stuck_server_block_nobody() {
    let fakes = Fakes::new();
    let stuck = fakes.server("stuck");
    stuck.script().calls = Calls::Never;
    stuck.script().closes = false;
    fakes.hub.apply(&plain(&["stuck", "ok"]));
    fakes.until_ready("stuck").await;
    fakes.until_ready("ok").await;
    let callers = join_all((0..200).map(|_| fakes.call("stuck")));
    let others = async {
        for _ in 0..1000 {
            assert!(fakes.call("ok").await.is_ok());
        }
        let begun = Instant::now();
        fakes.hub.shutdown().await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    };
    let (results, ()) = tokio::join!(callers, others);
    assert_eq!(results.len(), 200);
    assert!(results.iter().all(|result| matches!(result, Err(CallError::ConnectionLost(_)))));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_could_not_be_sent_says_so_at_once() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    fakes.server("a").script().calls = Calls::Unavailable;
    let begun = Instant::now();
    let Err(CallError::Unavailable { reason, retry_after }) = fakes.call("a").await else {
        panic!("it was answered")
    };
    assert_eq!(
        &*reason,
        "`a` was lost and is reconnecting: it cannot be reached: connection refused; try again in a moment."
    );
    assert_eq!(retry_after, Some(Duration::from_secs(1)));
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    fakes.hub.shutdown().await;
}

/// L14: the server answers 502 to everything, or refuses connections, and its session knows nothing of it.
#[tokio::test(start_paused = true)]
async fn a_server_to_which_nothing_passes_is_not_ready() {
    for calls in [Calls::Loses, Calls::Unavailable] {
        let fakes = Fakes::new();
        fakes.hub.apply(&plain(&["a"]));
        fakes.until_ready("a").await;
        let a = fakes.server("a");
        a.script().calls = calls;
        a.script().refuses_lists = Some(CallError::ConnectionLost("it answered HTTP 502".into()));
        assert!(fakes.call("a").await.is_err());
        fakes.until(|catalogue| is_backoff(&catalogue.servers["a"].state)).await;
        let State::Backoff { reason, .. } = &fakes.snapshot("a").state else { panic!("it came back") };
        assert_eq!(&**reason, "it answered HTTP 502");
        a.script().refuses_lists = None;
        a.script().calls = Calls::Answers;
        fakes.until_ready("a").await;
        assert!(fakes.call("a").await.is_ok());
        assert_eq!(a.most_alive(), 1);
        fakes.hub.shutdown().await;
    }
}
