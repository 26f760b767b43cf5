use std::{borrow::Cow, io::Read as _};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;
use sha2::{Digest as _, Sha256};

use crate::http::{
    document::{accepts_gzip, is_known},
    problem::Problem,
};

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
    let packed = format!("{name}.gz");
    let (data, digest, is_packed) = if name == "start.js" {
        (Cow::Borrowed(START.as_bytes()), Sha256::digest(START).into(), false)
    } else if let Some(file) = Swagger::get(&packed) {
        (file.data, file.metadata.sha256_hash(), true)
    } else {
        let file = Swagger::get(name)?;
        (file.data, file.metadata.sha256_hash(), false)
    };
    let etag = HeaderValue::from_str(&format!("\"{}\"", hex::encode(&digest[..16]))).ok()?;
    let is_gzip = is_packed && accepts_gzip(headers);
    let mut response = if is_known(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Response::new(match data {
            data if is_packed && !is_gzip => Body::from(gunzip(&data)?),
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        })
    };
    let answer = response.headers_mut();
    if is_gzip {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    answer.insert(header::ETAG, etag);
    // Asked for anew each time: an update must not mix its page with older files.
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
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
