mod parser;

#[cfg(test)]
mod tests;

use http::{HeaderMap, header};
use url::Url;

use self::parser::{Parsed, challenges};
use crate::Scopes;

/// What all `WWW-Authenticate` fields of one response may hold together; the rest is not read.
const MAX_LENGTH: usize = 64 * 1024;

/// What a resource server says in its `WWW-Authenticate` headers (RFC 9110 §11.6.1) about Bearer (RFC 6750 §3, RFC 9728
/// §5.1). A bare 401 is the default: a challenge that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Challenge {
    /// `resource_metadata`.
    pub resource_metadata: Option<Url>,
    /// `scope`.
    pub scope: Option<Scopes>,
    /// `error`, such as `invalid_token` or `insufficient_scope`.
    pub error: Option<String>,
    /// `error_description`.
    pub error_description: Option<String>,
}

impl Challenge {
    /// Reads every `WWW-Authenticate` field of a response: the first Bearer challenge that names its
    /// `resource_metadata`, else the first one, else a challenge that says nothing.
    pub fn parse(headers: &HeaderMap) -> Self {
        Self::of(headers.get_all(header::WWW_AUTHENTICATE).into_iter().map(header::HeaderValue::as_bytes))
    }

    /// Reads the value of a single `WWW-Authenticate` field.
    pub fn parse_value(value: &str) -> Self {
        Self::of([value.as_bytes()])
    }

    /// Whether the token lacks scopes (RFC 6750 §3.1): what asks for a step-up.
    pub fn is_insufficient_scope(&self) -> bool {
        self.error.as_deref() == Some("insufficient_scope")
    }

    fn of<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut left = MAX_LENGTH;
        let mut bearers = fields
            .into_iter()
            .map_while(|field| {
                left = left.checked_sub(field.len())?;
                Some(challenges(field))
            })
            .flatten()
            .filter(|challenge| challenge.is("Bearer"))
            .map(|challenge| Self::from(&challenge));
        let Some(first) = bearers.next() else { return Self::default() };
        if first.resource_metadata.is_some() {
            return first;
        }
        bearers.find(|bearer| bearer.resource_metadata.is_some()).unwrap_or(first)
    }
}

impl From<&Parsed> for Challenge {
    fn from(challenge: &Parsed) -> Self {
        let text = |name| challenge.param(name).map(str::to_owned);
        let url = challenge.param("resource_metadata").and_then(|url| Url::parse(url).ok());
        Self {
            resource_metadata: url.filter(|url| matches!(url.scheme(), "http" | "https")),
            scope: challenge.param("scope").map(Scopes::parse).filter(|scopes| !scopes.is_empty()),
            error: text("error"),
            error_description: text("error_description"),
        }
    }
}
