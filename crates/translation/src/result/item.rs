use std::borrow::Cow;

use rmcp::model::{ContentBlock, Resource, ResourceContents};
use serde::{Serialize, Serializer};
use serde_json::{Value, value::RawValue};

use super::base64;

/// One item of the answer.
#[derive(Debug)]
pub(super) enum Item<'a> {
    Text(&'a str),
    /// A text that is a JSON object or array, byte for byte.
    Json(&'a RawValue),
    Value(&'a Value),
    Note(String),
    DataUri {
        mime_type: Cow<'a, str>,
        data: Cow<'a, str>,
    },
    Link(Link<'a>),
    /// One of several embedded texts.
    File {
        uri: &'a str,
        text: &'a str,
    },
    Object(Value),
}

/// A resource link, without what is for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link<'a> {
    r#type: &'static str,
    uri: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

impl<'a> From<&'a Resource> for Link<'a> {
    fn from(link: &'a Resource) -> Self {
        Self {
            r#type: "resource_link",
            uri: &link.uri,
            name: &link.name,
            title: link.title.as_deref(),
            description: link.description.as_deref(),
            mime_type: link.mime_type.as_deref(),
            size: link.size,
        }
    }
}

/// Adds what a block says. `named`: embedded texts are told with their URI.
pub(super) fn append<'a>(items: &mut Vec<Item<'a>>, block: &'a ContentBlock, named: bool) {
    match block {
        ContentBlock::Text(text) => items.push(text_item(&text.text)),
        ContentBlock::Image(image) => append_data(items, "Image", &image.mime_type, &image.data),
        ContentBlock::Audio(audio) => append_data(items, "Audio", &audio.mime_type, &audio.data),
        ContentBlock::ResourceLink(link) => items.push(Item::Link(link.into())),
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::TextResourceContents { text, uri, .. } if named => {
                items.push(Item::File { uri, text });
            }
            ResourceContents::TextResourceContents { text, .. } => items.push(text_item(text)),
            ResourceContents::BlobResourceContents { uri, mime_type, blob, .. } => {
                let mime_type = mime_type.as_deref().unwrap_or("application/octet-stream");
                append_data(items, &format!("Resource {uri}"), mime_type, blob);
            }
            _ => items.push(object(block)),
        },
        // Whatever later revisions add.
        _ => items.push(object(block)),
    }
}

/// A data URI: an image by itself, anything else behind a note that the model reads.
fn append_data<'a>(items: &mut Vec<Item<'a>>, what: &str, mime_type: &'a str, data: &'a str) {
    let Some(data) = base64::clean(data) else {
        items.push(Item::Note(format!("({what} ({mime_type}) is left out: its data is broken, or empty.)")));
        return;
    };
    let plain = mime_type.bytes().all(|byte| byte.is_ascii_graphic() && !b",;\"".contains(&byte));
    let mime_type = if plain && mime_type.contains('/') { mime_type } else { "application/octet-stream" };
    if !mime_type.get(..6).is_some_and(|kind| kind.eq_ignore_ascii_case("image/")) {
        let size = base64::decoded_size(&data);
        items.push(Item::Note(format!("{what} ({mime_type}, {size} bytes) follows as data.")));
    }
    items.push(Item::DataUri { mime_type: mime_type.into(), data });
}

/// Levels of nesting that readers take: of `serde_json` 128, an answer's own included.
const DEEPEST: usize = 100;

/// Only objects and arrays are parsed: `1.10`, `007`, `NaN` and `null` are texts. They are sent as they stand, so that
/// no digit is lost.
fn text_item(text: &str) -> Item<'_> {
    let trimmed = text.trim();
    if trimmed.starts_with(['{', '['])
        && let Ok(json) = serde_json::from_str(trimmed)
        && depth(trimmed) <= DEEPEST
    {
        return Item::Json(json);
    }
    Item::Text(text)
}

/// How deep a JSON text is nested.
fn depth(json: &str) -> usize {
    let (mut deepest, mut depth) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

fn object(block: &ContentBlock) -> Item<'_> {
    let mut object = serde_json::to_value(block).unwrap_or_default();
    if let Value::Object(object) = &mut object {
        object.shift_remove("_meta");
        object.shift_remove("annotations");
    }
    Item::Object(object)
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct File<'a> {
            uri: &'a str,
            text: &'a str,
        }
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Json(json) => json.serialize(serializer),
            Self::Value(value) => value.serialize(serializer),
            Self::Note(note) => serializer.serialize_str(note),
            Self::DataUri { mime_type, data } => {
                serializer.collect_str(&format_args!("data:{mime_type};base64,{data}"))
            }
            Self::Link(link) => link.serialize(serializer),
            Self::File { uri, text } => File { uri, text }.serialize(serializer),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}
