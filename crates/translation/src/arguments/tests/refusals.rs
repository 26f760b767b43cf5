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

/// What a schema's words for one value are.
fn told(schema: &Value, arguments: &Value) -> String {
    check(schema.clone(), &arguments.to_string()).expect_err(&arguments.to_string()).texts.join("; ")
}

#[test]
fn a_union_in_a_union_counts_as_one() {
    let schema = json!({"properties": {"v": {"anyOf": [
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        {"oneOf": [{"type": "null"}, {"type": "array", "items": {"enum": [1, 2]}}]},
    ]}}});
    assert_eq!(told(&schema, &json!({"v": [3]})), "`v[0]` should be 1 or 2, not 3");
    assert_eq!(
        told(&schema, &json!({"v": true})),
        "`v` should be a string, an integer, an array or null, not true"
    );
}

#[test]
fn nothing_is_said_twice() {
    let mode = |value: &str, more: &str| json!({"properties": {"mode": {"const": value}, more: {"type": "integer"}}, "required": [more]});
    let schema = json!({"properties": {"mode": {"enum": ["a", "b"]}}, "required": ["mode"],
        "oneOf": [mode("a", "x"), mode("b", "y")]});
    assert_eq!(told(&schema, &json!({"mode": "c"})), "`mode` should be \"a\" or \"b\", not the string \"c\"");
    // The values say more than the type.
    let typed = json!({"properties": {"v": {"type": "string", "enum": ["x", "y"], "minLength": 1}}});
    assert_eq!(told(&typed, &json!({"v": 5})), "`v` should be \"x\" or \"y\", not 5");
    let twice =
        json!({"properties": {"a": {"type": "integer"}}, "required": ["a"], "allOf": [{"required": ["a"]}]});
    assert_eq!(told(&twice, &json!({})), "`a` is missing: it should be an integer");
}

#[test]
fn each_way_to_give_what_is_missing_is_told() {
    let schema = json!({"properties": {"id": {"type": "integer"}, "name": {"type": "string"}, "owner": {}},
        "anyOf": [{"required": ["id"]}, {"required": ["name", "owner"]}]});
    assert_eq!(told(&schema, &json!({})), "the arguments should hold `id`, or `name` and `owner`");
    assert_eq!(told(&schema, &json!({"name": "a"})), "`owner` is missing");
    let inside = json!({"properties": {"o": {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}}});
    assert_eq!(told(&inside, &json!({"o": {}})), "`o` should hold `a`, or `b`");
    assert_eq!(told(&inside, &json!({"o": {"a": 1, "b": 1}})), "`o` should hold `a`, or `b`, and not both");
    let one =
        json!({"properties": {"id": {"type": "integer"}}, "anyOf": [{"required": ["id"]}, {"type": "null"}]});
    assert_eq!(told(&one, &json!({})), "`id` is missing: it should be an integer");
    // What a condition asks for is described beside it.
    let condition = json!({"properties": {"kind": {}, "x": {"type": "integer"}},
        "if": {"required": ["kind"]}, "then": {"required": ["x"]}});
    assert_eq!(told(&condition, &json!({"kind": 1})), "`x` is missing: it should be an integer");
}

#[test]
fn what_other_parts_of_the_schema_declare_is_not_called_unknown() {
    let schema = json!({"allOf": [{"properties": {"a": {}}}], "properties": {"beta": {}}, "unevaluatedProperties": false});
    assert_eq!(told(&schema, &json!({"c": 1})), "`c` is not known");
    assert_eq!(told(&schema, &json!({"bet": 1})), "`bet` is not known (did you mean `beta`?)");
}

#[test]
fn what_a_pattern_names_is_not_called_unknown() {
    let schema = json!({"patternProperties": {"^x-": {}}, "additionalProperties": false});
    assert_eq!(told(&schema, &json!({"y": 1})), "`y` is not known");
    let empty = json!({"properties": {}, "additionalProperties": false});
    assert_eq!(told(&empty, &json!({"y": 1})), "`y` is not known; nothing is");
    let bare = json!({"additionalProperties": false, "properties": {"o": {"additionalProperties": false}}});
    assert_eq!(told(&bare, &json!({"o": {"y": 1}})), "`o` should have no members");
    assert_eq!(
        told(&json!({"additionalProperties": false}), &json!({"y": 1})),
        "the arguments should have no members"
    );
}

