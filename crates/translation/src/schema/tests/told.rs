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
