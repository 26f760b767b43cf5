use std::time::Duration;

use axum::body::Body;
use http::StatusCode;
use secrecy::SecretString;
use serde_json::{Map, Value};
use tokio::time::timeout;
use traygate_auth::Flow;

use crate::{http::Problem, sign_in::flow_word};

/// The fields of a small JSON object. Read one by one: a parser's own words could repeat a secret.
#[derive(Debug)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Longest body in bytes.
    const LONGEST: usize = 64 * 1024;
    /// How long it may take to arrive.
    const PATIENCE: Duration = Duration::from_secs(10);

    /// Reads a body that has no fields but the `known` ones; no body is an object without fields.
    pub(super) async fn read(body: Body, known: &[&str]) -> Result<Self, Problem> {
        let bytes = timeout(Self::PATIENCE, axum::body::to_bytes(body, Self::LONGEST)).await;
        let Ok(Ok(bytes)) = bytes else {
            return Err(unfit("The body did not arrive whole, or is longer than 64 KiB."));
        };
        if bytes.trim_ascii().is_empty() {
            return Ok(Self(Map::new()));
        }
        let fields = serde_json::from_slice::<Map<String, Value>>(&bytes)
            .map_err(|_| unfit("The body is no JSON object."))?;
        if fields.keys().any(|key| !known.contains(&key.as_str())) {
            let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            return Err(unfit(format!("The body has an unknown field; there is {}.", known.join(", "))));
        }
        Ok(Self(fields))
    }

    /// A text that is not empty; `null` is as good as none.
    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
            Some(_) => Err(unfit(format!("`{name}` is a text that is not empty."))),
        }
    }

    pub(super) fn secret(&mut self, name: &str) -> Result<Option<SecretString>, Problem> {
        Ok(self.text(name)?.map(SecretString::from))
    }

    /// True or false; false where it is not there.
    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Problem> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(unfit(format!("`{name}` is true or false."))),
        }
    }

    pub(super) fn flow(&mut self, name: &str) -> Result<Option<Flow>, Problem> {
        const FLOWS: [Flow; 5] = [Flow::Browser, Flow::Webview, Flow::DeepLink, Flow::Manual, Flow::Device];
        let Some(text) = self.text(name)? else { return Ok(None) };
        match FLOWS.into_iter().find(|flow| flow_word(*flow) == text) {
            Some(flow) => Ok(Some(flow)),
            None => Err(unfit(format!("`{name}` is one of {}.", FLOWS.map(flow_word).join(", ")))),
        }
    }
}

/// 422: the body is not what is taken here.
pub(super) fn unfit(message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", message)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const KNOWN: [&str; 4] = ["flow", "open", "client_id", "client_secret"];

    async fn read(body: &str) -> Result<Fields, Problem> {
        Fields::read(Body::from(body.to_owned()), &KNOWN).await
    }

    #[tokio::test]
    async fn a_body_may_be_left_out_and_so_may_each_field() {
        for body in ["", " \n", "{}", r#"{"flow": null, "open": null, "client_id": null}"#] {
            let mut fields = read(body).await.unwrap();
            assert_eq!(fields.flow("flow").unwrap(), None);
            assert!(!fields.flag("open").unwrap());
            assert_eq!(fields.text("client_id").unwrap(), None);
            assert!(fields.secret("client_secret").unwrap().is_none());
        }
        let body = r#"{"flow": "deep-link", "open": true, "client_id": "c", "client_secret": "s"}"#;
        let mut fields = read(body).await.unwrap();
        assert_eq!(fields.flow("flow").unwrap(), Some(Flow::DeepLink));
        assert!(fields.flag("open").unwrap());
        assert_eq!(fields.text("client_id").unwrap().as_deref(), Some("c"));
        assert_eq!(fields.secret("client_secret").unwrap().unwrap().expose_secret(), "s");
    }

    #[tokio::test]
    async fn what_does_not_fit_is_said_without_its_value() {
        for (body, told) in [
            (r#"{"client_secret": ["s3cret"]}"#, "`client_secret`"),
            (r#"{"client_id": ""}"#, "`client_id`"),
            (r#"{"open": "s3cret"}"#, "`open` is true or false"),
            (r#"{"flow": "s3cret"}"#, "browser, webview, deep-link, manual, device"),
            (r#"{"s3cret": 1}"#, "`flow`, `open`"),
            (r#"["s3cret"]"#, "no JSON object"),
            (r#"{"client_secret": "s3cret"#, "no JSON object"),
        ] {
            let told_of = async {
                let mut fields = read(body).await?;
                fields.flow("flow")?;
                fields.flag("open")?;
                fields.text("client_id")?;
                fields.secret("client_secret")
            };
            let problem: Problem = told_of.await.unwrap_err();
            let words: Vec<_> = problem.words().collect();
            let words = words.join(" ");
            assert!(words.contains(told) && !words.contains("s3cret"), "{words}");
        }
    }

    #[tokio::test]
    async fn a_body_is_bounded() {
        let long = format!(r#"{{"client_id": "{}"}}"#, "x".repeat(Fields::LONGEST));
        assert_eq!(read(&long).await.unwrap_err().code(), "invalid-body");
    }

    #[tokio::test(start_paused = true)]
    async fn who_falls_silent_is_not_waited_for() {
        let silent = futures::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
        assert!(Fields::read(Body::from_stream(silent), &KNOWN).await.is_err());
    }
}
