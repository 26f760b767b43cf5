//! What older drafts and OpenAPI 3.0 wrote otherwise, in the words of 2020-12.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{kinds, role::is_names};

/// A keyword as 2020-12 has it; `None` where another one says it.
pub(super) fn modern<'a>(
    schema: &'a Map<String, Value>,
    keyword: &'a str,
    value: &'a Value,
) -> Option<(&'a str, &'a Value)> {
    let is_exclusive = |keyword| schema.get(keyword) == Some(&Value::Bool(true));
    match (keyword, value) {
        // Tuples (draft-07, validation §6.4).
        ("items", Value::Array(_)) => Some(("prefixItems", value)),
        ("additionalItems", _) => {
            schema.get("items").filter(|items| items.is_array()).map(|_| ("items", value))
        }
        // A boolean beside a limit (draft-04, validation §5.1.2).
        ("exclusiveMinimum", Value::Bool(is)) => Some((keyword, schema.get("minimum").filter(|_| *is)?)),
        ("exclusiveMaximum", Value::Bool(is)) => Some((keyword, schema.get("maximum").filter(|_| *is)?)),
        ("minimum", _) if is_exclusive("exclusiveMinimum") => None,
        ("maximum", _) if is_exclusive("exclusiveMaximum") => None,
        _ => Some((keyword, value)),
    }
}

/// What follows a property: `dependencies` (draft-07, validation §6.5.7) are lists of names and schemas.
pub(super) fn dependent_names(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    let dependencies = schema.get("dependencies").and_then(Value::as_object);
    dependencies.into_iter().flatten().filter(|(_, value)| is_names(value))
}

/// As [`dependent_names`], the schemas; 2020-12 has a keyword for them.
pub(super) fn dependent_schemas(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    ["dependentSchemas", "dependencies"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword)?.as_object())
        .flatten()
        .filter(|(_, value)| value.is_object() || value.is_boolean())
}

/// A value that is not of its keyword's form, as it was meant.
pub(crate) fn mended(keyword: &str, value: &Value) -> Option<Value> {
    let mended = match (keyword, value) {
        ("required", Value::Array(names)) => distinct(names, Value::is_string),
        ("type", Value::Array(names)) => distinct(names, kinds::is_type),
        ("examples", example) => vec![example.clone()],
        _ => return None,
    };
    (!mended.is_empty()).then(|| mended.into())
}

fn distinct(values: &[Value], fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut seen = HashSet::new();
    values.iter().filter(|value| fits(value) && seen.insert(*value)).cloned().collect()
}
