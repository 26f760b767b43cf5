//! A translated result as an HTTP response.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value};
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
    const BLOCKS: usize = 64;
    const BYTES: usize = 64 * 1024;
    let bytes = |block: &ContentBlock| match block {
        ContentBlock::Text(text) => text.text.len(),
        ContentBlock::Image(image) => image.data.len(),
        ContentBlock::Audio(audio) => audio.data.len(),
        _ => 0,
    };
    let members =
        |value: &Value| value.as_object().map_or(0, Map::len) + value.as_array().map_or(0, Vec::len);
    result.content.len() > BLOCKS
        || result.content.iter().map(bytes).sum::<usize>() > BYTES
        || result.structured_content.as_ref().is_some_and(|value| members(value) > BLOCKS)
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
    use super::*;

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