#[test]
fn the_words_are_sentences() {
    let some = json!({"minProperties": 1, "properties": {"l": {"minItems": 2}, "s": {"maxLength": 1}}});
    assert_eq!(told(&some, &json!({})), "the arguments should have at least 1 member, not 0");
    assert_eq!(
        told(&some, &json!({"l": [1], "s": "abc"})),
        "`l` should have at least 2 items, not 1; `s` should have at most 1 character, not 3"
    );
}

#[test]
fn a_value_that_fits_several_forms_is_told_which() {
    let values = json!({"properties": {"v": {"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "number", "maximum": 9}]}}});
    assert_eq!(
        told(&values, &json!({"v": 1})),
        "`v` should fit exactly one of the forms that the schema offers, and fits form 2 (an integer) and form 3 (a number)"
    );
    let objects = json!({
        "$defs": {"User": {"title": "User", "properties": {"id": {}}, "required": ["kind", "id"]}},
        "properties": {"kind": {}}, "required": ["kind"],
        "oneOf": [{"$ref": "#/$defs/User"}, {"required": ["kind", "name"]}, {"required": ["kind"], "maxProperties": 1}],
    });
    assert_eq!(
        told(&objects, &json!({"kind": 1, "id": 1, "name": "a"})),
        "the arguments should hold `kind` and `id`, or `kind` and `name`, or `kind`, and not more than one"
    );
    let titled = json!({
        "$defs": {"User": {"title": "User", "required": ["id"]}},
        "oneOf": [{"$ref": "#/$defs/User"}, {"properties": {"kind": {"const": "group"}}}, {"type": "null"}],
    });
    assert_eq!(
        told(&titled, &json!({"kind": "group", "id": 1})),
        "the arguments should fit exactly one of the forms that the schema offers, \
         and fits form 1 (\"User\") and form 2 (`kind` \"group\"); leave out `id`"
    );
    assert!(check(titled, r#"{"kind":"group"}"#).is_ok(), "what the sentence advises is taken");
}

#[test]
fn what_belongs_to_another_branch_is_told_so() {
    for union in ["oneOf", "anyOf"] {
        let schema = json!({
            "$defs": {"ById": {"properties": {"id": {}, "deep": {}}, "required": ["id"], "additionalProperties": false}},
            union: [
                {"$ref": "#/$defs/ById"},
                {"properties": {"name": {}, "owner": {}}, "required": ["name"], "additionalProperties": false},
            ],
        });
        assert_eq!(
            told(&schema, &json!({"id": 1, "owner": "b"})),
            "`owner` does not go with `id`: give one or the other"
        );
        assert!(told(&schema, &json!({"id": 1, "x": 1})).starts_with("`x` is not known"));
    }
    let kinds = json!({"properties": {"v": {"oneOf": [
        {"properties": {"kind": {"const": "circle"}, "radius": {}}, "required": ["kind"], "additionalProperties": false},
        {"properties": {"kind": {"const": "square"}, "side": {}}, "required": ["kind"], "additionalProperties": false},
    ]}}});
    assert_eq!(
        told(&kinds, &json!({"v": {"kind": "circle", "side": 1}})),
        "`v.side` does not go with `kind` \"circle\": give one or the other"
    );
}

#[test]
fn what_is_excluded_is_told_where_it_is_plain() {
    for (not, sent, words) in [
        (json!({"required": ["b"]}), json!({"b": 1}), "should not hold `b`"),
        (
            json!({"type": "object", "required": ["a", "b"]}),
            json!({"a": 1, "b": 1}),
            "should not hold `a` and `b` together",
        ),
        (
            json!({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            json!({"b": 1}),
            "should not hold `b`",
        ),
        (json!({"const": "x"}), json!("x"), "should be anything but \"x\""),
        (json!({"enum": [1, 2]}), json!(2), "should be anything but 1 or 2"),
        (json!({"type": "integer"}), json!(2), "should be anything but an integer"),
        (
            json!({"type": "integer", "minimum": 2}),
            json!(2),
            "should be something that the schema does not exclude",
        ),
        (
            json!({"required": ["b"], "minProperties": 1}),
            json!({"b": 1}),
            "should be something that the schema does not exclude",
        ),
    ] {
        let schema = json!({"properties": {"v": {"not": not}}});
        assert_eq!(told(&schema, &json!({"v": sent})), format!("`v` {words}"), "{schema}");
    }
    assert_eq!(
        told(&json!({"not": {"required": ["b"]}}), &json!({"b": 1})),
        "the arguments should not hold `b`"
    );
}
