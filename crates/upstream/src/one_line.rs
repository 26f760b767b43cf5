use std::borrow::Cow;

/// A text of another program's as it may stand in a line of ours, in a log or on a terminal: it neither ends the line nor
/// moves the cursor, and does not turn what stands around it (Unicode Standard Annex #9: characters that set the
/// direction of text). A tab stays.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().any(|character| replacement(character).is_some()) {
        text.chars().map(|character| replacement(character).unwrap_or(character)).collect::<String>().into()
    } else {
        text.into()
    }
}

fn replacement(character: char) -> Option<char> {
    match character {
        '\t' => None,
        // Line and paragraph separator.
        '\u{2028}' | '\u{2029}' => Some(' '),
        // Left-to-right, right-to-left and Arabic letter mark; embeddings and overrides; isolates. Seen, not dropped: two
        // names may differ in nothing else.
        '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(char::REPLACEMENT_CHARACTER)
        }
        control if control.is_control() => Some(' '),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_to_its_place() {
        for plain in ["", "read_file", "a\tb", "инструмент", "שלום, 日本", "x y"] {
            assert!(matches!(one_line(plain), Cow::Borrowed(same) if same == plain), "{plain}");
        }
        assert_eq!(one_line("a\r\nb\u{1b}[2J\u{85}c\u{2028}d"), "a  b [2J c d");
        let marks =
            "\u{200e}\u{200f}\u{61c}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        assert_eq!(one_line(&format!("a{marks}b")), format!("a{}b", "\u{fffd}".repeat(12)));
    }
}
