//! The values of a server's entry that no log and no caller may see, wherever its own words repeat them.

use std::{borrow::Cow, fmt, path::Path, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

/// Replaces secret values. Cheap to clone; its Debug output shows none.
#[derive(Clone, Default)]
pub(crate) struct Redaction(Arc<[Hidden]>);

struct Hidden {
    text: SecretString,
    /// Replaced only where it stands as a word of its own.
    is_word: bool,
}

/// Everything but what a URL keeps as it is (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Redaction {
    /// Characters of the shortest value that is replaced anywhere: a shorter one would tear ordinary words apart. A
    /// piece of this length at the end or the beginning of a text is known too.
    const SHORTEST: usize = 8;
    /// Characters of the shortest key that is replaced as a word: a shorter one is no secret, whatever it is called.
    const SHORTEST_WORD: usize = 4;
    /// What stands in place of a value.
    const MARK: &str = "***";

    /// Hides these values, each line of them by itself (stderr is read line by line), plain, as JSON and as a URL
    /// write them. A file or folder that exists is no secret, and an error that does not name it helps nobody.
    /// Of `values` the short ones are left alone, of `keys` they are hidden as words.
    pub(crate) fn of<'a>(
        values: impl IntoIterator<Item = &'a str>,
        keys: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let values = values.into_iter().map(|value| (value, Self::SHORTEST));
        let keys = keys.into_iter().map(|key| (key, Self::SHORTEST_WORD));
        let mut hidden: Vec<String> = values
            .chain(keys)
            .filter(|(value, _)| !is_place(value))
            .flat_map(|(value, shortest)| value.lines().map(move |line| (line.trim(), shortest)))
            .filter(|(line, shortest)| line.chars().count() >= *shortest)
            .flat_map(|(line, _)| forms(line))
            .collect();
        // The longest first: one value may hold another.
        hidden.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        hidden.dedup();
        let hidden = hidden.into_iter().map(|text| {
            let is_word = text.chars().count() < Self::SHORTEST;
            Hidden { text: SecretString::from(text), is_word }
        });
        Self(hidden.collect())
    }

    /// The text without them.
    pub(crate) fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for Hidden { text: secret, is_word } in self.0.iter() {
            let secret = secret.expose_secret();
            if text.contains(secret) {
                text = Cow::Owned(if *is_word {
                    replace_words(&text, secret)
                } else {
                    text.replace(secret, Self::MARK)
                });
            }
            if !is_word && text.split('\n').any(|line| without_pieces(line, secret).is_some()) {
                let lines = text
                    .split('\n')
                    .map(|line| without_pieces(line, secret).unwrap_or_else(|| line.to_owned()));
                text = Cow::Owned(lines.collect::<Vec<_>>().join("\n"));
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

/// The ways in which a text is written elsewhere.
fn forms(text: &str) -> Vec<String> {
    let json = serde_json::Value::from(text).to_string();
    let json = json[1..json.len() - 1].to_owned();
    // As Python's and PHP's writers do by default.
    let ascii = json.chars().fold(String::new(), |ascii, character| {
        if character.is_ascii() {
            ascii + character.encode_utf8(&mut [0; 4])
        } else {
            escaped(ascii, character)
        }
    });
    let slashes = ascii.replace('/', r"\/");
    let url = utf8_percent_encode(text, RESERVED).to_string();
    let form = url.replace("%20", "+");
    let lower = |url: &str| {
        let mut parts = url.split('%');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |url, part| {
            // Two hexadecimal digits follow each sign.
            let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
            format!("{url}%{}{rest}", digits.to_ascii_lowercase())
        })
    };
    vec![lower(&url), lower(&form), text.to_owned(), json, ascii, slashes, url, form]
}

/// The text with a character after it as JSON's escapes (RFC 8259 §7).
fn escaped(text: String, character: char) -> String {
    let units = character.encode_utf16(&mut [0; 2]).to_vec();
    units.into_iter().fold(text, |text, unit| format!("{text}\\u{unit:04x}"))
}

fn replace_words(text: &str, word: &str) -> String {
    let mut without = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, _) in text.match_indices(word) {
        let end = at + word.len();
        let alone =
            !text[..at].ends_with(char::is_alphanumeric) && !text[end..].starts_with(char::is_alphanumeric);
        if alone {
            without.push_str(&text[copied..at]);
            without.push_str(Redaction::MARK);
            copied = end;
        }
    }
    without.push_str(&text[copied..]);
    without
}

