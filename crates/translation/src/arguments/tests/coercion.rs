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

#[test]
fn a_null_that_is_refused_and_not_required_is_left_out() {
    let schema = json!({"type": "object", "required": ["r"], "additionalProperties": false, "properties": {
        "r": {"type": "integer"}, "s": {"type": "string"}, "e": {"enum": ["a", "b"]}, "c": {"const": 1}, "f": false, "5": {"type": "integer"},
        "a/b~c": {"type": "string"}, "not": {"not": {"type": "null"}}, "free": {}, "n": {"type": ["string", "null"]},
        "u": {"anyOf": [{"type": "string"}, {"type": "integer"}]}, "i": {"type": "integer"},
        "l": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "integer"}}}},
        "m": {"type": "object", "additionalProperties": {"type": "integer"}},
        "k": {"oneOf": [
            {"type": "object", "properties": {"t": {"const": "a"}, "x": {"type": "integer"}}, "required": ["t", "x"]},
            {"type": "object", "properties": {"t": {"const": "b"}, "x": {"type": "integer"}}, "required": ["t"]},
        ]},
    }});
    for (sent, forwarded) in [
        (
            r#"{"r":1,"s":null,"e":null,"c":null,"f":null,"5":null,"a/b~c":null,"not":null,"u":null}"#,
            r#"{"r":1}"#,
        ),
        (r#"{"s":null,"n":null,"r":1,"free":null}"#, r#"{"n":null,"r":1,"free":null}"#),
        (r#"{"r":1,"l":[{"x":null,"y":null},{"x":1}]}"#, r#"{"r":1,"l":[{"y":null},{"x":1}]}"#),
        (r#"{"r":1,"l":"[{\"x\": null}]"}"#, r#"{"r":1,"l":[{}]}"#),
        (r#"{"r":1,"m":{"a":null,"b":2}}"#, r#"{"r":1,"m":{"b":2}}"#),
        (r#"{"r":1,"k":{"t":"b","x":null}}"#, r#"{"r":1,"k":{"t":"b"}}"#),
        (r#"{"i":null,"r":"7"}"#, r#"{"r":7}"#),
        (r#"{"r":1,"unknown":null}"#, r#"{"r":1}"#),
    ] {
        assert_eq!(check(schema.clone(), sent).unwrap(), forwarded, "{sent}");
    }
    for (refused, why) in [
        (r#"{"r":null,"s":null}"#, "`r` should be an integer, not null"),
        (r#"{"r":1,"l":null,"m":[null]}"#, "`m` should be an object, not an array of 1 item"),
        (r#"{"r":1,"l":[null]}"#, "`l[0]` should be an object, not null"),
        (r#"{"r":1,"k":{"t":"a","x":null}}"#, "`k.x` should be an integer, not null"),
        (r#"{"r":1,"s":"null","i":"null"}"#, "`i` should be an integer, not the string \"null\""),
    ] {
        assert_eq!(check(schema.clone(), refused).expect_err(refused).texts, [why]);
    }
}

#[test]
fn the_null_of_a_branch_that_was_not_meant_is_left_out() {
    let only = |name: &str| json!({"properties": {name: {"type": "string"}}, "required": [name], "additionalProperties": false});
    let schema = json!({"type": "object", "oneOf": [only("id"), only("name")]});
    assert_eq!(check(schema.clone(), r#"{"id":null,"name":"a"}"#).unwrap(), r#"{"name":"a"}"#);
    assert_eq!(check(schema.clone(), r#"{"id":"a","name":null}"#).unwrap(), r#"{"id":"a"}"#);
    check(schema.clone(), r#"{"id":null,"name":null}"#).unwrap_err();
    check(schema, r#"{"id":"a","name":"b"}"#).unwrap_err();
}

#[test]
fn a_null_that_must_stand_there_for_another_reason_is_refused_as_such() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}, "minProperties": 1,
        "dependentRequired": {"b": ["a"]}});
    for refused in [r#"{"a":null}"#, r#"{"a":null,"b":1}"#] {
        let texts = check(schema.clone(), refused).unwrap_err().texts;
        assert_eq!(texts, ["`a` should be a string, not null"], "{refused}");
    }
}
