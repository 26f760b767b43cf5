//! S01-S27: schemas that are lost or break whole servers elsewhere. Each test says what is wanted instead.

use serde_json::{Value, json};

use super::{arguments, map, property};
use crate::schema::{of_arguments, of_result};

/// The properties of a tool that has these.
#[expect(clippy::needless_pass_by_value, reason = "tests write `json!` in place")]
fn arguments_of(properties: Value) -> Value {
    arguments(json!({ "type": "object", "properties": properties }))["properties"].clone()
}

#[test]
fn s01_an_enum_is_kept() {
    let schema = json!({"type": "object", "properties": {"c": {"type": "string", "enum": ["a", "b"]}}, "required": ["c"]});
    assert_eq!(arguments(schema.clone()), schema);
}

#[test]
fn s02_an_enum_without_type_or_with_null_is_kept_and_typed() {
    assert_eq!(
        property(json!({"enum": ["a", 1, null]})),
        json!({"enum": ["a", 1, null], "type": ["string", "integer", "null"]})
    );
    assert_eq!(property(json!({"enum": [1, 2]}))["type"], "integer");
    assert_eq!(property(json!({"enum": [1, 2.5]}))["type"], json!(["integer", "number"]));
    // What is said already stays, though it is wrong.
    let odd = json!({"type": "string", "enum": ["a", null]});
    assert_eq!(property(odd.clone()), odd);
}

#[test]
fn s03_an_enum_in_items_is_kept() {
    let schema = json!({"type": "array", "items": {"type": "string", "enum": ["a"]}});
    assert_eq!(property(schema.clone()), schema);
}

#[test]
fn s04_a_const_is_kept_and_typed() {
    assert_eq!(property(json!({"const": "z"})), json!({"const": "z", "type": "string"}));
}

#[test]
fn s05_one_of_is_any_of() {
    assert_eq!(
        property(
            json!({"oneOf": [{"type": "string"}, {"type": "object", "properties": {"k": {"const": 1}}}]})
        ),
        json!({"anyOf": [
            {"type": "string"},
            {"type": "object", "properties": {"k": {"const": 1, "type": "integer"}}},
        ]})
    );
}

