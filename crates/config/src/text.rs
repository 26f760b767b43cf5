use jsonc_parser::{
    CollectOptions, ParseOptions, ParseStringErrorKind,
    ast::Value,
    common::Range,
    errors::{ParseError, ParseErrorKind},
    parse_to_ast,
};

use crate::{Diagnostic, Position, Severity};

/// JSON with comments and trailing commas, and no other liberty.
const JSONC: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The file's text without its byte order mark, and where its lines begin.
pub(crate) struct Text<'t> {
    text: &'t str,
    line_starts: Vec<usize>,
}

impl<'t> Text<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let bytes = text.as_bytes();
        let line_starts = std::iter::once(0)
            .chain((0..bytes.len()).filter_map(|at| match (bytes[at], bytes.get(at + 1)) {
                (b'\n', _) => Some(at + 1),
                // A lone CR ends a line, as it does for the parser.
                (b'\r', next) if next != Some(&b'\n') => Some(at + 1),
                _ => None,
            }))
            .collect();
        Self { text, line_starts }
    }

    /// The place of a byte of the text.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts[line - 1];
        Position { line, column: self.text[start..offset].chars().count() + 1 }
    }

    /// The file's value; `None` where it holds nothing but space and comments.
    ///
    /// # Errors
    /// What is wrong, where the text is not JSONC.
    pub(crate) fn value(&self) -> Result<Option<Value<'t>>, Diagnostic> {
        parse_to_ast(self.text, &CollectOptions::default(), &JSONC)
            .map(|result| result.value)
            .map_err(|error| self.syntax_error(&error))
    }

    fn syntax_error(&self, error: &ParseError) -> Diagnostic {
        let Range { start, .. } = error.range();
        let (message, hint) = describe(error.kind(), self.text[start..].chars().next());
        Diagnostic {
            severity: Severity::Error,
            code: "syntax",
            server: None,
            position: self.position(start),
            message: format!("The file is not valid JSON: {message}."),
            hint: hint.map(ToOwned::to_owned),
        }
    }
}

fn describe(kind: &ParseErrorKind, found: Option<char>) -> (String, Option<&'static str>) {
    use ParseErrorKind as Kind;
    let plain = |message: &str, hint| (message.to_owned(), hint);
    match kind {
        Kind::ExpectedComma => plain("a comma is missing here", Some("Put a `,` between the two.")),
        Kind::ExpectedColonAfterObjectKey => {
            plain("a colon is missing after this key", Some("Write `\"key\": value`."))
        }
        Kind::ExpectedObjectValue => plain("this key has no value", Some("Write a value after the colon.")),
        Kind::ExpectedStringObjectProperty => {
            plain("this key has no quotes", Some("Put it in double quotes."))
        }
        Kind::SingleQuotedStringsNotAllowed => {
            plain("single quotes do not make a text", Some("Use double quotes: `\"text\"`."))
        }
        Kind::UnterminatedObject => {
            plain("the object that begins here has no end", Some("Add the missing `}`."))
        }
        Kind::UnterminatedArray => {
            plain("the list that begins here has no end", Some("Add the missing `]`."))
        }
        Kind::UnterminatedCommentBlock => {
            plain("the comment that begins here has no end", Some("Close it with `*/`."))
        }
        Kind::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
            plain("the text that begins here has no closing quote", Some("Add the missing `\"`."))
        }
        Kind::String(_) => plain(
            "this backslash begins no known escape",
            Some("Write `\\\\` for a backslash, as in \"C:\\\\Users\"."),
        ),
        Kind::UnexpectedWord => plain(
            "this word is no JSON value",
            Some("Put text in double quotes; the only bare words are true, false and null."),
        ),
        Kind::MultipleRootJsonValues => plain(
            "something follows after its end",
            Some("Remove it, or look for a `}` too many before this place."),
        ),
        Kind::NestingDepthExceeded => plain("it is nested too deeply", None),
        Kind::UnexpectedComma => plain("there is a comma too many here", Some("Remove it.")),
        Kind::HexadecimalNumbersNotAllowed
        | Kind::UnaryPlusNumbersNotAllowed
        | Kind::BareDecimalPointNumbersNotAllowed
        | Kind::NonFiniteNumbersNotAllowed
        | Kind::ExpectedDigit
        | Kind::ExpectedDigitFollowingNegativeSign
        | Kind::ExpectedPlusMinusOrDigitInNumberLiteral => {
            plain("this number is not written as JSON wants it", Some("Write it as in `8000` or `0.5`."))
        }
        _ => match found {
            Some(found) if !found.is_control() => (format!("`{found}` does not belong here"), None),
            _ => plain("it ends too early", Some("Look for a missing `}` or `]`.")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position_of(text: &str, what: &str) -> (usize, usize) {
        let text = Text::new(text);
        let at = text.position(text.text.find(what).expect("is there"));
        (at.line, at.column)
    }

    #[test]
    fn lines_end_with_lf_crlf_or_cr() {
        assert_eq!(position_of("x", "x"), (1, 1));
        assert_eq!(position_of("a\nbx", "x"), (2, 2));
        assert_eq!(position_of("a\r\n\r\n x", "x"), (3, 2));
        assert_eq!(position_of("a\rb\rx", "x"), (3, 1));
    }

    #[test]
    fn columns_count_characters_and_not_the_byte_order_mark() {
        assert_eq!(position_of("\u{feff}x", "x"), (1, 1));
        assert_eq!(position_of("日本é😀x", "x"), (1, 5));
        assert_eq!(position_of("\u{feff}é\r\né😀 x", "x"), (2, 4));
    }
}
