//! What the demo's tools are called, and what they take.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
pub(super) struct CurrentTime {
    pub(super) timezone: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ConvertTime {
    pub(super) time: String,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Echo {
    pub(super) text: String,
}

/// All of them.
pub(super) fn all() -> Vec<Tool> {
    let zone = |description: &str| json!({ "type": "string", "description": description, "examples": ["Europe/Berlin", "America/New_York", "UTC"] });
    vec![
        tool(
            "current_time",
            "Current time",
            "Tells the current date and time in a time zone.",
            &json!({
                "type": "object",
                "properties": {
                    "timezone": zone("IANA time zone; the zone of this computer if left out"),
                },
            }),
            Some(&told()),
        ),
        tool(
            "convert_time",
            "Convert a time",
            "Converts a time of today, or a date and time, from one time zone to another.",
            &json!({
                "type": "object",
                "properties": {
                    "time": {
                        "type": "string",
                        "description": "HH:MM of today, or YYYY-MM-DDTHH:MM, on a 24-hour clock",
                        "examples": ["14:30", "2026-12-24T18:00"],
                    },
                    "from": zone("IANA time zone that `time` is in"),
                    "to": zone("IANA time zone to convert to"),
                },
                "required": ["time", "from", "to"],
            }),
            Some(&told()),
        ),
        tool(
            "echo",
            "Echo",
            "Answers with the text it was given.",
            &json!({
                "type": "object",
                "properties": { "text": { "type": "string", "description": "What to say" } },
                "required": ["text"],
            }),
            None,
        ),
    ]
}

fn told() -> Value {
    json!({
        "type": "object",
        "properties": {
            "timezone": { "type": "string", "description": "IANA time zone" },
            "datetime": { "type": "string", "description": "Date and time with offset, RFC 3339" },
            "weekday": { "type": "string", "description": "Day of the week" },
            "is_dst": { "type": "boolean", "description": "Whether daylight saving time is in effect" },
        },
        "required": ["timezone", "datetime", "weekday", "is_dst"],
    })
}

fn tool(
    name: &'static str,
    title: &str,
    description: &'static str,
    input: &Value,
    output: Option<&Value>,
) -> Tool {
    let mut tool = Tool::new(name, description, object(input))
        .with_annotations(ToolAnnotations::default().read_only(true).open_world(false));
    tool.title = Some(title.to_owned());
    tool.output_schema = output.map(object);
    tool
}

fn object(schema: &Value) -> Arc<JsonObject> {
    Arc::new(schema.as_object().cloned().unwrap_or_default())
}
