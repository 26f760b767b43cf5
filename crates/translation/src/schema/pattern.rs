use serde_json::json;

/// Whether a regular expression can be used: it is one of ECMA-262 (JSON Schema 2020-12, core §6.4), or our own check of
/// arguments understands it, as it does `(?i)`.
pub(super) fn is_valid(pattern: &str) -> bool {
    jsonschema_regex::is_valid_ecma_regex(pattern)
        || jsonschema::options().offline().build(&json!({ "pattern": pattern })).is_ok()
}
