//! From an MCP result to what a language model reads.

mod audience;
mod base64;
mod blocks;
mod echo;
mod error;
mod item;

use std::borrow::Cow;

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::Value;

pub use self::error::ToolError;
use self::item::Item;

/// Stands for a result without content: an empty answer reads like a failure.
const NOTHING: &str = "(no output)";

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

/// What a call's result is for its caller. One item is sent bare, several as an array; a lone image as image bytes where
/// the caller `accepts` its media type (in lower case). `_meta`, annotations and what is for the user alone stay out.
///
/// # Errors
/// `isError`: all that the tool said.
pub fn answer(result: &CallToolResult, accepts: impl Fn(&str) -> bool) -> Result<Answer, ToolError> {
    if result.is_error == Some(true) {
        return Err(error::of(result));
    }
    let content: Vec<&ContentBlock> =
        result.content.iter().filter(|block| !audience::is_user_alone(block)).collect();
    let structured = result
        .structured_content
        .as_ref()
        .and_then(|structured| blocks::without(structured, &result.content));
    if let ([block], None) = (&content[..], &structured)
        && let Some(answer) = image_bytes(block, accepts)
    {
        return Ok(answer);
    }
    let items = items(structured.as_ref(), &content);
    let body = match &items[..] {
        [] if result.content.is_empty() => serde_json::to_vec(NOTHING),
        [] => serde_json::to_vec(&audience::note(&result.content)),
        [item] => serde_json::to_vec(item),
        items => serde_json::to_vec(items),
    };
    // Writing to memory cannot fail.
    Ok(Answer::Json(body.unwrap_or_default()))
}

fn items<'a>(structured: Option<&'a Cow<'a, Value>>, content: &[&'a ContentBlock]) -> Vec<Item<'a>> {
    let mut items = Vec::with_capacity(content.len() + 1);
    let mut left: Vec<&ContentBlock> = content.to_vec();
    if let Some(structured) = structured {
        if let Some(inner) = echo::wrapped(structured, content) {
            return vec![Item::Value(inner)];
        }
        items.push(Item::Value(structured));
        if left.iter().any(|block| matches!(block, ContentBlock::Text(_))) {
            let said = echo::Said::by(structured);
            left.retain(|block| !matches!(block, ContentBlock::Text(text) if said.repeats(&text.text)));
        }
    }
    // One text speaks for itself; of several the model must know which is which.
    let texts = left.iter().filter(|block| embedded_text(block).is_some()).count();
    for block in left {
        item::append(&mut items, block, texts > 1);
    }
    items
}

/// The text of an embedded resource, and its URI.
fn embedded_text(block: &ContentBlock) -> Option<(&str, &str)> {
    match block {
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::TextResourceContents { text, uri, .. } => Some((text, uri)),
            _ => None,
        },
        _ => None,
    }
}

/// An SVG may hold a script, so it never is served as a page of ours.
fn image_bytes(block: &ContentBlock, accepts: impl Fn(&str) -> bool) -> Option<Answer> {
    let (mime_type, data) = match block {
        ContentBlock::Image(image) => (&image.mime_type, &image.data),
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::BlobResourceContents { mime_type: Some(mime_type), blob, .. } => {
                (mime_type, blob)
            }
            _ => return None,
        },
        _ => return None,
    };
    // Media types compare without case (RFC 9110 §8.3.1).
    let mime_type = mime_type.to_ascii_lowercase();
    if !mime_type.starts_with("image/") || mime_type.starts_with("image/svg") || !accepts(&mime_type) {
        return None;
    }
    Some(Answer::Image { mime_type, bytes: base64::decoded(data)? })
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "the fuzz target includes this file too")]
mod invariants;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use self::invariants::check;
