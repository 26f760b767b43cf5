//! The guardian: one small process of our own that outlives us for a moment and ends the children that our sudden
//! death, even by SIGKILL, would leave behind. On Windows the kernel does the same by job objects.
//!
//! It reads lines on a pipe that only we hold: `watch TOKEN [GROUP]` and `forget TOKEN`. When the pipe ends, it
//! ends all that is still watched.

#[cfg(unix)]
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io::{BufRead, Write},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};
use std::{path::PathBuf, process::ExitCode};

#[cfg(unix)]
use rustix::process::Pid;

#[cfg(unix)]
use super::family::{Family, end_all};

/// The hidden first argument that makes a program of ours the guardian.
#[cfg(unix)]
const ARGUMENT: &str = "--traygate-guardian";

/// Does the guardian's work if this process was started for it; otherwise `None`, at once. Every `main` that runs a
/// [`crate::Hub`] calls this before anything else.
#[cfg(unix)]
pub fn guardian_main() -> Option<ExitCode> {
    if std::env::args_os().nth(1).as_deref() != Some(OsStr::new(ARGUMENT)) {
        return None;
    }
    guard();
    Some(ExitCode::SUCCESS)
}

/// Reads the pipe to its end, then ends what is watched.
#[cfg(unix)]
pub(super) fn guard() {
    // A session of its own: Ctrl-C in the terminal and the terminal's end are for the gateway alone.
    let _ = rustix::process::setsid();
    let _ = std::env::set_current_dir("/");
    let mut watched = BTreeMap::new();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        follow(&line, &mut watched);
    }
    end_all(&watched.into_values().collect::<Vec<_>>());
}

/// Nothing to do: job objects end the children.
#[cfg(not(unix))]
pub fn guardian_main() -> Option<ExitCode> {
    None
}

/// Follows one line of the pipe.
#[cfg(unix)]
fn follow(line: &str, watched: &mut BTreeMap<String, Family>) {
    let mut words = line.split_ascii_whitespace();
    match (words.next(), words.next()) {
        (Some("watch"), Some(token)) => {
            let group = words.next().and_then(|group| Pid::from_raw(group.parse().ok()?));
            watched.insert(token.to_owned(), Family { group, token: token.to_owned() });
        }
        (Some("forget"), Some(token)) => {
            watched.remove(token);
        }
        _ => {}
    }
}

/// The gateway's end of the pipe. Starts the guardian with the first child. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guardian {
    #[cfg(unix)]
    post: Arc<Mutex<Post>>,
}

#[cfg(unix)]
#[derive(Debug, Default)]
struct Post {
    program: Option<PathBuf>,
    running: Option<std::process::Child>,
    watched: BTreeMap<String, Option<Pid>>,
}

#[cfg(not(unix))]
impl Guardian {
    /// `program` has no use here.
    pub(crate) fn new(_program: Option<PathBuf>) -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Guardian {
    /// `program` calls [`guardian_main`]; `None` takes the program that runs now.
    pub(crate) fn new(program: Option<PathBuf>) -> Self {
        Self { post: Arc::new(Mutex::new(Post { program, running: None, watched: BTreeMap::new() })) }
    }

    /// From now on our death ends the processes that carry `token` and, once it is known, those of `group`.
    pub(super) fn watch(&self, token: &str, group: Option<Pid>) {
        let mut post = self.post.lock().unwrap_or_else(PoisonError::into_inner);
        post.watched.insert(token.to_owned(), group);
        if !post.tell(&watch_line(token, group)) {
            post.start();
        }
    }

    /// The processes that carry `token` are gone.
    pub(super) fn forget(&self, token: &str) {
        let mut post = self.post.lock().unwrap_or_else(PoisonError::into_inner);
        post.watched.remove(token);
        post.tell(&format!("forget {token}\n"));
    }

    /// Its process id, once it runs.
    #[cfg(test)]
    pub(super) fn pid(&self) -> Option<u32> {
        self.post.lock().unwrap().running.as_ref().map(std::process::Child::id)
    }
}

#[cfg(unix)]
fn watch_line(token: &str, group: Option<Pid>) -> String {
    group
        .map_or_else(|| format!("watch {token}\n"), |group| format!("watch {token} {}\n", group.as_raw_pid()))
}

#[cfg(unix)]
impl Post {
    /// Writes to the running guardian; false if there is none.
    fn tell(&mut self, line: &str) -> bool {
        self.running
            .as_mut()
            .and_then(|guardian| guardian.stdin.as_mut())
            .is_some_and(|pipe| pipe.write_all(line.as_bytes()).is_ok())
    }

    /// Starts one, the first or in place of one that died, and tells it everything.
    fn start(&mut self) {
        if let Some(mut dead) = self.running.take() {
            let _ = dead.kill();
            let _ = dead.wait();
        }
        let program = self.program.clone().map_or_else(std::env::current_exe, Ok);
        let started = program.and_then(|program| {
            Command::new(program)
                .arg(ARGUMENT)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
        });
        match started {
            Ok(guardian) => self.running = Some(guardian),
            Err(error) => {
                tracing::warn!(%error, "the guardian did not start: a sudden death of this process may leave MCP servers running");
                return;
            }
        }
        let everything: String =
            self.watched.iter().map(|(token, group)| watch_line(token, *group)).collect();
        self.tell(&everything);
    }
}

#[cfg(unix)]
impl Drop for Post {
    fn drop(&mut self) {
        if let Some(mut guardian) = self.running.take() {
            drop(guardian.stdin.take());
            // It goes as soon as all it watched is gone, which takes 2 s at most: not worth waiting for here.
            std::thread::spawn(move || guardian.wait());
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn follows_watch_and_forget() {
        let mut watched = BTreeMap::new();
        follow("watch a", &mut watched);
        follow("watch b 7", &mut watched);
        follow("nonsense", &mut watched);
        follow("forget", &mut watched);
        assert_eq!(watched.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(watched["b"].group, Pid::from_raw(7));
        follow("watch a 5", &mut watched);
        assert_eq!(watched["a"].group, Pid::from_raw(5));
        follow("forget a", &mut watched);
        assert!(!watched.contains_key("a"));
    }
}
