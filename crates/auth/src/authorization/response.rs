use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use url::{Url, form_urlencoded};

use super::{AuthorizationError, Pending};
use crate::token::words;

/// What came back to the redirect URI (RFC 6749 §4.1.2). Nothing of it is believed before [`AuthorizationResponse::accept`].
pub(crate) struct AuthorizationResponse {
    code: Option<SecretString>,
    state: Option<SecretString>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
    /// A person copied nothing but the code.
    bare: bool,
}

/// No response is longer.
const LONGEST: usize = 16 * 1024;

impl AuthorizationResponse {
    /// The response in a redirect's query.
    pub(crate) fn parse(query: &str) -> Result<Self, AuthorizationError> {
        if query.len() > LONGEST {
            return Err(AuthorizationError::TooLong);
        }
        let mut found: [(&'static str, Option<String>); 5] =
            ["code", "state", "iss", "error", "error_description"].map(|name| (name, None));
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            if let Some((name, slot)) = found.iter_mut().find(|(name, _)| *name == key) {
                if slot.is_some() {
                    return Err(AuthorizationError::Twice(name));
                }
                *slot = Some(value.into_owned());
            }
        }
        let [code, state, iss, error, error_description] = found.map(|(_, value)| value);
        Ok(Self {
            code: code.filter(|code| !code.is_empty()).map(Into::into),
            state: state.map(Into::into),
            iss,
            error,
            error_description,
            bare: false,
        })
    }

    /// The response in what a person pasted: the address, its query alone, or the bare code.
    pub(crate) fn pasted(text: &str) -> Result<Self, AuthorizationError> {
        let text = text.trim().trim_matches(['"', '\'', '<', '>']);
        if text.len() > LONGEST {
            return Err(AuthorizationError::TooLong);
        }
        let address = Url::parse(text).is_ok_and(|url| url.has_host() || url.path().starts_with('/'));
        // A code may hold any visible character, `=` included; what holds these pairs is a query.
        let is_query = text.split('&').any(|pair| {
            ["code=", "state=", "error="].iter().any(|name| pair.trim_start_matches('?').starts_with(name))
        });
        if let Some((_, query)) = text.split_once('?') {
            return Self::parse(query.split('#').next().unwrap_or_default());
        }
        if is_query {
            return Self::parse(text);
        }
        if text.is_empty() || address || text.contains(|c: char| !c.is_ascii_graphic()) {
            return Err(AuthorizationError::NoCode);
        }
        // What is copied out of an address is still encoded as it was there, except that a `+` may be a code's own.
        let encoded = text.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
        let code = form_urlencoded::parse(encoded.as_bytes()).next().map(|(code, _)| code.into_owned());
        Ok(Self {
            code: code.map(Into::into),
            state: None,
            iss: None,
            error: None,
            error_description: None,
            bare: true,
        })
    }

    /// Whether a person copied nothing but the code.
    pub(crate) fn is_bare(&self) -> bool {
        self.bare
    }

    /// Which request it answers.
    pub(crate) fn state(&self) -> Option<&str> {
        self.state.as_ref().map(secrecy::ExposeSecret::expose_secret)
    }

    /// Whether it is the answer to `pending`.
    pub(crate) fn answers(&self, pending: &Pending) -> bool {
        let expected = pending.state.expose_secret().as_bytes();
        self.state().is_some_and(|state| state.as_bytes().ct_eq(expected).into())
    }

    /// The code, once it is sure whose it is: first `state`, then `iss`, and only then what the response says, errors
    /// included: on a mismatch "MUST NOT act on or display" those (MCP 2026-07-28, authorization server mix-up). A bare
    /// code has no `state`; PKCE alone ties it to this request, so it is taken from a person only, and only where no
    /// `iss` is due.
    pub(crate) fn accept(self, pending: &Pending) -> Result<SecretString, AuthorizationError> {
        if !self.bare && !self.answers(pending) {
            return Err(AuthorizationError::State);
        }
        match &self.iss {
            None if pending.requires_iss => return Err(AuthorizationError::IssuerMissing),
            Some(iss) if iss != pending.issuer.as_str() => {
                return Err(AuthorizationError::OtherServer {
                    from: words(iss, &[]),
                    expected: words(pending.issuer.as_str(), &[]),
                });
            }
            None | Some(_) => {}
        }
        if let Some(code) = self.error {
            let description = self.error_description.unwrap_or_default();
            let said = if description.is_empty() { code.clone() } else { format!("{code}: {description}") };
            let mut secrets = vec![pending.state.expose_secret(), pending.verifier.expose_secret()];
            secrets.extend(self.code.as_ref().map(secrecy::ExposeSecret::expose_secret));
            let words = words(&said, &secrets);
            return Err(AuthorizationError::Refused { code, words });
        }
        self.code.ok_or(AuthorizationError::NoCode)
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizationResponse")
    }
}
