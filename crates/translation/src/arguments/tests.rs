use serde_json::json;

use super::*;

fn check(schema: Value, arguments: &str) -> Result<String, Vec<Value>> {
    let Value::Object(schema) = schema else { panic!("not an object") };
    let (check, _) = ArgumentCheck::compile(&schema);
    match check.check(serde_json::from_str(arguments).unwrap()) {
        Ok(arguments) => Ok(serde_json::to_string(&arguments).unwrap()),
        Err(refusal) => Err(refusal.items),
    }
}

#[test]
fn what_fits_goes_on_untouched() {
    let schema = json!({"type": "object", "properties": {
        "s": {"type": ["string", "null"]}, "l": {"type": "array"}, "n": {"type": "number"},
        "i": {"type": "integer", "default": 10}, "any": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
    }});
    for same in [
        r#"{"s":null}"#,
        r#"{"l":[{"a":null}],"extra":{"x":null}}"#,
        r#"{"n":5}"#,
        r#"{"n":12345678901234567890.10}"#,
        r#"{"i":99999999999999999999999}"#,
        r#"{"any":"7"}"#,
        r#"{"s":"7"}"#,
        "{}",
    ] {
        assert_eq!(check(schema.clone(), same).unwrap(), same);
    }
}

#[test]
fn unambiguous_texts_become_values_where_the_schema_wants_them() {
    let schema = json!({"type": "object", "properties": {
        "i": {"type": "integer"}, "b": {"type": "boolean"}, "o": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "l": {"type": "array", "items": {"type": "number"}}, "e": {"enum": [1, 2]},
    }});
    for (sent, forwarded) in [
        (r#"{"i":"7"}"#, r#"{"i":7}"#),
        (r#"{"i":"-70000000000000000000000"}"#, r#"{"i":-70000000000000000000000}"#),
        (r#"{"b":"true"}"#, r#"{"b":true}"#),
        (r#"{"b":"False"}"#, r#"{"b":false}"#),
        (r#"{"o":"7"}"#, r#"{"o":7}"#),
        (r#"{"l":["1.50",2]}"#, r#"{"l":[1.50,2]}"#),
        (r#"{"e":"2"}"#, r#"{"e":2}"#),
    ] {
        assert_eq!(check(schema.clone(), sent).unwrap(), forwarded);
    }
    for refused in [r#"{"i":"seven"}"#, r#"{"i":"1.5"}"#, r#"{"b":"yes"}"#, r#"{"i":""}"#, r#"{"e":"3"}"#] {
        check(schema.clone(), refused).unwrap_err();
    }
}

#[test]
fn refusals_have_fastapis_shape() {
    let schema = json!({"type": "object", "required": ["n"], "additionalProperties": false,
        "properties": {"n": {"type": "integer"}, "o": {"properties": {"c": {"enum": ["a"]}}}}});
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&check(schema, r#"{"o":{"c":"z"},"x":1}"#).unwrap_err()).unwrap()
    );
}

#[test]
fn a_refusal_stays_short_whatever_was_sent() {
    let schema = json!({"properties": {"a": {"type": "integer"}}});
    let refused = check(schema, &json!({"a": "x".repeat(100_000)}).to_string()).unwrap_err();
    assert!(refused[0].to_string().len() < 1000);
}

#[test]
fn a_schema_that_is_no_schema_leaves_the_check_to_the_server() {
    for schema in
        [json!({"type": 5}), json!({"$ref": "https://example.com/s.json"}), json!({"$ref": "#/$defs/No"})]
    {
        assert_eq!(check(schema, r#"{"a":1}"#).unwrap(), r#"{"a":1}"#);
    }
}

#[test]
fn what_a_free_form_tool_gets_in_the_wrapper_is_taken_out() {
    let free = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    for (sent, forwarded) in [
        (r#"{"arguments":{"a":1}}"#, r#"{"a":1}"#),
        (r#"{"a":1}"#, r#"{"a":1}"#),
        (r#"{"arguments":1}"#, r#"{"arguments":1}"#),
    ] {
        assert_eq!(check(free.clone(), sent).unwrap(), forwarded);
    }
}
