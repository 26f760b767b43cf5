use std::{future::pending, io};

use tokio::task::{JoinHandle, spawn_blocking};

/// Lines that a person may paste, once they are listened for.
#[derive(Debug, Default)]
pub(super) struct Prompt {
    is_open: bool,
    line: Option<JoinHandle<Option<String>>>,
}

impl Prompt {
    pub(super) fn listen(&mut self) {
        self.is_open = true;
    }

    /// The next line that is not empty; never, where none is listened for or to come. Can be dropped and asked again.
    pub(super) async fn next(&mut self) -> String {
        match self.answer().await {
            Some(line) => line,
            None => pending().await,
        }
    }

    /// The same, but `None` where no line is to come.
    pub(super) async fn answer(&mut self) -> Option<String> {
        while self.is_open {
            let line = self.line().await;
            if line.as_ref().is_some_and(|line| !line.is_empty()) {
                return line;
            }
        }
        None
    }

    /// The same, empty or not.
    pub(super) async fn line(&mut self) -> Option<String> {
        if !self.is_open {
            return None;
        }
        let line = self.line.get_or_insert_with(|| spawn_blocking(read)).await.ok().flatten();
        self.line = None;
        self.is_open = line.is_some();
        line
    }
}

fn read() -> Option<String> {
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim().to_owned())
}
