//! Choices inside choices: Open WebUI takes the one choice beside null for the whole, and drops `anyOf`, its own included.

use serde_json::json;

use super::property;

#[test]
fn choices_inside_the_one_choice_beside_null_stand_beside_it() {
    assert_eq!(
        property(json!({"description": "outer", "anyOf": [
            {"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}}]},
            {"type": "null"},
        ]})),
        json!({"description": "outer", "anyOf": [
            {"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}}, {"type": "null"},
        ]})
    );
}

#[test]
fn what_stands_beside_inner_choices_goes_into_each() {
    assert_eq!(
        property(json!({"description": "outer", "anyOf": [
            {"description": "inner", "title": "T", "maxLength": 9, "anyOf": [{"type": "string"}, {"type": "integer", "title": "I"}]},
            {"type": "null"},
        ]})),
        json!({"description": "outer\ninner", "anyOf": [
            {"type": "string", "title": "T", "maxLength": 9}, {"type": "integer", "title": "I", "maxLength": 9},
            {"type": "null"},
        ]})
    );
}

#[test]
fn what_cannot_hold_beside_inner_choices_is_no_choice() {
    assert_eq!(
        property(json!({"anyOf": [
            {"type": "string", "anyOf": [{"type": "string", "minLength": 3}, {"type": "null"}]}, {"type": "null"},
        ]})),
        json!({"anyOf": [{"type": "string", "minLength": 3}, {"type": "null"}]})
    );
}

#[test]
fn choices_nest_to_any_depth_and_stand_once() {
    let string = json!({"type": "string"});
    assert_eq!(
        property(json!({"oneOf": [
            {"anyOf": [{"anyOf": [string, {"type": "null"}]}, {"oneOf": [{"type": "integer"}, string]}]}, {"type": "null"},
        ]})),
        json!({"anyOf": [string, {"type": "null"}, {"type": "integer"}]})
    );
    assert_eq!(property(json!({"anyOf": [{"anyOf": [string, string]}, string]})), string);
    assert_eq!(property(json!({"anyOf": [true, {"type": "null"}]})), property(json!({})));
}

#[test]
fn null_alone_is_no_choice() {
    assert_eq!(
        property(json!({"anyOf": [{"type": "null"}, {"type": "null", "description": "nothing"}]})),
        json!({"type": "null", "description": "nothing"})
    );
}

/// Both branches of a root union have the property, each with its choices.
#[test]
fn the_choices_of_several_branches_are_one_list() {
    let branch = |kind: &str| json!({"properties": {"p": {"anyOf": [{"type": kind}, {"type": "null"}]}}});
    let schema = super::arguments(json!({"anyOf": [branch("string"), branch("integer")]}));
    assert_eq!(
        schema["properties"]["p"],
        json!({"anyOf": [{"type": "string"}, {"type": "null"}, {"type": "integer"}]})
    );
}
