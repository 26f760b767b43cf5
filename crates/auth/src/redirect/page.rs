use crate::Landing;

impl Landing {
    /// The page for a browser: plain HTML without scripts, every text escaped.
    pub fn page(&self) -> String {
        String::new()
    }
}
