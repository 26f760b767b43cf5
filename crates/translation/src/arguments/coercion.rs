//! Texts that stand for something else: models write `"7"` for 7, and whole objects as a text.

use jsonschema::{
    JsonType, JsonTypeSet, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value;

use super::{Rules, bounds};

/// A text that is an object may hold texts that stand for something, and so on.
const ROUNDS: usize = 4;

/// What stands at a place (a JSON Pointer) from now on.
type Change = (String, Value);

/// The value with all texts read that the schema refuses, each as what the schema wants there. It need not fit then.
pub(super) fn coerced(rules: &Rules, mut value: Value) -> Value {
    for _ in 0..ROUNDS {
        let wanted = changes_of(rules, &value);
        if wanted.is_empty() {
            break;
        }
        for (place, better) in wanted {
            if let Some(place) = value.pointer_mut(&place) {
                *place = better;
            }
        }
    }
    value
}

/// What mends the errors of a value, each by itself.
fn changes_of(rules: &Rules, value: &Value) -> Vec<Change> {
    let Some(reach) = bounds::within_reach(value, rules.branches) else { return Vec::new() };
    rules.validator.iter_errors(&reach).filter_map(|error| changes(&error, None)).flatten().collect()
}

/// What mends an error. `lenient`: whether nothing but a boolean, or null, would fit, as the union around it knows.
fn changes(error: &ValidationError<'_>, lenient: Option<bool>) -> Option<Vec<Change>> {
    let reading = match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let lenient = context.iter().all(|branch| wants_boolean_or_null(branch, error));
            return context.iter().find_map(|branch| mended(branch, error, lenient));
        }
        Kind::Type { kind } => {
            let wanted = types(kind);
            let read = json(error.instance(), lenient.unwrap_or_else(|| is_boolean_or_null(wanted)))?;
            wants(wanted, &read).then_some(read)?
        }
        Kind::Enum { options } => {
            let read = json(error.instance(), false)?;
            options.as_array()?.contains(&read).then_some(read)?
        }
        Kind::Constant { expected_value } => {
            let read = json(error.instance(), false)?;
            (**expected_value == read).then_some(read)?
        }
        _ => return None,
    };
    Some(vec![(error.instance_path().as_str().to_owned(), reading)])
}

/// What mends all errors of a branch.
fn mended(branch: &[ValidationError<'_>], union: &ValidationError<'_>, lenient: bool) -> Option<Vec<Change>> {
    // The union says nothing of what is inside its value.
    let lenient =
        |error: &ValidationError<'_>| (error.instance_path() == union.instance_path()).then_some(lenient);
    let each: Option<Vec<_>> = branch.iter().map(|error| changes(error, lenient(error))).collect();
    each.map(|changes| changes.concat()).filter(|changes| !changes.is_empty())
}

/// What a text stands for: JSON other than a text or null, or true or false in any case (Python writes `True`). The words
/// for them, which mcpo takes too, only where `lenient`.
fn json(instance: &Value, lenient: bool) -> Option<Value> {
    let text = instance.as_str()?.trim();
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") || (lenient && (is("yes") || is("on"))) {
        return Some(Value::Bool(true));
    }
    if is("false") || (lenient && (is("no") || is("off"))) {
        return Some(Value::Bool(false));
    }
    serde_json::from_str(text).ok().filter(|read: &Value| !read.is_string() && !read.is_null())
}

fn types(kind: &TypeKind) -> JsonTypeSet {
    match kind {
        TypeKind::Single(one) => (*one).into(),
        TypeKind::Multiple(set) => *set,
    }
}

fn is_boolean_or_null(types: JsonTypeSet) -> bool {
    types.iter().all(|one| matches!(one, JsonType::Boolean | JsonType::Null))
}

fn wants_boolean_or_null(branch: &[ValidationError<'_>], of: &ValidationError<'_>) -> bool {
    matches!(branch, [error] if error.instance_path() == of.instance_path()
        && matches!(error.kind(), Kind::Type { kind } if is_boolean_or_null(types(kind))))
}

fn wants(types: JsonTypeSet, value: &Value) -> bool {
    types.iter().any(|one| match one {
        // Whether it is whole, the validator decides.
        JsonType::Integer | JsonType::Number => value.is_number(),
        JsonType::Boolean => value.is_boolean(),
        JsonType::Array => value.is_array(),
        JsonType::Object => value.is_object(),
        JsonType::String | JsonType::Null => false,
    })
}
