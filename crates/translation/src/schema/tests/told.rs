//! What is told in words: to models in guidance and descriptions, to whoever runs the server in warnings.

use serde_json::json;

use super::map;
use crate::schema::of_arguments;

#[test]
fn a_branch_tells_the_value_that_chooses_it_though_the_root_requires_it() {
    let embedded = of_arguments(&map(json!({
        "properties": {"mode": {"enum": ["a", "b"]}, "x": {"type": "string"}, "y": {"type": "string"}},
        "required": ["mode"],
        "oneOf": [
            {"properties": {"mode": {"const": "a"}, "x": {}}, "required": ["x"]},
            {"properties": {"mode": {"const": "b"}, "y": {}}, "required": ["y"]},
        ],
    })));
    assert_eq!(embedded.guidance, [r#"Give one of: `mode` "a" and `x`; or `mode` "b" and `y`."#]);
}

#[test]
fn a_contradiction_inside_a_property_is_told_there_and_not_of_the_tool() {
    let embedded = of_arguments(&map(json!({"allOf": [
        {"properties": {"p": {"properties": {"q": {"type": "string"}}}}},
        {"properties": {"p": {"properties": {"q": {"type": "integer"}}}}},
    ]})));
    assert_eq!(embedded.guidance, Vec::<String>::new());
    let p = &embedded.schema["properties"]["p"];
    assert_eq!(p.get("description"), None);
    assert_eq!(p["properties"]["q"]["description"], "Also holds: `type` \"integer\".");
    assert_eq!(embedded.warnings, ["`type` in p.q is given twice; `\"integer\"` is told in words"]);
}

#[test]
fn a_warning_says_what_is_wrong_and_what_became_of_it() {
    let embedded =
        of_arguments(&map(json!({"required": ["a", "a"], "anyOf": [], "properties": {"a": true}})));
    assert_eq!(embedded.schema["required"], json!(["a"]));
    assert_eq!(
        embedded.warnings,
        ["`required` cannot be `[...]`; what fits of it is shown", "`anyOf` cannot be `[]`; it is left out"]
    );
}

#[test]
fn a_condition_on_the_arguments_shows_both_branches_and_says_when() {
    let embedded = of_arguments(&map(json!({
        "type": "object",
        "properties": {"kind": {"enum": ["file", "text"]}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "file"}}},
        "then": {"properties": {"path": {"type": "string"}}, "required": ["path"]},
        "else": {"properties": {"text": {"type": "string"}}, "required": ["text"]},
    })));
    assert_eq!(
        embedded.schema,
        json!({"type": "object", "required": ["kind"], "properties": {
            "kind": {"enum": ["file", "text"], "type": "string"}, "path": {"type": "string"}, "text": {"type": "string"},
        }})
    );
    assert_eq!(embedded.guidance, ["With `kind` \"file\": `path`; else: `text`."]);
}

#[test]
fn what_depends_on_an_argument_is_shown_and_said() {
    for keyword in ["dependentSchemas", "dependencies"] {
        let embedded = of_arguments(&map(json!({
            "properties": {"card": {"type": "string"}},
            keyword: {"card": {"properties": {"address": {"type": "string"}}, "required": ["address"]}},
        })));
        assert_eq!(
            embedded.schema,
            json!({"type": "object", "properties": {"card": {"type": "string"}, "address": {"type": "string"}}})
        );
        assert_eq!(embedded.guidance, ["With `card`: `address`."]);
    }
}

/// Callers send only what is declared.
#[test]
fn what_only_a_condition_or_a_branch_asks_for_is_declared() {
    let anything = super::property(json!({}));
    let x = json!({"type": "string"});
    for asks in [
        json!({"if": {"properties": {"a": {"const": "y"}}}, "then": {"required": ["x"]}}),
        json!({"if": {"required": ["x"]}, "then": {"required": ["a"]}}),
        json!({"dependentRequired": {"a": ["x"]}}),
        json!({"dependencies": {"a": ["x"]}}),
        json!({"dependentSchemas": {"a": {"required": ["x"]}}}),
        json!({"dependentSchemas": {"x": {"required": ["a"]}}}),
        json!({"anyOf": [{"required": ["a"]}, {"required": ["x"]}]}),
        json!({"allOf": [{"oneOf": [{"required": ["a"]}, {"allOf": [{"required": ["x"]}]}]}]}),
    ] {
        for declared in [None, Some(&x)] {
            let mut schema = map(asks.clone());
            schema.insert("properties".into(), json!({"a": {"type": "string"}}));
            if let Some(x) = declared {
                schema["properties"]["x"] = x.clone();
            }
            let document = of_arguments(&schema).schema;
            assert_eq!(document["properties"]["x"], *declared.unwrap_or(&anything), "{schema:?}");
            assert_eq!(document["properties"]["a"], json!({"type": "string"}), "{schema:?}");
            assert_eq!(document["properties"].as_object().unwrap().len(), 2, "{document}");
        }
    }
}

#[test]
fn of_closed_branches_what_goes_with_what_is_told() {
    let embedded = of_arguments(&map(json!({"oneOf": [
        {"properties": {"id": {}, "deep": {}, "fast": {}}, "required": ["id"], "additionalProperties": false},
        {"properties": {"name": {}}, "required": ["name"], "additionalProperties": false},
    ]})));
    assert_eq!(
        embedded.guidance,
        [
            "Give one of: `id` (optional with it: `deep` and `fast`); or `name`. Nothing of another goes with it."
        ]
    );
    assert_eq!(embedded.schema["properties"].as_object().unwrap().len(), 4);
}

/// A default is a note (JSON Schema 2020-12, validation §9.2): it need not fit. Open WebUI drops null ones by itself.
#[test]
fn a_default_stays_though_the_schema_refuses_it() {
    for schema in [
        json!({"type": "string", "default": null}),
        json!({"type": "integer", "default": "auto"}),
        json!({"type": "string", "enum": ["a", "b"], "default": "c"}),
    ] {
        assert_eq!(super::property(schema.clone()), schema);
    }
}

/// Open WebUI sends named ones alone, which no model can change.
#[test]
fn that_others_than_the_named_properties_are_taken_is_a_warning() {
    let named = json!({"properties": {"a": {"type": "string"}}});
    let warned = |rest: serde_json::Value| {
        let mut schema = map(named.clone());
        schema.extend(map(rest));
        let embedded = of_arguments(&schema);
        assert_eq!(embedded.guidance, Vec::<String>::new());
        let warning =
            "properties that the schema does not name are taken too, but Open WebUI sends named ones alone";
        assert!(embedded.warnings.iter().all(|told| told == warning), "{:?}", embedded.warnings);
        !embedded.warnings.is_empty()
    };
    for open in [
        json!({"additionalProperties": {"type": "integer"}}),
        json!({"additionalProperties": true}),
        json!({"unevaluatedProperties": {}}),
        json!({"patternProperties": {"^x-": {}}, "additionalProperties": false}),
        json!({"allOf": [{"additionalProperties": {"type": "integer"}}]}),
        json!({"$ref": "#/$defs/d", "$defs": {"d": {"patternProperties": {"^x-": {}}}}}),
    ] {
        assert!(warned(open.clone()), "{open}");
    }
    for closed in [
        json!({}),
        json!({"additionalProperties": false}),
        json!({"unevaluatedProperties": {"not": {}}}),
        json!({"patternProperties": {}}),
        json!({"minProperties": 1, "required": ["a"]}),
        json!({"propertyNames": {"pattern": "^[a-z]+$"}}),
    ] {
        assert!(!warned(closed.clone()), "{closed}");
    }
}
