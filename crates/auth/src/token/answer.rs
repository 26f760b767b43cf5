//! Reading a token endpoint's answer (RFC 6749 §5). Lenient where real servers need it and nothing is lost: forms in place
//! of JSON, errors with status 200, numbers in quotes, scopes in a list.

use std::time::{Duration, SystemTime};

use ::http::{StatusCode, header::WWW_AUTHENTICATE};
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::{Answer, TokenError, words::words};
use crate::Scopes;

/// What a token endpoint gave.
pub(crate) struct Granted {
    pub(crate) access_token: SecretString,
    pub(crate) refresh_token: Option<SecretString>,
    /// `None` where the answer does not say.
    pub(crate) expires_in: Option<Duration>,
    /// `None` where the answer does not say: as requested.
    pub(crate) scope: Option<Scopes>,
}

/// No token is longer: no server would take its header.
const LONGEST_TOKEN: usize = 32 * 1024;
/// No token is believed to live longer: some servers say milliseconds, or a date.
const LONGEST_LIFE: Duration = Duration::from_hours(10 * 365 * 24);

/// Reads an answer to a request that carried `secrets`.
pub(crate) fn read(answer: &Answer, secrets: &[&str], now: SystemTime) -> Result<Granted, TokenError> {
    granted(&fields(answer, secrets, now)?)
}

/// The fields of an answer that is no error.
pub(super) fn fields(
    answer: &Answer,
    secrets: &[&str],
    now: SystemTime,
) -> Result<Map<String, Value>, TokenError> {
    if answer.is_transient() {
        return Err(TokenError::Transient {
            reason: format!("it answered {}", answer.status.as_u16()),
            retry_after: answer.retry_after(now),
        });
    }
    let fields = answer.fields();
    if let Some((code, description)) = fields.as_ref().ok().and_then(said) {
        return Err(refusal(&code, &description, secrets, answer.retry_after(now)));
    }
    if !answer.status.is_success() {
        // A client that failed to prove itself over `Authorization` gets 401 with a challenge (RFC 6749 §5.2).
        if answer.status == StatusCode::UNAUTHORIZED && answer.headers.contains_key(WWW_AUTHENTICATE) {
            return Err(TokenError::InvalidClient { words: "it answered 401".into() });
        }
        let reason = fields.err().unwrap_or_else(|| format!("it answered {}", answer.status.as_u16()));
        return Err(TokenError::Nonsense { reason });
    }
    fields.map_err(|reason| TokenError::Nonsense { reason })
}

/// `error` and `error_description` (RFC 6749 §5.2), or what stands for them.
pub(crate) fn said(fields: &Map<String, Value>) -> Option<(String, String)> {
    let text = |fields: &Map<String, Value>, names: &[&str]| {
        names.iter().find_map(|name| fields.get(*name)?.as_str()).unwrap_or_default().to_owned()
    };
    match fields.get("error")? {
        Value::String(code) if !code.is_empty() => {
            Some((code.clone(), text(fields, &["error_description", "message"])))
        }
        Value::Object(error) => {
            Some((text(error, &["code", "type", "status"]), text(error, &["message", "error_description"])))
        }
        _ => None,
    }
}

/// An error answer by its code. Beside the RFCs' codes stand those that GitHub and Slack have for the same.
fn refusal(code: &str, description: &str, secrets: &[&str], retry_after: Option<Duration>) -> TokenError {
    let words = match (code.is_empty(), description.is_empty()) {
        (false, false) => words(&format!("{code}: {description}"), secrets),
        (false, true) => words(code, secrets),
        _ => words(description, secrets),
    };
    let words = words.trim_end_matches('.').to_owned();
    match code {
        "invalid_grant"
        | "bad_verification_code"
        | "bad_refresh_token"
        | "invalid_code"
        | "code_already_used"
        | "invalid_refresh_token" => TokenError::InvalidGrant { words },
        "invalid_client"
        | "unauthorized_client"
        | "incorrect_client_credentials"
        | "invalid_client_id"
        | "bad_client_secret" => TokenError::InvalidClient { words },
        "server_error" | "temporarily_unavailable" | "ratelimited" => {
            TokenError::Transient { reason: format!("it said {words}"), retry_after }
        }
        "access_denied" => TokenError::Denied { words },
        "expired_token" => TokenError::CodeExpired,
        _ => TokenError::Refused { words },
    }
}

fn granted(fields: &Map<String, Value>) -> Result<Granted, TokenError> {
    let nonsense = |reason: &str| TokenError::Nonsense { reason: reason.into() };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let access_token = text("access_token").ok_or_else(|| nonsense("it answered without an access token"))?;
    if !is_token(access_token) {
        return Err(nonsense("its access token is too long or has characters that no header may have"));
    }
    // A token of a type that is not understood MUST NOT be used (RFC 6749 §7.1); some servers name none, and mean this.
    if let Some(kind) = text("token_type").filter(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        let reason =
            format!("its token is of the type `{}`, and Traygate knows only `Bearer`", words(kind, &[]));
        return Err(TokenError::Nonsense { reason });
    }
    Ok(Granted {
        access_token: access_token.into(),
        refresh_token: text("refresh_token").filter(|token| token.len() <= LONGEST_TOKEN).map(Into::into),
        expires_in: fields.get("expires_in").and_then(seconds).map(|life| life.min(LONGEST_LIFE)),
        scope: fields.get("scope").and_then(scope),
    })
}

/// VSCHAR (RFC 6749 appendix A.12), so that it can stand in a header.
fn is_token(token: &str) -> bool {
    token.len() <= LONGEST_TOKEN && token.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// A time in seconds, as a number or in quotes. 0 and less say nothing: a token that ends as it is given is no token.
pub(super) fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (seconds >= 1.0).then(|| Duration::try_from_secs_f64(seconds.trunc()).unwrap_or(Duration::MAX))
}

/// `scope` as a text or a list. GitHub and Slack separate with commas. Nothing at all does not say.
fn scope(value: &Value) -> Option<Scopes> {
    let scopes: Scopes = match value {
        Value::String(text) if text.contains(' ') => Scopes::parse(text),
        Value::String(text) => text.split(',').collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    (!scopes.is_empty()).then_some(scopes)
}
