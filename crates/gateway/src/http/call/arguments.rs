use http::{HeaderMap, HeaderValue, StatusCode, header};
use rmcp::model::JsonObject;
use serde_json::Value;

use super::syntax;
use crate::http::{
    aside::aside,
    incoming::{Incoming, Interruption},
    problem::Problem,
};

/// What a caller sent.
pub(super) struct Arguments {
    pub(super) object: JsonObject,
    /// Whether they are so long that work on them may take a while.
    pub(super) long: bool,
}

/// Bytes of a body from which on it counts as long.
const LONG: usize = 16 * 1024;
/// Bytes of a refused body up to which it is sent back, as with any refused value.
const ECHOED: usize = 1_000;

/// Reads the arguments: a JSON object, a text that is one, or nothing at all for a tool that takes none.
pub(super) async fn read(
    headers: &HeaderMap,
    incoming: &mut Incoming,
    limit: usize,
) -> Result<Arguments, Problem> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(too_large(limit));
    }
    let mut body = Vec::new();
    while let Some(chunk) = incoming.next().await {
        let chunk = chunk.map_err(interrupted)?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    let long = body.len() > LONG;
    let object = if long { aside(|| parse(&body)) } else { parse(&body) }?;
    Ok(Arguments { object, long })
}

fn parse(body: &[u8]) -> Result<JsonObject, Problem> {
    if body.trim_ascii().is_empty() {
        return Ok(JsonObject::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(Value::Null) => Ok(JsonObject::new()),
        Ok(other) => {
            if let Some(object) = other.as_str().and_then(|text| serde_json::from_str(text).ok()) {
                return Ok(object);
            }
            let got = match other {
                Value::Bool(_) => "a boolean",
                Value::Number(_) => "a number",
                Value::String(_) => "a string",
                Value::Array(_) => "an array",
                Value::Null | Value::Object(_) => "an object",
            };
            let message = format!("The arguments must be a JSON object, and this is {got}.");
            let mut item = serde_json::json!({
                "type": "dict_type", "loc": ["body"], "msg": "Input should be a JSON object",
            });
            if body.len() <= ECHOED {
                item["input"] = other;
            }
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-arguments", message).list(vec![item]))
        }
        Err(error) => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid-json",
            format!("The body is not JSON: {}.", syntax::fault(body, &error)),
        )
        .hint("Send the arguments as one JSON object.")),
    }
}

fn interrupted(interruption: Interruption) -> Problem {
    match interruption {
        Interruption::BrokenOff => {
            Problem::new(StatusCode::BAD_REQUEST, "invalid-json", "The body did not arrive whole.")
                .hint("Send the arguments as one JSON object.")
        }
        // RFC 9110 §15.5.9; nothing of the connection can be used after that.
        Interruption::Silent => Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body-timeout",
            format!("Nothing of the body came for {} s.", Incoming::SILENCE.as_secs()),
        )
        .hint("Send the arguments as one JSON object, at once.")
        .header(header::CONNECTION, HeaderValue::from_static("close")),
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload-too-large",
        format!("The body is longer than {limit} bytes."),
    )
    .hint("Send less, or raise `traygate.maxBodySize` in the config file.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_no_arguments() {
        for body in [&b""[..], b" \n", b"{}", b"null"] {
            assert!(parse(body).unwrap().is_empty());
        }
    }

    #[test]
    fn a_text_that_is_an_object_is_one() {
        let read = parse(br#""{\"n\": 1.10, \"s\": \"{}\"}""#).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"n":1.10,"s":"{}"}"#);
        for refused in [&br#""""#[..], br#""[1]""#, br#""null""#, b"\"text\""] {
            let words: Vec<String> = parse(refused).unwrap_err().words().map(str::to_owned).collect();
            assert_eq!(words, ["The arguments must be a JSON object, and this is a string."]);
        }
    }

    #[test]
    fn every_digit_is_kept() {
        let text = r#"{"n":12345678901234567890123.10,"x":null,"l":[{"a":null}],"i":5}"#;
        assert_eq!(serde_json::to_string(&parse(text.as_bytes()).unwrap()).unwrap(), text);
    }
}
