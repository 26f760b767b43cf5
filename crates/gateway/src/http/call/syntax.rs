//! Where a body is not JSON, and what should stand there.

/// Characters of the body that an answer repeats.
const SHOWN: usize = 20;

/// What is wrong, as a sentence's part: "it ends too early", "at line 2, column 7, near `oops}`".
pub(super) fn fault(body: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "it ends too early".to_owned();
    }
    let at = start_of_word(body, offset(body, error));
    let before = String::from_utf8_lossy(&body[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|one| *one != '\n').count() + 1;
    let rest = String::from_utf8_lossy(&body[at..]);
    let near: String = rest.lines().next().unwrap_or_default().chars().take(SHOWN).collect();
    let near = if near.is_empty() { String::new() } else { format!(", near `{near}`") };
    format!("{}at line {line}, column {column}{near}", reason(&rest, &before, error))
}

/// What should stand there, where that can be told.
fn reason(rest: &str, before: &str, error: &serde_json::Error) -> &'static str {
    let begins = |words: &[&str]| words.iter().any(|word| rest.starts_with(word));
    let said = error.to_string();
    if begins(&["NaN", "Infinity", "-Infinity"]) {
        "NaN and Infinity are no JSON, "
    } else if begins(&["True", "False", "None"]) {
        "it is `true`, `false` and `null` in JSON, "
    } else if rest.starts_with('\'')
        || said.starts_with("key must be a string") && !rest.starts_with(['}', '/'])
    {
        "property names and texts need double quotes, "
    } else if rest.starts_with(['}', ']']) && before.trim_end().ends_with(',') {
        "no comma may stand before the end, "
    } else if said.starts_with("control character") {
        "a line break in a text is written `\\n`, "
    } else if said.starts_with("trailing characters") {
        "something follows the object, "
    } else if said.starts_with("recursion limit") {
        "it is nested too deep, "
    } else if begins(&["//", "/*", "#"]) {
        "JSON has no comments, "
    } else {
        ""
    }
}

/// The byte that an error is about.
fn offset(body: &[u8], error: &serde_json::Error) -> usize {
    let before = body.split_inclusive(|byte| *byte == b'\n').take(error.line().saturating_sub(1));
    let line: usize = before.map(<[u8]>::len).sum();
    (line + error.column().saturating_sub(1)).min(body.len())
}

/// Where the word begins in which a byte stands: `NaN` and `nope` are told whole.
fn start_of_word(body: &[u8], at: usize) -> usize {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-+.".contains(byte);
    if !body.get(at).is_some_and(is_of_word) {
        return at;
    }
    at - body[..at].iter().rev().take_while(|byte| is_of_word(byte)).count()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn faults_are_told_where_they_are_and_in_words_to_act_on() {
        for (body, told) in [
            (
                "{\"n\": 1,\n oops}",
                "property names and texts need double quotes, at line 2, column 2, near `oops}`",
            ),
            ("{'n': 1}", "property names and texts need double quotes, at line 1, column 2, near `'n': 1}`"),
            ("{\"n\": 'a'}", "property names and texts need double quotes, at line 1, column 7, near `'a'}`"),
            ("{\"ü\": NaN}", "NaN and Infinity are no JSON, at line 1, column 7, near `NaN}`"),
            ("{\"n\": -Infinity}", "NaN and Infinity are no JSON, at line 1, column 7, near `-Infinity}`"),
            ("{\"n\": True}", "it is `true`, `false` and `null` in JSON, at line 1, column 7, near `True}`"),
            ("{\"n\": [1,]}", "no comma may stand before the end, at line 1, column 10, near `]}`"),
            ("{\"n\": 1,}", "no comma may stand before the end, at line 1, column 9, near `}`"),
            ("{\"n\": nope}", "at line 1, column 7, near `nope}`"),
            ("{\"n\" 1}", "at line 1, column 6, near `1}`"),
            ("{} {}", "something follows the object, at line 1, column 4, near `{}`"),
            ("{\"n\": 1 // one\n}", "JSON has no comments, at line 1, column 9, near `// one`"),
            ("{\"n\": ", "it ends too early"),
            ("{\"n\": \"a", "it ends too early"),
        ] {
            let error = serde_json::from_slice::<Value>(body.as_bytes()).unwrap_err();
            assert_eq!(fault(body.as_bytes(), &error), told, "{body} {error}");
        }
        let broken = serde_json::from_str::<Value>("{\"n\": \"a\nb\"}").unwrap_err();
        assert!(
            fault(b"{\"n\": \"a\nb\"}", &broken)
                .starts_with("a line break in a text is written `\\n`, at line")
        );
        let deep = "[".repeat(200);
        let broken = serde_json::from_str::<Value>(&deep).unwrap_err();
        assert!(fault(deep.as_bytes(), &broken).starts_with("it is nested too deep, at line 1, column 12"));
    }

    #[test]
    fn whatever_bytes_come_some_words_go() {
        for body in
            [&b"\xff\xfe"[..], b"{\"\xff\": x}", b"{\n\n\n", b"-", b"\"\\u12", b"{\"a\":\xc3\x28}", b"\n\n}"]
        {
            let error = serde_json::from_slice::<Value>(body).unwrap_err();
            assert!(!fault(body, &error).is_empty());
        }
    }
}
