use std::{
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::{
    process::{ChildStderr, ChildStdin, ChildStdout, Command},
    sync::watch,
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{exit::describe, kin::Kin, last_words::LastWords, lookup};
use crate::{
    connection::{ConnectError, Surroundings},
    log::{ServerLog, plain},
    resolve::ResolvedCommand,
    transport::LineReader,
};

/// How long a child has to go by itself once its input has ended, and once it got SIGTERM.
const GRACE: Duration = Duration::from_millis(700);
/// How long a dead child's last words may take to arrive.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Bytes of one line of stderr that are kept in memory at once.
const STDERR_LINE: usize = 64 * 1024;

/// A running child process and its descendants. Dropping it ends them all.
#[derive(Debug)]
pub(crate) struct Child {
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
    why: Arc<OnceLock<Why>>,
    ended: watch::Receiver<Option<Ended>>,
}

/// Why a child is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Nobody needs it any more.
    Unneeded,
    /// It closed its output, as it does when it exits.
    OutputClosed,
}

/// How a child ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    /// "exited with status 1; its last words: ..."
    pub(crate) text: Arc<str>,
    /// It exited before we wanted it to.
    pub(crate) by_itself: bool,
    /// Its status was not that of success.
    pub(crate) failed: bool,
}

impl Ended {
    fn stopped() -> Self {
        Self { text: "was stopped".into(), by_itself: false, failed: false }
    }
}

/// What brought an exit about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exit {
    ByItself,
    /// The end of its input, or it was about to exit anyway.
    Stopped,
    Signalled,
}

/// The two ends of the session: what the child reads and what it writes.
pub(crate) struct Pipes {
    pub(crate) input: ChildStdin,
    pub(crate) output: ChildStdout,
}

impl Child {
    /// Starts `command` as the leader of its own process group (a job object on Windows), with its stderr going to
    /// the server's log. The task that attends to it runs until nothing of it is left.
    pub(crate) fn start(
        command: &ResolvedCommand,
        surroundings: &Surroundings,
    ) -> Result<(Self, Pipes), ConnectError> {
        // What is missing may be installed or made while we wait.
        let missing = |text: String| ConnectError::Transient(text.into());
        let cwd = lookup::folder(command.cwd.as_deref()).map_err(missing)?;
        let cwd = cwd.as_path();
        let program = lookup::find(&command.command, &command.env, cwd).map_err(|text| {
            let path = lookup::variable(&command.env, "PATH").unwrap_or_default();
            surroundings.log.push(&format!("searched PATH: {}", path.to_string_lossy()));
            missing(text)
        })?;
        let mut kin = Kin::announce(command, surroundings);
        let mut child = spawn(&program, command, cwd, &kin).map_err(|error| {
            let text = format!("`{}` could not be started: {error}", program.display());
            kin.forget();
            ConnectError::Transient(text.into())
        })?;
        kin.started(child.id());
        let (input, output, stderr) = (child.stdin().take(), child.stdout().take(), child.stderr().take());
        let (Some(input), Some(output), Some(stderr)) = (input, output, stderr) else {
            return Err(ConnectError::Transient("its pipes could not be opened".into()));
        };

        let stop = CancellationToken::new();
        let why = Arc::new(OnceLock::<Why>::new());
        let (tell, ended) = watch::channel(None);
        let words = Arc::new(Mutex::new(LastWords::default()));
        let mut stderr = surroundings.tracker.spawn(keep(stderr, surroundings.log.clone(), words.clone()));
        surroundings.tracker.spawn({
            let (stop, why, log) = (stop.clone(), why.clone(), surroundings.log.clone());
            async move {
                let (status, exit) = attend(child.as_mut(), &stop, &kin).await;
                // At once, so that no call is sent to the dead.
                stop.cancel();
                kin.end(child.as_mut()).await;
                if timeout(LAST_WORDS, &mut stderr).await.is_err() {
                    // Something that we could not end holds it open.
                    stderr.abort();
                }
                kin.forget();
                let words = words.lock().unwrap_or_else(PoisonError::into_inner);
                let output_closed = why.get() == Some(&Why::OutputClosed);
                let cause = words.cause();
                let ended = match (status, exit) {
                    (Some(status), Exit::ByItself | Exit::Stopped) => Ended {
                        text: describe(status, cause.as_deref()).into(),
                        by_itself: exit == Exit::ByItself || output_closed,
                        failed: !status.success(),
                    },
                    _ if output_closed => Ended { text: "closed its output".into(), ..Ended::stopped() },
                    _ => Ended::stopped(),
                };
                if ended.by_itself {
                    log.keep_last_words(words.lines());
                }
                tell.send_replace(Some(ended));
            }
        });
        let child = Self { _stop_on_drop: stop.clone().drop_guard(), stop, why, ended };
        Ok((child, Pipes { input, output }))
    }

