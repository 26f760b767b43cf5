//! From an MCP result to what a language model reads.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rmcp::model::{CallToolResult, ContentBlock, ImageContent, ResourceContents};
use serde::{Serialize, Serializer};
use serde_json::{Value, value::RawValue};

/// Stands for a result without content: an empty answer reads like a failure.
const NOTHING: &str = "(no output)";

/// One item of the answer.
#[derive(Debug)]
enum Item<'a> {
    Text(&'a str),
    /// A text that is a JSON object or array, byte for byte.
    Json(&'a RawValue),
    Value(&'a Value),
    Note(String),
    DataUri {
        mime_type: &'a str,
        data: &'a str,
    },
    Object(Value),
}

/// What the caller of a tool gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A JSON text.
    Json(Vec<u8>),
    /// One image, as it is.
    Image {
        /// Its media type, in lower case.
        mime_type: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// A result with `isError`.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolError {
    /// All that the tool said.
    pub message: String,
    /// Its structured content.
    pub data: Option<Value>,
}

/// What a call's result is for its caller. One item is sent bare, several as an array; a lone image as image bytes where
/// the caller `accepts` its media type (in lower case).
///
/// # Errors
/// `isError`: all that the tool said.
pub fn answer(result: &CallToolResult, accepts: impl Fn(&str) -> bool) -> Result<Answer, ToolError> {
    if result.is_error == Some(true) {
        return Err(tool_error(result));
    }
    if let [ContentBlock::Image(image)] = &result.content[..]
        && result.structured_content.is_none()
        && let Some(answer) = image_bytes(image, accepts)
    {
        return Ok(answer);
    }
    let items = items(result);
    let body = match &items[..] {
        [] => serde_json::to_vec(NOTHING),
        [item] => serde_json::to_vec(item),
        items => serde_json::to_vec(items),
    };
    // Writing to memory cannot fail.
    Ok(Answer::Json(body.unwrap_or_default()))
}

fn items(result: &CallToolResult) -> Vec<Item<'_>> {
    let mut items = Vec::with_capacity(result.content.len() + 1);
    let Some(structured) = &result.structured_content else {
        for block in &result.content {
            append(&mut items, block);
        }
        return items;
    };
    if let Some(inner) = wrapped(structured, &result.content) {
        return vec![Item::Value(inner)];
    }
    items.push(Item::Value(structured));
    for block in &result.content {
        if !matches!(block, ContentBlock::Text(text) if echoes(&text.text, structured)) {
            append(&mut items, block);
        }
    }
    items
}

fn append<'a>(items: &mut Vec<Item<'a>>, block: &'a ContentBlock) {
    match block {
        ContentBlock::Text(text) => items.push(text_item(&text.text)),
        ContentBlock::Image(image) => {
            items.push(Item::DataUri { mime_type: &image.mime_type, data: &image.data });
        }
        ContentBlock::Audio(audio) => {
            let size = decoded_size(&audio.data);
            items.push(Item::Note(format!("Audio ({}, {size} bytes) follows as data.", audio.mime_type)));
            items.push(Item::DataUri { mime_type: &audio.mime_type, data: &audio.data });
        }
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::TextResourceContents { text, .. } => items.push(text_item(text)),
            ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
                let mime_type = mime_type.as_deref().unwrap_or("application/octet-stream");
                if !mime_type.starts_with("image/") {
                    let size = decoded_size(blob);
                    items.push(Item::Note(format!(
                        "Resource {uri} ({mime_type}, {size} bytes) follows as data."
                    )));
                }
                items.push(Item::DataUri { mime_type, data: blob });
            }
            _ => items.push(object(block)),
        },
        // A resource link, and whatever later revisions add.
        _ => items.push(object(block)),
    }
}

/// Only objects and arrays are parsed: `1.10`, `007`, `NaN` and `null` are texts. They are sent as they stand, so that
/// no digit is lost.
fn text_item(text: &str) -> Item<'_> {
    let trimmed = text.trim();
    if trimmed.starts_with(['{', '['])
        && let Ok(json) = serde_json::from_str(trimmed)
    {
        return Item::Json(json);
    }
    Item::Text(text)
}

