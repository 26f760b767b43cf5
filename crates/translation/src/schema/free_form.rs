use rmcp::model::JsonObject;

/// Whether a tool takes arguments whose names its schema does not say. Open WebUI sends only declared properties, so
/// that the document offers such a tool one object property of this name, which is taken out of its wrapping on the way in.
pub(crate) const WRAPPER: &str = "arguments";

/// Whether a schema declares no property and lets every one through on purpose.
pub(crate) fn is_free_form(schema: &JsonObject) -> bool {
    let declares = schema
        .get("properties")
        .and_then(serde_json::Value::as_object)
        .is_some_and(|names| !names.is_empty());
    let opens = schema.get("additionalProperties").is_some_and(|more| more.as_bool() != Some(false));
    !declares && opens
}
