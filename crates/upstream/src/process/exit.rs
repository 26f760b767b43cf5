//! How a child ended, in words.

use std::{collections::VecDeque, process::ExitStatus};

/// "exited with status 1; its last words: ..."
pub(super) fn describe(status: ExitStatus, last_words: Option<&str>) -> String {
    let how = match (status.code(), signal(status)) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    };
    match last_words {
        Some(words) => format!("{how}; its last words: {words}"),
        None => how,
    }
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// The end of what a child wrote to stderr.
#[derive(Debug, Default)]
pub(super) struct LastWords(VecDeque<String>);

impl LastWords {
    /// Lines that are searched for one with "error" in it: Node.js, for one, ends with its version.
    const LINES: usize = 20;
    /// Characters kept of a line.
    const WIDTH: usize = 300;

    pub(super) fn push(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if self.0.len() == Self::LINES {
            self.0.pop_front();
        }
        self.0.push_back(line.trim().chars().take(Self::WIDTH).collect());
    }

    /// The last line that speaks of an error, else the last line.
    pub(super) fn get(&self) -> Option<&str> {
        let speaks = |line: &&String| line.to_ascii_lowercase().contains("error");
        self.0.iter().rev().find(speaks).or_else(|| self.0.back()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_prefer_an_error() {
        let mut words = LastWords::default();
        assert_eq!(words.get(), None);
        words.push("starting");
        assert_eq!(words.get(), Some("starting"));
        words.push("TypeError: x is not a function");
        words.push("");
        words.push("Node.js v22.1.0");
        assert_eq!(words.get(), Some("TypeError: x is not a function"));
    }

    #[cfg(unix)]
    #[test]
    fn names_status_and_signal() {
        use std::os::unix::process::ExitStatusExt;
        let exited = ExitStatus::from_raw(1 << 8);
        assert_eq!(describe(exited, Some("no key")), "exited with status 1; its last words: no key");
        assert_eq!(describe(ExitStatus::from_raw(9), None), "was ended by signal 9");
    }
}
