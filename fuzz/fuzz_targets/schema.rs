//! Whatever a server sends as a schema becomes a bounded document that keeps its promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use traygate_translation::{Embedded, of_arguments, of_result};

#[path = "../../crates/translation/src/schema/tests/invariants.rs"]
mod invariants;

fuzz_target!(|text: &[u8]| {
    if let Ok(Value::Object(schema)) = serde_json::from_slice(text) {
        invariants::check_both(&schema);
    }
});
