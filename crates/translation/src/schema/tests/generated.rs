//! Generated schemas over the whole space of keywords, sense and nonsense.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::invariants;
use crate::schema::{WRAPPER, is_free_form, of_arguments};

fn name() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c", "$ref", "type", "arguments", "x y", "ü"]).prop_map(str::to_owned)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..9).prop_map(Value::from),
        Just(json!(1.5)),
        name().prop_map(Value::from),
    ]
}

fn leaf_keyword() -> impl Strategy<Value = (String, Value)> {
    let types = ["string", "integer", "number", "boolean", "object", "array", "null", "any"];
    let one = select(types.to_vec()).prop_map(Value::from);
    let several = vec(select(types.to_vec()), 1..4).prop_map(|names| json!(names));
    let references = [
        "#",
        "#/properties/a",
        "#/$defs/a",
        "#/$defs/b",
        "#/definitions/a",
        "#/properties/a/items",
        "#anchor",
        "item.json",
        "#/$defs/missing",
        "https://example.com/x",
        "#/%24defs/a",
    ];
    let counts = ["minLength", "maxLength", "minItems", "minProperties", "minimum", "maximum", "multipleOf"];
    let texts = ["description", "title", "format", "pattern", "$comment", "x-note"];
    prop_oneof![
        3 => prop_oneof![3 => one, 1 => several].prop_map(|value| ("type".to_owned(), value)),
        3 => (select(vec!["$ref", "$ref", "$dynamicRef", "$recursiveRef"]), select(references.to_vec()))
            .prop_map(|(keyword, reference)| (keyword.to_owned(), reference.into())),
        2 => vec(name(), 0..3).prop_map(|names| ("required".to_owned(), json!(names))),
        2 => vec(scalar(), 0..4).prop_map(|values| ("enum".to_owned(), values.into())),
        1 => scalar().prop_map(|value| ("const".to_owned(), value)),
        1 => (select(counts.to_vec()), 0_u64..9).prop_map(|(keyword, count)| (keyword.to_owned(), count.into())),
        1 => (select(texts.to_vec()), name()).prop_map(|(keyword, text)| (keyword.to_owned(), text.into())),
        1 => (select(vec!["default", "examples", "example", "nullable", "exclusiveMinimum", "uniqueItems"]), scalar())
            .prop_map(|(keyword, value)| (keyword.to_owned(), value)),
        1 => select(vec![("$anchor", "anchor"), ("$id", "item.json"), ("$id", "#anchor"), ("$dynamicAnchor", "anchor")])
            .prop_map(|(keyword, value)| (keyword.to_owned(), value.into())),
    ]
}

fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        6 => vec(leaf_keyword(), 0..4).prop_map(|entries| Value::Object(entries.into_iter().collect())),
        1 => any::<bool>().prop_map(Value::from),
        1 => scalar(),
    ];
    leaf.prop_recursive(5, 48, 4, |inner| {
        let named = ["properties", "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];
        let lists = ["anyOf", "oneOf", "allOf", "prefixItems", "items"];
        let ones = ["items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "default", "additionalItems"];
        let keyword = prop_oneof![
            4 => leaf_keyword(),
            3 => (select(named.to_vec()), vec((name(), inner.clone()), 0..3)).prop_map(|(keyword, schemas)| {
                (keyword.to_owned(), Value::Object(schemas.into_iter().collect::<Map<_, _>>()))
            }),
            3 => (select(lists.to_vec()), vec(inner.clone(), 0..4))
                .prop_map(|(keyword, schemas)| (keyword.to_owned(), schemas.into())),
            2 => (select(ones.to_vec()), inner.clone()).prop_map(|(keyword, schema)| (keyword.to_owned(), schema)),
            // Anything under any keyword.
            1 => (select([named.as_slice(), &lists, &ones].concat()), scalar())
                .prop_map(|(keyword, value)| (keyword.to_owned(), value)),
        ];
        vec(keyword, 0..6).prop_map(|entries| Value::Object(entries.into_iter().collect()))
    })
}

proptest! {
    // A failure is told whole, so that it becomes a test of its own: no seeds are kept.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_in_a_document_goes_out(schema in schema()) {
        let Value::Object(schema) = schema else { return Ok(()) };
        invariants::check_both(&schema);
        if is_free_form(&schema) {
            prop_assert!(of_arguments(&schema).schema["properties"].get(WRAPPER).is_some());
        }
    }
}

#[test]
fn a_contradicting_branch_is_converted_the_same_again() {
    for schema in [
        json!({"anyOf": [{"const": null}, {"required": []}], "type": ["array"]}),
        json!({"anyOf": [{"type": "array", "anyOf": [{"required": []}, {"type": "null"}]}]}),
        json!({"anyOf": [{"anyOf": [{"const": null}, {"type": "string"}], "allOf": [{"type": "array"}]}, {}]}),
        json!({"anyOf": [{"type": "null"}, {"properties": {"b": {"enum": [null]}}}], "properties": {"b": {"$ref": "#"}}}),
        json!({"properties": {}, "allOf": [{"type": "number"}], "anyOf": [{"const": null}, {"enum": [false, null]}], "$ref": "#"}),
        json!({"allOf": [{"anyOf": [{"type": "string"}, {"allOf": [{"type": "null", "$ref": "#"}]}]}]}),
        json!({"allOf": [{"type": "null"}], "anyOf": [{"properties": {}}, {"const": null}]}),
    ] {
        let Value::Object(schema) = schema else { panic!("an object") };
        invariants::check_both(&schema);
    }
}
