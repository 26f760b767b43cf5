use std::{borrow::Cow, io::Read as _};

use axum::{body::Body, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;

use crate::http::{document::accepts_gzip, problem::Problem};

/// What `npm run build` puts into ui/dist/swagger, texts gzipped. The build works without it too.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../ui/dist/swagger"]
#[allow_missing = true]
struct Swagger;

/// Points Swagger UI at the page's document; a file of its own, since the policy allows no inline script.
const START: &str = include_str!("start.js");
/// Where the assets are.
pub(super) const FOLDER: &str = "/-/swagger/";

/// Whether this build holds Swagger UI.
pub(super) fn are_built() -> bool {
    Swagger::iter().any(|name| name == "swagger-ui-bundle.js.gz")
}

/// Whether a path is that of a file of the docs pages.
pub(crate) fn is_asset(path: &str) -> bool {
    path.starts_with(FOLDER)
}

/// A file of the docs pages, by its path.
pub(crate) fn asset(path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    path.strip_prefix(FOLDER)
        .and_then(|name| found(name, headers))
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not-found", "The docs pages have no such file."))
}

fn found(name: &str, headers: &HeaderMap) -> Option<Response> {
    let (bytes, is_gzip) = if name == "start.js" {
        (Cow::Borrowed(START.as_bytes()), false)
    } else if let Some(file) = Swagger::get(&format!("{name}.gz")) {
        if accepts_gzip(headers) { (file.data, true) } else { (gunzip(&file.data)?.into(), false) }
    } else {
        (Swagger::get(name)?.data, false)
    };
    let body = match bytes {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    let mut response = Response::new(body);
    let answer = response.headers_mut();
    if is_gzip {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    answer.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Some(response)
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "png" => "image/png",
        _ => "text/plain; charset=utf-8",
    }
}

/// For the rare caller that takes no gzip.
fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).ok()?;
    Some(plain)
}
