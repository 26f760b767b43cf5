use jsonschema::{Draft, PatternOptions, ValidationError, ValidationOptions, Validator};
use rmcp::model::JsonObject;
use serde_json::Value;

use super::{
    Rules, bounds, draft, meant, unique,
    usable::{self, References},
};

/// Steps back that a pattern with look-around or back-references may take, milliseconds of work. Any other is matched in
/// linear time.
const BACKTRACKS: usize = 100_000;
/// Bytes that one compiled pattern may take.
const PATTERN_SIZE: usize = 2 * 1024 * 1024;

/// What arguments are checked against, and what of the schema cannot be used.
pub(super) fn compile(schema: &JsonObject) -> (Option<Rules>, Vec<String>) {
    let draft = draft::of(schema);
    let mut schema = Value::Object(schema.clone());
    meant::spell_out(&mut schema);
    if bounds::is_beyond_reason(&schema) {
        let warning = "the schema is too large or too entangled: arguments are not checked".to_owned();
        return (None, vec![warning]);
    }
    let error = match build(draft, &schema) {
        Ok(validator) => return (Some(Rules::new(validator, schema)), Vec::new()),
        Err(error) => error,
    };
    for references in [References::Embedded, References::Local] {
        let (usable, warnings) = usable::of(&schema, draft, references);
        if let Ok(validator) = build(draft, &usable) {
            return (Some(Rules::new(validator, usable)), warnings);
        }
    }
    (None, vec![format!("the schema cannot be used, arguments are not checked: {}", short(&error))])
}

fn build(draft: Draft, schema: &Value) -> Result<Validator, ValidationError<'static>> {
    options().with_draft(draft).build(schema)
}

/// Nothing is fetched, and `format` is an annotation (JSON Schema 2020-12, validation §7.2.1).
fn options() -> ValidationOptions<'static> {
    let patterns = PatternOptions::fancy_regex()
        .backtrack_limit(BACKTRACKS)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE);
    jsonschema::options()
        .offline()
        .should_validate_formats(false)
        .with_pattern_options(patterns)
        .with_keyword(unique::KEYWORD, unique::keyword)
}

/// Whether a regular expression can be used, and within bounds.
pub(super) fn is_pattern(pattern: &str) -> bool {
    options().build(&serde_json::json!({ "pattern": pattern })).is_ok()
}

fn short(error: &ValidationError<'_>) -> String {
    error.masked().to_string().chars().take(200).collect()
}
