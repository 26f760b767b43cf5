//! Against real processes. A FIFO that every one of them holds open tells when all are gone: it ends.
#![cfg(unix)]

use std::{
    collections::HashMap,
    env,
    ffi::OsString,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use tokio_util::task::TaskTracker;

use super::{guardian::guard, *};
use crate::{connection::Surroundings, log::ServerLog, resolve::ResolvedCommand};

/// A child that ignores SIGTERM and the end of its input, with a grandchild that does too and left the group.
const STUBBORN: &str = r#"
    exec 3>"$FIFO"
    trap "" TERM
    setsid sh -c 'trap "" TERM; echo grandchild >&3; while :; do sleep 1000; done' &
    echo child >&3
    while :; do sleep 1000; done
"#;

/// What tells a re-executed test which part it plays.
const ROLE: &str = "TRAYGATE_TEST_ROLE";
/// The upper bound of waiting for what should have happened long before.
const PATIENCE: Duration = Duration::from_secs(30);

fn shell(script: &str, fifo: &Path) -> ResolvedCommand {
    let mut env: HashMap<OsString, OsString> = HashMap::from([("FIFO".into(), fifo.into())]);
    env.insert("PATH".into(), env::var_os("PATH").unwrap());
    ResolvedCommand { command: "sh".into(), args: vec!["-c".into(), script.into()], env, cwd: None }
}

fn surroundings(guardian: Guardian) -> Surroundings {
    Surroundings {
        tracker: TaskTracker::new(),
        log: ServerLog::default(),
        era: None,
        elicitation: traygate_config::Elicitation::default(),
        guardian,
    }
}

/// A guardian that does nothing.
fn no_guardian() -> Guardian {
    Guardian::new(Some("true".into()))
}

struct Fifo {
    path: PathBuf,
    _folder: tempfile::TempDir,
    lines: mpsc::Receiver<String>,
}

impl Fifo {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (tell, lines) = mpsc::channel();
        let source = path.clone();
        thread::spawn(move || {
            let mut lines = BufReader::new(fs_err::File::open(source).unwrap()).lines();
            while let Some(Ok(line)) = lines.next() {
                let _ = tell.send(line);
            }
        });
        Self { path, _folder: folder, lines }
    }

    fn both_run(&self) {
        let mut who = [(); 2].map(|()| self.lines.recv_timeout(PATIENCE).unwrap());
        who.sort();
        assert_eq!(who, ["child", "grandchild"]);
    }

    fn all_are_gone(&self) {
        assert_eq!(self.lines.recv_timeout(PATIENCE), Err(mpsc::RecvTimeoutError::Disconnected));
    }
}

#[tokio::test]
async fn says_how_it_ended_and_keeps_its_stderr() {
    let surroundings = surroundings(no_guardian());
    let command = shell("echo starting >&2; echo 'Error: no key' >&2; exit 3", Path::new(""));
    let (child, _pipes) = Child::start(&command, &surroundings).unwrap();
    assert_eq!(&*child.ended().await.text, "exited with status 3; its last words: Error: no key");
    assert_eq!(surroundings.log.lines(), ["starting".into(), "Error: no key".into()]);
}

#[tokio::test]
async fn a_missing_folder_or_command_may_come() {
    let surroundings = surroundings(no_guardian());
    let mut command = shell("", Path::new(""));
    command.cwd = Some("/no/such/folder".into());
    let error = Child::start(&command, &surroundings).err().unwrap();
    assert_eq!(
        error.to_string(),
        "its folder `/no/such/folder` does not exist. Create it, or correct `cwd`."
    );
    command.cwd = None;
    command.command = "no-such-command".into();
    let error = Child::start(&command, &surroundings).err().unwrap();
    assert!(
        matches!(&error, crate::connection::ConnectError::Transient(text) if text.contains("`no-such-command`"))
    );
}

#[tokio::test]
async fn the_end_of_input_is_enough_for_a_polite_child() {
    let surroundings = surroundings(no_guardian());
    let (child, pipes) = Child::start(&shell("cat; exit 5", Path::new("")), &surroundings).unwrap();
    drop(pipes);
    child.stop(Why::Unneeded);
    assert_eq!(&*child.ended().await.text, "exited with status 5");
}

