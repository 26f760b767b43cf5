//! Answers of token endpoints, the RFC's and the others.

use super::{
    answer::{Granted, read},
    *,
};

fn reading(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Granted, TokenError> {
    read(&answer(status, headers, body), &[], SystemTime::UNIX_EPOCH)
}

fn granted(body: &serde_json::Value) -> Granted {
    reading(200, &[("content-type", "application/json")], &body.to_string()).ok().unwrap()
}

/// An error's variant.
fn kind(error: &TokenError) -> String {
    format!("{error:?}").split([' ', '{']).next().unwrap().to_owned()
}

#[test]
fn token_errors() {
    let json = |code: &str| format!(r#"{{"error":"{code}","error_description":"Why."}}"#);
    let html = "<!doctype html><p>invalid_grant";
    for (status, headers, body, expected) in [
        (400, [("x", "y")], json("invalid_grant"), "InvalidGrant"),
        (200, [("x", "y")], json("invalid_grant"), "InvalidGrant"),
        (401, [("x", "y")], json("invalid_grant"), "InvalidGrant"),
        (200, [("x", "y")], "error=bad_verification_code&error_description=Why".into(), "InvalidGrant"),
        (200, [("x", "y")], r#"{"ok":false,"error":"invalid_refresh_token"}"#.into(), "InvalidGrant"),
        (401, [("x", "y")], json("invalid_client"), "InvalidClient"),
        (400, [("x", "y")], json("unauthorized_client"), "InvalidClient"),
        (200, [("x", "y")], json("incorrect_client_credentials"), "InvalidClient"),
        (401, [("www-authenticate", "Basic realm=\"x\"")], String::new(), "InvalidClient"),
        (400, [("x", "y")], json("invalid_scope"), "Refused"),
        (400, [("x", "y")], json("invalid_target"), "Refused"),
        (400, [("x", "y")], json("invalid_request"), "Refused"),
        (400, [("x", "y")], json("a_code_of_its_own"), "Refused"),
        (400, [("x", "y")], r#"{"error":{"code":"no","message":"Why."}}"#.into(), "Refused"),
        (400, [("x", "y")], json("server_error"), "Transient"),
        (400, [("x", "y")], json("temporarily_unavailable"), "Transient"),
        // In trouble: nothing that it says counts.
        (500, [("x", "y")], json("invalid_grant"), "Transient"),
        (503, [("retry-after", "9")], html.into(), "Transient"),
        (429, [("retry-after", "9")], json("invalid_grant"), "Transient"),
        (408, [("x", "y")], String::new(), "Transient"),
        (200, [("content-type", "text/html")], html.into(), "Nonsense"),
        (400, [("content-type", "text/html")], html.into(), "Nonsense"),
        (401, [("x", "y")], html.into(), "Nonsense"),
        (403, [("x", "y")], String::new(), "Nonsense"),
        (302, [("location", "https://evil.example")], String::new(), "Nonsense"),
        (200, [("x", "y")], String::new(), "Nonsense"),
        (200, [("x", "y")], "[1]".into(), "Nonsense"),
        (200, [("x", "y")], "plainly said".into(), "Nonsense"),
        (200, [("x", "y")], "{}".into(), "Nonsense"),
        (200, [("x", "y")], r#"{"access_token":""}"#.into(), "Nonsense"),
        (200, [("x", "y")], r#"{"access_token":"a","token_type":"mac"}"#.into(), "Nonsense"),
        (200, [("x", "y")], r#"{"access_token":"a","token_type":"DPoP"}"#.into(), "Nonsense"),
        (200, [("x", "y")], r#"{"access_token":"a\r\nX-Other: b"}"#.into(), "Nonsense"),
        (400, [("x", "y")], bearer().to_string(), "Nonsense"),
    ] {
        let error = reading(status, &headers, &body).err().unwrap();
        assert_eq!(kind(&error), expected, "{status} {body}");
        let text = error.to_string();
        assert!(text.ends_with('.') && !text.contains("doctype") && !text.contains(".."), "{text}");
        if let TokenError::Transient { retry_after, .. } = error {
            assert_eq!(retry_after, (headers[0].0 == "retry-after").then_some(Duration::from_secs(9)));
        }
    }
    let huge = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(40_000));
    assert_eq!(kind(&reading(200, &[], &huge).err().unwrap()), "Nonsense");
}

#[test]
fn form_encoded_answers_as_of_github_are_read() {
    let body = "access_token=gho_16C7e42F&scope=repo%2Cgist&token_type=bearer&expires_in=28800";
    let granted = reading(200, &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")], body);
    let granted = granted.ok().unwrap();
    assert_eq!(granted.access_token.expose_secret(), "gho_16C7e42F");
    assert_eq!(granted.scope, Some(Scopes::parse("repo gist")));
    assert_eq!(granted.expires_in, Some(Duration::from_hours(8)));
}

#[test]
fn a_token_type_is_bearer_in_any_case_and_may_be_missing() {
    for kind in [json!("bearer"), json!("BEARER"), json!(null), json!("")] {
        granted(&json!({"access_token": "a", "token_type": kind}));
    }
    granted(&json!({"access_token": "a"}));
}

#[test]
fn expires_in_is_a_number_in_quotes_or_not_or_says_nothing() {
    let year = 365 * 24 * 3_600;
    for (value, expected) in [
        (json!(3600), Some(3_600)),
        (json!("3600"), Some(3_600)),
        (json!(3599.9), Some(3_599)),
        (json!(0), None),
        (json!(-5), None),
        (json!(null), None),
        (json!("soon"), None),
        (json!("NaN"), None),
        (json!(1_796_000_000_000_u64), Some(10 * year)),
        (json!(f64::MAX), Some(10 * year)),
        (json!("inf"), Some(10 * year)),
    ] {
        let granted = granted(&json!({"access_token": "a", "expires_in": value}));
        assert_eq!(granted.expires_in, expected.map(Duration::from_secs), "{value}");
    }
}

#[test]
fn scope_is_a_text_or_a_list_or_says_nothing() {
    for (value, expected) in [
        (json!("read write"), Some("read write")),
        (json!(["read", "write"]), Some("read write")),
        (json!("read,write"), Some("read write")),
        (json!("a,b c"), Some("a,b c")),
        (json!(""), None),
        (json!([]), None),
        (json!(7), None),
    ] {
        let granted = granted(&json!({"access_token": "a", "scope": value}));
        assert_eq!(granted.scope, expected.map(Scopes::parse), "{value}");
    }
}

#[test]
fn entra_that_refuses_resource_is_told_how_to_omit_it() {
    let body = json!({
        "error": "invalid_request",
        "error_description": "AADSTS9010010: The resource parameter provided in the request doesn't match",
    });
    let error = reading(400, &[], &body.to_string()).err().unwrap();
    assert!(error.to_string().contains("Set `resource` to `omit`"), "{error}");
    let error = reading(400, &[], r#"{"error":"invalid_scope"}"#).err().unwrap();
    assert!(error.to_string().contains("Set `scope`"), "{error}");
}
