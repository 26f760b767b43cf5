//! Authorization responses.

use secrecy::SecretString;
use url::form_urlencoded::byte_serialize;

use super::*;

const STATE: &str = "the-state-of-this-test";

fn pending(requires_iss: bool) -> Pending {
    Pending { state: STATE.into(), requires_iss, ..request(&server(), "", None).pending }
}

fn accepted(query: &str, requires_iss: bool) -> Result<String, AuthorizationError> {
    let response = AuthorizationResponse::parse(query)?;
    response.accept(&pending(requires_iss)).map(|code: SecretString| code.expose_secret().to_owned())
}

fn pasted(text: &str, requires_iss: bool) -> Result<String, AuthorizationError> {
    let response = AuthorizationResponse::pasted(text)?;
    response.accept(&pending(requires_iss)).map(|code| code.expose_secret().to_owned())
}

#[test]
fn state_must_be_the_requests_own() {
    assert_eq!(accepted("code=c&state=the-state-of-this-test", false).unwrap(), "c");
    for query in [
        "code=c",
        "code=c&state=",
        "code=c&state=another",
        "code=c&state=the-state-of-this-tes",
        "error=access_denied",
    ] {
        assert_eq!(accepted(query, false).unwrap_err(), AuthorizationError::State, "{query}");
    }
}

#[test]
fn iss_by_the_table_of_rfc_9207() {
    // Advertised, iss, taken.
    for (advertised, iss, taken) in [
        (true, Some("https://as.example"), true),
        (true, None, false),
        (true, Some("https://evil.example"), false),
        (false, None, true),
        (false, Some("https://as.example"), true),
        (false, Some("https://evil.example"), false),
        // No normalisation (RFC 3986 §6.2.1).
        (false, Some("https://as.example/"), false),
        (false, Some("https://AS.example"), false),
        (false, Some("https://as.example:443"), false),
        (false, Some(""), false),
    ] {
        let iss_pair = iss
            .map(|iss| format!("&iss={}", byte_serialize(iss.as_bytes()).collect::<String>()))
            .unwrap_or_default();
        // An error response is held to the same, and shows nothing where it fails.
        let code = accepted(&format!("code=c&state={STATE}{iss_pair}"), advertised);
        let error = accepted(
            &format!("error=access_denied&error_description=Marker&state={STATE}{iss_pair}"),
            advertised,
        )
        .unwrap_err();
        assert_eq!(code.is_ok(), taken, "{advertised} {iss:?}");
        assert_eq!(matches!(error, AuthorizationError::Refused { .. }), taken, "{advertised} {iss:?}");
        assert_eq!(error.to_string().contains("Marker"), taken);
        if !taken {
            assert_eq!(code.unwrap_err(), error);
        }
    }
}

#[test]
fn an_error_is_shown_in_clean_words_only_after_state_and_iss_hold() {
    let bad = "error=server_error&error_description=Marker%0A%1b%5b31m%e2%80%ae%3cb%3e";
    for query in [
        bad.to_owned(),
        format!("{bad}&state=another"),
        format!("{bad}&state={STATE}&iss=https://evil.example"),
    ] {
        assert!(!accepted(&query, false).unwrap_err().to_string().contains("Marker"));
    }
    let error = accepted(&format!("{bad}&state={STATE}"), false).unwrap_err().to_string();
    assert!(error.contains("Marker [31m<b>"), "{error}");
    assert!(!error.contains(|c: char| c.is_control() || c == '\u{202e}'));
    let long = accepted(&format!("error={}&state={STATE}", "x".repeat(9_000)), false).unwrap_err();
    assert!(long.to_string().len() < 500);
}

