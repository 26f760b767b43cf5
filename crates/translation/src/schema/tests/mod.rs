mod conditions;
mod dialects;
mod exploding;
mod generated;
mod hostile;
#[expect(unreachable_pub, reason = "fuzz targets include this file too")]
mod invariants;
mod rows;
mod told;
mod unions;

use serde_json::json;

pub(crate) use self::invariants::check_both;

use super::*;

fn map(schema: Value) -> JsonObject {
    match schema {
        Value::Object(map) => map,
        _ => panic!("not an object"),
    }
}

fn arguments(schema: Value) -> Value {
    let embedded = of_arguments(&map(schema));
    assert_eq!(embedded.warnings, Vec::<String>::new());
    invariants::check_arguments(&embedded.schema);
    embedded.schema
}

/// The schema of the property `p`.
#[expect(clippy::needless_pass_by_value, reason = "tests write `json!` in place")]
fn property(schema: Value) -> Value {
    arguments(json!({"type": "object", "properties": {"p": schema}}))["properties"]["p"].clone()
}

#[test]
fn recursion_ends() {
    let schema = arguments(json!({
        "type": "object",
        "$defs": {"Node": {"type": "object", "description": "a node",
            "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}},
        "properties": {"root": {"$ref": "#/$defs/Node"}},
    }));
    insta::assert_snapshot!(serde_json::to_string_pretty(&schema).unwrap());
    arguments(json!({"properties": {"a": {"$ref": "#"}}}));
}

#[test]
fn a_schema_that_explodes_is_cut_within_bounds() {
    let mut defs = Map::new();
    for at in 0..30 {
        let next = format!("#/$defs/d{}", at + 1);
        let both = json!({"type": "object", "properties": {"a": {"$ref": next}, "b": {"$ref": next}}});
        defs.insert(format!("d{at}"), both);
    }
    defs.insert("d30".into(), json!({"type": "string"}));
    let embedded = of_arguments(&map(json!({"$defs": defs, "properties": {"p": {"$ref": "#/$defs/d0"}}})));
    assert_eq!(embedded.warnings, ["the schema is too large to be shown whole; its inside is cut"]);
    assert!(embedded.schema.to_string().len() < 2_000_000);
    invariants::check_arguments(&embedded.schema);
}

#[test]
fn boolean_schemas_are_rewritten() {
    let schema = arguments(json!({"type": "object", "additionalProperties": false, "properties": {
        "any": true, "none": false, "empty": {}, "list": {"type": "array", "items": true},
        "tuple": {"type": "array", "items": [{"type": "number"}, true], "additionalItems": false},
        "choice": {"anyOf": [true, {"type": "string"}]}, "described": {"description": "what you like"},
    }}));
    insta::assert_snapshot!(serde_json::to_string_pretty(&schema).unwrap());
}

#[test]
fn a_root_union_shows_the_properties_of_all_branches() {
    for union in ["anyOf", "oneOf"] {
        let schema = arguments(json!({union: [
            {"properties": {"a": {"type": "string"}, "k": {"const": 1}}, "required": ["a", "k"]},
            {"properties": {"b": {"type": "integer"}, "k": {"const": 2}}, "required": ["b", "k"]},
        ]}));
        assert_eq!(
            schema,
            json!({"type": "object", "required": ["k"], "properties": {
                "a": {"type": "string"}, "b": {"type": "integer"},
                "k": {"enum": [1, 2], "type": "integer"},
            }})
        );
    }
}

#[test]
fn a_wrapped_result_is_described_as_it_is_sent() {
    let schema = map(
        json!({"type": "object", "x-fastmcp-wrap-result": true, "properties": {"result": {"type": "integer"}}}),
    );
    assert_eq!(of_result(&schema).schema, json!({"type": "integer"}));
    let schema = map(json!({"type": "object", "properties": {"result": {"type": "integer"}}}));
    assert_eq!(of_result(&schema).schema["type"], "object");
}

/// To the last digit, and whatever way they are written.
#[test]
fn numbers_are_merged_by_what_they_are() {
    let parts = |one: Value, other: Value| property(json!({"type": "number", "allOf": [one, other]}));
    for (limit, stricter, laxer) in [
        ("minimum", "9007199254740993", "9007199254740992"),
        ("maximum", "9007199254740992", "9007199254740993"),
        ("exclusiveMinimum", "1.0000000000000000001", "1"),
        ("exclusiveMaximum", "-1e400", "-1e399"),
    ] {
        let [stricter, laxer]: [Value; 2] = [stricter, laxer].map(|text| serde_json::from_str(text).unwrap());
        let merged = json!({"type": "number", limit: stricter});
        assert_eq!(parts(json!({limit: stricter}), json!({limit: laxer})), merged);
        assert_eq!(parts(json!({limit: laxer}), json!({limit: stricter})), merged);
    }
    assert_eq!(
        parts(json!({"enum": [1, 2]}), json!({"enum": [2.0, 3]})),
        json!({"type": "number", "enum": [2]})
    );
    for same in ["const", "multipleOf", "minimum"] {
        assert_eq!(parts(json!({same: 2}), json!({same: 2.0})), json!({"type": "number", same: 2}));
    }
    // A combination of two choices that only looks impossible.
    let both = property(
        json!({"anyOf": [{"const": 2}, {"const": "x"}], "oneOf": [{"const": 2.0}, {"type": "null"}]}),
    );
    assert_eq!(both["anyOf"].as_array().map_or(0, Vec::len), 0, "{both}");
    assert_eq!(both["const"], 2, "{both}");
}
