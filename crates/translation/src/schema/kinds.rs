//! Types: every place that a converter looks at says one.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::warnings::quoted;

/// The types of JSON Schema.
const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];

/// "Anything", in words that no converter takes for a string.
static ANYTHING: LazyLock<Value> = LazyLock::new(|| {
    let scalars = || ["string", "number", "boolean", "object"].map(|kind| json!({ "type": kind })).to_vec();
    let null = || json!({ "type": "null" });
    let mut items = scalars();
    items.push(null());
    let mut choices = scalars();
    choices.push(json!({ "type": "array", "items": { "anyOf": items } }));
    choices.push(null());
    choices.into()
});

/// Bytes of "anything" as JSON.
pub(super) const ANYTHING_BYTES: usize = 260;

/// A schema that allows everything.
pub(super) fn anything() -> Map<String, Value> {
    Map::from_iter([("anyOf".to_owned(), ANYTHING.clone())])
}

/// Whether these are the choices of [`anything`].
pub(super) fn is_anything(choices: &[Value]) -> bool {
    ANYTHING.as_array().is_some_and(|anything| anything == choices)
}

/// A schema that allows nothing.
pub(super) fn nothing() -> Map<String, Value> {
    Map::from_iter([("not".to_owned(), Map::new().into())])
}

/// Whether a schema says that nothing fits it, with or without a type that was added.
pub(super) fn is_nothing(schema: &Map<String, Value>) -> bool {
    schema.get("not").and_then(Value::as_object).is_some_and(Map::is_empty)
}

/// Whether this is a value of the keyword `type` (JSON Schema 2020-12, validation §6.1.1).
pub(super) fn is_type(value: &Value) -> bool {
    let known = |value: &Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    match value {
        Value::Array(names) => {
            !names.is_empty()
                && names.len() <= TYPES.len()
                && names.iter().all(known)
                && names.iter().enumerate().all(|(at, name)| !names[..at].contains(name))
        }
        name => known(name),
    }
}

/// What a value of the keyword `type` that is none should have been: "`Object` is no JSON Schema type; did you mean
/// `object`?"
pub(crate) fn misnamed(value: &Value) -> Option<String> {
    let names = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let wrong = names.iter().find(|name| !TYPES.iter().any(|known| *name == known))?.as_str()?;
    let meant = match wrong.to_lowercase().as_str() {
        "int" | "int32" | "int64" | "long" => Some("integer"),
        "float" | "double" | "decimal" => Some("number"),
        "bool" => Some("boolean"),
        "str" | "text" => Some("string"),
        "list" | "tuple" | "set" => Some("array"),
        "dict" | "map" | "struct" => Some("object"),
        "none" | "nil" => Some("null"),
        lower => TYPES.into_iter().find(|known| *known == lower),
    };
    let hint = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the types are `{}`", TYPES.join("`, `")),
    };
    Some(format!("`{}` is no JSON Schema type; {hint}", quoted(wrong)))
}

/// The names that `type` says.
pub(super) fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether a schema can hold of an object.
pub(super) fn admits_object(schema: &Map<String, Value>) -> bool {
    let types = types(schema);
    types.is_empty() || types.contains(&"object")
}

/// `type`, of one name or several.
pub(super) fn of_names(names: &[&str]) -> Value {
    match names {
        [name] => (*name).into(),
        names => names.into(),
    }
}

/// Adds the type that a schema implies but does not say, "anything" where it says nothing at all, and what lists hold.
pub(super) fn say(schema: &mut Map<String, Value>) {
    if !schema.contains_key("type") && !schema.contains_key("anyOf") {
        let implied = implied(schema);
        if !implied.is_empty() {
            schema.insert("type".into(), of_names(&implied));
        } else if schema.get("not").is_some_and(|not| not == &json!({})) {
            // No value fits; some type has to stand here, and this one invites to nothing.
            schema.insert("type".into(), "null".into());
        } else {
            schema.insert("anyOf".into(), ANYTHING.clone());
        }
    }
    // Providers refuse lists that do not say of what.
    if !schema.contains_key("items") && types(schema).contains(&"array") {
        schema.insert("items".into(), anything().into());
    }
}

fn implied(schema: &Map<String, Value>) -> Vec<&'static str> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return of_values(values);
    }
    if let Some(value) = schema.get("const") {
        return vec![of_value(value)];
    }
    let has = |keywords: &[&str]| keywords.iter().any(|keyword| schema.contains_key(*keyword));
    let mut types = Vec::new();
    if has(&["properties", "additionalProperties", "patternProperties", "propertyNames", "required"])
        || has(&["minProperties", "maxProperties", "dependentRequired", "dependentSchemas"])
    {
        types.push("object");
    }
    if has(&["items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"]) {
        types.push("array");
    }
    if has(&["minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"]) {
        types.push("string");
    }
    if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) {
        types.push("number");
    }
    types
}

/// The types of some values, each once.
fn of_values(values: &[Value]) -> Vec<&'static str> {
    let mut types = Vec::new();
    for value in values {
        let name = of_value(value);
        if !types.contains(&name) {
            types.push(name);
        }
    }
    types
}

fn of_value(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.as_str().contains(['.', 'e', 'E']) => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Says of a schema with `nullable: true` (OpenAPI 3.0) what it means.
pub(super) fn allow_null(schema: &mut Map<String, Value>) {
    if let Some(value) = schema.remove("const") {
        schema.insert("enum".into(), vec![value].into());
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    let mut names = types(schema);
    if !names.is_empty() && !names.contains(&"null") {
        names.push("null");
        let names = of_names(&names);
        schema.insert("type".into(), names);
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        let is_null =
            |choice: &Value| choice.as_object().is_some_and(|choice| types(choice).contains(&"null"));
        if !choices.iter().any(is_null) {
            choices.push(json!({ "type": "null" }));
        }
    }
}
