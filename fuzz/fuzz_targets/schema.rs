//! Whatever a server sends as a schema becomes a bounded document that holds what callers rely on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use traygate_translation::{of_arguments, of_result};

fuzz_target!(|text: &[u8]| {
    let Ok(Value::Object(schema)) = serde_json::from_slice(text) else { return };
    let _ = of_arguments(&schema);
    let _ = of_result(&schema);
});
