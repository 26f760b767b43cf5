use jsonschema::PatternOptions;
use serde_json::json;

/// Bytes that a regular expression may take which is not one of ECMA-262: whether it is one at all is found by compiling.
const FOREIGN: usize = 64 * 1024;

/// Whether a regular expression can be used: it is one of ECMA-262 (JSON Schema 2020-12, core §6.4), or our own check of
/// arguments understands it, as it does `(?i)`.
pub(super) fn is_valid(pattern: &str) -> bool {
    jsonschema_regex::is_valid_ecma_regex(pattern) || {
        let bounded = PatternOptions::fancy_regex().size_limit(FOREIGN);
        let options = jsonschema::options().offline().with_pattern_options(bounded);
        options.build(&json!({ "pattern": pattern })).is_ok()
    }
}
