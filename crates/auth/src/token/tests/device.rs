//! Device authorization, on a clock that only moves when everything waits.

use tokio::time::Instant;

use super::*;
use crate::token::device::DeviceAuthorization;

fn authorization() -> serde_json::Value {
    json!({
        "device_code": "the-device-code",
        "user_code": "WDJB-MJHT",
        "verification_uri": "https://as.example/device",
        "verification_uri_complete": "https://as.example/device?user_code=WDJB-MJHT",
        "expires_in": 600,
        "interval": 7,
    })
}

fn refused(code: &str) -> Result<Answer, Unanswered> {
    json(400, &json!({"error": code}))
}

async fn authorized(body: &serde_json::Value) -> Result<DeviceAuthorization, TokenError> {
    let wire = Scripted::new([json(200, body)]);
    authorize_device(
        &wire,
        &server(),
        &client(ClientAuth::None),
        &Scopes::parse("read"),
        Some("https://mcp.example"),
    )
    .await
}

/// What a script of answers comes to, and the seconds between the questions.
async fn polled(answers: Vec<Result<Answer, Unanswered>>) -> (Result<Tokens, TokenError>, Vec<u64>) {
    let wire = Scripted::new(answers);
    let begin = Instant::now();
    let device = authorized(&authorization()).await.unwrap();
    let tokens = device.tokens(&wire, &server(), &client(ClientAuth::None)).await;
    let mut last = begin;
    let waits =
        wire.times().into_iter().map(|at| (at - std::mem::replace(&mut last, at)).as_secs()).collect();
    for request in wire.requests() {
        let form = form(&request);
        assert_eq!((&*form["grant_type"], &*form["device_code"]), (DEVICE_CODE, "the-device-code"));
        assert_eq!(form["resource"], "https://mcp.example");
    }
    (tokens, waits)
}

#[tokio::test]
async fn a_device_code_is_asked_for_with_scope_and_resource() {
    let wire = Scripted::new([json(200, &authorization())]);
    let scopes = Scopes::parse("read");
    let (server, client) = (server(), client(ClientAuth::None));
    let device = authorize_device(&wire, &server, &client, &scopes, Some("https://mcp.example"));
    let device = device.await.unwrap();
    let request = &wire.requests()[0];
    assert_eq!(request.uri(), "https://as.example/device");
    let form = form(request);
    assert_eq!(
        (&*form["client_id"], &*form["scope"], &*form["resource"]),
        ("id with:colon", "read", "https://mcp.example")
    );
    assert_eq!(device.code.user_code, "WDJB-MJHT");
    assert_eq!(device.code.verification_uri.as_str(), "https://as.example/device");
    assert!(device.code.verification_uri_complete.is_some());
    assert!(!format!("{device:?}").contains("the-device-code"));
}

#[tokio::test]
async fn only_https_pages_are_shown_to_a_person() {
    for bad in ["javascript:alert(1)", "http://as.example/device", "file:///etc/passwd", "no address"] {
        let mut body = authorization();
        body["verification_uri_complete"] = json!(bad);
        assert!(authorized(&body).await.unwrap().code.verification_uri_complete.is_none(), "{bad}");
        body["verification_uri"] = json!(bad);
        let error = authorized(&body).await.unwrap_err();
        assert!(matches!(error, TokenError::Nonsense { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_server_without_device_authorization_is_said() {
    let server = AuthorizationServer { device_authorization_endpoint: None, ..server() };
    let wire = Scripted::default();
    let error = authorize_device(&wire, &server, &client(ClientAuth::None), &Scopes::default(), None).await;
    assert!(error.unwrap_err().to_string().contains("`flow`"));
}

#[tokio::test(start_paused = true)]
async fn polling_keeps_the_interval_and_slow_down_adds_five_seconds() {
    let answers = vec![
        refused("authorization_pending"),
        refused("slow_down"),
        refused("authorization_pending"),
        refused("slow_down"),
        json(200, &bearer()),
    ];
    let (tokens, waits) = polled(answers).await;
    assert_eq!(tokens.unwrap().granted, Scopes::parse("read"));
    assert_eq!(waits, [7, 7, 12, 12, 17]);
}

#[tokio::test(start_paused = true)]
async fn polling_outlives_network_trouble_more_and_more_slowly() {
    let late = || Err(Unanswered { reason: "it did not answer".into(), transient: true });
    let answers = vec![late(), Ok(answer(429, &[("retry-after", "20")], "")), late(), json(200, &bearer())];
    let (tokens, waits) = polled(answers).await;
    assert!(tokens.is_ok());
    assert_eq!(waits, [7, 14, 28, 56]);
}

#[tokio::test(start_paused = true)]
async fn polling_ends_with_a_no_or_with_the_code() {
    let (denied, _) = polled(vec![refused("authorization_pending"), refused("access_denied")]).await;
    assert!(matches!(denied.unwrap_err(), TokenError::Denied { .. }));
    let (expired, _) = polled(vec![refused("expired_token")]).await;
    assert_eq!(expired.unwrap_err(), TokenError::CodeExpired);
    let (unheard, waits) = polled((0..100).map(|_| refused("authorization_pending")).collect()).await;
    assert_eq!(unheard.unwrap_err(), TokenError::CodeExpired);
    assert_eq!(waits.iter().sum::<u64>() / 7, 600 / 7);
}
