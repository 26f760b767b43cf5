//! What holds of every schema that goes into a document, whatever it was made from. Tests and fuzz targets share it.

use serde_json::{Map, Value};

use super::{Embedded, of_arguments, of_result};

/// Deepest nesting in JSON levels: readers admit 128, and a document puts some around a schema.
const DEEPEST: usize = 112;
/// Longest text.
const LONGEST: usize = 2_000_000;
/// Longest text that is converted once more: a longer one may be cut in the second go.
const SHORT: usize = 20_000;
/// Says that a result is wrapped: the wrapping is taken off, each time.
const WRAPPED: &str = "x-fastmcp-wrap-result";

/// Panics where what a schema becomes, as arguments and as a result, breaks a promise.
pub fn check_both(schema: &Map<String, Value>) {
    let embedded = of_arguments(schema);
    check_arguments(&embedded.schema);
    assert_eq!(embedded, of_arguments(schema), "it is not the same twice");
    // One object of any number of properties stands for those that are not declared.
    let properties = embedded.schema["properties"].as_object().expect("arguments have properties");
    let wrapped = properties.len() == 1 && properties.contains_key("arguments");
    for name in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        assert!(wrapped || properties.contains_key(name), "{name} is missing in {}", embedded.schema);
    }
    check_again(&embedded, of_arguments);
    let result = of_result(schema);
    check(&result.schema);
    if !schema.contains_key(WRAPPED) {
        check_again(&result, of_result);
    }
}

/// Panics where a second conversion changes what the first one wrote.
fn check_again(embedded: &Embedded, convert: fn(&Map<String, Value>) -> Embedded) {
    let cut = embedded.warnings.iter().any(|warning| warning.contains("too large"));
    let text = embedded.schema.to_string();
    if cut || text.len() > SHORT {
        return;
    }
    let again = convert(embedded.schema.as_object().expect("a schema is an object"));
    assert_eq!(again.schema, embedded.schema, "a second conversion changes it");
    let told = |warning| embedded.warnings.contains(warning);
    assert!(again.warnings.iter().all(told), "{again:?}");
    // Keywords that are told stay where they are.
    assert!(again.guidance.iter().all(|sentence| embedded.guidance.contains(sentence)), "{again:?}");
}

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

/// Nothing added, and nothing lost but null among choices and as a default. The one choice beside null stands where the
/// choices stood, with all that was said around them.
fn reads_alike(ours: &Value, theirs: &Value, place: &str) {
    let (Value::Object(ours), Value::Object(theirs)) = (ours, theirs) else { panic!("{place}: no object") };
    let mut wanted = ours.clone();
    if let Some(Value::Array(choices)) = ours.get("anyOf") {
        let values: Vec<&Value> =
            choices.iter().filter(|one| one.get("type").is_none_or(|kind| kind != "null")).collect();
        assert!(!values.is_empty(), "{place}: no choice is left");
        if let [Value::Object(only)] = values[..] {
            wanted.shift_remove("anyOf");
            for (keyword, value) in only {
                let around = wanted.insert(keyword.clone(), value.clone());
                assert!(
                    !around.is_some_and(|around| around.is_object()),
                    "{place}: {keyword} was overwritten"
                );
            }
            if let Some(around) = ours.get("description").and_then(Value::as_str) {
                let whole = wanted["description"].as_str().expect("a description");
                assert!(whole.starts_with(around), "{place}: {whole}");
            }
        } else {
            let values = values.into_iter().cloned().collect();
            wanted.insert("anyOf".into(), Value::Array(values));
        }
    }
    if wanted.get("default") == Some(&Value::Null) {
        wanted.shift_remove("default");
    }
    for keyword in theirs.keys() {
        assert!(wanted.contains_key(keyword), "{place}: {keyword} was invented");
    }
    for (keyword, value) in &wanted {
        let read = theirs.get(keyword).unwrap_or_else(|| panic!("{place}: {keyword} was lost"));
        match keyword.as_str() {
            "properties" => {
                for (name, schema) in value.as_object().into_iter().flatten() {
                    reads_alike(schema, &read[name], &format!("{place}.{name}"));
                }
            }
            "items" => reads_alike(value, read, &format!("{place}[]")),
            _ => assert_eq!(read, value, "{place}: {keyword}"),
        }
    }
}
