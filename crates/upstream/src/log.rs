use std::{
    borrow::Cow,
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

use crate::redact::Redaction;

/// The last lines that one server wrote to stderr, and what became of its connection, without its secrets. Cheap to
/// clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerLog(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    lines: Mutex<Lines>,
    redaction: ArcSwap<Redaction>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<Arc<str>>,
    /// Of all that are kept.
    bytes: usize,
}

impl ServerLog {
    /// Lines kept; older ones go.
    const LINES: usize = 500;
    /// Bytes kept of all lines together: many talkative servers must not fill the memory.
    const BYTES: usize = 128 * 1024;
    /// Characters kept of one line.
    const WIDTH: usize = 2000;

    /// Hides these values in all that follows, in place of those before.
    pub(crate) fn hide(&self, redaction: Redaction) {
        self.0.redaction.store(Arc::new(redaction));
    }

    /// A text of the server's without its secrets.
    pub(crate) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0.redaction.load().apply(text)
    }

    /// Adds a line, without secrets.
    pub(crate) fn push(&self, line: &str) {
        let line = self.redact(line);
        let end = line.char_indices().nth(Self::WIDTH).map_or(line.len(), |(at, _)| at);
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.bytes += end;
        lines.kept.push_back(line[..end].into());
        while (lines.kept.len() > Self::LINES || lines.bytes > Self::BYTES)
            && let Some(oldest) = lines.kept.pop_front()
        {
            lines.bytes -= oldest.len();
        }
    }

    /// The lines, oldest first.
    pub(crate) fn lines(&self) -> Vec<Arc<str>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).kept.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_stay_few_in_number_and_in_bytes() {
        let log = ServerLog::default();
        for number in 0..2 * ServerLog::LINES {
            log.push(&number.to_string());
        }
        let lines = log.lines();
        assert_eq!((lines.len(), &*lines[0], &*lines[499]), (500, "500", "999"));
        for number in 0..ServerLog::LINES {
            log.push(&format!("{number} {}", "é".repeat(5000)));
        }
        let bytes: usize = log.lines().iter().map(|line| line.len()).sum();
        assert!((ServerLog::BYTES / 2..=ServerLog::BYTES).contains(&bytes), "{bytes}");
        assert!(log.lines().last().is_some_and(|line| line.starts_with("499 ")));
    }
}
