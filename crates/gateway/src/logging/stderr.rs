//! Standard error, whose lines can be held back.

use std::{
    io::{self, Write as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing_subscriber::fmt::MakeWriter;

/// Writes through, or keeps what is written while somebody holds it.
#[derive(Debug, Clone, Default)]
pub(super) struct Stderr(Arc<Mutex<Option<Vec<u8>>>>);

impl Stderr {
    pub(super) fn hold(&self) -> Held {
        self.waiting().get_or_insert_default();
        Held(self.clone())
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl io::Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut *self.waiting() {
            Some(waiting) => waiting.write(bytes),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'w> MakeWriter<'w> for Stderr {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// While this lives, the log's lines wait; its end writes them.
#[derive(Debug)]
#[must_use = "the lines are written when this is dropped"]
pub struct Held(Stderr);

impl Drop for Held {
    fn drop(&mut self) {
        // Written under the lock: a line that comes meanwhile comes after them.
        let mut waiting = self.0.waiting();
        let _ = io::stderr().write_all(&waiting.take().unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wait_while_it_is_held() {
        let mut stderr = Stderr::default();
        let held = stderr.hold();
        stderr.write_all(b"one line\n").expect("kept");
        assert_eq!(stderr.waiting().as_deref(), Some(&b"one line\n"[..]));
        drop(held);
        assert_eq!(*stderr.waiting(), None);
    }
}
