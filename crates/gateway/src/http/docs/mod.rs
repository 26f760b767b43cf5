//! Docs pages: Swagger UI out of the binary, for use without internet.

mod assets;

use axum::{
    body::Body,
    response::{Html, IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, header};
use traygate_auth::SignIns;
use traygate_upstream::Catalogue;

use self::assets::{FOLDER, are_built};
use super::{
    Rules,
    call::unavailable,
    document::is_documented,
    guard::{
        key::{self, Asker},
        origin::Origin,
    },
    lookup::find_server,
    problem::Problem,
    route::Scope,
};

pub(crate) use self::assets::{asset, is_asset};

/// Nothing from elsewhere, nothing inline but styles, which Swagger UI sets on its elements.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
);

/// The docs page of a server, or of all; a person who cannot have it reads why.
pub(crate) fn page(
    rules: &Rules,
    origin: &Origin,
    catalogue: &Catalogue,
    sign_ins: &SignIns,
    scope: &Scope<'_>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let page = || {
        if !rules.open_docs {
            key::check(rules, None, headers, origin, Asker::Person)?;
        }
        let (title, path) = match scope {
            Scope::All => ("Traygate".to_owned(), String::new()),
            Scope::Server(name) => {
                let server = find_server(rules, catalogue, name)?;
                if !is_documented(server) {
                    return Err(unavailable(server, sign_ins));
                }
                (format!("{name} - Traygate"), rules.server_path(name))
            }
        };
        Ok(swagger(rules, &title, &format!("{}{path}/openapi.json", rules.root_path)))
    };
    match page() {
        Err(problem) if are_wanted(headers) => Ok(reason(problem)),
        page => page,
    }
}

/// Whether a browser asks for something to show: programs that fetch do not name HTML.
pub(crate) fn are_wanted(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    ranges
        .flat_map(|accept| accept.split(','))
        .any(|range| range.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/html"))
}

/// The page that shows the document at `document`, a path as the browser asks for it.
fn swagger(rules: &Rules, title: &str, document: &str) -> Response {
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
    finished(Html(html).into_response())
}

/// The page that says why there is no document. It asks again when that may have changed.
fn reason(problem: Problem) -> Response {
    let words: Vec<String> = problem.words().map(|text| format!("<p>{}", with_code(text))).collect();
    let words = words.join("\n");
    let mut response = problem.into_response();
    let retry = response.headers().get(header::RETRY_AFTER).and_then(|after| after.to_str().ok());
    let refresh = retry
        .map(|seconds| format!("<meta http-equiv=\"refresh\" content=\"{seconds}\">\n"))
        .unwrap_or_default();
    let html = format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{refresh}<title>Traygate</title>
<link rel="icon" href="data:,">
<body style="font: 1.1rem/1.5 sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
{words}
"#
    );
    *response.body_mut() = Body::from(html);
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    finished(response)
}

fn finished(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// A message's names, which stand between backticks, as HTML shows them.
fn with_code(text: &str) -> String {
    let parts = escape(text);
    let parts = parts.split('`').enumerate();
    parts
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
