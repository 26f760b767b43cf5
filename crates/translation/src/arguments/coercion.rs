//! Values that stand for something else: models write `"7"` for 7, whole objects as a text, and null for what they leave
//! out.

use std::collections::HashSet;

use jsonschema::{
    JsonType, JsonTypeSet, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
    paths::Location,
};
use serde_json::{Map, Value};

use super::{Rules, bounds};

/// A text that is an object may hold texts that stand for something, and so on.
const ROUNDS: usize = 4;

/// A member of an object: the object's place (a JSON Pointer), and its own name.
type Member = (String, String);

enum Change {
    /// What stands at a place (a JSON Pointer) from now on.
    Read(String, Value),
    /// A null that says nothing.
    LeftOut(Member),
}

/// The value with all texts read that the schema refuses, each as what the schema wants there, and without the nulls that
/// it refuses and can do without. It need not fit then.
pub(super) fn coerced(rules: &Rules, mut value: Value) -> Value {
    let mut left_out = HashSet::new();
    for _ in 0..ROUNDS {
        let wanted = changes_of(rules, &value);
        if wanted.is_empty() {
            break;
        }
        for change in wanted {
            match change {
                Change::Read(place, better) => {
                    if let Some(place) = value.pointer_mut(&place) {
                        *place = better;
                    }
                }
                Change::LeftOut((object, name)) => {
                    if let Some(members) = object_at(&mut value, &object) {
                        members.shift_remove(&name);
                        left_out.insert((object, name));
                    }
                }
            }
        }
    }
    if !left_out.is_empty() {
        put_back(rules, &mut value, &left_out);
    }
    value
}

/// Puts the nulls back that are missed, so that they are what is refused.
fn put_back(rules: &Rules, value: &mut Value, left_out: &HashSet<Member>) {
    let mut missed = Vec::new();
    if let Some(reach) = bounds::within_reach(value, rules.branches) {
        rules.validator.iter_errors(&reach).for_each(|error| missed_by(&error, left_out, &mut missed));
    }
    for (object, name) in missed {
        if let Some(members) = object_at(value, &object) {
            members.insert(name, Value::Null);
        }
    }
}

fn missed_by(error: &ValidationError<'_>, left_out: &HashSet<Member>, missed: &mut Vec<Member>) {
    match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            context.iter().flatten().for_each(|error| missed_by(error, left_out, missed));
        }
        Kind::Required { property: Value::String(name) } => {
            let member = (error.instance_path().as_str().to_owned(), name.clone());
            missed.extend(left_out.contains(&member).then_some(member));
        }
        Kind::MinProperties { .. } => {
            let object = error.instance_path().as_str();
            missed.extend(left_out.iter().filter(|(place, _)| place == object).cloned());
        }
        _ => {}
    }
}

fn object_at<'v>(value: &'v mut Value, place: &str) -> Option<&'v mut Map<String, Value>> {
    value.pointer_mut(place)?.as_object_mut()
}

/// What mends the errors of a value, each by itself.
fn changes_of(rules: &Rules, value: &Value) -> Vec<Change> {
    let Some(reach) = bounds::within_reach(value, rules.branches) else { return Vec::new() };
    let errors = rules.validator.iter_errors(&reach);
    errors.filter_map(|error| changes(&error, value, None)).flatten().collect()
}

/// What mends an error in the arguments. `lenient`: whether nothing but a boolean, or null, would fit, as the union around
/// it knows.
fn changes(error: &ValidationError<'_>, arguments: &Value, lenient: Option<bool>) -> Option<Vec<Change>> {
    let place = error.instance_path();
    if error.instance().is_null() {
        return Some(vec![Change::LeftOut(member(place, arguments)?)]);
    }
    let reading = match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            let lenient = context.iter().all(|branch| wants_boolean_or_null(branch, error));
            return context.iter().find_map(|branch| mended(branch, error, arguments, lenient));
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
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let nulls = unexpected.iter().map(|name| {
                let is_null = error.instance().get(name).is_some_and(Value::is_null);
                is_null.then(|| Change::LeftOut((place.as_str().to_owned(), name.clone())))
            });
            return nulls.collect();
        }
        _ => return None,
    };
    Some(vec![Change::Read(place.as_str().to_owned(), reading)])
}

/// `None` for the root and the items of lists.
fn member(place: &Location, arguments: &Value) -> Option<Member> {
    let (object, name) = place.as_str().rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    arguments.pointer(object)?.is_object().then(|| (object.to_owned(), name))
}

/// What mends all errors of a branch.
fn mended(
    branch: &[ValidationError<'_>],
    union: &ValidationError<'_>,
    arguments: &Value,
    lenient: bool,
) -> Option<Vec<Change>> {
    // The union says nothing of what is inside its value.
    let lenient =
        |error: &ValidationError<'_>| (error.instance_path() == union.instance_path()).then_some(lenient);
    let each: Option<Vec<_>> = branch.iter().map(|error| changes(error, arguments, lenient(error))).collect();
    let all: Vec<Change> = each?.into_iter().flatten().collect();
    (!all.is_empty()).then_some(all)
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
