/// More than these are counted, not told.
const TOLD: usize = 8;

/// What could not be kept of one schema, each thing once.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    told: Vec<String>,
    untold: usize,
}

impl Warnings {
    pub(super) fn warn(&mut self, warning: String) {
        if self.told.contains(&warning) {
        } else if self.told.len() < TOLD {
            self.told.push(warning);
        } else {
            self.untold += 1;
        }
    }

    pub(super) fn into_told(mut self) -> Vec<String> {
        if self.untold > 0 {
            self.told.push(format!("and {} more of this kind", self.untold));
        }
        self.told
    }
}

/// A text from a schema as it is quoted to people: its beginning.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
