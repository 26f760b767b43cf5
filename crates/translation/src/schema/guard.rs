//! A fault of ours in one schema costs that schema's detail, not the document of its server.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Map, Value, json};

use super::Embedded;

/// The warning on a tool whose schema cannot be converted.
const FAULT: &str = "Traygate has a fault in converting the schema; only its outer shape is shown. Please report it with the schema";

/// What `convert` makes; where it panics, the outline, and where that does too, any object. Nothing is shared that a panic
/// leaves half done: what counts the server's allowance is only added to.
pub(super) fn or_outlined<T>(
    convert: impl FnOnce() -> T,
    outline: impl FnOnce() -> Map<String, Value>,
    finish: impl FnOnce(Embedded) -> T,
) -> T {
    catch_unwind(AssertUnwindSafe(convert)).unwrap_or_else(|_| {
        let schema = catch_unwind(AssertUnwindSafe(outline)).map(Value::Object);
        finish(Embedded {
            schema: schema.unwrap_or_else(|_| json!({ "type": "object", "properties": {} })),
            guidance: Vec::new(),
            warnings: vec![FAULT.to_owned()],
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_the_detail_of_one_schema() {
        let outline = || Map::from_iter([("type".to_owned(), json!("object"))]);
        let panics = || panic!("a fault");
        let outlined = or_outlined(panics, outline, |embedded| embedded);
        assert_eq!(outlined.schema, json!({"type": "object"}));
        assert_eq!(outlined.warnings, [FAULT]);
        let bare = or_outlined(panics, || panic!("another"), |embedded| embedded);
        assert_eq!(bare.schema, json!({"type": "object", "properties": {}}));
    }
}
