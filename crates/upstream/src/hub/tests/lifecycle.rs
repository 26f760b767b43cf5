//! Starting, failing, coming back.

use super::*;

const TEN_MINUTES: Duration = Duration::from_mins(10);

/// L01.
#[tokio::test(start_paused = true)]
async fn a_dead_server_leaves_the_others_alone_and_is_tried_again() {
    let fakes = Fakes::new();
    let dead = fakes.server("dead");
    dead.script().opens = transient("no connection to http://127.0.0.1:9/mcp. Is the server running?");
    fakes.hub.apply(&plain(&["ok", "dead", "ok2"]));
    fakes.until_ready("ok").await;
    fakes.until_ready("ok2").await;
    fakes.until(|catalogue| is_backoff(&catalogue.servers["dead"].state)).await;
    assert!(fakes.call("ok").await.is_ok() && fakes.call("ok2").await.is_ok());
    let Err(CallError::Unavailable { reason, retry_after }) = fakes.call("dead").await else {
        panic!("a dead server answered")
    };
    assert!(
        reason.starts_with("`dead` is not available: no connection to http://127.0.0.1:9/mcp."),
        "{reason}"
    );
    assert!(reason.contains("Retrying in ") && retry_after.is_some());
    dead.until(|script| script.attempts >= 3).await;
    dead.script().opens = Opens::Session;
    fakes.until_ready("dead").await;
    assert!(fakes.call("dead").await.is_ok());
    fakes.hub.shutdown().await;
}

/// L02.
#[tokio::test(start_paused = true)]
async fn a_missing_command_is_said_and_has_no_tools() {
    let fakes = Fakes::new();
    let missing = fakes.server("missing");
    missing.script().opens = permanent("command `nope` was not found. Install it.");
    fakes.hub.apply(&plain(&["missing", "ok"]));
    fakes.until_ready("ok").await;
    fakes.until(|catalogue| matches!(catalogue.servers["missing"].state, State::Failed { .. })).await;
    assert!(fakes.snapshot("missing").tools.is_none());
    assert_eq!(
        sentence(fakes.call("missing").await),
        "`missing` could not start: command `nope` was not found. Install it."
    );
    tokio::time::sleep(TEN_MINUTES).await;
    assert_eq!(missing.attempts(), 1);
    missing.script().opens = Opens::Session;
    assert!(fakes.hub.restart("missing"));
    fakes.until_ready("missing").await;
    fakes.hub.shutdown().await;
}

/// L05.
#[tokio::test(start_paused = true)]
async fn a_server_killed_while_idle_comes_back_by_itself() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let tools = fakes.snapshot("a").tools.as_ref().expect("tools").revision;
    let a = fakes.server("a");
    a.crash("killed by signal 9");
    fakes.until(|catalogue| is_backoff(&catalogue.servers["a"].state)).await;
    assert_eq!(fakes.snapshot("a").tools.as_ref().expect("the last tools stay").revision, tools);
    fakes.until_ready("a").await;
    assert_eq!(fakes.snapshot("a").tools.as_ref().expect("tools").revision, tools);
    assert!(fakes.call("a").await.is_ok());
    assert_eq!((a.attempts(), a.most_alive()), (2, 1));
    assert!(fakes.hub.log("a").iter().any(|line| line.contains("killed by signal 9")));
    fakes.hub.shutdown().await;
}

