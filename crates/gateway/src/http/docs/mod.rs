//! Docs pages: Swagger UI out of the binary, for use without internet.

mod assets;

use axum::response::{Html, IntoResponse as _, Response};
use http::{HeaderValue, header};

use self::assets::{FOLDER, are_built};
use super::Rules;

pub(crate) use self::assets::{asset, is_asset};

/// Nothing from elsewhere, nothing inline but styles, which Swagger UI sets on its elements.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
);

/// The page that shows the document at `document`, a path as the browser asks for it.
pub(crate) fn page(rules: &Rules, title: &str, document: &str) -> Response {
    let (title, document) = (escape(title), escape(document));
    let folder = escape(&format!("{}{FOLDER}", rules.root_path));
    let html = if are_built() {
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
<div id="swagger-ui" data-document="{document}"></div>
<script src="{folder}swagger-ui-bundle.js"></script>
<script src="{folder}start.js"></script>
</body>
</html>
"#
        )
    } else {
        format!(
            "<!doctype html>\n<title>{title}</title>\n<p>This build holds no docs pages. Run <code>./dev ui</code>, and build \
             Traygate again.\n<p>The document itself is at <a href=\"{document}\">{document}</a>.\n"
        )
    };
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        // The same address may be an error for a program.
        (header::VARY, HeaderValue::from_static("Accept")),
    ];
    (headers, Html(html)).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
