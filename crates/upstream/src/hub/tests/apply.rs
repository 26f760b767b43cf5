//! Hot reload: what a new config does to the servers of the old one.

use super::*;

/// L06.
#[tokio::test(start_paused = true)]
async fn a_changed_server_is_stopped_before_it_starts_anew() {
    let fakes = Fakes::new();
    fakes.hub.apply(&config([server("a", "old"), server("b", "run")]));
    fakes.until_ready("a").await;
    fakes.until_ready("b").await;
    fakes.hub.apply(&config([server("a", "new"), server("b", "run")]));
    assert_eq!(fakes.snapshot("a").state, State::Connecting { last: None });
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    assert_eq!(a.script().command, ["new"]);
    assert_eq!((a.attempts(), a.alive(), a.most_alive()), (2, 1, 1));
    assert_eq!(fakes.server("b").attempts(), 1);
    assert!(fakes.call("a").await.is_ok());
    fakes.hub.shutdown().await;
    assert_eq!(a.alive(), 0);
}

/// L06, faster than a process ends: the versions between are skipped.
#[tokio::test(start_paused = true)]
async fn edits_in_quick_succession_keep_to_one_session() {
    let fakes = Fakes::new();
    fakes.hub.apply(&config([server("a", "0")]));
    fakes.until_ready("a").await;
    for version in 1..10 {
        fakes.hub.apply(&config([server("a", &version.to_string())]));
    }
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    assert_eq!(a.script().command, ["9"]);
    assert_eq!((a.attempts(), a.alive(), a.most_alive()), (2, 1, 1));
    fakes.hub.shutdown().await;
}

/// L07.
#[tokio::test(start_paused = true)]
async fn a_removed_server_is_unknown_and_its_session_ends() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a", "b"]));
    fakes.until_ready("a").await;
    fakes.until_ready("b").await;
    fakes.hub.apply(&plain(&["b"]));
    assert!(matches!(fakes.call("a").await, Err(CallError::UnknownServer)));
    assert!(!fakes.hub.catalogue().servers.contains_key("a"));
    fakes.server("a").until(|script| script.alive == 0).await;
    assert!(fakes.call("b").await.is_ok());
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_comes_back_waits_for_its_old_session_to_end() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    fakes.hub.apply(&plain(&[]));
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let a = fakes.server("a");
    assert_eq!((a.attempts(), a.alive(), a.most_alive()), (2, 1, 1));
    fakes.hub.shutdown().await;
}

/// L08.
#[tokio::test(start_paused = true)]
async fn a_server_that_was_added_can_be_edited() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a"]));
    fakes.hub.apply(&config([server("a", "run"), server("b", "old")]));
    fakes.until_ready("b").await;
    fakes.hub.apply(&config([server("a", "run"), server("b", "new")]));
    fakes.until_ready("b").await;
    assert_eq!(fakes.server("b").script().command, ["new"]);
    assert!(fakes.call("b").await.is_ok());
    fakes.hub.shutdown().await;
}

