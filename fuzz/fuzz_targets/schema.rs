//! Whatever a server sends as a schema becomes a bounded document that keeps its promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use traygate_translation::{of_arguments, of_result};

#[path = "../../crates/translation/src/schema/tests/invariants.rs"]
mod invariants;

/// Says that a result is wrapped: the wrapping is taken off, each time.
const WRAPPED: &str = "x-fastmcp-wrap-result";

fuzz_target!(|text: &[u8]| {
    let Ok(Value::Object(schema)) = serde_json::from_slice(text) else { return };
    let embedded = of_arguments(&schema);
    invariants::check_arguments(&embedded.schema);
    assert_eq!(embedded, of_arguments(&schema), "it is not the same twice");
    // One object of any number of properties stands for those that are not declared.
    let properties = embedded.schema["properties"].as_object().expect("arguments have properties");
    let wrapped = properties.len() == 1 && properties.contains_key("arguments");
    for name in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        assert!(wrapped || properties.contains_key(name), "{name} is missing in {}", embedded.schema);
    }
    if embedded.schema.to_string().len() < 20_000 {
        let written = embedded.schema.as_object().expect("arguments are an object");
        assert_eq!(of_arguments(written).schema, embedded.schema, "a second conversion changes it");
    }
    let result = of_result(&schema);
    invariants::check(&result.schema);
    if !schema.contains_key(WRAPPED) && result.schema.to_string().len() < 20_000 {
        let written = result.schema.as_object().expect("a schema is an object");
        assert_eq!(of_result(written).schema, result.schema, "a second conversion changes it");
    }
});
