use std::sync::OnceLock;

use http::StatusCode;
use jsonschema::{ValidationError, Validator, error::ValidationErrorKind, paths::LocationSegment};
use rmcp::model::JsonObject;
use serde_json::{Value, json};
use traygate_upstream::ToolEntry;

use crate::http::problem::Problem;

/// Errors that one answer names; more would drown the model.
const NAMED: usize = 10;
/// Longest text of one error, in characters.
const WIDTH: usize = 300;

/// Longest value that an answer repeats, in bytes of JSON.
const ECHOED: usize = 1000;

/// Checks arguments against a tool's own schema, as the server wrote it. Compiled at the first call.
#[derive(Debug, Default)]
pub(crate) struct ToolValidator(OnceLock<Option<Validator>>);

impl ToolValidator {
    /// The arguments as they go to the server: what the caller sent, except that a text which stands for a number or a
    /// boolean becomes one where the schema refuses the text and takes the value.
    pub(crate) fn check(&self, tool: &ToolEntry, arguments: JsonObject) -> Result<JsonObject, Problem> {
        let Some(validator) = self.0.get_or_init(|| compile(tool)) else { return Ok(arguments) };
        let mut value = Value::Object(arguments);
        if !validator.is_valid(&value) {
            match coerced(validator, &value) {
                Some(better) => value = better,
                None => return Err(refusal(tool, validator, &value)),
            }
        }
        match value {
            Value::Object(arguments) => Ok(arguments),
            _ => Ok(JsonObject::new()),
        }
    }
}

/// `None` where the schema itself is not valid: the server then checks alone. An external `$ref` is never fetched.
fn compile(tool: &ToolEntry) -> Option<Validator> {
    let schema = Value::Object((*tool.input_schema).clone());
    jsonschema::options()
        .offline()
        .build(&schema)
        .inspect_err(|error| {
            tracing::warn!(tool = tool.name, %error, "the tool's schema cannot be used to check arguments");
        })
        .ok()
}

fn coerced(validator: &Validator, value: &Value) -> Option<Value> {
    let mut better = value.clone();
    let mut changed = false;
    for error in validator.iter_errors(value) {
        let Some(place) = better.pointer_mut(error.instance_path().as_str()) else { continue };
        if let Some(literal) = place.as_str().and_then(literal) {
            *place = literal;
            changed = true;
        }
    }
    (changed && validator.is_valid(&better)).then_some(better)
}

/// What a text unambiguously stands for: a JSON number, or true or false in any case (`Python` writes `True`).
fn literal(text: &str) -> Option<Value> {
    if text.eq_ignore_ascii_case("true") {
        return Some(Value::Bool(true));
    }
    if text.eq_ignore_ascii_case("false") {
        return Some(Value::Bool(false));
    }
    serde_json::from_str(text).ok().filter(Value::is_number)
}

fn refusal(tool: &ToolEntry, validator: &Validator, value: &Value) -> Problem {
    let (mut list, mut sentences) = (Vec::new(), Vec::new());
    for error in validator.iter_errors(value).take(NAMED) {
        let (place, text) = (place(&error), text(&error));
        sentences.push(if place.is_empty() {
            text.clone()
        } else {
            format!("`{}`: {text}", place.join("."))
        });
        list.push(item(&error, &place, &text));
    }
    let message = format!("The arguments of `{}` do not fit: {}.", tool.name, sentences.join("; "));
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-arguments", message)
        .list(list)
        .hint("Correct the arguments and call again.")
}

fn item(error: &ValidationError<'_>, place: &[String], text: &str) -> Value {
    let kind = match error.kind() {
        ValidationErrorKind::Required { .. } => "missing",
        other => other.keyword(),
    };
    let mut at = vec![json!("body")];
    at.extend(error.instance_path().iter().map(|segment| match segment {
        LocationSegment::Index(index) => json!(index),
        LocationSegment::Property(name) => json!(name),
    }));
    if at.len() <= place.len() {
        at.extend(place.last().map(|name| json!(name)));
    }
    let mut item = json!({ "type": kind, "loc": at, "msg": text });
    if error.instance().to_string().len() <= ECHOED {
        item["input"] = error.instance().clone().into_owned();
    }
    item
}

/// Where the error is; a missing property counts as its place.
fn place(error: &ValidationError<'_>) -> Vec<String> {
    let mut place: Vec<String> = error
        .instance_path()
        .iter()
        .map(|segment| match segment {
            LocationSegment::Index(index) => index.to_string(),
            LocationSegment::Property(name) => name.into_owned(),
        })
        .collect();
    if let ValidationErrorKind::Required { property: Value::String(name) } = error.kind() {
        place.push(name.clone());
    }
    place
}

fn text(error: &ValidationError<'_>) -> String {
    if matches!(error.kind(), ValidationErrorKind::Required { .. }) {
        return "Field required".into();
    }
    let text = error.to_string();
    if text.chars().count() <= WIDTH {
        text
    } else {
        error.masked().to_string().chars().take(WIDTH).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::response::IntoResponse as _;

    use super::*;

    fn check(schema: Value, arguments: &str) -> Result<String, Vec<Value>> {
        let Value::Object(schema) = schema else { panic!("not an object") };
        let tool = ToolEntry {
            name: "t".into(),
            title: None,
            description: None,
            input_schema: Arc::new(schema),
            output_schema: None,
            annotations: None,
        };
        let validator = ToolValidator::default();
        match validator.check(&tool, serde_json::from_str(arguments).unwrap()) {
            Ok(arguments) => Ok(serde_json::to_string(&arguments).unwrap()),
            Err(problem) => {
                let response = problem.into_response();
                assert_eq!(response.status(), 422);
                let body = futures::executor::block_on(axum::body::to_bytes(response.into_body(), 1 << 20));
                let body: Value = serde_json::from_slice(&body.unwrap()).unwrap();
                assert_eq!(body["code"], "invalid-arguments");
                Err(body["detail"].as_array().unwrap().clone())
            }
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
        for refused in [r#"{"i":"seven"}"#, r#"{"i":"1.5"}"#, r#"{"b":"yes"}"#, r#"{"i":""}"#, r#"{"e":"3"}"#]
        {
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
}
