//! A tool's JSON Schema as `OpenAPI` callers can read it: self-contained, without boolean schemas, `oneOf` and `allOf`.
//!
//! Open WebUI's converter replaces every `$ref` that it cannot follow and everything without `type`, `anyOf` or
//! `properties` by a string, and fails as a whole on a boolean schema. Calls are checked against the original.

mod free_form;
mod inline;
mod merge;
mod pointer;

use rmcp::model::JsonObject;
use serde_json::{Map, Value};

pub(crate) use self::free_form::{WRAPPER, is_free_form};
use self::inline::Inliner;

/// A schema made self-contained.
#[derive(Debug, PartialEq)]
pub struct Embedded {
    /// The schema.
    pub schema: Value,
    /// What could not be kept.
    pub warnings: Vec<String>,
}

impl Embedded {
    /// The schema of what is sent where Python's SDK wrapped a result: see [`crate::answer`].
    fn unwrapped(mut self) -> Self {
        if self.schema.get("x-fastmcp-wrap-result") == Some(&Value::Bool(true))
            && let Some(inner) = self.schema.pointer_mut("/properties/result")
        {
            self.schema = inner.take();
        }
        self
    }
}

/// The schema of a request body: always of type object, with the properties of a union's branches side by side.
pub fn of_arguments(schema: &JsonObject) -> Embedded {
    let mut embedded = embedded(schema);
    let mut object = match embedded.schema {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    if let Some(Value::Array(branches)) = object.remove("anyOf") {
        merge::branches(&mut object, branches);
    }
    if object.get("type").and_then(Value::as_str) != Some("object") {
        object.remove("items");
        object.insert("type".into(), "object".into());
    }
    if is_free_form(schema) {
        object = wrapped(object);
    }
    if !object.get("properties").is_some_and(Value::is_object) {
        object.insert("properties".into(), Map::new().into());
    }
    embedded.schema = object.into();
    embedded
}

/// A free-form object as the one property of another.
fn wrapped(free: Map<String, Value>) -> Map<String, Value> {
    let mut properties = Map::new();
    let required = free.get("required").and_then(Value::as_array).is_some_and(|names| !names.is_empty());
    properties.insert(WRAPPER.into(), free.into());
    let mut object = Map::new();
    object.insert("type".into(), "object".into());
    object.insert("properties".into(), properties.into());
    if required {
        object.insert("required".into(), [WRAPPER].as_slice().into());
    }
    object
}

/// The schema of what is answered: a tool's `outputSchema`, without the wrapping that [`crate::answer`] takes off.
pub fn of_result(schema: &JsonObject) -> Embedded {
    embedded(schema).unwrapped()
}

fn embedded(schema: &JsonObject) -> Embedded {
    let root = Value::Object(schema.clone());
    let mut inliner = Inliner::new(&root);
    let schema = inliner.schema(&root, 0);
    Embedded { schema, warnings: inliner.into_warnings() }
}

#[cfg(test)]
mod tests;
