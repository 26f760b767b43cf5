//! What the fuzz targets have learnt, once more in the fast tests.

use serde_json::Value;

use crate::{result, schema};

/// The inputs that are kept for a target.
fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let inputs: Vec<_> =
        fs_err::read_dir(folder).unwrap().map(|entry| fs_err::read(entry.unwrap().path()).unwrap()).collect();
    assert!(inputs.len() > 100, "{} inputs", inputs.len());
    inputs
}

#[test]
fn schemas_that_fuzzing_learnt_keep_the_promises() {
    for input in inputs("schema") {
        if let Ok(Value::Object(schema)) = serde_json::from_slice(&input) {
            schema::check_both(&schema);
        }
    }
}

#[test]
fn results_that_fuzzing_learnt_keep_the_promises() {
    for input in inputs("result") {
        if let Ok(result) = serde_json::from_slice(&input) {
            result::check(&result, input.len());
        }
    }
}
