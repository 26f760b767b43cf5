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
    lines: Mutex<VecDeque<Arc<str>>>,
    redaction: ArcSwap<Redaction>,
}

impl ServerLog {
    /// Lines kept; older ones go.
    const LINES: usize = 500;
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
        if lines.len() == Self::LINES {
            lines.pop_front();
        }
        lines.push_back(line[..end].into());
    }

    /// The lines, oldest first.
    pub(crate) fn lines(&self) -> Vec<Arc<str>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
