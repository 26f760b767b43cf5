//! Docs pages: Swagger UI out of the binary, for use without internet.

use std::borrow::Cow;

use axum::{
    body::Body,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;

use super::{
    Rules,
    document::{accepts_gzip, gzip},
    problem::Problem,
};

/// What `npm run build` puts into ui/dist/swagger. The build works without it too.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../ui/dist/swagger"]
#[allow_missing = true]
struct Swagger;

/// Points Swagger UI at the document beside the page; a file of its own, since the policy allows no inline script.
const START: &str = include_str!("start.js");
/// Where the assets are.
const FOLDER: &str = "/-/swagger/";
/// Nothing from elsewhere, nothing inline but styles, which Swagger UI sets on its elements.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
);

/// The page of whatever document lies beside it.
pub(crate) fn page(rules: &Rules, title: &str) -> Response {
    let html = if Swagger::get("swagger-ui-bundle.js").is_some() {
        format!(
            r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="{folder}swagger-ui.css">
<link rel="icon" href="{folder}favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{folder}swagger-ui-bundle.js"></script>
<script src="{folder}start.js"></script>
</body>
</html>
"#,
            title = escape(title),
            folder = escape(&format!("{}{FOLDER}", rules.root_path)),
        )
    } else {
        "<!doctype html>\n<title>Traygate</title>\n<p>This build holds no docs pages. Run <code>npm ci && npm run build</code> \
         in <code>ui/</code>, and build Traygate again.\n<p>The document itself is at <a href=\"openapi.json\">openapi.json</a>.\n"
            .to_owned()
    };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, Html(html)).into_response()
}

/// A file of the docs pages, by its path; `None` where the path is not one of theirs.
pub(crate) fn asset(path: &str, headers: &HeaderMap) -> Option<Result<Response, Problem>> {
    let name = path.strip_prefix(FOLDER)?;
    let (bytes, kind): (Cow<'static, [u8]>, String) = if name == "start.js" {
        (Cow::Borrowed(START.as_bytes()), "text/javascript".into())
    } else if let Some(file) = Swagger::get(name) {
        let kind = file.metadata.mimetype().to_owned();
        (file.data, kind)
    } else {
        let problem = Problem::new(StatusCode::NOT_FOUND, "not-found", "The docs pages have no such file.");
        return Some(Err(problem));
    };
    let text = kind.starts_with("text/") || kind.ends_with("javascript");
    let mut response = if text && accepts_gzip(headers) {
        ([(header::CONTENT_ENCODING, "gzip")], Body::from(gzip(&bytes))).into_response()
    } else {
        Body::from(bytes.into_owned()).into_response()
    };
    let answer = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&kind) {
        answer.insert(header::CONTENT_TYPE, kind);
    }
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    answer.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Some(Ok(response))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
