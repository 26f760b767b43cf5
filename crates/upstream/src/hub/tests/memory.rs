//! What is known across restarts.

use super::*;
use crate::connection::Era;

#[tokio::test(start_paused = true)]
async fn tools_and_era_are_there_before_the_first_connect() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Fakes::in_folder(Some(folder.path()));
    first.server("a").script().tools = vec![tool("z"), tool("a")];
    first.hub.apply(&plain(&["a"]));
    first.until_ready("a").await;
    first.hub.shutdown().await;

    let second = Fakes::in_folder(Some(folder.path()));
    second.server("a").script().opens = Opens::Never;
    second.hub.apply(&plain(&["a"]));
    let snapshot = second.snapshot("a");
    assert_eq!(snapshot.state, State::Connecting { last: None });
    let tools = snapshot.tools.as_ref().expect("the remembered tools");
    assert_eq!(tools.tools.keys().collect::<Vec<_>>(), ["z", "a"]);
    assert_eq!(tools.info.name, "fake");
    assert_eq!(sentence(second.call("a").await), "`a` is still starting; try again in a moment.");
    second.server("a").until(|script| script.attempts == 1).await;
    assert_eq!(second.server("a").script().era, Some(Era::Discover));
    second.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_tools_keep_their_revision_over_the_first_connect() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Fakes::in_folder(Some(folder.path()));
    first.hub.apply(&plain(&["a"]));
    first.until_ready("a").await;
    first.hub.shutdown().await;

    let second = Fakes::in_folder(Some(folder.path()));
    second.hub.apply(&plain(&["a"]));
    let remembered = second.snapshot("a").tools.as_ref().expect("tools").revision;
    second.until_ready("a").await;
    assert_eq!(second.snapshot("a").tools.as_ref().expect("tools").revision, remembered);
    second.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_changed_entry_starts_fresh_and_a_removed_one_is_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Fakes::in_folder(Some(folder.path()));
    first.hub.apply(&plain(&["a", "b"]));
    first.until_ready("a").await;
    first.until_ready("b").await;
    first.hub.shutdown().await;

    let second = Fakes::in_folder(Some(folder.path()));
    second.hub.apply(&config([server("a", "another")]));
    assert!(second.snapshot("a").tools.is_none());
    second.hub.shutdown().await;

    let third = Fakes::in_folder(Some(folder.path()));
    third.hub.apply(&plain(&["a", "b"]));
    assert!(third.snapshot("b").tools.is_none(), "b was not in the config of the run between");
    third.hub.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_state_folder_nothing_is_kept_and_an_unusable_one_stops_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a-file");
    fs_err::write(&file, "in the way").expect("a file");
    let fakes = Fakes::in_folder(Some(&file));
    fakes.hub.apply(&plain(&["a"]));
    fakes.until_ready("a").await;
    assert!(fakes.call("a").await.is_ok());
    fakes.hub.shutdown().await;
}
