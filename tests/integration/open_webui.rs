//! Open WebUI itself before the gateway: what its model is offered, what it gets back, what the chat shows.
//! `./dev test` installs it. It takes seconds to start: few tests, of many cases each.

mod admin;
mod user;

use serde_json::{Value, json};

const KEY: &str = "k3y";

/// A PNG of one pixel, base64.
const DOT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// The prompt after which the model calls the fake server's `result`, which answers with this tool result.
fn result(result: &Value) -> String {
    format!("CALL result {}", json!({"result": result}))
}
