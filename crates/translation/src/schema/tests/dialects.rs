//! References as each draft resolves them, and what only older drafts and OpenAPI 3.0 write.

use serde_json::json;

use super::{arguments, property};

#[test]
fn references_are_relative_to_the_nearest_id() {
    let schema = arguments(json!({
        "$id": "https://example.com/tools/root.json",
        "$defs": {
            "i": {"$id": "parts/item.json", "type": "object", "properties": {"n": {"$ref": "#/$defs/n"}, "s": {"$ref": "sibling.json"}},
                "$defs": {"n": {"type": "integer", "minimum": 1}}},
            "s": {"$id": "https://example.com/tools/parts/sibling.json", "type": "string"},
            "n": {"type": "boolean"},
        },
        "properties": {
            "relative": {"$ref": "parts/item.json"},
            "absolute": {"$ref": "https://example.com/tools/parts/item.json#/$defs/n"},
            "path": {"$ref": "/tools/parts/sibling.json"},
            "own": {"$ref": "#/$defs/n"},
        },
    }));
    assert_eq!(
        schema["properties"],
        json!({
            "relative": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}, "s": {"type": "string"}}},
            "absolute": {"type": "integer", "minimum": 1}, "path": {"type": "string"}, "own": {"type": "boolean"},
        })
    );
}

#[test]
fn anchors_and_dynamic_references_are_those_of_their_resource() {
    let schema = arguments(json!({
        "$defs": {
            "a": {"$anchor": "here", "type": "integer"},
            "d": {"$dynamicAnchor": "node", "type": "object", "properties": {"v": {"$dynamicRef": "#here"}}},
            "o": {"$id": "other.json", "$defs": {"a": {"$anchor": "here", "type": "null"}}, "type": "array", "items": {"$ref": "#here"}},
        },
        "properties": {"a": {"$ref": "#here"}, "d": {"$dynamicRef": "#node"}, "o": {"$ref": "other.json"}, "n": {"$ref": "other.json#here"}},
    }));
    assert_eq!(
        schema["properties"],
        json!({
            "a": {"type": "integer"}, "d": {"type": "object", "properties": {"v": {"type": "integer"}}},
            "o": {"type": "array", "items": {"type": "null"}}, "n": {"type": "null"},
        })
    );
}

#[test]
fn a_boolean_beside_a_limit_makes_it_exclusive() {
    assert_eq!(
        property(
            json!({"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false})
        ),
        json!({"type": "number", "exclusiveMinimum": 0, "maximum": 9})
    );
    assert_eq!(
        property(json!({"type": "number", "exclusiveMaximum": true, "maximum": 9})),
        json!({"type": "number", "exclusiveMaximum": 9})
    );
    assert_eq!(property(json!({"type": "number", "exclusiveMinimum": true})), json!({"type": "number"}));
}

#[test]
fn what_is_nullable_allows_null() {
    for (nullable, written) in [
        (json!({"type": "string"}), json!({"type": ["string", "null"]})),
        (json!({"type": ["string", "null"]}), json!({"type": ["string", "null"]})),
        (json!({"enum": ["a"]}), json!({"enum": ["a", null], "type": ["string", "null"]})),
        (json!({"const": 1}), json!({"enum": [1, null], "type": ["integer", "null"]})),
        (
            json!({"oneOf": [{"type": "string"}, {"type": "integer"}]}),
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}),
        ),
    ] {
        let mut schema = nullable;
        schema["nullable"] = true.into();
        assert_eq!(property(schema), written);
    }
    assert_eq!(property(json!({"type": "string", "nullable": false})), json!({"type": "string"}));
}