/// L12.
#[tokio::test(start_paused = true)]
async fn a_changed_tool_list_is_read_again() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    let first = fakes.snapshot("a").tools.as_ref().expect("tools").revision;
    a.script().tools.push(tool("new"));
    for _ in 0..3 {
        a.announce();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    fakes.until(|catalogue| catalogue.servers["a"].tools.as_ref().is_some_and(|t| t.tools.len() == 2)).await;
    assert!(fakes.snapshot("a").tools.as_ref().expect("tools").revision > first);
    tokio::time::sleep(TEN_MINUTES).await;
    assert_eq!(a.script().lists, 2, "changes that come together are one list");

    let (second, catalogue) =
        (fakes.snapshot("a").tools.as_ref().expect("tools").revision, fakes.hub.catalogue());
    a.announce();
    a.until(|script| script.lists == 3).await;
    tokio::time::sleep(TEN_MINUTES).await;
    assert_eq!(
        fakes.snapshot("a").tools.as_ref().expect("tools").revision,
        second,
        "the same list is no new set"
    );
    assert!(!is_backoff(&catalogue.servers["a"].state));
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_announces_a_change_with_every_list_is_asked_ever_less_often() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().announces = true;
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    tokio::time::sleep(TEN_MINUTES).await;
    let lists = a.script().lists;
    assert!((10..=30).contains(&lists), "{lists} lists in ten minutes");
    // What is new at last is seen, and what follows it soon.
    a.script().announces = false;
    for count in 2..4 {
        a.script().tools.push(tool(&format!("new{count}")));
        a.announce();
        fakes
            .until(|catalogue| catalogue.servers["a"].tools.as_ref().is_some_and(|t| t.tools.len() == count))
            .await;
    }
    fakes.hub.shutdown().await;
}

/// L14: ten minutes of 502.
#[tokio::test(start_paused = true)]
async fn a_server_that_keeps_failing_is_tried_ever_less_often() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    a.script().opens = transient("502 Bad Gateway");
    a.crash("502 Bad Gateway");
    tokio::time::sleep(TEN_MINUTES).await;
    let attempts = a.attempts();
    assert!((10..=40).contains(&attempts), "{attempts} attempts in ten minutes");
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_does_not_spin() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().opens = Opens::Brief;
    fakes.hub.apply(&plain(&["a"]));
    tokio::time::sleep(TEN_MINUTES).await;
    let attempts = a.attempts();
    assert!((10..=40).contains(&attempts), "{attempts} attempts in ten minutes");
    assert_eq!(a.most_alive(), 1);
    fakes.hub.shutdown().await;
}

