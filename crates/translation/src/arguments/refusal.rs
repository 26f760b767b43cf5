use jsonschema::{ValidationError, Validator, error::ValidationErrorKind, paths::LocationSegment};
use serde_json::{Value, json};

/// Errors that one answer names; more would drown the model.
const NAMED: usize = 10;
/// Longest text of one error, in characters.
const WIDTH: usize = 300;
/// Longest value that an answer repeats, in bytes of JSON.
const ECHOED: usize = 1000;

/// Why arguments do not fit a tool's schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// One sentence's part for each error: where, and what.
    pub texts: Vec<String>,
    /// The same in `FastAPI`'s list shape: `type`, `loc`, `msg`, and `input` where that is short.
    pub items: Vec<Value>,
}

impl Refusal {
    pub(super) fn of(validator: &Validator, value: &Value) -> Self {
        let (mut texts, mut items) = (Vec::new(), Vec::new());
        for error in validator.iter_errors(value).take(NAMED) {
            let (place, text) = (place(&error), text(&error));
            items.push(item(&error, &place, &text));
            texts.push(if place.is_empty() { text } else { format!("`{}`: {text}", place.join(".")) });
        }
        Self { texts, items }
    }
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
