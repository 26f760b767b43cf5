//! Whatever a tool's result is, its caller gets an answer that keeps its promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rmcp::model::CallToolResult;
use traygate_translation::{Answer, answer};

#[path = "../../crates/translation/src/result/invariants.rs"]
mod invariants;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(result) = serde_json::from_slice::<CallToolResult>(bytes) {
        invariants::check(&result, bytes.len());
    }
});
