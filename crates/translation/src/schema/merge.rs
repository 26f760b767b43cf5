use serde_json::{Map, Value};

/// Puts one part of an `allOf` into `base`; what `base` says itself wins, except that limits become the stricter one.
pub(super) fn all_of(base: &mut Map<String, Value>, part: Map<String, Value>) {
    for (keyword, value) in part {
        let Some(present) = base.get_mut(&keyword) else {
            base.insert(keyword, value);
            continue;
        };
        match (keyword.as_str(), present, value) {
            ("properties" | "patternProperties", Value::Object(present), Value::Object(more)) => {
                for (name, schema) in more {
                    match (present.get_mut(&name), schema) {
                        (Some(Value::Object(known)), Value::Object(schema)) => all_of(known, schema),
                        (Some(_), _) => {}
                        (None, schema) => {
                            present.insert(name, schema);
                        }
                    }
                }
            }
            ("required", Value::Array(present), Value::Array(more)) => {
                for name in more {
                    if !present.contains(&name) {
                        present.push(name);
                    }
                }
            }
            ("enum", Value::Array(present), Value::Array(more)) => {
                present.retain(|value| more.contains(value));
            }
            ("additionalProperties", present @ Value::Bool(true), value) => *present = value,
            ("minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties", present, value)
                if value.as_f64() > present.as_f64() =>
            {
                *present = value;
            }
            ("maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties", present, value)
                if value.as_f64() < present.as_f64() =>
            {
                *present = value;
            }
            _ => {}
        }
    }
}

/// Puts the properties of a root union's branches side by side; required is what every branch requires.
pub(super) fn branches(object: &mut Map<String, Value>, branches: Vec<Value>) {
    let branches: Vec<Map<String, Value>> = branches
        .into_iter()
        .filter_map(|branch| match branch {
            Value::Object(branch) => Some(branch),
            _ => None,
        })
        .collect();
    let required = |branch: &Map<String, Value>| -> Vec<Value> {
        branch.get("required").and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let mut shared = branches.first().map(required).unwrap_or_default();
    for branch in &branches {
        let own = required(branch);
        shared.retain(|name| own.contains(name));
    }
    let mut properties = match object.remove("properties") {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    };
    for branch in branches {
        let Some(Value::Object(more)) = branch.get("properties").cloned() else { continue };
        for (name, schema) in more {
            match properties.get_mut(&name) {
                Some(known) if *known != schema => either(known, schema),
                Some(_) => {}
                None => {
                    properties.insert(name, schema);
                }
            }
        }
    }
    let mut all = required(object);
    for name in shared {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    object.insert("properties".into(), properties.into());
    if !all.is_empty() {
        object.insert("required".into(), all.into());
    }
}

/// Two branches that say different things of one property: either holds.
fn either(known: &mut Value, schema: Value) {
    if let Some(Value::Array(choices)) = known.get_mut("anyOf") {
        if !choices.contains(&schema) {
            choices.push(schema);
        }
        return;
    }
    let first = known.take();
    *known = serde_json::json!({ "anyOf": [first, schema] });
}