#[test]
fn each_well_known_error_says_what_to_do() {
    for (code, advice) in [
        ("access_denied", "allow it"),
        ("invalid_scope", "`scope`"),
        ("invalid_target", "`resource` to `omit`"),
        ("server_error", "later"),
        ("temporarily_unavailable", "later"),
        ("unauthorized_client", "--forget-client"),
        ("invalid_client", "--forget-client"),
        ("unsupported_response_type", "`flow`"),
        ("invalid_request", "redirect URI"),
        ("login_required", "Sign in again"),
        ("consent_required", "Sign in again"),
        ("one_of_its_own", "one_of_its_own"),
    ] {
        let error =
            accepted(&format!("error={code}&error_description=Why&state={STATE}"), false).unwrap_err();
        assert!(matches!(&error, AuthorizationError::Refused { code: said, .. } if said == code));
        let text = error.to_string();
        assert!(text.contains(advice) && text.contains(&format!("(It said: {code}: Why)")), "{text}");
    }
    let entra = format!("error=invalid_request&error_description=AADSTS9010010%3a+resource&state={STATE}");
    assert!(accepted(&entra, false).unwrap_err().to_string().contains("`resource` to `omit`"));
}

#[test]
fn an_error_never_says_back_what_was_sent_in_secret() {
    let pending = pending(false);
    let verifier = pending.verifier.expose_secret().to_owned();
    let query = format!(
        "error=server_error&error_description=bad+{STATE}+{verifier}+the-code&code=the-code&state={STATE}"
    );
    let error = AuthorizationResponse::parse(&query).unwrap().accept(&pending).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("bad *** *** ***"), "{shown}");
    assert!(!shown.contains(STATE) && !shown.contains(&verifier) && !shown.contains("the-code"));
}

#[test]
fn a_parameter_that_is_there_twice_is_refused() {
    for name in ["code", "state", "iss", "error", "error_description"] {
        let query = format!("{name}=a&other=x&other=y&{name}=a");
        assert_eq!(accepted(&query, false).unwrap_err(), AuthorizationError::Twice(name));
    }
    assert_eq!(
        accepted(&format!("code={}", "a".repeat(20_000)), false).unwrap_err(),
        AuthorizationError::TooLong
    );
}

#[test]
fn no_code_says_to_copy_the_complete_address() {
    for query in [format!("state={STATE}"), format!("code=&state={STATE}")] {
        let error = accepted(&query, false).unwrap_err();
        assert_eq!(error, AuthorizationError::NoCode);
        assert!(error.to_string().contains("complete address"));
    }
}

#[test]
fn a_person_may_paste_the_address_its_query_or_the_bare_code() {
    for text in [
        "http://127.0.0.1:8000/-/oauth/callback?code=4%2F0A%3D&state=the-state-of-this-test",
        "  <https://proxy.example/cb?x=y&code=4/0A=&state=the-state-of-this-test#done> \n",
        "dev.traygate.desktop:/oauth/callback?code=4/0A=&state=the-state-of-this-test",
        "/-/oauth/callback?code=4/0A=&state=the-state-of-this-test",
        "?code=4/0A=&state=the-state-of-this-test",
        "state=the-state-of-this-test&code=4/0A=",
        "4/0A=",
        "4%2F0A%3D",
    ] {
        assert_eq!(pasted(text, false).unwrap(), "4/0A=", "{text}");
    }
    for code in ["a+b/c==", "eyJ.a_b-c~d", "a&b", "urn:x:y"] {
        assert_eq!(pasted(code, false).unwrap(), code);
    }
}

#[test]
fn a_pasted_address_is_held_to_state_and_iss_as_well() {
    let address = "http://127.0.0.1:8000/-/oauth/callback?code=c";
    assert_eq!(pasted(&format!("{address}&state=another"), false).unwrap_err(), AuthorizationError::State);
    assert_eq!(pasted(address, false).unwrap_err(), AuthorizationError::State);
    assert_eq!(
        pasted(&format!("{address}&state={STATE}"), true).unwrap_err(),
        AuthorizationError::IssuerMissing
    );
    // A bare code cannot say whose it is.
    assert_eq!(pasted("c", true).unwrap_err(), AuthorizationError::IssuerMissing);
    assert_eq!(pasted(&format!("{address}&state={STATE}&iss=https://as.example"), true).unwrap(), "c");
}

#[test]
fn what_is_no_response_at_all_says_what_to_copy() {
    for text in [
        "",
        "  ",
        "http://127.0.0.1:8000/-/oauth/callback",
        "https://as.example/login",
        "two words",
        "ünicode",
    ] {
        assert_eq!(pasted(text, false).unwrap_err(), AuthorizationError::NoCode, "{text}");
    }
}