/// As process 1 of a container does, which inherits the orphans of its children.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_death_is_told_though_we_inherit_a_grandchild_that_lives_on() {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let fifo = Fifo::new();
    let surroundings = surroundings(no_guardian());
    let script = r#"sh -c 'exec 3>"$FIFO"; echo grandchild >&3; sleep 1000' </dev/null >/dev/null 2>&1 & read line; exit 3"#;
    let (child, mut pipes) = Child::start(&shell(script, &fifo.path), &surroundings).unwrap();
    assert_eq!(fifo.lines.recv_timeout(PATIENCE).unwrap(), "grandchild");
    tokio::io::AsyncWriteExt::write_all(&mut pipes.input, b"go\n").await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, child.ended()).await.expect("its end is told");
    assert_eq!(&*ended.text, "exited with status 3");
    fifo.all_are_gone();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn stopping_ends_the_stubborn_and_those_who_left_the_group() {
    let fifo = Fifo::new();
    let surroundings = surroundings(no_guardian());
    let (child, _pipes) = Child::start(&shell(STUBBORN, &fifo.path), &surroundings).unwrap();
    fifo.both_run();
    child.stop(Why::Unneeded);
    assert_eq!(&*child.ended().await.text, "was stopped");
    fifo.all_are_gone();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn dropping_ends_it_too_and_a_grandchild_does_not_survive_its_parents_death() {
    for script in [STUBBORN.to_owned(), STUBBORN.replace("while", "read line; exit; while")] {
        let fifo = Fifo::new();
        let surroundings = surroundings(no_guardian());
        let (child, pipes) = Child::start(&shell(&script, &fifo.path), &surroundings).unwrap();
        fifo.both_run();
        drop((child, pipes));
        surroundings.tracker.close();
        surroundings.tracker.wait().await;
        fifo.all_are_gone();
    }
}

/// The gateway dies by SIGKILL; the guardian, started from a script that runs [`guardian_role`], does the rest.
#[cfg(target_os = "linux")]
#[test]
fn a_sudden_death_of_the_gateway_ends_all() {
    let fifo = Fifo::new();
    let folder = tempfile::tempdir().unwrap();
    let guardian = folder.path().join("guardian");
    let ourselves = env::current_exe().unwrap();
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --traygate-guardian ] || exit 1\nexec 3>\"$FIFO\"\n\
         {ROLE}=guardian exec '{}' --exact process::tests::guardian_role --nocapture\n",
        ourselves.display()
    );
    fs_err::write(&guardian, script).unwrap();
    fs_err::set_permissions(&guardian, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut gateway = Command::new(ourselves)
        .args(["--exact", "process::tests::gateway_role", "--nocapture"])
        .env(ROLE, "gateway")
        .env("FIFO", &fifo.path)
        .env("GUARDIAN", &guardian)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    fifo.both_run();
    gateway.kill().unwrap();
    gateway.wait().unwrap();
    // The guardian too, which holds it open as well.
    fifo.all_are_gone();
}

#[test]
fn guardian_role() {
    if env::var_os(ROLE).is_some_and(|role| role == "guardian") {
        guard();
    }
}

#[tokio::test]
async fn gateway_role() {
    if env::var_os(ROLE).is_some_and(|role| role == "gateway") {
        let fifo = PathBuf::from(env::var_os("FIFO").unwrap());
        let guardian = Guardian::new(env::var_os("GUARDIAN").map(PathBuf::from));
        let surroundings = surroundings(guardian.clone());
        let (_child, _pipes) = Child::start(&shell(STUBBORN, &fifo), &surroundings).unwrap();
        assert!(guardian.pid().is_some());
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn last_words_and_log_hold_no_secret() {
    let surroundings = surroundings(no_guardian());
    surroundings.log.hide(crate::redact::Redaction::of(["s3cret-value"], []));
    let mut command = shell("echo \"Error: invalid token $TOK\" >&2; exit 3", Path::new(""));
    command.env.insert("TOK".into(), "s3cret-value".into());
    let (child, _pipes) = Child::start(&command, &surroundings).unwrap();
    assert_eq!(&*child.ended().await.text, "exited with status 3; its last words: Error: invalid token ***");
    assert_eq!(surroundings.log.lines(), ["Error: invalid token ***".into()]);
}
