use std::sync::{Arc, Mutex, PoisonError};

/// Everything that no log, answer or plain file may show: what a home's authorization servers gave out, and what they
/// were sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<Vec<String>>>);

impl Secrets {
    pub(crate) fn add(&self, secret: &str) {
        // Anything shorter could stand somewhere by chance.
        if secret.len() >= 16 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(secret.to_owned());
        }
    }

    /// The first of them that this text holds.
    pub(crate) fn found_in(&self, text: &str) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|secret| text.contains(secret.as_str())).cloned()
    }
}
