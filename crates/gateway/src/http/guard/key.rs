use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{KeyDigest, origin::Origin};
use crate::http::{Rules, problem::Problem};

/// Whether a browser should ask its user for the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A program.
    Program,
    /// A person who opened a docs page or a document.
    Person,
}

/// What a request showed.
enum Shown {
    Nothing,
    Bearer(bool),
    Basic(bool),
}

/// Where there is an API key wants it, or what else is as good, as bearer token (RFC 6750 §2.1) or as the password of
/// Basic (RFC 7617).
///
/// None is 401 and a wrong one 403, as in mcpo; but a person who mistyped the password is asked again (401).
pub(crate) fn check(
    rules: &Rules,
    as_good: Option<&KeyDigest>,
    headers: &HeaderMap,
    origin: &Origin,
    asker: Asker,
) -> Result<(), Problem> {
    let Some(api_key) = &rules.api_key else { return Ok(()) };
    let is_known = |key: &[u8]| api_key.matches(key) || as_good.is_some_and(|other| other.matches(key));
    match shown(is_known, headers, origin) {
        Shown::Bearer(true) | Shown::Basic(true) => Ok(()),
        Shown::Bearer(false) => Err(wrong()),
        Shown::Basic(false) if asker == Asker::Program => Err(wrong()),
        Shown::Basic(false) | Shown::Nothing => {
            let (challenge, hint) = match asker {
                Asker::Program => {
                    ("Bearer realm=\"Traygate\"", "Send the header `Authorization: Bearer KEY`.")
                }
                Asker::Person => (
                    "Basic realm=\"Traygate: any name, the API key as password\", charset=\"UTF-8\"",
                    "In a browser, reload and give the key as password; a program sends `Authorization: Bearer KEY`.",
                ),
            };
            Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "An API key is needed.")
                .hint(hint)
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge)))
        }
    }
}

fn wrong() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "unauthorized", "The API key is wrong.")
        .hint("Set the key that Traygate was started with in the caller's settings.")
}

fn shown(is_known: impl Fn(&[u8]) -> bool, headers: &HeaderMap, origin: &Origin) -> Shown {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Shown::Nothing };
    if let Some(token) = bearer(headers) {
        Shown::Bearer(is_known(token))
    } else if let Some(pair) = after_scheme(value, b"basic").filter(|_| origin.may_use_basic()) {
        Shown::Basic(password(pair).is_some_and(|password| is_known(&password)))
    } else {
        Shown::Nothing
    }
}

/// The bearer token that a request shows.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    after_scheme(headers.get(header::AUTHORIZATION)?, b"bearer")
}

/// The key that an Authorization value shows, whichever way.
pub(crate) fn carries(value: &HeaderValue, key: &KeyDigest) -> bool {
    key.matches(value.as_bytes())
        || after_scheme(value, b"bearer").is_some_and(|token| key.matches(token))
        || after_scheme(value, b"basic").and_then(password).is_some_and(|password| key.matches(&password))
}

/// What follows the scheme, which compares without case (RFC 9110 §11.1).
fn after_scheme<'a>(value: &'a HeaderValue, scheme: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = value.as_bytes().split_at_checked(scheme.len())?;
    (start.eq_ignore_ascii_case(scheme) && rest.first() == Some(&b' ')).then(|| rest.trim_ascii())
}

fn password(pair: &[u8]) -> Option<Vec<u8>> {
    let mut pair = BASE64_STANDARD.decode(pair).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair.split_off(colon + 1))
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use secrecy::SecretString;

    use super::*;

    fn status(authorization: Option<&str>, origin: &Origin, asker: Asker) -> u16 {
        let api_key = Some(KeyDigest::of(&SecretString::from("k3y")));
        let rules = Rules { api_key, ..Rules::default() };
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        match check(&rules, None, &headers, origin, asker) {
            Ok(()) => 200,
            Err(problem) => problem.into_response().status().as_u16(),
        }
    }

    #[test]
    fn bearer_and_basic_open_with_the_key_and_only_with_it() {
        let basic = |pair: &str| format!("Basic {}", BASE64_STANDARD.encode(pair));
        for (value, expected) in [
            (None, 401),
            (Some("Bearer k3y".to_owned()), 200),
            (Some("bearer  k3y ".to_owned()), 200),
            (Some("Bearer k3Y".to_owned()), 403),
            (Some("Bearer".to_owned()), 401),
            (Some("Digest k3y".to_owned()), 401),
            (Some(basic("anyone:k3y")), 200),
            (Some(basic(":k3y")), 200),
            (Some(basic("k3y")), 403),
            (Some(basic("anyone:no")), 403),
            (Some("Basic %%%".to_owned()), 403),
        ] {
            assert_eq!(status(value.as_deref(), &Origin::None, Asker::Program), expected, "{value:?}");
        }
        assert_eq!(status(Some(&basic("anyone:no")), &Origin::None, Asker::Person), 401);
    }

    #[test]
    fn a_password_that_a_browser_remembers_is_not_lent_to_other_pages() {
        let page = Origin::Tolerated(HeaderValue::from_static("http://localhost:3000"));
        let basic = format!("Basic {}", BASE64_STANDARD.encode("x:k3y"));
        assert_eq!(status(Some(&basic), &page, Asker::Program), 401);
        assert_eq!(status(Some("Bearer k3y"), &page, Asker::Program), 200);
    }

    #[test]
    fn the_key_is_recognized_in_any_dress() {
        let key = KeyDigest::of(&SecretString::from("k3y"));
        let basic = format!("Basic {}", BASE64_STANDARD.encode("x:k3y"));
        for value in ["k3y", "Bearer k3y", &basic] {
            assert!(carries(&value.parse().unwrap(), &key), "{value}");
        }
        assert!(!carries(&HeaderValue::from_static("Bearer other"), &key));
    }
}