/// L09.
#[tokio::test(start_paused = true)]
async fn a_bad_server_does_not_keep_a_good_one_out() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&[]));
    fakes.server("bad").script().opens = permanent("command `nope` was not found. Install it.");
    fakes.hub.apply(&plain(&["bad", "good"]));
    fakes.until_ready("good").await;
    fakes.until(|catalogue| matches!(catalogue.servers["bad"].state, State::Failed { .. })).await;
    assert!(fakes.call("good").await.is_ok());
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_config_changes_nothing_and_a_new_order_only_the_order() {
    let fakes = Fakes::new();
    fakes.hub.apply(&plain(&["a", "b"]));
    fakes.until_ready("a").await;
    fakes.until_ready("b").await;
    let before = fakes.hub.catalogue().revision;
    fakes.hub.apply(&plain(&["a", "b"]));
    assert_eq!(fakes.hub.catalogue().revision, before);
    fakes.hub.apply(&plain(&["b", "a"]));
    let catalogue = fakes.hub.catalogue();
    assert_eq!(catalogue.servers.keys().map(ServerName::as_str).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(catalogue.revision, before + 1);
    assert!(catalogue.servers.values().all(|server| server.state == State::Ready));
    assert_eq!((fakes.server("a").attempts(), fakes.server("b").attempts()), (1, 1));
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn disabled_and_invalid_servers_are_shown_and_not_started() {
    let fakes = Fakes::new();
    let mut off = server("off", "run");
    off.disabled = true;
    let mut wanted = config([off, server("ok", "run")]);
    wanted.servers.insert(name("typo"), invalid("typo"));
    fakes.hub.apply(&wanted);
    fakes.until_ready("ok").await;
    assert_eq!(fakes.snapshot("off").state, State::Disabled);
    let State::Failed { reason } = fakes.snapshot("typo").state.clone() else { panic!("not failed") };
    assert_eq!(
        &*reason,
        "`comand` is not a key of a server (line 7 of the config file). Did you mean `command`?"
    );
    assert!(sentence(fakes.call("off").await).starts_with("`off` is disabled."));
    assert!(sentence(fakes.call("typo").await).contains("line 7"));
    assert!(fakes.hub.restart("off") && fakes.hub.restart("typo") && !fakes.hub.restart("nobody"));
    fakes.hub.apply(&config([server("off", "run")]));
    fakes.until_ready("off").await;
    assert_eq!((fakes.server("off").attempts(), fakes.server("typo").attempts()), (1, 0));
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn disabling_a_tool_acts_at_once_and_keeps_the_others_in_sight() {
    let fakes = Fakes::new();
    fakes.server("a").script().tools = vec![tool("echo"), tool("other")];
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    let mut changed = server("a", "run");
    changed.disabled_tools.insert("echo".into());
    fakes.hub.apply(&config([changed]));
    let snapshot = fakes.snapshot("a");
    let tools = snapshot.tools.as_ref().expect("the known tools");
    assert_eq!(tools.tools.keys().collect::<Vec<_>>(), ["other"]);
    fakes.until_ready("a").await;
    assert_eq!(fakes.snapshot("a").tools.as_ref().expect("tools").revision, tools.revision);
    assert!(
        matches!(fakes.call("a").await, Err(CallError::Rpc(error)) if error.message.contains("disabled"))
    );
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn concurrent_applies_end_with_one_of_them_whole() {
    let fakes = Fakes::new();
    std::thread::scope(|scope| {
        for version in 0..8 {
            let (hub, handle) = (fakes.hub.clone(), tokio::runtime::Handle::current());
            scope.spawn(move || {
                let _runtime = handle.enter();
                let command = version.to_string();
                hub.apply(&config([server("a", &command), server("b", &command)]));
            });
        }
    });
    fakes.until_ready("a").await;
    fakes.until_ready("b").await;
    let (a, b) = (fakes.server("a"), fakes.server("b"));
    assert_eq!(a.script().command, b.script().command);
    assert_eq!((a.most_alive(), b.most_alive()), (1, 1));
    fakes.hub.shutdown().await;
}

/// A command was installed, a secret stored; the file is saved again, and says the same.
#[tokio::test(start_paused = true)]
async fn a_server_that_had_failed_is_tried_again_once() {
    let fakes = Fakes::new();
    let missing = fakes.server("missing");
    missing.script().opens = permanent("command `nope` was not found. Install it.");
    fakes.hub.apply(&plain(&["missing", "ok"]));
    fakes.until_ready("ok").await;
    fakes.until(|catalogue| matches!(catalogue.servers["missing"].state, State::Failed { .. })).await;
    fakes.hub.apply(&plain(&["missing", "ok"]));
    missing.until(|script| script.attempts == 2).await;
    fakes.until(|catalogue| matches!(catalogue.servers["missing"].state, State::Failed { .. })).await;
    tokio::time::sleep(Duration::from_mins(10)).await;
    assert_eq!(missing.attempts(), 2);
    missing.script().opens = Opens::Session;
    fakes.hub.apply(&plain(&["missing", "ok"]));
    fakes.until_ready("missing").await;
    assert_eq!((missing.attempts(), fakes.server("ok").attempts()), (3, 1));
    fakes.hub.shutdown().await;
}
