use std::collections::HashMap;

use traygate_upstream::Environment;

use super::*;
use crate::{ConfigSource, Gateway, StartError};

const CLOSED: &str = r#"{"mcpServers": {}, "traygate": {"openDocs": false}}"#;
const OPEN: &str = r#"{"mcpServers": {}, "traygate": {"openDocs": true}}"#;

struct Followed {
    folder: tempfile::TempDir,
    gateway: Gateway,
    reloads: tokio::sync::watch::Receiver<u64>,
}

fn options(path: PathBuf) -> Options {
    let environment = Environment::new(HashMap::new(), None);
    Options { port: Some(0), ..Options::new(ConfigSource::File(path), environment) }
}

impl Followed {
    /// A gateway that follows `config.json` in a folder that `fill` made ready.
    async fn start(fill: impl FnOnce(&std::path::Path)) -> Self {
        Self::start_with(fill, |options| options).await
    }

    async fn start_with(
        fill: impl FnOnce(&std::path::Path),
        change: impl FnOnce(Options) -> Options,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fill(folder.path());
        let options = change(options(folder.path().join("config.json")));
        let gateway = Gateway::start(options).await.expect("it starts");
        let reloads = gateway.reloads();
        Self { folder, gateway, reloads }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Waits for as many reloads as it takes.
    async fn until(&mut self, seen: impl Fn(&Gateway) -> bool) {
        let gateway = &self.gateway;
        self.reloads.wait_for(|_| seen(gateway)).await.expect("the file is followed");
    }

    async fn until_code(&mut self, code: &str) {
        self.until(|gateway| gateway.diagnostics().iter().any(|diagnostic| diagnostic.code == code)).await;
    }

    fn is_open(gateway: &Gateway) -> bool {
        gateway.rules().load().open_docs
    }
}

fn write(path: impl AsRef<std::path::Path>, text: &str) {
    fs_err::write(path.as_ref(), text).expect("a file");
}

#[tokio::test]
async fn a_save_in_place_is_seen() {
    let mut followed = Followed::start(|dir| write(dir.join("config.json"), CLOSED)).await;
    write(followed.path("config.json"), OPEN);
    followed.until(Followed::is_open).await;
    followed.gateway.shutdown().await;
}

#[tokio::test]
async fn a_save_without_a_change_counts() {
    let mut followed = Followed::start(|dir| write(dir.join("config.json"), CLOSED)).await;
    let seen = *followed.reloads.borrow_and_update();
    write(followed.path("config.json"), CLOSED);
    followed.reloads.wait_for(|count| *count > seen).await.expect("the file is followed");
    followed.gateway.shutdown().await;
}

#[tokio::test]
async fn replace_on_save_is_seen_every_time() {
    let mut followed = Followed::start(|dir| write(dir.join("config.json"), CLOSED)).await;
    for text in [OPEN, CLOSED, OPEN] {
        write(followed.path("config.json.swp"), text);
        fs_err::rename(followed.path("config.json.swp"), followed.path("config.json")).expect("replaced");
        followed.until(|gateway| Followed::is_open(gateway) == (text == OPEN)).await;
    }
    followed.gateway.shutdown().await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_target_of_a_symlink_is_followed() {
    use fs_err::os::unix::fs::symlink;
    let elsewhere = tempfile::tempdir().expect("a folder");
    let target = elsewhere.path().join("real.json");
    write(&target, CLOSED);
    let mut followed =
        Followed::start(|dir| symlink(&target, dir.join("config.json")).expect("a symlink")).await;
    write(&target, OPEN);
    followed.until(Followed::is_open).await;
    // Now the link itself.
    write(elsewhere.path().join("other.json"), CLOSED);
    symlink(elsewhere.path().join("other.json"), followed.path("new")).expect("a symlink");
    fs_err::rename(followed.path("new"), followed.path("config.json")).expect("swapped");
    followed.until(|gateway| !Followed::is_open(gateway)).await;
    // And the new target, whose folder is watched by now too.
    write(elsewhere.path().join("other.json"), OPEN);
    followed.until(Followed::is_open).await;
    followed.gateway.shutdown().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_kubernetes_swap_is_seen() {
    use fs_err::os::unix::fs::symlink;
    let version = |dir: &std::path::Path, name: &str, text: &str| {
        fs_err::create_dir(dir.join(name)).expect("a folder");
        write(dir.join(name).join("config.json"), text);
    };
    let mut followed = Followed::start(|dir| {
        version(dir, "..one", CLOSED);
        symlink("..one", dir.join("..data")).expect("a symlink");
        symlink("..data/config.json", dir.join("config.json")).expect("a symlink");
    })
    .await;
    for (old, new, text) in [("..one", "..two", OPEN), ("..two", "..three", CLOSED)] {
        version(followed.folder.path(), new, text);
        symlink(new, followed.path("..data_tmp")).expect("a symlink");
        fs_err::rename(followed.path("..data_tmp"), followed.path("..data")).expect("swapped");
        fs_err::remove_dir_all(followed.path(old)).expect("the old version goes");
        followed.until(|gateway| Followed::is_open(gateway) == (text == OPEN)).await;
    }
    followed.gateway.shutdown().await;
}

#[tokio::test]
async fn a_truncated_file_keeps_the_last_good_one_and_says_so() {
    let mut followed = Followed::start(|dir| write(dir.join("config.json"), OPEN)).await;
    write(followed.path("config.json"), &CLOSED[..CLOSED.len() - 5]);
    followed.until(|gateway| !gateway.diagnostics().is_empty()).await;
    assert!(Followed::is_open(&followed.gateway));
    assert_eq!(followed.gateway.diagnostics()[0].severity, Severity::Error);
    write(followed.path("config.json"), "");
    followed.until_code("empty-file").await;
    assert!(Followed::is_open(&followed.gateway));
    write(followed.path("config.json"), CLOSED);
    followed.until(|gateway| !Followed::is_open(gateway)).await;
    assert!(followed.gateway.diagnostics().is_empty());
    followed.gateway.shutdown().await;
}

#[tokio::test]
async fn a_file_that_names_no_servers_keeps_the_last_good_one() {
    let served = r#"{"mcpServers": {"demo": {"type": "demo"}}, "traygate": {"openDocs": true}}"#;
    let mut followed = Followed::start(|dir| write(dir.join("config.json"), served)).await;
    for broken in [
        r#"{"mcpServers": []}"#,
        r#"{"mcpservers": {"demo": {"type": "demo"}}}"#,
        "{}",
        r#"{"demo": {"type": "demo"}}"#,
        "// later",
    ] {
        write(followed.path("config.json"), broken);
        followed.until_code("last-good").await;
        assert_eq!(followed.gateway.diagnostics()[0].severity, Severity::Error, "{broken}");
        assert_eq!(followed.gateway.hub().catalogue().servers.len(), 1, "{broken}");
        assert!(Followed::is_open(&followed.gateway), "{broken}");
        write(followed.path("config.json"), served);
        followed.until(|gateway| gateway.diagnostics().is_empty()).await;
    }
    write(followed.path("config.json"), CLOSED);
    followed.until(|gateway| gateway.hub().catalogue().servers.is_empty()).await;
    followed.gateway.shutdown().await;
    // At the first start there is nothing to keep.
    let followed = Followed::start(|dir| write(dir.join("config.json"), r#"{"mcpServers": []}"#)).await;
    assert_eq!(followed.gateway.diagnostics()[0].code, "wrong-type");
    followed.gateway.shutdown().await;
}

#[tokio::test]
async fn a_missing_file_keeps_the_last_good_one_until_it_is_back() {
    let mut followed = Followed::start(|dir| write(dir.join("config.json"), OPEN)).await;
    fs_err::remove_file(followed.path("config.json")).expect("removed");
    followed.until_code("missing-file").await;
    assert!(Followed::is_open(&followed.gateway));
    write(followed.path("config.json"), CLOSED);
    followed.until(|gateway| !Followed::is_open(gateway)).await;
    followed.gateway.shutdown().await;
}

#[tokio::test]
async fn a_folder_that_comes_back_is_followed_again() {
    let mut followed = Followed::start_with(
        |dir| {
            fs_err::create_dir(dir.join("sub")).expect("a folder");
            write(dir.join("sub/config.json"), CLOSED);
        },
        |options| {
            let ConfigSource::File(path) = &options.source else { return options };
            let source = ConfigSource::File(path.with_file_name("sub").join("config.json"));
            Options { source, ..options }
        },
    )
    .await;
    fs_err::remove_dir_all(followed.path("sub")).expect("removed");
    followed.until_code("missing-file").await;
    fs_err::create_dir(followed.path("sub")).expect("a folder");
    write(followed.path("sub/config.json"), OPEN);
    followed.until(Followed::is_open).await;
    write(followed.path("sub/config.json"), CLOSED);
    followed.until(|gateway| !Followed::is_open(gateway)).await;
    followed.gateway.shutdown().await;
}

#[tokio::test]
async fn what_needs_a_restart_is_said_and_the_rest_applied() {
    let mut followed = Followed::start_with(
        |dir| write(dir.join("config.json"), r#"{"mcpServers": {}, "traygate": {"port": 0}}"#),
        |options| Options { port: None, host: vec![[127, 0, 0, 1].into()], ..options },
    )
    .await;
    let addresses = followed.gateway.addresses().to_vec();
    write(followed.path("config.json"), r#"{"mcpServers": {}, "traygate": {"openDocs": true, "port": 1}}"#);
    followed.until_code("needs-restart").await;
    assert!(Followed::is_open(&followed.gateway));
    assert_eq!(followed.gateway.rules().load().addresses, addresses);
    let waiting = followed.gateway.diagnostics();
    let said: Vec<_> = waiting.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["1:51: `port` changed from 0 to 1. Restart Traygate to apply it."]);
    followed.gateway.shutdown().await;
}

#[tokio::test]
async fn a_key_comes_and_goes_with_the_file_on_loopback() {
    let keyed = r#"{"mcpServers": {}, "traygate": {"apiKey": "s3cret"}}"#;
    let mut followed = Followed::start(|dir| write(dir.join("config.json"), CLOSED)).await;
    assert!(!followed.gateway.needs_key());
    write(followed.path("config.json"), keyed);
    followed.until(Gateway::needs_key).await;
    write(followed.path("config.json"), r#"{"mcpServers": {}, "traygate": {"apiKey": "${NO_SUCH_KEY}"}}"#);
    followed.until_code("api-key").await;
    assert!(followed.gateway.needs_key(), "an unresolved key is not no key");
    write(followed.path("config.json"), r#"{"mcpServers": {}, "traygate": {"apiKey": 5}}"#);
    followed.until(|gateway| gateway.diagnostics().iter().all(|d| !d.message.contains("NO_SUCH_KEY"))).await;
    assert!(followed.gateway.needs_key(), "a malformed key is not no key");
    write(followed.path("config.json"), CLOSED);
    followed.until(|gateway| !gateway.needs_key()).await;
    followed.gateway.shutdown().await;
}

#[tokio::test]
async fn a_file_with_a_broken_key_opens_nothing() {
    for broken in ["{}", "[]", r#""""#, r#""${NO_SUCH_KEY}""#] {
        let text = format!(r#"{{"mcpServers": {{}}, "traygate": {{"apiKey": {broken}, "openDocs": true}}}}"#);
        let mut followed = Followed::start(|dir| write(dir.join("config.json"), CLOSED)).await;
        write(followed.path("config.json"), &text);
        followed.until_code("api-key").await;
        assert!(!Followed::is_open(&followed.gateway), "{broken}: the file was applied");
        followed.gateway.shutdown().await;
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path().join("config.json"), &text);
        let start = Gateway::start(options(folder.path().join("config.json"))).await;
        assert!(matches!(start, Err(StartError::Config(_))), "{broken}: it started");
    }
}

#[tokio::test]
async fn a_key_never_goes_where_others_reach_the_gateway() {
    let keyed = r#"{"mcpServers": {}, "traygate": {"apiKey": "s3cret", "openDocs": false}}"#;
    let mut followed = Followed::start_with(
        |dir| write(dir.join("config.json"), keyed),
        |options| Options { host: vec![[0, 0, 0, 0].into()], ..options },
    )
    .await;
    write(followed.path("config.json"), OPEN);
    followed.until_code("api-key").await;
    assert!(followed.gateway.needs_key());
    assert!(Followed::is_open(&followed.gateway), "the rest of the file holds");
    followed.gateway.shutdown().await;
}

#[tokio::test]
async fn a_file_that_is_bad_from_the_start_is_refused_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.json");
    let start = || Gateway::start(options(path.clone()));
    let Err(StartError::Config(missing)) = start().await else { panic!("it started without a file") };
    assert!(missing.contains("There is no file") && missing.contains("config.json"), "{missing}");
    write(&path, "{\n  \"mcpServers\": {\n");
    let Err(StartError::Config(broken)) = start().await else { panic!("it started with half a file") };
    assert!(broken.starts_with(&format!("{}:", path.display())), "{broken}");
    write(&path, r#"{"mcpServers": {}, "traygate": {"host": "0.0.0.0"}}"#);
    assert!(matches!(start().await, Err(StartError::Unguarded(_))));
}

#[tokio::test]
async fn a_path_that_cannot_be_is_said_and_as_a_flag_refused() {
    let bad = r#"{"mcpServers": {}, "traygate": {"pathPrefix": "/-", "openDocs": true}}"#;
    let mut followed = Followed::start(|dir| write(dir.join("config.json"), bad)).await;
    assert_eq!(followed.gateway.diagnostics()[0].code, "bad-path");
    assert_eq!(followed.gateway.rules().load().path_prefix, "");
    write(followed.path("config.json"), OPEN);
    followed.until(|gateway| gateway.diagnostics().is_empty()).await;
    write(followed.path("config.json"), bad);
    followed.until_code("bad-path").await;
    let path = followed.path("config.json");
    let refused =
        Gateway::start(Options { path_prefix: Some("/-".into()), ..options(path) }).await.expect_err("bad");
    assert!(refused.to_string().starts_with("`--path-prefix` cannot be `/-`"), "{refused}");
    followed.gateway.shutdown().await;
}

/// As on a folder of the network that is gone.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_cannot_be_read_to_its_end_does_not_keep_the_gateway_from_ending() {
    let followed = Followed::start(|dir| write(dir.join("config.json"), CLOSED)).await;
    let (pipe, config) = (followed.path("pipe"), followed.path("config.json"));
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    fs_err::rename(&pipe, &config).expect("the pipe is the config file");
    // Opens when somebody reads, who then waits for what is never written.
    let writer = fs_err::tokio::OpenOptions::new().write(true).open(config).await.expect("it is read");
    followed.gateway.shutdown().await;
    drop(writer);
}
