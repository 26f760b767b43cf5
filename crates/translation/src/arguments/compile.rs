use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use rmcp::model::JsonObject;
use serde_json::Value;

use super::{
    Rules, bounds, draft, meant,
    patterns::{self, Fit, Patterns},
    unique,
    usable::{self, References},
};
use crate::Allowance;

/// What arguments are checked against, and what of the schema cannot be used.
pub(super) fn compile(schema: &JsonObject, allowance: &Allowance) -> (Option<Rules>, Vec<String>) {
    let draft = draft::of(schema);
    let mut schema = Value::Object(schema.clone());
    meant::spell_out(&mut schema);
    if bounds::is_beyond_reason(&schema) {
        let warning = "the schema is too large or too entangled: arguments are not checked".to_owned();
        return (None, vec![warning]);
    }
    let all = patterns::of(&schema);
    let mut room = Patterns::new(allowance);
    // Most schemas have a few small ones at most.
    if room.are_few(all.len())
        && let Ok(validator) = build(draft, &schema, patterns::small(all.len()))
    {
        room.take_small(all.len());
        return (Some(Rules::new(validator, schema)), Vec::new());
    }
    let weighed = || patterns::weighed(all.len());
    let mut error = None;
    if all.iter().all(|pattern| room.fit(pattern) == Fit::Fits) {
        match build(draft, &schema, weighed()) {
            Ok(validator) => return (Some(Rules::new(validator, schema)), Vec::new()),
            Err(unusable) => error = Some(unusable),
        }
    }
    for references in [References::Embedded, References::Local] {
        let (usable, warnings) = usable::of(&schema, draft, references, &mut room);
        match build(draft, &usable, weighed()) {
            Ok(validator) => return (Some(Rules::new(validator, usable)), warnings),
            Err(unusable) => error = error.or(Some(unusable)),
        }
    }
    let error = error.as_ref().map(short).unwrap_or_default();
    (None, vec![format!("the schema cannot be used, arguments are not checked: {error}")])
}

/// Nothing is fetched, and `format` is an annotation (JSON Schema 2020-12, validation §7.2.1).
fn build<E>(
    draft: Draft,
    schema: &Value,
    patterns: PatternOptions<E>,
) -> Result<Validator, ValidationError<'static>> {
    jsonschema::options()
        .offline()
        .should_validate_formats(false)
        .with_pattern_options(patterns)
        .with_keyword(unique::KEYWORD, unique::keyword)
        .with_draft(draft)
        .build(schema)
}

fn short(error: &ValidationError<'_>) -> String {
    error.masked().to_string().chars().take(200).collect()
}
