use http::{HeaderMap, header};
use traygate_auth::{Challenge, Scopes};

/// What all `WWW-Authenticate` headers of a refusal say of Bearer.
pub(super) fn challenge(headers: &HeaderMap) -> Challenge {
    let values = headers.get_all(header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let bearer = values.filter_map(|value| Some((value, value.to_ascii_lowercase().find("bearer")?)));
    let Some(text) = bearer.map(|(value, at)| &value[at..]).next() else { return Challenge::default() };
    let parameter = |name: &str| {
        let (_, rest) = text.split_once(&format!("{name}=\""))?;
        Some(rest.split('"').next()?.to_owned())
    };
    Challenge {
        resource_metadata: parameter("resource_metadata").and_then(|url| url.parse().ok()),
        scope: parameter("scope").map(|scope| Scopes::parse(&scope)),
        error: parameter("error"),
        error_description: parameter("error_description"),
    }
}
