use http::StatusCode;
use serde::de::DeserializeOwned;
use url::Url;

use super::error::{DiscoveryError, quoted, shown};
use crate::http::Http;

/// What a well-known address holds.
pub(super) enum Document<T> {
    Found(T),
    /// "No such thing", in whatever words: any 4xx.
    Absent,
    /// Something else.
    Unreadable(DiscoveryError),
}

/// Asks for a JSON document.
///
/// # Errors
/// No answer, or one that says nothing about whether there is such a document.
pub(super) async fn fetch<T: DeserializeOwned>(
    http: &Http,
    url: &Url,
    document: &'static str,
) -> Result<Document<T>, DiscoveryError> {
    let answer =
        http.get(url).await.map_err(|source| DiscoveryError::Unanswered { url: shown(url), source })?;
    let status = answer.status;
    if status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
    {
        return Err(DiscoveryError::Busy { url: shown(url), status });
    }
    if status.is_client_error() {
        return Ok(Document::Absent);
    }
    let what = if status == StatusCode::OK {
        match serde_json::from_slice(&answer.body) {
            Ok(found) => return Ok(Document::Found(found)),
            Err(_) if answer.body.trim_ascii_start().starts_with(b"<") => "a web page".to_owned(),
            Err(error) if error.is_data() => format!("other JSON ({})", quoted(&error.to_string())),
            Err(_) => "no JSON".to_owned(),
        }
    } else {
        format!("HTTP {status}")
    };
    Ok(Document::Unreadable(DiscoveryError::Unreadable { url: shown(url), what, document }))
}

/// `url` with another path, and without query, fragment and user.
pub(super) fn at_path(url: &Url, path: &str) -> Url {
    let mut url = url.clone();
    url.set_path(path);
    url.set_query(None);
    url.set_fragment(None);
    // Those fail only where there is nothing to remove.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}
