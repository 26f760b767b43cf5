//! A translated result as an HTTP response.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rmcp::model::CallToolResult;
use traygate_translation::Answer;

use crate::http::problem::Problem;

/// The response to a call.
///
/// # Errors
/// `isError`: 500 with all that the tool said.
pub(super) fn respond(result: &CallToolResult, headers: &HeaderMap) -> Result<Response, Problem> {
    let accepts = |mime_type: &str| accepts(headers, mime_type);
    match traygate_translation::answer(result, accepts) {
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