#[test]
fn s06_all_of_is_merged() {
    let merged = property(json!({"allOf": [
        {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
        {"properties": {"y": {"type": "integer"}}, "required": ["y"]},
    ], "description": "both"}));
    assert_eq!(
        merged,
        json!({"description": "both", "type": "object", "required": ["x", "y"],
            "properties": {"x": {"type": "string"}, "y": {"type": "integer"}}})
    );
}

#[test]
fn s07_a_reference_in_all_of_beside_a_default_keeps_both() {
    let schema = arguments(json!({
        "$defs": {"E": {"enum": ["m", "n"], "description": "an E"}},
        "properties": {"a": {"allOf": [{"$ref": "#/$defs/E"}], "default": "m"}},
    }));
    assert_eq!(
        schema["properties"]["a"],
        json!({"default": "m", "enum": ["m", "n"], "description": "an E", "type": "string"})
    );
}

#[test]
fn s08_limits_formats_and_examples_are_kept() {
    for schema in [
        json!({"type": "integer", "minimum": 1, "exclusiveMaximum": 9, "multipleOf": 2, "default": 4}),
        json!({"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^x", "format": "uri", "examples": ["x"]}),
        json!({"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "number"}, "uniqueItems": true}),
        json!({"type": "string", "deprecated": true, "x-order": 3, "title": "T", "description": "D"}),
        json!({"anyOf": [{"type": "string"}, {"type": "null"}], "default": null}),
        json!({"type": ["string", "null"], "title": "T", "description": "D"}),
        json!({"type": "object", "discriminator": {"propertyName": "k"}, "minProperties": 1, "example": {"$ref": "x"}}),
    ] {
        assert_eq!(property(schema.clone()), schema);
    }
}

#[test]
fn s09_a_reference_to_another_property_is_resolved() {
    let properties =
        arguments_of(json!({"s": {"type": "string", "minLength": 1}, "e": {"$ref": "#/properties/s"}}));
    assert_eq!(properties["e"], json!({"type": "string", "minLength": 1}));
}

#[test]
fn s10_draft_07_definitions_are_resolved() {
    let schema = arguments(json!({"$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"A": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/A"}}}));
    assert_eq!(schema, json!({"type": "object", "properties": {"a": {"type": "integer"}}}));
}

#[test]
fn s11_recursion_is_cut_into_what_repeats_with_its_description() {
    let schema = arguments(json!({
        "$defs": {"Node": {"type": "object", "description": "a node",
            "properties": {"kids": {"type": "array", "items": {"$ref": "#/$defs/Node"}}}}},
        "properties": {"root": {"$ref": "#/$defs/Node"}},
    }));
    let twice = "/properties/root/properties/kids/items/properties/kids/items";
    assert_eq!(schema.pointer(twice), Some(&json!({"type": "object", "description": "a node"})));
}

#[test]
fn s12_a_draft_07_tuple_is_prefix_items() {
    assert_eq!(
        property(json!({"type": "array", "items": [{"type": "number"}, {"type": "string"}],
            "additionalItems": {"type": "boolean"}})),
        json!({"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}], "items": {"type": "boolean"}})
    );
}

#[test]
fn s13_no_boolean_schema_is_left() {
    let properties = arguments_of(json!({"l": {"type": "array", "items": true}, "b": true, "n": false}));
    assert_eq!(properties["n"], json!({"not": {}, "type": "null"}));
    assert_eq!(properties["b"]["anyOf"].as_array().unwrap().len(), 6);
    assert_eq!(properties["l"]["items"], properties["b"]);
}

#[test]
fn s14_a_dangling_reference_costs_only_its_own_place() {
    for reference in ["#/$defs/Missing", "https://example.com/schema.json", "#nowhere", "file:///etc/passwd"]
    {
        let embedded = of_arguments(&map(json!({"type": "object", "properties": {
            "bad": {"$ref": reference, "description": "still here"}, "good": {"type": "string"},
        }})));
        assert!(
            matches!(&embedded.warnings[..], [one] if one.contains(reference)),
            "{:?}",
            embedded.warnings
        );
        assert_eq!(embedded.schema["properties"]["good"], json!({"type": "string"}));
        assert_eq!(embedded.schema["properties"]["bad"]["description"], "still here");
    }
}

#[test]
fn s15_references_are_json_pointers() {
    let schema = arguments(json!({
        "$defs": {"ns": {"A": {"type": "integer"}}, "A": {"type": "boolean"}, "a/b~c": {"type": "null"}, "x y": {"type": "number"}},
        "properties": {"ns": {"$ref": "#/$defs/ns/A"}, "escaped": {"$ref": "#/$defs/a~1b~0c"},
            "percent": {"$ref": "#/%24defs/x%20y"}},
    }));
    assert_eq!(
        schema["properties"],
        json!({"ns": {"type": "integer"}, "escaped": {"type": "null"}, "percent": {"type": "number"}})
    );
}

#[test]
fn s16_what_stands_beside_a_reference_wins() {
    let schema = arguments(json!({
        "$defs": {"E": {"type": "string", "enum": ["m", "n"], "description": "def", "default": "n"}},
        "properties": {"e": {"$ref": "#/$defs/E", "description": "own", "default": "m"}},
    }));
    assert_eq!(
        schema["properties"]["e"],
        json!({"description": "own", "default": "m", "type": "string", "enum": ["m", "n"]})
    );
}

#[test]
fn s17_names_that_mean_something_elsewhere_are_only_names() {
    let names = [
        "model_config",
        "model_dump",
        "$ref",
        "$defs",
        "allOf",
        "items",
        "required",
        "_x",
        "Имя",
        "with space",
    ];
    let properties: serde_json::Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), json!({"type": "string", "title": name}))).collect();
    assert_eq!(arguments_of(properties.clone().into()), Value::Object(properties));
}

#[test]
fn s18_names_that_look_alike_stay_apart() {
    let properties = json!({
        "a_b": {"type": "object", "properties": {"x": {"type": "string"}}},
        "a__b": {"type": "object", "properties": {"y": {"type": "integer"}}},
    });
    assert_eq!(arguments_of(properties.clone()), properties);
}

