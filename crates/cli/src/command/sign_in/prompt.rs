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
        while self.is_open {
            match self.line.get_or_insert_with(|| spawn_blocking(line)).await {
                Ok(Some(line)) => {
                    self.line = None;
                    if !line.is_empty() {
                        return line;
                    }
                }
                Ok(None) | Err(_) => (self.is_open, self.line) = (false, None),
            }
        }
        pending().await
    }
}

fn line() -> Option<String> {
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim().to_owned())
}
