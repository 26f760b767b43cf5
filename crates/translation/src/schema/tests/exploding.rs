//! The most that the bounds allow. Tests of the gateway and the bench include this file too.

use serde_json::{Map, Value, json};

/// Ten definitions that all lead to each other.
pub(super) fn exploding() -> Value {
    let property = |at: usize| (format!("to{at}"), json!({"$ref": format!("#/$defs/d{at}")}));
    let definition = |at: usize| {
        let properties: Map<String, Value> = (0..10).map(property).collect();
        (
            format!("d{at}"),
            json!({"type": "object", "description": format!("d {at}"), "properties": properties}),
        )
    };
    let defs: Map<String, Value> = (0..10).map(definition).collect();
    json!({"$defs": defs, "properties": {"p": {"$ref": "#/$defs/d0"}}})
}