/// A line without the beginning of the secret at its end, where it was cut or goes on in the next line, and without
/// the rest of it at its beginning; `None` if there is neither.
fn without_pieces(text: &str, secret: &str) -> Option<String> {
    let first = &secret[..secret.char_indices().nth(Redaction::SHORTEST)?.0];
    let last = &secret[secret.char_indices().nth_back(Redaction::SHORTEST - 1)?.0..];
    let (head, tail) = (text.trim_start(), text.trim_end());
    // Most texts hold no piece at all.
    let at_end = tail.contains(first).then(|| {
        let pieces = secret.char_indices().rev().map(|(at, _)| &secret[..at]);
        pieces.take_while(|piece| piece.len() >= first.len()).find_map(|piece| tail.strip_suffix(piece))
    });
    let at_start = head.contains(last).then(|| {
        let pieces = secret.char_indices().skip(1).map(|(at, _)| &secret[at..]);
        pieces.take_while(|piece| piece.len() >= last.len()).find_map(|piece| head.strip_prefix(piece))
    });
    let (at_start, at_end) = (at_start.flatten(), at_end.flatten());
    match (at_start, at_end) {
        (None, None) => None,
        (None, Some(before)) => Some(format!("{before}{}", Redaction::MARK)),
        (Some(after), None) => Some(format!("{}{after}", Redaction::MARK)),
        // One piece may be both, of a secret that repeats itself.
        (Some(after), Some(before)) => {
            let middle = before.get(text.len() - after.len()..);
            Some(middle.map_or(Redaction::MARK.to_owned(), |middle| {
                format!("{MARK}{middle}{MARK}", MARK = Redaction::MARK)
            }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(values: impl IntoIterator<Item = &'a str>) -> Redaction {
        Redaction::of(values, [])
    }

    #[test]
    fn replaces_every_value_the_longest_first() {
        let redaction = of(["s3cret-one", "Bearer s3cret-one", "short", "first line\nsecond line"]);
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
        let redaction = of([here.as_str(), gone.as_str()]);
        assert_eq!(redaction.apply(&format!("{here} and {gone}")), format!("{here} and ***"));
    }

    #[test]
    fn knows_a_value_as_json_and_urls_write_it() {
        let redaction = of([r#"pa"ss\wo/rd é+1"#]);
        for text in [
            r#"{"key":"pa\"ss\\wo/rd é+1"}"#,
            r#"{"key":"pa\"ss\\wo/rd \u00e9+1"}"#,
            r#"{"key":"pa\"ss\\wo\/rd \u00e9+1"}"#,
        ] {
            assert_eq!(redaction.apply(text), r#"{"key":"***"}"#, "{text}");
        }
        for text in ["?k=pa%22ss%5Cwo%2Frd%20%C3%A9%2B1&", "?k=pa%22ss%5cwo%2frd+%c3%a9%2b1&"] {
            assert_eq!(redaction.apply(text), "?k=***&", "{text}");
        }
    }

    #[test]
    fn knows_the_pieces_of_a_value_that_was_cut_or_goes_on_in_the_next_line() {
        let redaction = of(["abcdefgh-12345678-ijklmnop"]);
        assert_eq!(redaction.apply("token: abcdefgh-1234 "), "token: ***");
        assert_eq!(redaction.apply("   5678-ijklmnop is invalid"), "*** is invalid");
        assert_eq!(redaction.apply("5678-ijklmnop, abcdefgh-1234"), "***, ***");
        assert_eq!(
            redaction.apply("sent: abcdefgh-\n  12345678-ijklmnop, refused"),
            "sent: ***\n***, refused"
        );
        assert_eq!(redaction.apply("abcdefgh-12345678-ijklmnop"), "***");
        assert_eq!(redaction.apply("too little: abcdefg"), "too little: abcdefg");
        assert_eq!(of(["xyxyxyxyxyxyxyxyxyxy"]).apply("xyxyxyxyxy"), "***");
    }

    #[test]
    fn a_short_key_is_hidden_as_a_word_and_a_short_value_not() {
        let redaction = Redaction::of(["8080"], ["pass1", "no"]);
        assert_eq!(
            redaction.apply("pass1 bypass1ed:pass1, port 8080, no"),
            "*** bypass1ed:***, port 8080, no"
        );
    }
}
