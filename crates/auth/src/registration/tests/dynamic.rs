//! Dynamic client registration.

use ::http::header::CONTENT_TYPE;

use super::*;

fn refused(code: &str, description: &str) -> Value {
    json!({"error": code, "error_description": description})
}

#[tokio::test]
async fn a_registration_is_native_with_one_redirect_uri_and_refresh_tokens() {
    let wire = Scripted::new([json(201, &json!({"client_id": "given"}))]);
    Wish::new().client(&wire).await.unwrap();
    let request = &wire.requests()[0];
    assert_eq!(
        (request.method().as_str(), request.uri().to_string()),
        ("POST", "https://as.example/register".into())
    );
    assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
    let body: Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(
        body,
        json!({
            "client_name": "Traygate",
            "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "application_type": "native",
            "token_endpoint_auth_method": "none",
            "scope": "read offline_access",
        })
    );
}

#[tokio::test]
async fn client_metadata_of_the_config_is_honoured_field_by_field() {
    let mut wish = Wish::new();
    let url = |url: &str| Some(Url::parse(url).unwrap());
    wish.options.client_metadata = ClientMetadata {
        client_name: Some("My MCPO Client".into()),
        redirect_uris: vec![Url::parse("http://localhost:3030/callback").unwrap()],
        grant_types: Some(vec!["authorization_code".into()]),
        response_types: Some(vec!["code".into(), "none".into()]),
        token_endpoint_auth_method: Some("client_secret_post".into()),
        scope: Some(Scopes::parse("mine")),
        client_uri: url("https://c.example/"),
        logo_uri: url("https://c.example/logo"),
        contacts: Some(vec!["ada@c.example".into()]),
        tos_uri: url("https://c.example/tos"),
        policy_uri: url("https://c.example/policy"),
        software_id: Some("id".into()),
        software_version: Some("1".into()),
    };
    wish.redirect_uri = Url::parse("http://localhost:3030/callback").unwrap();
    let (body, _) = wish.registered(201, &json!({"client_id": "given"})).await;
    assert_eq!(
        body,
        json!({
            "client_name": "My MCPO Client",
            "redirect_uris": ["http://localhost:3030/callback"],
            "grant_types": ["authorization_code"],
            "response_types": ["code", "none"],
            "application_type": "native",
            "token_endpoint_auth_method": "client_secret_post",
            "scope": "mine",
            "client_uri": "https://c.example/",
            "logo_uri": "https://c.example/logo",
            "contacts": ["ada@c.example"],
            "tos_uri": "https://c.example/tos",
            "policy_uri": "https://c.example/policy",
            "software_id": "id",
            "software_version": "1",
        })
    );
}

#[tokio::test]
async fn devices_and_machines_register_their_own_grants_without_a_redirect_uri() {
    let mut wish = Wish { flow: Flow::Device, scopes: Scopes::default(), ..Wish::new() };
    let (body, client) = wish.registered(201, &json!({"client_id": "given"})).await;
    assert_eq!(body["grant_types"], json!(["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"]));
    assert_eq!(body["response_types"], json!([]));
    assert!(body.get("redirect_uris").is_none() && body.get("scope").is_none());
    assert!(client.unwrap().redirect_uri.is_none());
    wish.options.grant = Grant::ClientCredentials;
    let (body, _) = wish.registered(201, &json!({"client_id": "given"})).await;
    assert_eq!(body["grant_types"], json!(["client_credentials"]));
    assert_eq!(body["token_endpoint_auth_method"], "client_secret_basic");
}

#[tokio::test]
async fn the_best_listed_auth_method_is_asked_for() {
    for (listed, asked) in [
        (None, "none"),
        (Some(vec!["client_secret_post", "client_secret_basic", "none"]), "none"),
        (Some(vec!["client_secret_basic", "client_secret_post"]), "client_secret_post"),
        (Some(vec!["private_key_jwt", "client_secret_basic"]), "client_secret_basic"),
        (Some(vec!["private_key_jwt", "client_secret_post"]), "client_secret_post"),
        (Some(vec!["private_key_jwt"]), "none"),
    ] {
        let mut wish = Wish::new();
        wish.server.token_endpoint_auth_methods_supported =
            listed.clone().map(|all| all.into_iter().map(Into::into).collect());
        let (body, _) = wish.registered(201, &json!({"client_id": "given"})).await;
        assert_eq!(body["token_endpoint_auth_method"], asked, "{listed:?}");
    }
}

#[tokio::test]
async fn the_returned_auth_method_is_obeyed() {
    let basic = Some("client_secret_basic");
    for (method, secret, expected) in [
        (Some("none"), None, ClientAuth::None),
        (Some("none"), Some("s3cret"), ClientAuth::None),
        (basic, Some("s3cret"), ClientAuth::ClientSecretBasic),
        (Some("client_secret_post"), Some("s3cret"), ClientAuth::ClientSecretPost),
        // It says nothing: a secret is there to be used (RFC 7591 §2: basic by default), and without one there is no way.
        (None, Some("s3cret"), ClientAuth::ClientSecretBasic),
        (None, None, ClientAuth::None),
        (basic, None, ClientAuth::None),
    ] {
        let answer = json!({
            "client_id": "given", "client_secret": secret, "token_endpoint_auth_method": method,
            "client_secret_expires_at": "2000000000",
        });
        let client = Wish::new().registered(201, &answer).await.1.unwrap();
        assert_eq!(client.auth_method, expected, "{method:?} {secret:?}");
        assert_eq!(client.client_secret.is_some(), expected != ClientAuth::None);
        assert_eq!(client.client_secret_expires_at, Some(2_000_000_000));
    }
    let answer = json!({"client_id": "given", "token_endpoint_auth_method": "private_key_jwt"});
    let error = Wish::new().registered(201, &answer).await.1.unwrap_err();
    assert_eq!(error, RegistrationError::UnknownAuthMethod("private_key_jwt".into()));
}

