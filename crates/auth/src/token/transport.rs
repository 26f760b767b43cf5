use std::time::{Duration, SystemTime};

use ::http::{
    Request, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use futures::future::BoxFuture;
use serde_json::{Map, Value};

use crate::http::{Answer, Http};

/// What carries requests to an authorization server. Bounded in time and size; follows no redirect.
pub(crate) trait Transport: Send + Sync {
    /// Sends one request and reads the whole answer.
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Answer, Unanswered>>;
}

impl Transport for Http {
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Result<Answer, Unanswered>> {
        Box::pin(async move {
            Self::send(self, request)
                .await
                .map_err(|error| Unanswered { transient: error.is_transient(), reason: error.to_string() })
        })
    }
}

/// No answer, or none that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unanswered {
    /// Part of a sentence, such as "it did not answer within 30 s".
    pub(crate) reason: String,
    /// Worth another try: the network or the server is in trouble.
    pub(crate) transient: bool,
}

/// The longest wait that a server may ask for.
const LONGEST: Duration = Duration::from_hours(1);

impl Answer {
    /// Whether its status says "later": nothing in the body counts then, so that a server in trouble never costs a
    /// sign-in.
    pub(crate) fn is_transient(&self) -> bool {
        self.status.is_server_error() && self.status != StatusCode::NOT_IMPLEMENTED
            || matches!(
                self.status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY
            )
    }

    /// `Retry-After`, in seconds or as a date (RFC 9110 §10.2.3), an hour at most.
    pub(crate) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let value = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match value.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default(),
        };
        Some(wait.min(LONGEST))
    }

    /// The fields of a JSON object or of a form, which some servers answer with (GitHub).
    ///
    /// # Errors
    /// Part of a sentence: what it is instead. The body itself is never quoted, for it may hold a token.
    pub(crate) fn fields(&self) -> Result<Map<String, Value>, String> {
        if let Ok(fields) = serde_json::from_slice(&self.body) {
            return Ok(fields);
        }
        let text = String::from_utf8_lossy(&self.body);
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let start = text.trim_start();
        if start.is_empty() {
            return Err(format!("it answered {} without a word", self.status.as_u16()));
        }
        if start.starts_with('<') || kind.to_ascii_lowercase().starts_with("text/html") {
            return Err(format!("it answered {} with a web page in place of JSON", self.status.as_u16()));
        }
        let form: Map<String, Value> = url::form_urlencoded::parse(text.trim().as_bytes())
            .map(|(key, value)| (key.into_owned(), Value::String(value.into_owned())))
            .collect();
        if ["access_token", "error"].iter().any(|field| form.contains_key(*field)) {
            Ok(form)
        } else {
            Err(format!("it answered {} with something that is no JSON object", self.status.as_u16()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, header: (&str, &str)) -> Answer {
        let (status, headers, body) = ::http::Response::builder()
            .status(status)
            .header(header.0, header.1)
            .body(Vec::new())
            .map(|answer| {
                let (parts, body) = answer.into_parts();
                (parts.status, parts.headers, body)
            })
            .unwrap();
        Answer { status, headers, body }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_an_hour_at_most() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:07 GMT").unwrap();
        for (value, expected) in [
            ("30", Some(30)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("18446744073709551615", Some(3_600)),
            ("Sat, 06 Nov 2094 08:49:37 GMT", Some(3_600)),
            ("-1", None),
            ("soon", None),
        ] {
            let wait = answer(429, ("retry-after", value)).retry_after(now);
            assert_eq!(wait, expected.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn a_server_in_trouble_is_worth_another_try() {
        for (status, expected) in [
            (500, true),
            (502, true),
            (503, true),
            (429, true),
            (408, true),
            (501, false),
            (400, false),
            (200, false),
        ] {
            assert_eq!(answer(status, ("x", "y")).is_transient(), expected, "{status}");
        }
    }
}