    /// Cancelled when the child is to go, or is gone: whoever holds its input drops it then.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// It closed its end of a pipe, as it does when it exits: the exit that follows is its own.
    pub(crate) fn note_closed(&self) {
        let _ = self.why.set(Why::OutputClosed);
    }

    /// Begins to end it: the end of its input, SIGTERM, SIGKILL, then the same for what it leaves behind. `why` is
    /// what [`Child::ended`] says unless it exits without a signal.
    pub(crate) fn stop(&self, why: Why) {
        let _ = self.why.set(why);
        self.stop.cancel();
    }

    /// Waits until nothing of it is left, and says how it ended.
    pub(crate) fn ended(&self) -> impl Future<Output = Ended> + Send + 'static {
        let mut ended = self.ended.clone();
        async move {
            match ended.wait_for(Option::is_some).await {
                Ok(ended) => ended.clone().unwrap_or_else(Ended::stopped),
                Err(_) => Ended::stopped(),
            }
        }
    }
}

/// Waits for the exit, or brings it about when asked to: of the process itself, `inner`. What wraps it waits for a whole
/// job object on Windows, and as process 1 of a container for every orphan of the group.
async fn attend(
    child: &mut dyn ChildWrapper,
    stop: &CancellationToken,
    kin: &Kin,
) -> (Option<ExitStatus>, Exit) {
    tokio::select! {
        status = child.inner_mut().wait() => return (status.ok(), Exit::ByItself),
        () = stop.cancelled() => {}
    }
    if let Ok(status) = timeout(GRACE, child.inner_mut().wait()).await {
        return (status.ok(), Exit::Stopped);
    }
    if kin.terminate().await
        && let Ok(status) = timeout(GRACE, child.inner_mut().wait()).await
    {
        return (status.ok(), Exit::Signalled);
    }
    kin.kill().await;
    let _ = child.start_kill();
    (child.inner_mut().wait().await.ok(), Exit::Signalled)
}

/// Copies stderr to the server's log.
async fn keep(stderr: ChildStderr, log: ServerLog, words: Arc<Mutex<LastWords>>) {
    let mut lines = LineReader::new(stderr, STDERR_LINE);
    while let Some(line) = lines.next().await {
        let line = plain(&String::from_utf8_lossy(&line.bytes));
        let line = log.stderr(&line);
        words.lock().unwrap_or_else(PoisonError::into_inner).push(&line);
    }
}

fn spawn(
    program: &Path,
    command: &ResolvedCommand,
    cwd: &Path,
    kin: &Kin,
) -> std::io::Result<Box<dyn ChildWrapper>> {
    let mut child = Command::new(program);
    child
        .args(&command.args)
        .env_clear()
        .envs(&command.env)
        .current_dir(cwd)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    kin.mark(&mut child);
    let mut child = CommandWrap::from(child);
    #[cfg(unix)]
    child.wrap(process_wrap::tokio::ProcessGroup::leader());
    #[cfg(windows)]
    {
        let mut flags = process_wrap::tokio::CreationFlags(Default::default());
        // CREATE_NO_WINDOW: a console window for each server would flash up otherwise.
        flags.0.0 = 0x0800_0000;
        child.wrap(flags).wrap(process_wrap::tokio::KillOnDrop).wrap(process_wrap::tokio::JobObject);
    }
    child.spawn()
}
