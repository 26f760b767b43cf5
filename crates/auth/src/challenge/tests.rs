use http::{HeaderMap, HeaderValue, header};
use proptest::prelude::*;

use super::*;

const METADATA: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

fn fields(values: &[&str]) -> Challenge {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
    }
    Challenge::parse(&headers)
}

fn metadata(challenge: &Challenge) -> Option<&str> {
    challenge.resource_metadata.as_ref().map(Url::as_str)
}

#[test]
fn must_parse_www_authenticate_on_401() {
    let challenge = Challenge::parse_value(&format!(
        r#"Bearer realm="mcp", error="insufficient_scope", error_description="more, please", scope="files:read files:write", resource_metadata="{METADATA}""#
    ));
    assert_eq!(metadata(&challenge), Some(METADATA));
    assert_eq!(challenge.scope, Some(Scopes::parse("files:write files:read")));
    assert_eq!(challenge.error_description.as_deref(), Some("more, please"));
    assert!(challenge.is_insufficient_scope());
}

#[test]
fn a_bare_401_is_a_challenge_that_says_nothing() {
    assert_eq!(Challenge::parse(&HeaderMap::new()), Challenge::default());
    for value in
        ["", "Bearer", "Basic realm=\"x\"", "DPoP algs=\"ES256\", error=\"invalid_token\"", "???", "=,=,\""]
    {
        assert_eq!(Challenge::parse_value(value), Challenge::default(), "{value}");
    }
}

#[test]
fn every_field_and_every_challenge_is_read() {
    let named = format!("Bearer resource_metadata=\"{METADATA}\"");
    for values in [
        &["Basic realm=\"x\"", &named][..],
        &[&format!("Negotiate, {named}")],
        &[&format!("Negotiate YWJj==, {named}")],
        &[&format!("Negotiate YWJj/+ , {named}")],
        &[&format!(
            "Digest realm=\"a, Bearer resource_metadata=\\\"https://evil.example\\\"\", qop=auth,{named}"
        )],
        &["Bearer error=\"invalid_token\"", "DPoP algs=\"ES256\"", &named],
        &[&format!("Bearer realm=\"x\", Bearer realm=\"y\", resource_metadata=\"{METADATA}\"")],
        &[&format!("Bearer , ,, resource_metadata = \t\"{METADATA}\"")],
        &[&format!("bEARER Resource_Metadata={METADATA}")],
        &[&format!("Bearer error=invalid_token scope=\"a\" resource_metadata=\"{METADATA}\"")],
        &[&format!("\"lost, \\\" and found\", @@ /x y, {named}")],
    ] {
        assert_eq!(metadata(&fields(values)), Some(METADATA), "{values:?}");
    }
}

#[test]
fn the_first_bearer_counts_unless_another_names_its_metadata() {
    let challenge = fields(&["Bearer error=\"one\"", "Bearer error=\"two\""]);
    assert_eq!(challenge.error.as_deref(), Some("one"));
    let challenge =
        fields(&["Bearer error=\"one\"", &format!("Bearer error=\"two\", resource_metadata=\"{METADATA}\"")]);
    assert_eq!(challenge.error.as_deref(), Some("two"));
}

#[test]
fn of_parameters_named_twice_the_first_counts() {
    let challenge = Challenge::parse_value("Bearer error=\"a\", ERROR=\"b\", scope=\"\"");
    assert_eq!(challenge.error.as_deref(), Some("a"));
    assert_eq!(challenge.scope, None);
}

#[test]
fn parameters_of_another_scheme_are_not_bearers() {
    let challenge = Challenge::parse_value(&format!(
        "Bearer error=\"a\", DPoP algs=\"ES256\", scope=\"s\", resource_metadata=\"{METADATA}\""
    ));
    assert_eq!(challenge, Challenge { error: Some("a".into()), ..Challenge::default() });
}

#[test]
fn resource_metadata_is_an_http_address() {
    for url in ["javascript:alert(1)", "file:///etc/passwd", "/relative", "data:text/html,x", ""] {
        assert_eq!(
            metadata(&Challenge::parse_value(&format!("Bearer resource_metadata=\"{url}\""))),
            None,
            "{url}"
        );
    }
}

#[test]
fn a_quoted_string_without_an_end_is_none() {
    assert_eq!(metadata(&Challenge::parse_value(&format!("Bearer resource_metadata=\"{METADATA}"))), None);
    assert_eq!(Challenge::parse_value("Bearer error=\"a\\").error, None);
}

#[test]
fn fields_are_read_up_to_a_length() {
    let long = format!("Basic realm=\"{}\"", "x".repeat(MAX_LENGTH));
    let named = format!("Bearer resource_metadata=\"{METADATA}\"");
    assert_eq!(fields(&[&long, &named]), Challenge::default());
    assert_eq!(metadata(&fields(&[&named, &long])), Some(METADATA));
}

#[test]
fn bytes_that_are_no_text_do_no_harm() {
    let mut headers = HeaderMap::new();
    let value = b"Bearer error_description=\"caf\xe9\", error=\"invalid_token\"";
    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_bytes(value).unwrap());
    assert_eq!(Challenge::parse(&headers).error.as_deref(), Some("invalid_token"));
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(value in "\\PC{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Challenge::parse_value(&value);
        let _ = challenges(&bytes);
    }

    #[test]
    fn near_misses_do_not_make_it_panic(value in "[Be ,=\"\\\\\t/]{0,60}") {
        let _ = Challenge::parse_value(&value);
    }

    #[test]
    fn what_is_quoted_comes_back(description in "[ -~]{0,60}", other in "[ -~]{0,60}") {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let value = format!(
            "Other x=\"{}\", Bearer error_description=\"{}\"",
            quoted(&other),
            quoted(&description)
        );
        prop_assert_eq!(Challenge::parse_value(&value).error_description, Some(description));
    }
}
