use std::fmt::Write as _;

use super::*;

#[test]
fn refusals_have_fastapis_shape() {
    let schema = json!({"type": "object", "required": ["n"], "additionalProperties": false,
        "properties": {"n": {"type": "integer"}, "o": {"properties": {"c": {"enum": ["a"]}}}}});
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&check(schema, r#"{"o":{"c":"z"},"x":1}"#).unwrap_err().items).unwrap()
    );
}

#[test]
fn a_refusal_stays_short_whatever_was_sent() {
    let schema = json!({"properties": {"a": {"type": "integer"}}});
    let refused = check(schema, &json!({"a": "x".repeat(100_000)}).to_string()).unwrap_err();
    assert!(refused.items[0].to_string().len() < 1000);
    assert!(refused.texts[0].len() < 200);
    let closed = json!({"properties": {"a": {}}, "additionalProperties": false});
    let many: serde_json::Map<String, Value> =
        (0..5_000).map(|n| (format!("{n}{}", "x".repeat(300)), json!(1))).collect();
    let refused = check(closed, &Value::from(many).to_string()).unwrap_err();
    assert_eq!(refused.items.len(), 10);
    assert!(refused.texts.concat().len() < 10_000);
    assert_eq!(refused.texts[10], "and 4990 more");
}

/// Read these as a model that must correct its call.
#[test]
fn typical_mistakes_are_told_in_words_to_act_on() {
    let schema = json!({
        "type": "object", "required": ["path", "repository"], "additionalProperties": false,
        "properties": {
            "path": {"type": "string", "minLength": 1}, "repository": {"type": "string", "pattern": "^[^/]+/[^/]+$"},
            "unit": {"enum": ["celsius", "fahrenheit", "kelvin"]}, "state": {"const": "open"},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100}, "ratio": {"type": "number", "exclusiveMinimum": 0},
            "step": {"type": "integer", "multipleOf": 5}, "dry_run": {"type": "boolean"},
            "labels": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3, "uniqueItems": true},
            "since": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "cursor": {"type": ["integer", "null"]},
            "size": {"anyOf": [{"type": "integer"}, {"enum": ["auto", "full"]}]},
            "edits": {"type": "array", "items": {"type": "object", "required": ["oldText", "newText"],
                "additionalProperties": false, "properties": {"oldText": {"type": "string"}, "newText": {"type": "string"}}}},
            "sort": {"type": "object", "properties": {"by": {"enum": ["created", "updated"]}}},
            "shape": {"oneOf": [
                {"type": "object", "required": ["kind", "radius"], "properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}}},
                {"type": "object", "required": ["kind", "side"], "properties": {"kind": {"const": "square"}, "side": {"type": "number"}}},
            ]},
            "code": {"type": "string", "maxLength": 3}, "gone": false,
        },
    });
    let mut told = String::new();
    for wrong in [
        json!({"filepath": "/a"}),
        json!({"Path": "/a"}),
        json!({"path": null}),
        json!({"path": ""}),
        json!({"path": 5}),
        json!({"repository": "traygate"}),
        json!({"unit": "Celcius"}),
        json!({"unit": "C"}),
        json!({"state": "closed"}),
        json!({"limit": "seven"}),
        json!({"limit": 0}),
        json!({"limit": "500"}),
        json!({"limit": 1.5}),
        json!({"ratio": 0}),
        json!({"step": 7}),
        json!({"dry_run": "maybe"}),
        json!({"labels": "bug, help"}),
        json!({"labels": []}),
        json!({"labels": ["a", "a"]}),
        json!({"labels": ["a", 5]}),
        json!({"since": 5}),
        json!({"cursor": "next"}),
        json!({"size": "automatic"}),
        json!({"edits": [{"oldText": "a", "new_text": "b"}]}),
        json!({"sort": {"by": "name"}}),
        json!({"shape": {"kind": "circle", "side": 1}}),
        json!({"shape": {"kind": "hexagon", "side": 1}}),
        json!({"shape": "circle"}),
        json!({"code": "abcd"}),
        json!({"gone": 1}),
        json!({"lable": ["a"]}),
        json!({"whatever": 1}),
    ] {
        let mut arguments = json!({"path": "/a", "repository": "a/b"});
        let names = arguments.as_object_mut().unwrap();
        if wrong.get("filepath").is_some() || wrong.get("Path").is_some() {
            names.remove("path");
        }
        names.extend(wrong.as_object().unwrap().clone());
        let refusal = check(schema.clone(), &arguments.to_string()).expect_err(&wrong.to_string());
        let kinds: Vec<_> = refusal.items.iter().map(|item| item["type"].as_str().unwrap()).collect();
        let _ = write!(told, "{wrong}\n  {}  [{}]\n", refusal.texts.join("; "), kinds.join(", "));
    }
    let _ = write!(told, "{{}}\n  {}\n", check(schema, "{}").unwrap_err().texts.join("; "));
    insta::assert_snapshot!(told);
}
