use indexmap::IndexMap;
use traygate_config::{HttpUpstream, Template, Upstream};

use super::*;
use crate::fake::{name, server, tool};

fn memory(tools: &[&str]) -> Memory {
    let tools = tools.iter().map(|name| ToolEntry::from(tool(name))).collect();
    let (era, info) = (Some(Era::Initialize), ServerInfo::default());
    Memory { era, info, tools, quarantined: Vec::new(), disabled: 3 }
}

fn files(store: &Store) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(&store.folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_memory_comes_back_digit_for_digit() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let (a, mut kept) = (server("a", "run"), memory(&["t"]));
    let schema = r#"{"type":"object","properties":{"n":{"maximum":12345678901234567890.10}}}"#;
    kept.tools[0].input_schema = std::sync::Arc::new(serde_json::from_str(schema).unwrap());
    store.write(store.save(&a, kept.clone())).unwrap();
    let loaded = Store::open(folder.path()).unwrap().load(&a).unwrap();
    assert_eq!(loaded, kept);
    assert_eq!(serde_json::to_string(&loaded.tools[0].input_schema).unwrap(), schema);
}

#[test]
fn another_entry_of_the_same_name_remembers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.write(store.save(&server("a", "run"), memory(&["t"]))).unwrap();
    assert!(store.load(&server("a", "walk")).is_none());
    assert!(store.load(&server("b", "run")).is_none());
    let mut patient = server("a", "run");
    patient.timeout *= 2;
    patient.disabled = true;
    assert!(store.load(&patient).is_some(), "a timeout changes nothing about the tools");
}

#[test]
fn a_damaged_file_is_ignored_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let a = server("a", "run");
    for damage in [&b"{"[..], b"", b"\xff\xfe", b"null", br#"{"format":1,"entry":"","memory":{}}"#] {
        fs::write(store.path(&a.name), damage).unwrap();
        assert!(store.load(&a).is_none());
    }
    store.write(store.save(&a, memory(&["t"]))).unwrap();
    assert!(store.load(&a).is_some());
}

#[test]
fn a_damaged_salt_starts_fresh() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let a = server("a", "run");
    store.write(store.save(&a, memory(&["t"]))).unwrap();
    fs::write(store.folder.join("salt"), "short").unwrap();
    let store = Store::open(folder.path()).unwrap();
    assert!(store.load(&a).is_none());
    store.prune([&a.name]);
    assert_eq!(files(&store), [store.folder.join("salt")]);
}

#[test]
fn what_was_saved_last_stays_whatever_is_written_last() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let a = server("a", "run");
    let (older, newer) = (store.save(&a, memory(&["old"])), store.save(&a, memory(&["new"])));
    store.write(newer).unwrap();
    store.write(older).unwrap();
    assert_eq!(store.load(&a).unwrap().tools[0].name, "new");
}

#[test]
fn pruning_keeps_what_is_in_the_config() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    for name in ["a", "b"] {
        store.write(store.save(&server(name, "run"), memory(&["t"]))).unwrap();
    }
    store.prune([&name("a"), &name("c")]);
    assert!(store.load(&server("a", "run")).is_some());
    assert!(store.load(&server("b", "run")).is_none());
    assert_eq!(files(&store).len(), 2, "a's file and the salt");
}

#[test]
fn no_secret_reaches_the_disk_and_nobody_else_may_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut secret = server("a", "run");
    secret.upstream = Upstream::Http(HttpUpstream {
        url: Template::new("https://example.com/hunter2"),
        headers: IndexMap::from([("Authorization".to_owned(), Template::new("Bearer hunter2"))]),
    });
    store.write(store.save(&secret, memory(&["t"]))).unwrap();
    assert_eq!(files(&store).len(), 2);
    for file in files(&store) {
        let content = fs::read(&file).unwrap();
        assert!(!content.windows(7).any(|window| window == b"hunter2"), "{}", file.display());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                fs::metadata(&file).unwrap().permissions().mode() & 0o777,
                0o600,
                "{}",
                file.display()
            );
        }
    }
    // The same entry has another hash elsewhere: the salt is this installation's own.
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Store::open(elsewhere.path()).unwrap();
    assert_ne!(store.salt.of_entry(&secret), other.salt.of_entry(&secret));
}
