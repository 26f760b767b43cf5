//! The defaults of an elicitation's form (specification, client/elicitation; SEP-1034 and SEP-1330: a default in every
//! kind of field).

use serde_json::{Map, Value};

/// A form filled in with all of its defaults. The error says, for a sentence to end with, why that cannot be: a field
/// that must be filled in has none that fits.
pub(super) fn defaults(schema: &Value) -> Result<Map<String, Value>, String> {
    let empty = Map::new();
    let fields = schema["properties"].as_object().unwrap_or(&empty);
    let content: Map<_, _> = fields
        .iter()
        .filter_map(|(name, field)| {
            Some((name, field.get("default").filter(|default| fits(field, default))?))
        })
        .map(|(name, default)| (name.clone(), default.clone()))
        .collect();
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    match required.into_iter().find(|name| !content.contains_key(*name)) {
        Some(missing) => {
            let shown: String = missing.chars().take(100).collect();
            Err(format!("it offers no default for `{shown}`, which must be given"))
        }
        // A form without fields asks for a yes, and a yes is no default.
        None if fields.is_empty() => Err("it offers nothing to fill in, only to agree".to_owned()),
        None => Ok(content),
    }
}

/// Whether a default is what its own field asks for.
fn fits(field: &Value, default: &Value) -> bool {
    match field["type"].as_str() {
        Some("string") => default.is_string() && is_choice(field, default),
        Some("number") => default.is_number(),
        Some("integer") => default.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some("boolean") => default.is_boolean(),
        Some("array") => default
            .as_array()
            .is_some_and(|chosen| chosen.iter().all(|default| is_choice(&field["items"], default))),
        Some(_) => false,
        None => is_choice(field, default),
    }
}

/// Whether a value is among those that a field offers: `enum`, or with titles `oneOf` or `anyOf` of `const`. A field
/// that offers none takes any.
fn is_choice(field: &Value, value: &Value) -> bool {
    if let Some(choices) = field["enum"].as_array() {
        return choices.contains(value);
    }
    let titled = field["oneOf"].as_array().or_else(|| field["anyOf"].as_array());
    titled.is_none_or(|choices| choices.iter().any(|choice| choice["const"] == *value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_field_may_have_a_default() {
        let schema = json!({
            "type": "object",
            "properties": {
                "string": { "type": "string", "default": "John" },
                "integer": { "type": "integer", "default": 30 },
                "number": { "type": "number", "default": 95.5 },
                "boolean": { "type": "boolean", "default": false },
                "choice": { "type": "string", "enum": ["a", "b"], "default": "a" },
                "titled": { "type": "string", "oneOf": [{ "const": "x", "title": "X" }], "default": "x" },
                "named": { "type": "string", "enum": ["o", "t"], "enumNames": ["One", "Two"], "default": "t" },
                "many": { "type": "array", "items": { "type": "string", "enum": ["a", "b"] }, "default": ["b"] },
                "titles": { "type": "array", "items": { "anyOf": [{ "const": "x", "title": "X" }] }, "default": ["x"] },
                "none": { "type": "string" },
            },
            "required": ["string", "many"],
        });
        assert_eq!(
            Value::Object(defaults(&schema).unwrap()),
            json!({
                "string": "John", "integer": 30, "number": 95.5, "boolean": false, "choice": "a", "titled": "x",
                "named": "t", "many": ["b"], "titles": ["x"],
            })
        );
    }

    #[test]
    fn a_required_field_without_a_default_that_fits_is_named() {
        for field in [
            json!({ "type": "string" }),
            json!({ "type": "string", "default": 1 }),
            json!({ "type": "integer", "default": 1.5 }),
            json!({ "type": "boolean", "default": "true" }),
            json!({ "type": "string", "enum": ["a"], "default": "b" }),
            json!({ "type": "string", "oneOf": [{ "const": "a" }], "default": "b" }),
            json!({ "type": "array", "items": { "enum": ["a"] }, "default": ["b"] }),
            json!({ "type": "object", "default": {} }),
        ] {
            let schema = json!({ "properties": { "f": field }, "required": ["f"] });
            assert!(defaults(&schema).unwrap_err().contains("`f`"), "{schema}");
            let optional = json!({ "properties": { "f": field } });
            assert_eq!(defaults(&optional), Ok(Map::new()), "{optional}");
        }
    }

    #[test]
    fn a_form_that_only_asks_for_a_yes_has_no_default() {
        assert!(defaults(&json!({ "type": "object", "properties": {} })).unwrap_err().contains("to agree"));
        assert!(defaults(&Value::Null).is_err());
        assert!(defaults(&json!({ "required": ["x"] })).is_err());
    }
}
