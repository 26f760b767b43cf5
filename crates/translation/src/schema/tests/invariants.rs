//! What holds of every schema that goes into a document, whatever it was made from. Tests and fuzz targets share it.

use serde_json::{Map, Value};

/// Deepest nesting in JSON levels: readers admit 128, and a document puts some around a schema.
const DEEPEST: usize = 112;
/// Longest text.
const LONGEST: usize = 2_000_000;

/// Panics where a schema breaks a promise of documents.
pub fn check(schema: &Value) {
    let text = schema.to_string();
    assert!(text.len() < LONGEST, "{} bytes", text.len());
    assert!(depth(schema) <= DEEPEST, "{} levels", depth(schema));
    walk(schema, false);
}

/// [`check`], and what holds of arguments on top of it.
pub fn check_arguments(schema: &Value) {
    check(schema);
    let properties = schema["properties"].as_object().expect("arguments have properties");
    assert_eq!(schema["type"], "object");
    for gone in ["anyOf", "if", "then", "else", "dependentSchemas"] {
        assert!(schema.get(gone).is_none(), "{gone} at the root of {schema}");
    }
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        assert!(
            properties.contains_key(name.as_str().expect("a name")),
            "{name} is not declared in {schema}"
        );
    }
    for (name, schema) in properties {
        let mut read = resolved(schema);
        cleaned(&mut read);
        reads_alike(schema, &read, name);
    }
}

/// No boolean schema, no reference, no `allOf` and `oneOf`, and a type wherever a converter looks for one.
fn walk(schema: &Value, asked: bool) {
    let Value::Object(object) = schema else { panic!("{schema} is no schema object") };
    for gone in ["$ref", "$dynamicRef", "$recursiveRef", "$defs", "definitions", "$id", "allOf", "oneOf"] {
        assert!(!object.contains_key(gone), "{gone} in {schema}");
    }
    if let Some(choices) = object.get("anyOf") {
        assert!(choices.as_array().is_some_and(|choices| choices.len() > 1), "{schema}");
    }
    for list in ["anyOf", "prefixItems"] {
        for schema in object.get(list).and_then(Value::as_array).into_iter().flatten() {
            walk_shown(schema, asked);
        }
    }
    for named in ["properties", "patternProperties"] {
        for schema in object.get(named).and_then(Value::as_object).into_iter().flat_map(Map::values) {
            walk_shown(schema, asked);
        }
    }
    for schema in object.get("dependentSchemas").and_then(Value::as_object).into_iter().flat_map(Map::values)
    {
        walk(schema, asked);
    }
    object.get("items").into_iter().for_each(|items| walk_shown(items, asked));
    ["then", "else"].iter().filter_map(|one| object.get(*one)).for_each(|schema| walk(schema, asked));
    for one in ["not", "if", "contains", "propertyNames"] {
        object.get(one).into_iter().for_each(|schema| walk(schema, true));
    }
    let open = ["additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contentSchema"];
    for schema in open.iter().filter_map(|one| object.get(*one)) {
        if !schema.is_boolean() && schema.as_object().is_none_or(|object| !object.is_empty()) {
            walk_shown(schema, asked);
        }
    }
}

fn walk_shown(schema: &Value, asked: bool) {
    walk(schema, asked);
    let says = |keyword| schema.get(keyword).is_some();
    assert!(asked || says("type") || says("anyOf"), "no type in {schema}");
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(object) => 1 + object.values().map(depth).max().unwrap_or(0),
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// What Open WebUI 0.12 makes of a schema first: its `resolve_schema`, for one without references.
fn resolved(schema: &Value) -> Value {
    let Value::Object(object) = schema else { panic!("Python would raise on {schema}") };
    let mut object = object.clone();
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.values_mut().for_each(|schema| *schema = resolved(schema));
    }
    if let Some(items) = object.get_mut("items") {
        *items = resolved(items);
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        for choice in choices {
            *choice = resolved(choice);
        }
    }
    object.into()
}

/// What it does to it then: `clean_properties`.
fn cleaned(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    if let Some(Value::Array(choices)) = object.get("anyOf") {
        let mut choices = choices.clone();
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        if let [Value::Object(only)] = &choices[..] {
            object.extend(only.clone());
            object.shift_remove("anyOf");
        } else {
            object.insert("anyOf".into(), choices.into());
        }
    }
    if object.get("default") == Some(&Value::Null) {
        object.shift_remove("default");
    }
    if ["type", "anyOf", "properties"].iter().all(|keyword| !object.contains_key(*keyword)) {
        object.insert("type".into(), "string".into());
    }
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.values_mut().for_each(cleaned);
    }
    object.get_mut("items").into_iter().for_each(cleaned);
}

/// Nothing added, and nothing lost but null among choices and as a default.
fn reads_alike(ours: &Value, theirs: &Value, place: &str) {
    let (Value::Object(ours), Value::Object(theirs)) = (ours, theirs) else { panic!("{place}: no object") };
    let choices: Vec<&Value> = ours.get("anyOf").and_then(Value::as_array).into_iter().flatten().collect();
    let values: Vec<&&Value> =
        choices.iter().filter(|one| one.get("type").is_none_or(|kind| kind != "null")).collect();
    let only = match values[..] {
        [only] => only.as_object(),
        _ => None,
    };
    assert!(choices.is_empty() || !values.is_empty(), "{place}: no choice is left");
    for keyword in theirs.keys() {
        let known = ours.contains_key(keyword) || only.is_some_and(|only| only.contains_key(keyword));
        assert!(known, "{place}: {keyword} was invented");
    }
    for (keyword, value) in ours {
        let read = theirs.get(keyword);
        let overwritten = only.is_some_and(|only| only.contains_key(keyword));
        match keyword.as_str() {
            "anyOf" if only.is_some() => {}
            "anyOf" => assert_eq!(
                read.map(|read| read.as_array().map(Vec::len)),
                Some(Some(values.len())),
                "{place}"
            ),
            "default" if value.is_null() => {}
            "description" if overwritten => {
                let whole = read.and_then(Value::as_str).expect("a description");
                assert!(whole.starts_with(value.as_str().expect("a text")), "{place}: {whole}");
            }
            _ if overwritten => assert!(!value.is_object(), "{place}: {keyword} was overwritten"),
            "properties" => {
                for (name, schema) in value.as_object().into_iter().flatten() {
                    let read = &theirs["properties"][name];
                    reads_alike(schema, read, &format!("{place}.{name}"));
                }
            }
            "items" => reads_alike(value, &theirs["items"], &format!("{place}[]")),
            _ => assert_eq!(read, Some(value), "{place}: {keyword}"),
        }
    }
}
