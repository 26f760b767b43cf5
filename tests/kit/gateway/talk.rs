use std::{
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, Command},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::task::TaskTracker;

use super::{Finished, builder::collect};
use crate::{PATIENCE, eventually_some};

/// A `traygate` that a person talks to while it runs. Killed when dropped.
#[derive(Debug)]
pub struct Talk {
    child: Child,
    stdin: ChildStdin,
    texts: [Arc<Mutex<String>>; 2],
    readers: [JoinHandle<()>; 2],
}

impl Talk {
    pub(super) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().expect("traygate starts");
        let stdin = child.stdin.take().expect("stdin is piped");
        let texts: [Arc<Mutex<String>>; 2] = Default::default();
        let tasks = TaskTracker::new();
        let readers = [
            tasks.spawn(collect(child.stdout.take().expect("stdout is piped"), Arc::clone(&texts[0]))),
            tasks.spawn(collect(child.stderr.take().expect("stderr is piped"), Arc::clone(&texts[1]))),
        ];
        Self { child, stdin, texts, readers }
    }

    /// Types a line.
    pub async fn say(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.stdin.write_all(line.as_bytes()).await.expect("it reads its stdin");
    }

    /// Waits for something in what it has said on stdout and stderr.
    pub async fn hear<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        eventually_some(what, async || find(&self.said())).await
    }

    /// All that it has said, stdout first.
    pub fn said(&self) -> String {
        self.texts.iter().map(|text| text.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect()
    }

    /// Ctrl-C.
    pub fn interrupt(&self) {
        let pid = self.child.id().expect("it runs");
        crate::processes::signal(pid, rustix::process::Signal::INT);
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// Where it does not end.
    pub async fn end(mut self) -> Finished {
        let status = timeout(PATIENCE, self.child.wait()).await;
        let status = status.unwrap_or_else(|_| panic!("traygate does not end:\n{}", self.said()));
        for reader in &mut self.readers {
            reader.await.expect("what it said is read");
        }
        let [stdout, stderr] =
            self.texts.map(|text| text.lock().unwrap_or_else(PoisonError::into_inner).clone());
        assert!(!stderr.contains("panicked at"), "{stderr}");
        Finished { code: status.expect("it can be waited for").code(), stdout, stderr }
    }
}