#[tokio::test]
async fn localhost_is_tried_once_where_127_0_0_1_is_refused_and_the_taken_one_is_said() {
    for error in [
        refused("invalid_redirect_uri", ""),
        refused("invalid_client_metadata", "redirect_uris must use localhost"),
        refused("invalid_request", "Bad Redirect URI"),
    ] {
        let wire = Scripted::new([json(400, &error), json(201, &json!({"client_id": "given"}))]);
        let mut wish = Wish::new();
        let client = wish.client(&wire).await.unwrap();
        let localhost = "http://localhost:8000/-/oauth/callback";
        let body: Value = serde_json::from_slice(wire.requests()[1].body()).unwrap();
        assert_eq!(body["redirect_uris"], json!([localhost]));
        assert_eq!(client.redirect_uri.as_ref().unwrap().as_str(), localhost);
        // It is not asked again for 127.0.0.1 at the next sign-in.
        wish.kept = Some(client);
        assert_eq!(wish.client(&Scripted::default()).await.unwrap().client_id, "given");
    }
}

#[tokio::test]
async fn a_refused_redirect_uri_is_a_meaningful_error() {
    let refusal = || json(400, &refused("invalid_redirect_uri", "not\nours"));
    let error = Wish::new().client(&Scripted::new([refusal(), refusal()])).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("`http://localhost:8000/-/oauth/callback` (invalid_redirect_uri: not ours)"),
        "{text}"
    );
    assert!(text.contains("`redirect_host`"));
    // What the config fixes is not changed.
    let mut wish = Wish::new();
    wish.options.client_metadata.redirect_uris = vec![Url::parse(REDIRECT).unwrap()];
    let error = wish.client(&Scripted::new([refusal()])).await.unwrap_err();
    assert!(
        matches!(error, RegistrationError::RedirectRefused { redirect_uri, .. } if redirect_uri.as_str() == REDIRECT)
    );
}

#[tokio::test]
async fn registration_errors() {
    let page = [("content-type", "text/html")];
    for (status, headers, body, expected) in [
        (400, [("x", "y")], refused("invalid_client_metadata", "no").to_string(), "Refused"),
        (400, [("x", "y")], r#"{"message":"no"}"#.into(), "Refused"),
        (200, [("x", "y")], refused("unapproved_software_statement", "no").to_string(), "Refused"),
        (401, [("x", "y")], refused("invalid_token", "no").to_string(), "ClientNeeded"),
        (403, page, "<html>".into(), "ClientNeeded"),
        (404, page, "<html>".into(), "ClientNeeded"),
        (501, [("x", "y")], String::new(), "ClientNeeded"),
        (429, [("retry-after", "9")], String::new(), "Transient"),
        (502, page, "<html>".into(), "Transient"),
        (400, [("x", "y")], refused("temporarily_unavailable", "no").to_string(), "Transient"),
        (200, page, "<html>".into(), "Nonsense"),
        (201, [("x", "y")], "{}".into(), "Nonsense"),
        (201, [("x", "y")], r#"{"client_id":7}"#.into(), "Nonsense"),
        (302, [("location", "https://evil.example")], String::new(), "Nonsense"),
    ] {
        let wire = Scripted::new([Ok(answer(status, &headers, &body))]);
        let error = Wish::new().client(&wire).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(expected), "{status} {body}: {error:?}");
        assert!(error.to_string().ends_with('.'), "{error}");
        if let RegistrationError::Transient { retry_after, .. } = error {
            assert_eq!(retry_after, (status == 429).then_some(Duration::from_secs(9)));
        }
    }
    let gone = crate::token::Unanswered { reason: "it did not answer".into(), transient: true };
    let error = Wish::new().client(&Scripted::new([Err(gone)])).await.unwrap_err();
    assert!(matches!(error, RegistrationError::Transient { .. }));
}

#[tokio::test]
async fn no_secret_is_in_debug() {
    let given =
        json!({"client_id": "given", "client_secret": "s3cret-given", "token_endpoint_auth_method": "x"});
    let (_, refused) = Wish::new().registered(201, &given).await;
    let error = refused.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"));
    let mut wish = Wish::new();
    wish.options.client_secret = Some("s3cret-mine".into());
    let Wish { server, options, flow, redirect_uri, scopes, kept } = &wish;
    let wish = Registration { server, options, flow: *flow, redirect_uri, scopes, kept: kept.as_ref() };
    assert!(!format!("{wish:?}").contains("s3cret"));
}
