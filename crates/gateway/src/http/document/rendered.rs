use std::{io::Write as _, sync::OnceLock};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::http::aside::aside;

/// A document as it goes over the wire.
#[derive(Debug)]
pub(crate) struct Rendered {
    body: Bytes,
    etag: HeaderValue,
    gzip: OnceLock<Bytes>,
}

impl Rendered {
    pub(crate) fn new(document: &impl Serialize) -> Self {
        // Writing to memory cannot fail.
        let body = Bytes::from(serde_json::to_vec(document).unwrap_or_default());
        let digest = hex::encode(&Sha256::digest(&body)[..16]);
        // Hex digits and quotes are a valid header value; the fallback is never used.
        let etag =
            HeaderValue::from_str(&format!("\"{digest}\"")).unwrap_or(HeaderValue::from_static("\"\""));
        Self { body, etag, gzip: OnceLock::new() }
    }

    pub(crate) fn respond(&self, headers: &HeaderMap) -> Response {
        let mut response = if is_known(headers, &self.etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else if accepts_gzip(headers) {
            let packed = match self.gzip.get() {
                Some(packed) => packed,
                None => aside(|| self.gzip.get_or_init(|| gzip(&self.body))),
            };
            ([(header::CONTENT_ENCODING, "gzip")], Body::from(packed.clone())).into_response()
        } else {
            Body::from(self.body.clone()).into_response()
        };
        let answer = response.headers_mut();
        answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        answer.insert(header::ETAG, self.etag.clone());
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        response
    }
}

/// Whether the caller has what this tag stands for: If-None-Match compares weakly (RFC 9110 §13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|tag| tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes())
}

/// Whether gzip is accepted: named, and not with a weight of zero (RFC 9110 §12.5.3).
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
            let zero =
                weight.trim().strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0));
            name.trim().eq_ignore_ascii_case("gzip") && !zero
        })
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn status(name: header::HeaderName, value: &str) -> (StatusCode, bool) {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let response = Rendered::new(&Value::Null).respond(&headers);
        (response.status(), response.headers().contains_key(header::CONTENT_ENCODING))
    }

    #[test]
    fn a_known_document_is_not_sent_again() {
        let etag = Rendered::new(&Value::Null).etag.to_str().unwrap().to_owned();
        for known in [etag.clone(), format!("\"other\", W/{etag}"), "*".into()] {
            assert_eq!(status(header::IF_NONE_MATCH, &known).0, 304, "{known}");
        }
        assert_eq!(status(header::IF_NONE_MATCH, "\"other\"").0, 200);
    }

    #[test]
    fn gzip_goes_to_whoever_accepts_it() {
        assert!(status(header::ACCEPT_ENCODING, "gzip, deflate, br").1);
        assert!(status(header::ACCEPT_ENCODING, "br, GZIP;q=0.5").1);
        assert!(!status(header::ACCEPT_ENCODING, "gzip;q=0").1);
        assert!(!status(header::ACCEPT_ENCODING, "identity").1);
    }
}
