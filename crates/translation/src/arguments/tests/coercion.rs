use super::*;

#[test]
fn unambiguous_texts_become_values_where_the_schema_wants_them() {
    let schema = json!({"type": "object", "properties": {
        "i": {"type": "integer"}, "b": {"type": "boolean"}, "o": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "l": {"type": "array", "items": {"type": "number"}}, "e": {"enum": [1, 2]}, "c": {"const": true},
        "m": {"type": ["null", "boolean"]}, "u": {"oneOf": [{"type": "boolean"}, {"type": "null"}]},
        "x": {"anyOf": [{"type": "integer"}, {"type": "boolean"}]},
        "d": {"type": "object", "properties": {"n": {"type": "number"}, "s": {"type": "string"}}},
        "k": {"oneOf": [
            {"type": "object", "properties": {"t": {"const": "a"}, "n": {"type": "integer"}}, "required": ["t"]},
            {"type": "object", "properties": {"t": {"const": "b"}, "n": {"type": "boolean"}}, "required": ["t"]},
        ]},
    }});
    for (sent, forwarded) in [
        (r#"{"i":"7"}"#, r#"{"i":7}"#),
        (r#"{"i":" 7 "}"#, r#"{"i":7}"#),
        (r#"{"i":"1e3"}"#, r#"{"i":1e+3}"#),
        (r#"{"i":"-70000000000000000000000"}"#, r#"{"i":-70000000000000000000000}"#),
        (r#"{"b":"true"}"#, r#"{"b":true}"#),
        (r#"{"b":"False"}"#, r#"{"b":false}"#),
        (r#"{"b":"yes"}"#, r#"{"b":true}"#),
        (r#"{"b":"OFF"}"#, r#"{"b":false}"#),
        (r#"{"m":"no"}"#, r#"{"m":false}"#),
        (r#"{"u":"on"}"#, r#"{"u":true}"#),
        (r#"{"o":"7"}"#, r#"{"o":7}"#),
        (r#"{"x":"true"}"#, r#"{"x":true}"#),
        (r#"{"l":["1.50",2]}"#, r#"{"l":[1.50,2]}"#),
        (r#"{"l":"[1.50, \"2\"]"}"#, r#"{"l":[1.50,2]}"#),
        (r#"{"e":"2"}"#, r#"{"e":2}"#),
        (r#"{"c":"True"}"#, r#"{"c":true}"#),
        (r#"{"d":"{\"s\":\"7\",\"n\":\"7\"}"}"#, r#"{"d":{"s":"7","n":7}}"#),
        (r#"{"k":{"t":"b","n":"true"}}"#, r#"{"k":{"t":"b","n":true}}"#),
        // Several at once, the rest byte for byte.
        (
            r#"{"z":null,"i":"7","more":["7"],"b":"true","n":123456789012345678901234567890.10,"l":["3"]}"#,
            r#"{"z":null,"i":7,"more":["7"],"b":true,"n":123456789012345678901234567890.10,"l":[3]}"#,
        ),
    ] {
        assert_eq!(check(schema.clone(), sent).unwrap(), forwarded);
    }
    for refused in [
        r#"{"i":"seven"}"#,
        r#"{"i":"1.5"}"#,
        r#"{"i":""}"#,
        r#"{"i":"null"}"#,
        r#"{"o":"null"}"#,
        r#"{"b":"1"}"#,
        r#"{"b":""}"#,
        r#"{"x":"yes"}"#,
        r#"{"e":"3"}"#,
        r#"{"l":"1"}"#,
        r#"{"d":"[]"}"#,
        r#"{"i":true}"#,
    ] {
        check(schema.clone(), refused).expect_err(refused);
    }
}

#[test]
fn a_text_stays_a_text_wherever_one_fits() {
    let schema = json!({"properties": {
        "a": {"anyOf": [{"type": "integer"}, {"type": "string"}]}, "b": {"type": ["boolean", "string"]}, "c": {},
        "d": {"enum": ["1", 1]},
    }});
    let same = r#"{"a":"7","b":"true","c":"[1]","d":"1"}"#;
    assert_eq!(check(schema, same).unwrap(), same);
}

#[test]
fn huge_arguments_are_checked_and_not_mended() {
    let schema = json!({"properties": {"l": {"items": {"type": "integer"}}}});
    let texts = vec!["7"; 100_000];
    let refused = check(schema.clone(), &json!({ "l": texts }).to_string()).unwrap_err();
    assert_eq!(refused.texts, ["`l[0]` should be an integer, not the string \"7\""]);
    let numbers = json!({ "l": vec![7; 100_000] }).to_string();
    assert_eq!(check(schema, &numbers).unwrap(), numbers);
}

#[test]
fn texts_beside_a_very_long_one_are_read() {
    let schema = json!({"properties": {"content": {"type": "string"}, "force": {"type": "boolean"},
        "mode": {"anyOf": [{"const": 1}, {"const": 2}]}}});
    let content = "x".repeat(12_000_000);
    let sent = json!({"content": content, "force": "true", "mode": "2"}).to_string();
    let arrived = check(schema.clone(), &sent).unwrap();
    assert_eq!(arrived, json!({"content": content, "force": true, "mode": 2}).to_string());
    // A number that would be cut stays whole, or a text.
    let long = json!({"content": content, "mode": "2".repeat(150)}).to_string();
    check(schema.clone(), &long).unwrap_err();
    let refused = check(schema, &json!({"content": content, "mode": 3}).to_string()).unwrap_err();
    assert_eq!(refused.texts, ["`mode` should be 1 or 2, not 3"]);
}

#[test]
fn what_is_too_large_to_be_looked_at_is_refused_all_the_same() {
    let schema = json!({"required": (0..5_000).map(|n| format!("n{n}")).collect::<Vec<_>>(),
        "properties": {"l": {"items": {"anyOf": [{"type": "integer"}, {"const": "a"}]}}, "s": {"maxLength": 1_000}}});
    let refused = check(schema.clone(), &json!({"s": "x".repeat(10_000_000)}).to_string()).unwrap_err();
    assert_eq!((refused.items.len(), refused.texts[10].as_str()), (10, "and 4990 more"));
    let refused = check(schema, &json!({"l": vec!["b"; 100_000]}).to_string()).unwrap_err();
    assert_eq!(refused.texts, ["the arguments do not fit the schema, and are too large to say where"]);
}
