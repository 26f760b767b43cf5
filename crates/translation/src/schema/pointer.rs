use percent_encoding::percent_decode_str;
use serde_json::Value;

/// What a `$ref` names inside `root`: a JSON Pointer in a URI fragment (RFC 6901 §6). Other documents are never read.
pub(super) fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let fragment = percent_decode_str(reference.strip_prefix('#')?).decode_utf8().ok()?;
    if fragment.is_empty() || fragment.starts_with('/') {
        return root.pointer(&fragment);
    }
    anchored(root, &fragment)
}

/// The subschema that carries `$anchor` (JSON Schema 2020-12, core §8.2.2).
fn anchored<'a>(schema: &'a Value, anchor: &str) -> Option<&'a Value> {
    match schema {
        Value::Object(object) if object.get("$anchor").and_then(Value::as_str) == Some(anchor) => {
            Some(schema)
        }
        Value::Object(object) => object.values().find_map(|value| anchored(value, anchor)),
        Value::Array(values) => values.iter().find_map(|value| anchored(value, anchor)),
        _ => None,
    }
}