/// Only Ready that lasts makes up for failures.
#[tokio::test(start_paused = true)]
async fn a_session_that_lasted_comes_back_quickly() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().first.extend([transient("down"), transient("down"), transient("down"), transient("down")]);
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    tokio::time::sleep(Duration::from_secs(61)).await;
    let crashed = Instant::now();
    a.crash("exit status: 1");
    a.until(|script| script.attempts == 6).await;
    assert!(crashed.elapsed() < Duration::from_secs(1), "{:?}", crashed.elapsed());
    fakes.until_ready("a").await;

    let crashed = Instant::now();
    a.crash("exit status: 1");
    a.until(|script| script.attempts == 7).await;
    assert!(crashed.elapsed() >= Duration::from_secs(1), "{:?}", crashed.elapsed());
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_start_that_hangs_ends_with_its_time() {
    let fakes = Fakes::new();
    fakes.server("a").script().opens = Opens::Never;
    let mut slow = server("a", "run");
    slow.startup_timeout = Some(Duration::from_secs(7));
    fakes.hub.apply(&config([slow]));
    assert_eq!(sentence(fakes.call("a").await), "`a` is still starting; try again in a moment.");
    fakes.until(|catalogue| is_backoff(&catalogue.servers["a"].state)).await;
    assert!(sentence(fakes.call("a").await).contains("not ready within 7 s"));
    // While it is tried again the reason is still told.
    let a = fakes.server("a");
    a.until(|script| script.attempts == 2).await;
    let told = sentence(fakes.call("a").await);
    assert!(told.contains("starting again") && told.contains("not ready within 7 s"), "{told}");
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_needs_sign_in_is_left_alone_until_a_person_acts() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().opens = Opens::Fails(ConnectError::SignInNeeded);
    fakes.hub.apply(&plain(&["a"]));
    fakes.until(|catalogue| catalogue.servers["a"].state == State::SignInNeeded).await;
    for _ in 0..50 {
        assert!(matches!(fakes.call("a").await, Err(CallError::SignInNeeded)));
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
    assert_eq!(a.attempts(), 1);
    a.script().opens = Opens::Session;
    fakes.hub.restart("a");
    fakes.until_ready("a").await;
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_list_that_needs_sign_in_leaves_no_session_open() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().refuses_lists = Some(CallError::SignInNeeded);
    fakes.hub.apply(&plain(&["a"]));
    fakes.until(|catalogue| catalogue.servers["a"].state == State::SignInNeeded).await;
    assert_eq!((a.attempts(), a.alive()), (1, 0));
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_ends_the_old_session_first() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    assert!(fakes.hub.restart("a"));
    a.until(|script| script.attempts == 2).await;
    fakes.until_ready("a").await;
    assert_eq!((a.alive(), a.most_alive()), (1, 1));
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_interrupts_a_start_that_hangs() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().first.push_back(Opens::Never);
    fakes.hub.apply(&plain(&["a"]));
    a.until(|script| script.attempts == 1).await;
    let restarted = Instant::now();
    fakes.hub.restart("a");
    fakes.until_ready("a").await;
    assert_eq!((a.attempts(), restarted.elapsed()), (2, Duration::ZERO));
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn fifty_servers_at_once() {
    let fakes = Fakes::new();
    let names: Vec<String> = (0..50).map(|number| format!("s{number}")).collect();
    for name in names.iter().step_by(3) {
        fakes.server(name).script().opens = Opens::Never;
    }
    fakes.hub.apply(&plain(&names.iter().map(String::as_str).collect::<Vec<_>>()));
    for (number, name) in names.iter().enumerate().filter(|(number, _)| number % 3 != 0) {
        fakes.until_ready(name).await;
        assert!(fakes.call(name).await.is_ok(), "server {number}");
    }
    assert!(
        fakes.hub.catalogue().servers.keys().map(ServerName::as_str).eq(names.iter().map(String::as_str))
    );
    fakes.hub.shutdown().await;
    assert!(names.iter().all(|name| fakes.server(name).alive() == 0));
}

#[tokio::test(start_paused = true)]
async fn shutdown_does_not_wait_for_sessions_that_never_end() {
    let fakes = Fakes::new();
    for name in ["a", "b", "c"] {
        fakes.server(name).script().closes = false;
    }
    fakes.server("b").script().opens = Opens::Never;
    fakes.hub.apply(&plain(&["a", "b", "c"]));
    fakes.until_ready("a").await;
    fakes.until_ready("c").await;
    let begun = Instant::now();
    fakes.hub.shutdown().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(fakes.hub.0.world.tracker.is_empty(), "every task has been joined");
    fakes.hub.apply(&plain(&["d"]));
    tokio::time::sleep(TEN_MINUTES).await;
    assert_eq!(fakes.server("d").attempts(), 0, "nothing starts after a shutdown");
}

#[tokio::test(start_paused = true)]
async fn a_locked_keychain_is_tried_again_and_its_words_are_said() {
    let fakes = Fakes::new();
    *fakes.keychain.0.lock().expect("a lock") = Err(KeychainError::Locked);
    let mut secret = server("a", "run");
    let Upstream::Stdio(stdio) = &mut secret.upstream else { panic!("not stdio") };
    stdio.args.push(Template::new("--key=${keychain:github}"));
    fakes.hub.apply(&config([secret]));
    fakes.until(|catalogue| is_backoff(&catalogue.servers["a"].state)).await;
    assert!(sentence(fakes.call("a").await).contains("cannot be read: the keychain is locked. Unlock it in"));
    assert_eq!(fakes.server("a").attempts(), 0);
    *fakes.keychain.0.lock().expect("a lock") = Ok(Some("hunter2"));
    fakes.until_ready("a").await;
    assert_eq!(fakes.server("a").script().command, ["run", "--key=hunter2"]);
    assert!(!fakes.hub.log("a").iter().any(|line| line.contains("hunter2")));
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_unset_variable_stops_its_server_and_is_never_sent() {
    let fakes = Fakes::new();
    fakes.hub.apply(&config([server("a", "${NOT_SET}"), server("b", "${HOME}/run")]));
    fakes.until_ready("b").await;
    fakes.until(|catalogue| matches!(catalogue.servers["a"].state, State::Failed { .. })).await;
    assert!(
        sentence(fakes.call("a").await)
            .contains("in its `command`, the environment variable `NOT_SET` is not set")
    );
    assert_eq!(fakes.server("a").attempts(), 0);
    assert_eq!(fakes.server("b").script().command, ["/home/ada/run"]);
    fakes.hub.shutdown().await;
}
