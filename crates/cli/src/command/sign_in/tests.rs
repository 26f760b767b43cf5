use super::*;

fn status(state: &str) -> SignInStatus {
    SignInStatus { state: state.into(), ..SignInStatus::default() }
}

#[test]
fn what_a_person_has_to_do_is_seen() {
    let page = |flow: &str| SignInStatus {
        flow: Some(flow.into()),
        url: Some("https://as/authorize".into()),
        ..status("awaiting-redirect")
    };
    let url = || "https://as/authorize".to_owned();
    let device = SignInStatus {
        user_code: Some("ABCD".into()),
        verification_uri: Some("https://as/device".into()),
        ..status("awaiting-device")
    };
    let failed =
        |client_needed| SignInStatus { reason: Some("No.".into()), client_needed, ..status("failed") };
    for (status, sight) in [
        (status("discovering"), Sight::Waits),
        (status("storing"), Sight::Waits),
        (page("browser"), Sight::Page { url: url(), is_pasted: false }),
        (page("manual"), Sight::Page { url: url(), is_pasted: true }),
        (device, Sight::Code { code: "ABCD".into(), at: "https://as/device".into() }),
        (status("signed-in"), Sight::Done),
        (failed(true), Sight::Failed { reason: "No.".into(), client_needed: true }),
        (failed(false), Sight::Failed { reason: "No.".into(), client_needed: false }),
        (status("signed-out"), Sight::Over),
        (status(""), Sight::Over),
    ] {
        assert_eq!(Sight::of(&status), sight);
    }
    assert!(matches!(Sight::of(&status("reauth-needed")), Sight::Failed { .. }));
    assert!(matches!(Sight::of(&status("step-up-needed")), Sight::Failed { .. }));
}

#[test]
fn the_page_is_never_opened_by_the_gateway() {
    assert_eq!(request(None, None, false), json!({"flow": null, "open": false, "mcpo": false}));
    assert_eq!(
        request(Some(FlowWord::DeepLink), None, true),
        json!({"flow": "deep-link", "open": false, "mcpo": true})
    );
}

#[test]
fn the_last_line_tells_what_is_to_be_had() {
    let server = |state: &str, words: &str, tools| ServerStatus {
        name: "github".into(),
        path: String::new(),
        state: state.into(),
        words: words.into(),
        reason: None,
        sign_in: None,
        tools,
        disabled: 0,
        quarantined: Vec::new(),
        warnings: Vec::new(),
    };
    assert_eq!(signed_in(&server("ready", "Ready", Some(12))), "Signed in to `github`, 12 tools.");
    let backoff =
        ServerStatus { reason: Some("no answer.".into()), ..server("backoff", "Retrying in 8 s", None) };
    assert_eq!(
        signed_in(&backoff),
        "Signed in to `github`, which is not ready yet: Retrying in 8 s (no answer.)"
    );
}
