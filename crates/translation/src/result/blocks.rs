//! Content blocks that stand in structured content too: base64 is for programs, and no model should read it as words.

use std::{borrow::Cow, collections::HashMap};

use rmcp::model::{ContentBlock, ResourceContents};
use serde_json::Value;

use super::base64;
use crate::equality::same;

/// Structured content without what the content says better; `None` where nothing else is left of it.
pub(super) fn without<'a>(structured: &'a Value, content: &[ContentBlock]) -> Option<Cow<'a, Value>> {
    (!only_repeats(structured, content)).then(|| marked(structured, content))
}

/// Structured content with a mark wherever it holds the base64 of the content.
pub(super) fn marked<'a>(structured: &'a Value, content: &[ContentBlock]) -> Cow<'a, Value> {
    let marks: HashMap<&str, String> = content.iter().filter_map(data).collect();
    let mut marked = Cow::Borrowed(structured);
    if holds(structured, &marks) {
        mark(marked.to_mut(), &marks);
    }
    marked
}

/// Whether these are blocks of the content in their order and nothing more: bare, or as `content`, which is their name in
/// a result, or as `result`, which is how Python's SDK wraps them.
fn only_repeats(structured: &Value, content: &[ContentBlock]) -> bool {
    let wrapped = structured.as_object().filter(|members| members.len() == 1);
    let inner = wrapped.and_then(|members| members.get("content").or_else(|| members.get("result")));
    let repeated = match inner.unwrap_or(structured) {
        Value::Array(blocks) => blocks.as_slice(),
        block => std::slice::from_ref(block),
    };
    let mut content = content.iter();
    !repeated.is_empty()
        && repeated.iter().all(|one| one.get("type").is_some() && content.any(|block| is_block(one, block)))
}

/// Whether a value is this block, whatever is not told of it.
fn is_block(value: &Value, block: &ContentBlock) -> bool {
    serde_json::to_value(block).is_ok_and(|block| tells_the_same(value, &block))
}

fn tells_the_same(one: &Value, other: &Value) -> bool {
    let (Value::Object(one), Value::Object(other)) = (one, other) else { return same(one, other) };
    let is_told = |key: &str, value: &Value| !value.is_null() && !matches!(key, "_meta" | "annotations");
    let told = |members: &serde_json::Map<String, Value>| {
        members.iter().filter(|(key, value)| is_told(key, value)).count()
    };
    told(one) == told(other)
        && one
            .iter()
            .filter(|(key, value)| is_told(key, value))
            .all(|(key, value)| other.get(key).is_some_and(|other| tells_the_same(value, other)))
}

/// The base64 of a block, and what stands for it.
fn data(block: &ContentBlock) -> Option<(&str, String)> {
    let (mime_type, data) = match block {
        ContentBlock::Image(image) => (image.mime_type.as_str(), &image.data),
        ContentBlock::Audio(audio) => (audio.mime_type.as_str(), &audio.data),
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::BlobResourceContents { mime_type, blob, .. } => {
                (mime_type.as_deref().unwrap_or("application/octet-stream"), blob)
            }
            _ => return None,
        },
        _ => return None,
    };
    let mark = format!("({mime_type}, {} bytes)", base64::decoded_size(&base64::clean(data)?));
    // A short word may be the same by chance, and costs no more than the mark.
    (mark.len() < data.len()).then_some((data, mark))
}

fn holds(value: &Value, marks: &HashMap<&str, String>) -> bool {
    match value {
        Value::String(text) => marks.contains_key(payload(text)),
        Value::Array(items) => items.iter().any(|item| holds(item, marks)),
        Value::Object(members) => members.values().any(|member| holds(member, marks)),
        _ => false,
    }
}

fn mark(value: &mut Value, marks: &HashMap<&str, String>) {
    match value {
        Value::String(text) => {
            if let Some(mark) = marks.get(payload(text)) {
                mark.clone_into(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mark(item, marks)),
        Value::Object(members) => members.values_mut().for_each(|member| mark(member, marks)),
        _ => {}
    }
}

/// What may be the base64 of a text: of a `data:` URI (RFC 2397) what follows the comma.
fn payload(text: &str) -> &str {
    let data = text.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    data.map_or(text, |(_, data)| data)
}
