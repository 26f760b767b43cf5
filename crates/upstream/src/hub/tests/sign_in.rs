//! Waiting for a person, and coming back.

use super::*;
use crate::fake::http_server;

fn sign_in_needed() -> Opens {
    Opens::Fails(ConnectError::SignInNeeded)
}

async fn until_sign_in_needed(fakes: &Fakes) {
    fakes.until(|catalogue| catalogue.servers["a"].state == State::SignInNeeded).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_waits_for_its_sign_in_and_then_connects() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().opens = sign_in_needed();
    fakes.hub.apply(&config([http_server("a", &[])]));
    until_sign_in_needed(&fakes).await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(a.attempts(), 1, "it never polls");
    // A person who gave up: nothing to connect with.
    fakes.sign_ins.of("a").change(None);
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(a.attempts(), 1);
    a.script().opens = Opens::Session;
    fakes.sign_ins.of("a").change(Some("t1"));
    fakes.until_ready("a").await;
    assert!(fakes.call("a").await.is_ok());
    assert_eq!(a.attempts(), 2);
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_refused_at_once_leads_to_no_spin() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().opens = sign_in_needed();
    fakes.hub.apply(&config([http_server("a", &[])]));
    until_sign_in_needed(&fakes).await;
    fakes.sign_ins.of("a").change(Some("t1"));
    a.until(|script| script.attempts == 2).await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!((a.attempts(), &fakes.snapshot("a").state), (2, &State::SignInNeeded));
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_during_an_attempt_is_not_missed() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().opens = Opens::Slowly(Duration::from_secs(5));
    a.script().refuses_lists = Some(CallError::SignInNeeded);
    fakes.hub.apply(&config([http_server("a", &[])]));
    a.until(|script| script.attempts == 1).await;
    fakes.sign_ins.of("a").change(Some("t1"));
    a.until(|script| script.lists == 1).await;
    a.script().refuses_lists = None;
    fakes.until_ready("a").await;
    assert_eq!(a.attempts(), 2);
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_ends_the_session_and_the_next_sign_in_brings_it_back() {
    let fakes = Fakes::new();
    let (a, sign_in) = (fakes.server("a"), fakes.sign_ins.of("a"));
    sign_in.change(Some("t1"));
    fakes.hub.apply(&config([http_server("a", &[])]));
    fakes.until_ready("a").await;
    sign_in.change(None);
    until_sign_in_needed(&fakes).await;
    a.until(|script| script.alive == 0).await;
    assert!(matches!(fakes.call("a").await, Err(CallError::SignInNeeded)));
    a.script().opens = Opens::Slowly(Duration::from_secs(1));
    sign_in.change(Some("t2"));
    a.until(|script| script.attempts == 2).await;
    assert!(fakes.call("a").await.is_ok(), "it was Ready before: the call waits");
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn another_sign_in_has_the_tools_listed_again_and_keeps_the_session() {
    let fakes = Fakes::new();
    let (a, sign_in) = (fakes.server("a"), fakes.sign_ins.of("a"));
    sign_in.change(Some("t1"));
    fakes.hub.apply(&config([http_server("a", &[])]));
    fakes.until_ready("a").await;
    sign_in.change(Some("t2"));
    a.until(|script| script.lists == 2).await;
    assert_eq!((a.attempts(), &fakes.snapshot("a").state), (1, &State::Ready));
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_list_for_which_there_is_no_token_now_ends_no_session() {
    let fakes = Fakes::new();
    let a = fakes.server("a");
    fakes.hub.apply(&config([http_server("a", &[])]));
    fakes.until_ready("a").await;
    a.script().refuses_lists = Some(CallError::Unavailable {
        reason: "the keychain is locked.".into(),
        retry_after: Some(Duration::from_secs(1)),
    });
    a.announce();
    a.until(|script| script.lists == 2).await;
    assert!(fakes.call("a").await.is_ok());
    assert_eq!((a.attempts(), &fakes.snapshot("a").state), (1, &State::Ready));
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_configured_authorization_that_is_refused_is_said_and_waits_for_no_sign_in() {
    let refused = "its `headers.Authorization` was refused (HTTP 401). Correct it, or remove it to sign in.";
    let failed =
        |catalogue: &Catalogue| catalogue.servers["a"].state == State::Failed { reason: refused.into() };
    let fakes = Fakes::new();
    let a = fakes.server("a");
    a.script().opens = sign_in_needed();
    let entry = || http_server("a", &[("authorization", "Bearer k")]);
    fakes.hub.apply(&config([entry()]));
    fakes.until(failed).await;
    assert_eq!(sentence(fakes.call("a").await), format!("`a` could not start: {refused}"));
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(a.attempts(), 1);
    // The same for one that was taken before.
    a.script().opens = Opens::Session;
    fakes.hub.restart("a");
    fakes.until_ready("a").await;
    a.script().calls = Calls::Challenges;
    a.script().refuses_lists = Some(CallError::SignInNeeded);
    assert_eq!(sentence(fakes.call("a").await), format!("`a` cannot be used: {refused}"));
    fakes.until(failed).await;
    a.until(|script| script.alive == 0).await;
    fakes.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn credentials_go_with_the_server_that_is_removed_and_with_no_other() {
    let fakes = Fakes::new();
    let mut disabled = http_server("disabled", &[]);
    let names = ["removed", "disabled", "broken"];
    fakes.hub.apply(&config(names.map(|name| http_server(name, &[]))));
    disabled.disabled = true;
    let mut next = config([disabled]);
    next.servers.insert(name("broken"), invalid("broken"));
    fakes.hub.apply(&next);
    fakes.hub.shutdown().await;
    assert_eq!(*fakes.sign_ins.removed.lock().expect("no panic"), ["removed"]);
}
