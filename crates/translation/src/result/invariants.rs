//! What holds of every result's answer, whatever a tool says. Tests and fuzz targets share it.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::Value;

use super::{Answer, answer};

/// How much longer than the result the answer may be: notes stand beside small data.
const FACTOR: usize = 8;
const EXTRA: usize = 200;

/// Panics where the answer to a result of so many bytes breaks a promise: valid JSON of bounded size, or an image, with every
/// text of it and nothing of `_meta`.
pub fn check(result: &CallToolResult, bytes: usize) {
    let mut bare = result.clone();
    bare.meta = None;
    bare.content.iter_mut().for_each(strip);
    let most = bytes * FACTOR + EXTRA;
    for accepts in [false, true] {
        let told = answer(result, |_| accepts);
        match &told {
            Ok(Answer::Json(json)) => {
                let told_value: Value = serde_json::from_slice(json).expect("an answer is JSON");
                let mut said = Vec::new();
                words(&told_value, &mut said);
                for text in texts(result) {
                    let json = serde_json::from_str::<Value>(text.trim()).map(|json| json.to_string());
                    let found =
                        said.iter().any(|said| said == text || json.as_ref().is_ok_and(|json| json == said));
                    assert!(found, "{text:?} is not in {told_value}");
                }
                assert!(json.len() <= most, "{} bytes of {bytes}", json.len());
            }
            Ok(Answer::Image { bytes: image, .. }) => assert!(accepts && image.len() <= bytes),
            Err(error) => assert!(!error.message.is_empty() && error.message.len() <= most),
        }
        assert_eq!(told, answer(&bare, |_| accepts), "`_meta` makes a difference");
    }
}

/// The texts that are for everybody and that nothing else repeats.
fn texts(result: &CallToolResult) -> impl Iterator<Item = &str> {
    let all = if result.structured_content.is_none() { &result.content[..] } else { &[] };
    all.iter().filter_map(|block| match block {
        ContentBlock::Text(text) if text.annotations.is_none() => Some(text.text.as_str()),
        _ => None,
    })
}

/// Every text inside a JSON value, and the JSON of all objects and arrays.
fn words(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::String(text) => into.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| words(item, into)),
        Value::Object(members) => members.values().for_each(|member| words(member, into)),
        _ => {}
    }
    if value.is_array() || value.is_object() {
        into.push(value.to_string());
    }
}

fn strip(block: &mut ContentBlock) {
    match block {
        ContentBlock::Text(text) => text.meta = None,
        ContentBlock::Image(image) => image.meta = None,
        ContentBlock::Audio(audio) => audio.meta = None,
        ContentBlock::ResourceLink(link) => link.meta = None,
        ContentBlock::Resource(embedded) => {
            embedded.meta = None;
            match &mut embedded.resource {
                ResourceContents::TextResourceContents { meta, .. }
                | ResourceContents::BlobResourceContents { meta, .. } => *meta = None,
                _ => {}
            }
        }
        _ => {}
    }
}
