use std::{fmt, sync::Arc};

/// Shows lines to the person who started the program, and to nobody else: an authorization URL is no line of a log.
#[derive(Clone)]
pub struct Terminal(Arc<dyn Fn(&str) + Send + Sync>);

impl Terminal {
    /// One that `show`s what it gets, some whole lines.
    pub fn new(show: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(show))
    }

    pub(crate) fn show(&self, text: &str) {
        (self.0)(text);
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Terminal")
    }
}
