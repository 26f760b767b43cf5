//! What an authorization server said, fit to be shown.

use url::form_urlencoded;

/// The longest text that is shown.
const LONGEST: usize = 300;
/// Nothing shorter is a secret; hiding it would only spoil words.
const SHORTEST_SECRET: usize = 6;

/// One line of an authorization server's text: no control or invisible characters, none that turn the line around, cut to
/// 300. Escaping is left to who shows it. What is in `secrets` was sent to that server, which may say it back: it
/// becomes `***`, written plainly or as in a form.
pub(crate) fn words(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST_SECRET) {
        text = text.replace(secret, "***");
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        text = text.replace(&encoded, "***");
    }
    let mut line = String::new();
    for part in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let part: String = part.chars().filter(|c| !is_invisible(*c)).collect();
        if !part.is_empty() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(&part);
        }
    }
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Characters without width, and those that turn the direction of text (Unicode TR 9, TR 36).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_short_visible_line() {
        assert_eq!(words("a\r\n\tb\u{1b}[31m c\u{202e}d\u{200b} ", &[]), "a b [31m cd");
        let long = words(&"é".repeat(2_000), &[]);
        assert_eq!((long.chars().count(), long.ends_with('…')), (301, true));
    }

    #[test]
    fn what_was_sent_in_secret_is_not_said_back() {
        let said = words("token s3cret/token was bad, s3cret%2Ftoken too", &["s3cret/token", "a"]);
        assert_eq!(said, "token *** was bad, *** too");
    }
}
