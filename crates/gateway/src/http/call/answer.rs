//! A translated result as an HTTP response.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use serde_json::Value;
use traygate_translation::Answer;

use crate::http::{aside::aside, problem::Problem};

/// The response to a call.
///
/// # Errors
/// `isError`: 500 with all that the tool said.
pub(super) fn respond(result: &CallToolResult, headers: &HeaderMap) -> Result<Response, Problem> {
    let accepts = |mime_type: &str| accepts(headers, mime_type);
    let answer = || traygate_translation::answer(result, accepts);
    match if is_long(result) { aside(answer) } else { answer() } {
        Ok(Answer::Json(json)) => {
            let kind = HeaderValue::from_static("application/json");
            Ok(([(header::CONTENT_TYPE, kind)], Body::from(json)).into_response())
        }
        Ok(Answer::Image { mime_type, bytes }) => {
            // A media type that is no header value never matched one in Accept.
            let kind = HeaderValue::from_str(&mime_type).unwrap_or(HeaderValue::from_static("image/*"));
            let nosniff = HeaderValue::from_static("nosniff");
            let headers = [(header::CONTENT_TYPE, kind), (header::X_CONTENT_TYPE_OPTIONS, nosniff)];
            Ok((headers, Body::from(bytes)).into_response())
        }
        Err(error) => {
            let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "tool-error", error.message);
            Err(problem.data(error.data))
        }
    }
}

/// Whether translating a result may take long; the measure is rough.
fn is_long(result: &CallToolResult) -> bool {
    let mut left = Some(64 * 1024);
    for block in &result.content {
        let bytes = match block {
            ContentBlock::Text(text) => text.text.len(),
            ContentBlock::Image(image) => image.data.len(),
            ContentBlock::Audio(audio) => audio.data.len(),
            ContentBlock::Resource(embedded) => match &embedded.resource {
                ResourceContents::TextResourceContents { text, .. } => text.len(),
                ResourceContents::BlobResourceContents { blob, .. } => blob.len(),
                _ => usize::MAX,
            },
            ContentBlock::ResourceLink(link) => link.description.as_ref().map_or(0, String::len),
            // What is not known may be of any length.
            _ => usize::MAX,
        };
        left = without(left, bytes);
    }
    result.structured_content.iter().fold(left, without_value).is_none()
}

/// What is left of a number of bytes after a piece of so many; nothing where that is more.
fn without(left: Option<usize>, bytes: usize) -> Option<usize> {
    /// A piece of no length is some work, too.
    const EACH: usize = 256;
    left?.checked_sub(EACH)?.checked_sub(bytes)
}

/// The same after a whole value; it is looked at only as far as anything is left.
fn without_value(left: Option<usize>, value: &Value) -> Option<usize> {
    let left = left?;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => without(Some(left), 0),
        Value::String(text) => without(Some(left), text.len()),
        Value::Array(values) => {
            values.iter().try_fold(without(Some(left), 0)?, |left, value| without_value(Some(left), value))
        }
        Value::Object(members) => members.iter().try_fold(without(Some(left), 0)?, |left, (name, value)| {
            without_value(without(Some(left), name.len()), value)
        }),
    }
}

/// Whether Accept names an image's type, or all images; `*/*` does not.
fn accepts(headers: &HeaderMap, mime_type: &str) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.any(|accept| accept.split(',').any(|range| names(range, mime_type)))
}

/// Whether a range of an Accept header names an image's type, and not with a weight of zero (RFC 9110 §12.4.2).
fn names(range: &str, mime_type: &str) -> bool {
    let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
    let range = parts.next().unwrap_or_default();
    let is_zero =
        |part: String| part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
    (range == "image/*" || range == mime_type) && !parts.any(is_zero)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_long_is_found_wherever_it_stands() {
        let is_long = |result: Value| is_long(&serde_json::from_value(result).unwrap());
        let long = "x".repeat(70_000);
        let resource = |field: &str| json!({"uri": "a:b", field: long});
        for result in [
            json!({"content": [{"type": "text", "text": long}]}),
            json!({"content": [{"type": "resource", "resource": resource("text")}]}),
            json!({"content": [{"type": "resource", "resource": resource("blob")}]}),
            json!({"content": [], "structuredContent": {"a": [{"b": {"c": long}}]}}),
            json!({"content": [], "structuredContent": {"a": {long.as_str(): 1}}}),
            json!({"content": [], "structuredContent": {"a": vec![0; 1_000]}}),
            json!({"content": vec![json!({"type": "text", "text": ""}); 1_000]}),
        ] {
            assert!(is_long(result));
        }
        let short = "x".repeat(1_000);
        assert!(!is_long(json!({
            "content": [{"type": "text", "text": short}, {"type": "resource", "resource": {"uri": "a:b", "blob": short}}],
            "structuredContent": {"a": [short, 1, null, {"b": short}]},
        })));
    }

    #[test]
    fn images_go_to_whoever_names_them() {
        let accepted = |accept: &'static str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            accepts(&headers, "image/png")
        };
        for range in ["image/*", "application/json, image/png;q=0.5", "Image/png"] {
            assert!(accepted(range), "{range}");
        }
        for range in [
            "*/*",
            "text/html",
            "image/*;q=0",
            "image/png; Q=0.0",
            "image/png;level=1;q=0",
            "text/html, image/*; q=0",
        ] {
            assert!(!accepted(range), "{range}");
        }
    }
}
