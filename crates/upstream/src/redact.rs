//! The values of a server's entry that no log and no caller may see, wherever its own words repeat them.

use std::{borrow::Cow, fmt, path::Path, sync::Arc};

use secrecy::{ExposeSecret, SecretString};

/// Replaces secret values. Cheap to clone; its Debug output shows none.
#[derive(Clone, Default)]
pub(crate) struct Redaction(Arc<[SecretString]>);

impl Redaction {
    /// Characters of the shortest value that is replaced: a shorter one would tear ordinary words apart.
    const SHORTEST: usize = 8;
    /// What stands in place of a value.
    const MARK: &str = "***";

    /// Hides these values, each line of them by itself: stderr is read line by line. A file or folder that exists is
    /// no secret, and an error that does not name it helps nobody.
    pub(crate) fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = values.into_iter().filter(|value| !is_place(value)).flat_map(str::lines).map(str::trim);
        let mut hidden: Vec<&str> = lines.filter(|line| line.chars().count() >= Self::SHORTEST).collect();
        // The longest first: one value may hold another.
        hidden.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
        hidden.dedup();
        Self(hidden.into_iter().map(SecretString::from).collect())
    }

    /// The text without them.
    pub(crate) fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in self.0.iter().map(ExposeSecret::expose_secret) {
            if text.contains(secret) {
                text = Cow::Owned(text.replace(secret, Self::MARK));
            }
        }
        text
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redaction(..)")
    }
}

fn is_place(value: &str) -> bool {
    let path = Path::new(value);
    path.is_absolute() && path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_every_value_the_longest_first() {
        let redaction =
            Redaction::of(["s3cret-one", "Bearer s3cret-one", "short", "first line\nsecond line"]);
        assert_eq!(redaction.apply("sent `Bearer s3cret-one`, s3cret-one"), "sent `***`, ***");
        assert_eq!(redaction.apply("a short first line"), "a short ***");
        assert_eq!(redaction.apply("the second line"), "the ***");
        assert!(!format!("{redaction:?}").contains("s3cret"));
    }

    #[test]
    fn a_folder_that_exists_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().to_str().unwrap().to_owned();
        let gone = format!("{here}/gone");
        let redaction = Redaction::of([here.as_str(), gone.as_str()]);
        assert_eq!(redaction.apply(&format!("{here} and {gone}")), format!("{here} and ***"));
    }
}