fn object(block: &ContentBlock) -> Item<'_> {
    Item::Object(serde_json::to_value(block).unwrap_or_default())
}

/// Whether a text only repeats the structured content: all of it, or one of its members, as servers do that keep what
/// was their text under a key such as `content`.
fn echoes(text: &str, structured: &Value) -> bool {
    let says = said_by(text);
    says(structured) || structured.as_object().is_some_and(|members| members.values().any(says))
}

/// Tells of a value whether a text is its JSON, or the very string.
fn said_by(text: &str) -> impl Fn(&Value) -> bool {
    let parsed = serde_json::from_str::<Value>(text).ok();
    move |value| value.as_str() == Some(text) || parsed.as_ref().is_some_and(|parsed| same(parsed, value))
}

/// Equality of JSON values; numbers compare by value and to the last digit, so that `1.0` is `1`.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            x == y || decimal(&x.to_string()).zip(decimal(&y.to_string())).is_some_and(|(x, y)| x == y)
        }
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| same(x, y)))
        }
        _ => a == b,
    }
}

/// A JSON number as sign, digits without zeros at either end, and power of ten; `None` where that is beyond reason.
fn decimal(number: &str) -> Option<(bool, String, i64)> {
    let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (mantissa, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    let moved = i64::try_from(digits.len() - kept.len()).ok()? - i64::try_from(fraction.len()).ok()?;
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return Some((false, String::new(), 0));
    }
    Some((negative, kept.to_owned(), power.parse::<i64>().ok()?.checked_add(moved)?))
}

/// What `structured` wraps, where it is `{"result": ...}` around just what the texts say: Python's SDK adds that to tools
/// that return no object.
fn wrapped<'a>(structured: &'a Value, content: &[ContentBlock]) -> Option<&'a Value> {
    let inner = structured.as_object().filter(|object| object.len() == 1)?.get("result")?;
    let says_block =
        |block: &ContentBlock, value| matches!(block, ContentBlock::Text(text) if said_by(&text.text)(value));
    let whole = matches!(content, [block] if says_block(block, inner));
    let item_by_item = inner.as_array().is_some_and(|items| {
        !items.is_empty()
            && items.len() == content.len()
            && content.iter().zip(items).all(|(block, item)| says_block(block, item))
    });
    (whole || item_by_item).then_some(inner)
}

/// An SVG may hold a script, so it never is served as a page of ours.
fn image_bytes(image: &ImageContent, accepts: impl Fn(&str) -> bool) -> Option<Answer> {
    // Media types compare without case (RFC 9110 §8.3.1).
    let mime_type = image.mime_type.to_ascii_lowercase();
    if !mime_type.starts_with("image/") || mime_type.starts_with("image/svg") || !accepts(&mime_type) {
        return None;
    }
    let bytes = BASE64_STANDARD.decode(&image.data).ok()?;
    Some(Answer::Image { mime_type, bytes })
}

fn tool_error(result: &CallToolResult) -> ToolError {
    let texts: Vec<&str> = result
        .content
        .iter()
        .filter_map(|block| match block {
            ContentBlock::Text(text) => Some(text.text.as_str()),
            ContentBlock::Resource(embedded) => match &embedded.resource {
                ResourceContents::TextResourceContents { text, .. } => Some(text),
                _ => None,
            },
            _ => None,
        })
        .filter(|text| !text.trim().is_empty())
        .collect();
    let message = if texts.is_empty() {
        "The tool reported an error and did not say which.".to_owned()
    } else {
        texts.join("\n")
    };
    ToolError { message, data: result.structured_content.clone() }
}

/// How many bytes a base64 text stands for.
fn decoded_size(data: &str) -> usize {
    data.trim_end_matches('=').len() * 3 / 4
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Json(json) => json.serialize(serializer),
            Self::Value(value) => value.serialize(serializer),
            Self::Note(note) => serializer.serialize_str(note),
            Self::DataUri { mime_type, data } => {
                serializer.collect_str(&format_args!("data:{mime_type};base64,{data}"))
            }
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests;