#[test]
fn s19_additional_properties_are_kept_and_written_out() {
    let schema = arguments(json!({"$defs": {"I": {"type": "integer"}}, "properties": {
        "m": {"type": "object", "additionalProperties": {"$ref": "#/$defs/I"}},
        "p": {"type": "object", "patternProperties": {"^x": {"$ref": "#/$defs/I"}}, "additionalProperties": false},
    }}));
    assert_eq!(schema["properties"]["m"]["additionalProperties"], json!({"type": "integer"}));
    assert_eq!(schema["properties"]["p"]["patternProperties"], json!({"^x": {"type": "integer"}}));
}

#[test]
fn s20_properties_without_a_type_are_an_object() {
    assert_eq!(property(json!({"properties": {"a": {"type": "string"}}}))["type"], "object");
}

#[test]
fn s21_a_root_union_is_one_object_and_its_branches_are_told() {
    for union in ["anyOf", "oneOf"] {
        let embedded = of_arguments(&map(json!({union: [
            {"properties": {"id": {"type": "string"}}, "required": ["id"]},
            {"properties": {"name": {"type": "string"}, "owner": {"type": "string"}}, "required": ["name", "owner"]},
        ]})));
        assert_eq!(
            embedded.schema,
            json!({"type": "object", "properties":
                {"id": {"type": "string"}, "name": {"type": "string"}, "owner": {"type": "string"}}})
        );
        assert_eq!(embedded.guidance, ["Give one of: `id`; or `name` and `owner`."]);
    }
}

#[test]
fn s22_a_root_reference_is_written_out() {
    assert_eq!(
        arguments(json!({"$ref": "#/$defs/R", "$defs": {"R": {"properties": {"a": {"type": "string"}}}}})),
        json!({"type": "object", "properties": {"a": {"type": "string"}}})
    );
    assert_eq!(arguments(json!({}))["type"], "object");
    assert_eq!(arguments(json!({"type": "array", "items": {"type": "string"}}))["type"], "object");
}

#[test]
fn s23_a_free_form_object_is_one_property() {
    assert_eq!(
        arguments(json!({"type": "object", "additionalProperties": true})),
        json!({"type": "object", "properties": {"arguments": {"type": "object", "additionalProperties": true}}})
    );
}

#[test]
fn s24_prefix_items_are_kept() {
    let schema =
        json!({"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}], "maxItems": 2});
    let written = property(schema.clone());
    assert_eq!(written["prefixItems"], schema["prefixItems"]);
    assert_eq!(written["maxItems"], 2);
}

#[test]
fn s25_no_title_and_no_description_is_invented() {
    let schema =
        json!({"type": "object", "properties": {"user_id": {"type": "string"}}, "required": ["user_id"]});
    assert_eq!(arguments(schema.clone()), schema);
}

#[test]
fn s26_a_result_of_any_shape_is_described() {
    let list = json!({"type": "array", "items": {"$ref": "#/$defs/I"}, "$defs": {"I": {"type": "integer"}}});
    assert_eq!(of_result(&map(list)).schema, json!({"type": "array", "items": {"type": "integer"}}));
    let union =
        json!({"oneOf": [{"type": "string"}, {"$ref": "#/$defs/I"}], "$defs": {"I": {"type": "integer"}}});
    assert_eq!(of_result(&map(union)).schema, json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}));
}

/// All of the above in one tool, read as Open WebUI reads it: [`super::arguments`] checks that.
#[test]
fn s27_open_webui_reads_what_was_written() {
    let schema = arguments(json!({
        "$defs": {
            "E": {"enum": ["m", "n"]},
            "Node": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}}},
            "Filter": {"type": "object", "description": "A filter.", "properties": {"by": {"$ref": "#/$defs/E"}}, "required": ["by"]},
        },
        "type": "object",
        "properties": {
            "e": {"$ref": "#/$defs/E", "default": null},
            "node": {"$ref": "#/$defs/Node"},
            "filter": {"anyOf": [{"$ref": "#/$defs/Filter"}, {"type": "null"}], "default": null, "description": "Which ones."},
            "deep": {"type": "array", "items": {"type": "array", "items": {"oneOf": [{"const": 1}, {"$ref": "#/$defs/E"}]}}},
            "any": {}, "none": false, "limit": {"type": "integer", "minimum": 1, "maximum": 100},
            "not": {"not": {"type": "string"}},
        },
        "required": ["e", "undeclared"],
    }));
    insta::assert_snapshot!(serde_json::to_string_pretty(&schema).unwrap());
}
