//! What a schema means in words that its dialect does not have, said in those that it has, as the document shows it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::{equality::canonical, keyword::Holds, schema};

/// The types whose values have no inside.
const SCALARS: [&str; 5] = ["null", "boolean", "integer", "number", "string"];

/// What does not decide whether a value fits.
const NOTES: [&str; 7] = ["title", "description", "$comment", "default", "examples", "example", "deprecated"];

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
    if let Some(Value::Array(branches)) = keywords.get_mut("oneOf") {
        unite_scalars(branches);
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

/// Makes one of the branches of a `oneOf` that differ in nothing but their kinds of scalars and have some in common: by the
/// letter, no whole number fits `integer` or `number` (docs/adr/0012).
fn unite_scalars(branches: &mut Vec<Value>) {
    let mut places: HashMap<String, Vec<usize>> = HashMap::new();
    let mut kept: Vec<Value> = Vec::with_capacity(branches.len());
    for branch in branches.drain(..) {
        let Some((kinds, rest)) = scalars(&branch) else {
            kept.push(branch);
            continue;
        };
        let alike = places.entry(rest).or_default();
        let known = alike.iter().copied().find(|at| {
            scalars(&kept[*at])
                .is_some_and(|(known, _)| known.iter().any(|one| kinds.iter().any(|kind| meet(one, kind))))
        });
        if let Some(at) = known {
            let (mut all, _) = scalars(&kept[at]).unwrap_or_default();
            all.extend(kinds);
            all.sort_unstable();
            all.dedup();
            kept[at]["type"] = all.into();
        } else {
            alike.push(kept.len());
            kept.push(branch);
        }
    }
    *branches = kept;
}

/// The kinds that a schema admits, where all are scalars, and what else it asks.
fn scalars(schema: &Value) -> Option<(Vec<String>, String)> {
    let kinds: Vec<String> = match schema.get("type")? {
        Value::Array(names) => {
            names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()?
        }
        name => vec![name.as_str()?.to_owned()],
    };
    let scalar = |kind: &String| SCALARS.contains(&kind.as_str());
    let mut rest = schema.as_object()?.clone();
    rest.retain(|keyword, _| keyword != "type" && !NOTES.contains(&keyword.as_str()));
    kinds.iter().all(scalar).then(|| (kinds, canonical(&rest.into())))
}

/// Whether some value is of both kinds.
fn meet(one: &str, other: &str) -> bool {
    let is_number = |kind| matches!(kind, "integer" | "number");
    one == other || is_number(one) && is_number(other)
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
