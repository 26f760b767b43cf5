//! Open WebUI itself before the gateway: what its model is offered, what it gets back, what the chat shows.
//! `./dev test` installs it. It takes seconds to start: few tests, of many cases each.

mod admin;
mod user;

use serde_json::{Value, json};
use traygate_tests::{
    Home, Record, eventually, fake,
    open_webui::{Asked, Model},
};

const KEY: &str = "k3y";

/// A PNG of one pixel, base64.
const DOT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A tool's result, and what must come of it: the same for both kinds of connection.
struct Outcome {
    case: &'static str,
    /// What the tool answers.
    given: Value,
    /// What the model reads: a text as it is, JSON in whatever layout.
    told: Value,
    /// How many images the model sees.
    images: usize,
}

impl Outcome {
    fn all() -> Vec<Self> {
        let image = json!({"type": "image", "mimeType": "image/png", "data": DOT});
        let text = |text: &str| json!({"type": "text", "text": text});
        let forecast = json!({"city": "Riga", "degrees": -3, "days": [1, 2]});
        [
            ("text", json!({"content": [text("two\nlines")]}), json!("two\nlines"), 0),
            ("text that looks like a number", json!({"content": [text("1.10")]}), json!("1.10"), 0),
            ("text that looks like nothing", json!({"content": [text("null")]}), json!("null"), 0),
            ("JSON as text", json!({"content": [text(&forecast.to_string())]}), forecast.clone(), 0),
            (
                "structured content alone",
                json!({"content": [], "structuredContent": forecast}),
                forecast.clone(),
                0,
            ),
            (
                "structured content and its echo",
                json!({"content": [text(&forecast.to_string())], "structuredContent": forecast}),
                forecast.clone(),
                0,
            ),
            ("two texts", json!({"content": [text("a"), text("b")]}), json!({"results": ["a", "b"]}), 0),
            // Open WebUI's own words for a tool's image.
            ("an image", json!({"content": [image]}), json!("result: Image file read successfully."), 1),
            (
                "text and images",
                json!({"content": [text("a dot"), image, image]}),
                json!({"results": ["a dot", "[image]", "[image]"]}),
                2,
            ),
            ("nothing", json!({"content": []}), json!("(no output)"), 0),
        ]
        .map(|(case, given, told, images)| Self { case, given, told, images })
        .into()
    }

    /// That the model was told this; the answer is what it read.
    fn check(&self, asked: &Asked) -> String {
        let case = self.case;
        let read = asked.result().unwrap_or_else(|| panic!("{case}: no result in {:#}", asked.whole()));
        let wanted = match &self.told {
            Value::String(text) => text.clone(),
            // Open WebUI's way to write JSON.
            json => format!("{json:#}"),
        };
        assert_eq!(json_or_text(&read), json_or_text(&wanted), "{case}");
        assert_eq!(asked.images(), vec![format!("data:image/png;base64,{DOT}"); self.images], "{case}");
        read
    }
}

/// A server with one tool whose schema has what converters lose.
fn levels(home: &Home) -> Value {
    let tool = json!([{
        "name": "set-level",
        "description": "Sets the level of a speaker.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "level": {"enum": ["low", "high"], "description": "How loud."},
                "times": {"type": "integer", "minimum": 1, "maximum": 5, "default": 2},
                "note": {"type": ["string", "null"], "maxLength": 9},
                "speaker": {"$ref": "#/$defs/Speaker", "description": "Which one."},
            },
            "required": ["level", "speaker"],
            "$defs": {"Speaker": {
                "type": "object", "properties": {"name": {"type": "string", "minLength": 1}}, "required": ["name"],
            }},
        },
    }]);
    let file = home.path("levels.json");
    fs_err::write(&file, tool.to_string()).unwrap();
    fake(&["--tools-file", file.to_str().unwrap()])
}

/// The prompt after which the model calls the fake server's `result`, which answers with this tool result.
fn result(result: &Value) -> String {
    format!("CALL result {}", json!({"result": result}))
}

/// A tool's error of two texts: the model must read both.
fn failure() -> Value {
    let text = |text: &str| json!({"type": "text", "text": text});
    json!({"content": [text("the disk is full"), text("buy another")], "isError": true})
}

/// Objects and arrays without their layout; anything else as it is.
fn json_or_text(text: &str) -> Value {
    let parsed =
        serde_json::from_str(text).ok().filter(|value: &Value| value.is_object() || value.is_array());
    parsed.unwrap_or_else(|| text.into())
}

/// What the model was asked last.
fn last(model: &Model) -> Asked {
    model.asked().pop().expect("the model was asked")
}

/// Waits until `hang`, which never answers, is called.
async fn hangs(record: &Record) {
    eventually("the tool to be called", async || {
        record.named("call").iter().any(|call| call.data["tool"] == "hang")
    })
    .await;
}
