use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};

/// An answer that is not a result. A language model reads it: one short sentence says what happened, the hint says
/// what to do. Its JSON keeps mcpo's shape, `{"detail": {"message", "data"?}}`, with `code` and `hint` added.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    message: String,
    hint: Option<String>,
    data: Option<Value>,
    /// `FastAPI`'s list of what is wrong with the arguments; stands in place of the `detail` object.
    list: Option<Vec<Value>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            message: message.into(),
            hint: None,
            data: None,
            list: None,
            headers: Vec::new(),
        }))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn data(mut self, data: Option<Value>) -> Self {
        self.0.data = data;
        self
    }

    pub(crate) fn list(mut self, list: Vec<Value>) -> Self {
        self.0.list = Some(list);
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds Retry-After in whole seconds, at least one (RFC 9110 §10.2.3).
    pub(crate) fn retry_after(self, wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.header(header::RETRY_AFTER, seconds.max(1).into())
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    /// The message, and the hint where there is one.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        [Some(self.0.message.as_str()), self.0.hint.as_deref()].into_iter().flatten()
    }

    fn body(&mut self) -> Value {
        let Parts { code, message, hint, data, list, .. } = &mut *self.0;
        let mut about = Map::new();
        about.insert("message".into(), std::mem::take(message).into());
        if let Some(data) = data.take() {
            about.insert("data".into(), data);
        }
        about.insert("code".into(), (*code).into());
        if let Some(hint) = hint.take() {
            about.insert("hint".into(), hint.into());
        }
        let mut body = Map::new();
        match list.take() {
            Some(list) => {
                body.insert("detail".into(), list.into());
                body.append(&mut about);
            }
            None => {
                body.insert("detail".into(), about.into());
            }
        }
        body.into()
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let mut response = (self.0.status, axum::Json(self.body())).into_response();
        response.headers_mut().extend(self.0.headers);
        response
    }
}

/// Longest name that is compared or repeated, in characters.
const LONGEST_NAME: usize = 100;

/// A name as a message repeats it: cut where it is long.
pub(crate) fn shown(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

/// Names of `known` that are close to `name`, best first, at most three. Comparing takes the product of both lengths,
/// so long names are not compared.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let long = |name: &str| name.chars().nth(LONGEST_NAME).is_some();
    if long(name) {
        return Vec::new();
    }
    let name = name.to_lowercase();
    let mut close: Vec<(f64, &str)> = known
        .filter(|candidate| !long(candidate))
        .map(|candidate| {
            (strsim::normalized_damerau_levenshtein(&name, &candidate.to_lowercase()), candidate)
        })
        .filter(|(likeness, _)| *likeness >= 0.5)
        .collect();
    close.sort_by(|a, b| b.0.total_cmp(&a.0));
    close.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// "Did you mean `a` or `b`?", or what there is, or nothing where there is too much of it.
pub(crate) fn suggestion<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Option<String> {
    let quoted = |names: &[&str], and: &str| {
        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(and)
    };
    let close = nearest(name, known.clone());
    if !close.is_empty() {
        return Some(format!("Did you mean {}?", quoted(&close, " or ")));
    }
    let all: Vec<&str> = known.take(21).collect();
    (1..=20).contains(&all.len()).then(|| format!("The {what} are {}.", quoted(&all, ", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_best_first() {
        let known = ["github", "gitlab", "time"];
        assert_eq!(nearest("gihub", known.into_iter()), ["github", "gitlab"]);
        assert_eq!(
            suggestion("servers", "GitHub", known.into_iter()).unwrap(),
            "Did you mean `github` or `gitlab`?"
        );
        assert_eq!(
            suggestion("servers", "zzz", known.into_iter()).unwrap(),
            "The servers are `github`, `gitlab`, `time`."
        );
        assert_eq!(suggestion("servers", "zzz", [].into_iter()), None);
    }

    #[test]
    fn long_names_are_cut_and_not_compared() {
        let long = "ä".repeat(30_000);
        assert_eq!(shown(&long).chars().count(), LONGEST_NAME + 1);
        assert_eq!(shown("short"), "short");
        assert!(nearest(&long, [long.as_str()].into_iter()).is_empty());
        assert!(nearest("ä", [long.as_str()].into_iter()).is_empty());
    }

    #[test]
    fn retry_after_is_whole_seconds_and_never_zero() {
        let seconds = |millis| {
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "x", "x")
                .retry_after(std::time::Duration::from_millis(millis));
            problem.into_response().headers()[header::RETRY_AFTER].clone()
        };
        assert_eq!(seconds(0), "1");
        assert_eq!(seconds(1500), "2");
        assert_eq!(seconds(3000), "3");
    }
}
