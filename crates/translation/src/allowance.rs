use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of JSON that documents may write out of one server's schemas, what is thrown away for its size included.
const WRITTEN: usize = 16 * 1024 * 1024;
/// Bytes that the compiled regular expressions of one server's tools may take, as [`crate::ArgumentCheck`] weighs them.
const PATTERNS: usize = 32 * 1024 * 1024;

/// What the schemas of one server may take together, however many tools it has. Each tool has bounds of its own, too. Where
/// nothing is left, a small schema is still shown whole, and a check goes without regular expressions.
#[derive(Debug)]
pub struct Allowance {
    written: AtomicUsize,
    patterns: AtomicUsize,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { written: WRITTEN.into(), patterns: PATTERNS.into() }
    }
}

impl Allowance {
    /// Bytes of JSON that may still be written.
    pub(crate) fn written_left(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    pub(crate) fn write(&self, bytes: usize) {
        take(&self.written, bytes);
    }

    /// Bytes that compiled regular expressions may still take.
    pub(crate) fn patterns_left(&self) -> usize {
        self.patterns.load(Ordering::Relaxed)
    }

    pub(crate) fn keep_patterns(&self, bytes: usize) {
        take(&self.patterns, bytes);
    }
}

fn take(left: &AtomicUsize, bytes: usize) {
    // The closure always has a next value, so that this cannot fail.
    let _ = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(bytes)));
}
