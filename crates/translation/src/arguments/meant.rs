//! What a schema means in words that its dialect does not have, said in those that it has, as the document shows it.

use serde_json::{Map, Value, json};

use crate::{keyword::Holds, schema};

/// Keywords that can refuse null, other than by a list that null can be added to.
const REFUSING: [&str; 9] =
    ["$ref", "$dynamicRef", "$recursiveRef", "allOf", "oneOf", "not", "if", "then", "else"];

/// Mends lists with doubles and reads `nullable`, at any depth.
pub(super) fn spell_out(schema: &mut Value) {
    let Value::Object(keywords) = schema else { return };
    for (keyword, value) in keywords.iter_mut() {
        match (Holds::of(keyword), &mut *value) {
            (Holds::Named, Value::Object(schemas)) => schemas.values_mut().for_each(spell_out),
            (Holds::Listed | Holds::One, Value::Array(schemas)) => schemas.iter_mut().for_each(spell_out),
            (Holds::One, inner) => spell_out(inner),
            (Holds::Data, _) => mend(keyword, value),
            _ => {}
        }
    }
    if keywords.get("nullable") == Some(&Value::Bool(true)) {
        allow_null(keywords);
    }
}

/// A type that nobody knows stays: it may be what the server takes.
fn mend(keyword: &str, value: &mut Value) {
    if let Some(mended) = schema::mended(keyword, value)
        && let (Some(names), Some(kept)) = (value.as_array(), mended.as_array())
        && (keyword == "required" || keyword == "type" && names.iter().all(|name| kept.contains(name)))
    {
        *value = mended;
    }
}

/// OpenAPI 3.0's `nullable: true`.
fn allow_null(keywords: &mut Map<String, Value>) {
    if let Some(value) = keywords.shift_remove("const") {
        keywords.insert("enum".into(), json!([value]));
    }
    if let Some(Value::Array(values)) = keywords.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    if let Some(kind) = keywords.get_mut("type") {
        match kind {
            Value::Array(names) if !names.contains(&json!("null")) => names.push("null".into()),
            Value::String(name) if name != "null" => *kind = json!([name, "null"]),
            _ => {}
        }
    }
    if let Some(Value::Array(choices)) = keywords.get_mut("anyOf") {
        choices.push(json!({ "type": "null" }));
    }
    let refusing: Map<String, Value> =
        REFUSING.into_iter().filter_map(|keyword| keywords.shift_remove_entry(keyword)).collect();
    if refusing.is_empty() {
        return;
    }
    let only_null = json!({ "type": "null" });
    if keywords.contains_key("anyOf") {
        keywords.insert("allOf".into(), json!([{ "anyOf": [refusing, only_null] }]));
    } else {
        keywords.insert("anyOf".into(), json!([refusing, only_null]));
    }
}
