mod bad_schemas;
mod coercion;
mod refusals;

use serde_json::json;

use super::*;

fn compiled(schema: Value) -> (ArgumentCheck, Vec<String>) {
    let Value::Object(schema) = schema else { panic!("not an object") };
    ArgumentCheck::compile(&schema)
}

fn check(schema: Value, arguments: &str) -> Result<String, Refusal> {
    let arguments = serde_json::from_str(arguments).unwrap();
    compiled(schema).0.check(arguments).map(|arguments| serde_json::to_string(&arguments).unwrap())
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
        r#"{"n":1e+400}"#,
        r#"{"i":99999999999999999999999}"#,
        r#"{"i":123456789012345678901234567890}"#,
        r#"{"any":"7"}"#,
        r#"{"s":"7","i":1,"any":"{}"}"#,
        "{}",
    ] {
        assert_eq!(check(schema.clone(), same).unwrap(), same);
    }
}

/// docs/adr/0012
#[test]
fn branches_that_differ_by_scalar_type_alone_are_one() {
    let fits = |branches: &Value, value: &str| {
        let schema = json!({"properties": {"v": {"oneOf": branches}}});
        check(schema, &format!(r#"{{"v":{value}}}"#)).is_ok()
    };
    let (integer, number) = (json!({"type": "integer"}), json!({"type": "number", "description": "any"}));
    for (branches, good, bad) in [
        (json!([integer, number]), &["5", "5.0", "0.5"][..], &[r#""x""#, "true"][..]),
        (json!([number, {"type": "string"}, integer]), &["5", r#""x""#], &["true"]),
        (
            json!([{"type": ["string", "null"]}, {"type": ["integer", "null"]}]),
            &["null", "5", r#""x""#],
            &["0.5"],
        ),
        (
            json!([{"type": "integer", "minimum": 1}, {"type": "number", "minimum": 1.0}]),
            &["5", "1.5"],
            &["0"],
        ),
        // What says something else of its values, or has an inside, is checked by the letter.
        (json!([integer, {"type": "number", "minimum": 3}]), &["2", "3.5"], &["5"]),
        (json!([{"type": "object"}, {"type": ["object", "string"]}]), &[r#""x""#], &["{}"]),
    ] {
        for value in good {
            assert!(fits(&branches, value), "{value} of {branches}");
        }
        for value in bad {
            assert!(!fits(&branches, value), "{value} of {branches}");
        }
    }
}

#[test]
fn what_a_free_form_tool_gets_in_the_wrapper_is_taken_out() {
    let free = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    for (sent, forwarded) in [
        (r#"{"arguments":{"a":1}}"#, r#"{"a":1}"#),
        (r#"{"arguments":"{\"a\":1.0,\"b\":null}"}"#, r#"{"a":1.0,"b":null}"#),
        (r#"{"arguments":null}"#, "{}"),
        (r#"{"arguments":null,"a":null}"#, r#"{"arguments":null,"a":null}"#),
        (r#"{"a":1}"#, r#"{"a":1}"#),
        (r#"{"arguments":1}"#, r#"{"arguments":1}"#),
        (r#"{"arguments":1,"a":2}"#, r#"{"arguments":1,"a":2}"#),
    ] {
        let free = if sent.contains("null") { json!({"additionalProperties": true}) } else { free.clone() };
        assert_eq!(check(free, sent).unwrap(), forwarded);
    }
}

#[test]
fn a_tool_that_wants_what_the_wrapper_is_called_gets_it() {
    let schema = json!({"additionalProperties": true, "required": ["arguments"]});
    assert_eq!(check(schema.clone(), r#"{"arguments":{"x":1}}"#).unwrap(), r#"{"arguments":{"x":1}}"#);
    let document = crate::of_arguments(schema.as_object().unwrap());
    assert!(document.schema["properties"]["arguments"].get("properties").is_none(), "{document:?}");
    assert_eq!(document.schema["required"], json!(["arguments"]));
}
