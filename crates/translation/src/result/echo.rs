//! What structured content says already.

use std::{collections::HashSet, iter};

use rmcp::model::ContentBlock;
use serde_json::{Map, Value};

use crate::equality::{canonical, same};

/// What structured content says, to be looked up: both it and the texts beside it may be long.
pub(super) struct Said<'a> {
    texts: HashSet<&'a str>,
    values: HashSet<String>,
}

impl<'a> Said<'a> {
    /// All of it, and each of its members: servers keep what was their text under a key such as `content`.
    pub(super) fn by(structured: &'a Value) -> Self {
        let members = structured.as_object().into_iter().flat_map(Map::values);
        let (mut texts, mut values) = (HashSet::new(), HashSet::new());
        for value in iter::once(structured).chain(members) {
            texts.extend(value.as_str());
            values.insert(canonical(value));
        }
        Self { texts, values }
    }

    /// Whether a text only repeats it: as the very string, or as JSON.
    pub(super) fn repeats(&self, text: &str) -> bool {
        self.texts.contains(text)
            || serde_json::from_str(text).is_ok_and(|value| self.values.contains(&canonical(&value)))
    }
}

/// Tells of a value whether a text is its JSON, or the very string.
fn said_by(text: &str) -> impl Fn(&Value) -> bool {
    let parsed = serde_json::from_str::<Value>(text).ok();
    move |value| value.as_str() == Some(text) || parsed.as_ref().is_some_and(|parsed| same(parsed, value))
}

/// What `structured` wraps, where it is `{"result": ...}` around just what the texts say: Python's SDK adds that to tools
/// that return no object.
pub(super) fn wrapped<'a>(structured: &'a Value, content: &[&ContentBlock]) -> Option<&'a Value> {
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
