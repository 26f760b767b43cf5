use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// The last lines that one server wrote to stderr, and what became of its connection. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerLog(Arc<Mutex<VecDeque<Arc<str>>>>);

impl ServerLog {
    /// Lines kept; older ones go.
    const LINES: usize = 500;
    /// Characters kept of one line.
    const WIDTH: usize = 2000;

    /// Adds a line.
    pub(crate) fn push(&self, line: &str) {
        let end = line.char_indices().nth(Self::WIDTH).map_or(line.len(), |(at, _)| at);
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == Self::LINES {
            lines.pop_front();
        }
        lines.push_back(line[..end].into());
    }

    /// The lines, oldest first.
    pub(crate) fn lines(&self) -> Vec<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
