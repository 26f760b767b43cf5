//! Requests to the token and revocation endpoints.

use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use url::Url;

use super::*;
use crate::{authorization::Pending, client::Client, issuer::Issuer};

const CODE: &str = "the-code-of-this-test";
const VERIFIER: &str = "the-verifier-of-this-test";

fn pending() -> Pending {
    Pending {
        state: "the-state-of-this-test".into(),
        verifier: VERIFIER.into(),
        issuer: server().issuer,
        redirect_uri: Url::parse("http://127.0.0.1:8000/-/oauth/callback").unwrap(),
        requires_iss: false,
        scopes: Scopes::parse("read write"),
        resource: Some("https://MCP.example/mcp/".into()),
    }
}

#[tokio::test]
async fn an_exchange_sends_code_verifier_redirect_uri_and_resource_letter_by_letter() {
    let wire = Scripted::new([json(200, &bearer())]);
    let (server, client) = (server(), client(ClientAuth::None));
    let tokens = exchange(&wire, &server, &client, &pending(), &CODE.into()).await.unwrap();
    let request = &wire.requests()[0];
    assert_eq!(
        (request.method().as_str(), request.uri().to_string()),
        ("POST", "https://as.example/token".into())
    );
    assert_eq!(request.headers()[ACCEPT], "application/json");
    assert_eq!(request.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
    let form = form(request);
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", CODE),
        ("code_verifier", VERIFIER),
        ("redirect_uri", "http://127.0.0.1:8000/-/oauth/callback"),
        ("resource", "https://MCP.example/mcp/"),
        ("client_id", "id with:colon"),
    ] {
        assert_eq!(form[name], value);
    }
    assert_eq!(form.len(), 6);
    assert_eq!(tokens.access_token.expose_secret(), "new-access-token");
    assert_eq!((tokens.granted, tokens.requested), (pending().scopes, pending().scopes));
    assert_eq!(tokens.resource, pending().resource);
    assert!(tokens.refresh_token.is_none());
}

#[tokio::test]
async fn a_client_proves_itself_in_one_way_only() {
    for method in [ClientAuth::None, ClientAuth::ClientSecretBasic, ClientAuth::ClientSecretPost] {
        let wire = Scripted::new([json(200, &bearer())]);
        exchange(&wire, &server(), &client(method), &pending(), &CODE.into()).await.unwrap();
        let request = &wire.requests()[0];
        let form = form(request);
        let header = request.headers().get(AUTHORIZATION);
        let expected = match method {
            ClientAuth::None => (false, true, false),
            ClientAuth::ClientSecretBasic => (true, false, false),
            ClientAuth::ClientSecretPost => (false, true, true),
        };
        let found = (header.is_some(), form.contains_key("client_id"), form.contains_key("client_secret"));
        assert_eq!(found, expected, "{method:?}");
        if let Some(header) = header {
            // RFC 6749 §2.3.1: encoded as in a form, then joined.
            let encoded = "id+with%3Acolon:client%2Bsecret%2Fwith%3Aall%25of%26it";
            assert_eq!(header.to_str().unwrap(), format!("Basic {}", BASE64_STANDARD.encode(encoded)));
            assert!(header.is_sensitive());
        } else if method == ClientAuth::ClientSecretPost {
            assert_eq!(form["client_secret"], CLIENT_SECRET);
        }
    }
}

#[tokio::test]
async fn client_credentials_and_tokens_are_not_used_at_another_authorization_server() {
    let wire = Scripted::default();
    let other = AuthorizationServer { issuer: Issuer::new("https://as.example/"), ..server() };
    let (here, foreign) =
        (client(ClientAuth::None), Client { issuer: other.issuer.clone(), ..client(ClientAuth::None) });
    let code = SecretString::from(CODE);
    for refused in [
        exchange(&wire, &other, &here, &pending(), &code).await,
        exchange(&wire, &other, &foreign, &pending(), &code).await,
        exchange(&wire, &server(), &foreign, &pending(), &code).await,
        refresh(&wire, &other, &foreign, &tokens(), None).await,
        refresh(&wire, &server(), &foreign, &tokens(), None).await,
        client_credentials(&wire, &other, &client(ClientAuth::ClientSecretPost), &Scopes::default(), None)
            .await,
    ] {
        assert_eq!(refused.unwrap_err(), TokenError::OtherIssuer);
    }
    assert_eq!(revoke(&wire, &other, &foreign, &tokens()).await.unwrap_err(), TokenError::OtherIssuer);
    assert!(wire.requests().is_empty());
}

#[tokio::test]
async fn a_refresh_repeats_resource_and_asks_for_scopes_only_where_wanted() {
    let wire = Scripted::new([json(200, &bearer()), json(200, &bearer())]);
    let client = client(ClientAuth::None);
    refresh(&wire, &server(), &client, &tokens(), None).await.unwrap();
    refresh(&wire, &server(), &client, &tokens(), Some(&Scopes::parse("read write"))).await.unwrap();
    let [plain, scoped] = [0, 1].map(|at| form(&wire.requests()[at]));
    assert_eq!((&*plain["grant_type"], &*plain["refresh_token"]), ("refresh_token", "the-refresh-token"));
    assert_eq!(plain["resource"], "https://mcp.example/mcp");
    assert!(!plain.contains_key("scope"));
    assert_eq!(scoped["scope"], "read write");
}

#[tokio::test]
async fn a_refresh_takes_the_new_refresh_token_and_keeps_the_old_one_where_none_is_given() {
    let rotated = json!({"access_token": "a", "token_type": "bearer", "refresh_token": "rotated", "scope": "read more"});
    let wire = Scripted::new([json(200, &bearer()), json(200, &rotated)]);
    let client = client(ClientAuth::None);
    let kept = refresh(&wire, &server(), &client, &tokens(), None).await.unwrap();
    assert_eq!(kept.refresh_token.unwrap().expose_secret(), "the-refresh-token");
    assert_eq!((kept.granted, kept.requested), (tokens().granted, tokens().requested));
    let new = refresh(&wire, &server(), &client, &tokens(), None).await.unwrap();
    assert_eq!(new.refresh_token.unwrap().expose_secret(), "rotated");
    assert_eq!((new.granted, new.requested), (Scopes::parse("read more"), tokens().requested));
}

#[tokio::test]
async fn refresh_tokens_are_not_assumed_to_exist() {
    let wire = Scripted::default();
    let tokens = Tokens { refresh_token: None, ..tokens() };
    let refused = refresh(&wire, &server(), &client(ClientAuth::None), &tokens, None).await.unwrap_err();
    assert!(matches!(refused, TokenError::InvalidGrant { .. }));
    assert!(wire.requests().is_empty());
}

#[tokio::test]
async fn a_machine_asks_for_its_own_tokens_with_a_secret_and_only_so() {
    let wire = Scripted::new([json(200, &bearer())]);
    let scopes = Scopes::parse("read");
    let resource = Some("https://mcp.example");
    let given =
        client_credentials(&wire, &server(), &client(ClientAuth::ClientSecretPost), &scopes, resource).await;
    assert_eq!(given.unwrap().granted, scopes);
    let form = form(&wire.requests()[0]);
    assert_eq!(
        (&*form["grant_type"], &*form["scope"], &*form["resource"]),
        ("client_credentials", "read", "https://mcp.example")
    );
    let refused = client_credentials(&wire, &server(), &client(ClientAuth::None), &scopes, resource).await;
    assert_eq!(refused.unwrap_err(), TokenError::SecretNeeded);
}

#[tokio::test]
async fn network_trouble_keeps_credentials() {
    let late = Unanswered { reason: "it did not answer within 30 s".into(), transient: true };
    let large = Unanswered { reason: "its answer is larger than 1 MiB".into(), transient: false };
    let wire = Scripted::new([Err(late), Err(large)]);
    let client = client(ClientAuth::None);
    let error = refresh(&wire, &server(), &client, &tokens(), None).await.unwrap_err();
    assert!(matches!(error, TokenError::Transient { retry_after: None, .. }), "{error:?}");
    let error = refresh(&wire, &server(), &client, &tokens(), None).await.unwrap_err();
    assert!(matches!(error, TokenError::Nonsense { .. }), "{error:?}");
}

#[tokio::test]
async fn revocation_takes_the_refresh_token_first() {
    let wire = Scripted::new([Ok(answer(200, &[], "")), Ok(answer(200, &[], "<html>"))]);
    assert!(revoke(&wire, &server(), &client(ClientAuth::None), &tokens()).await.unwrap());
    let sent = wire.requests().iter().map(form).collect::<Vec<_>>();
    let sent = sent.iter().map(|form| (&*form["token"], &*form["token_type_hint"])).collect::<Vec<_>>();
    assert_eq!(sent, [("the-refresh-token", "refresh_token"), ("the-access-token", "access_token")]);
    assert_eq!(wire.requests()[0].uri(), "https://as.example/revoke");
}

#[tokio::test]
async fn a_token_that_stays_is_said_and_the_other_is_taken_back_all_the_same() {
    let unsupported = || json(400, &json!({"error": "unsupported_token_type"}));
    let wire = Scripted::new([Ok(answer(503, &[("retry-after", "7")], "")), unsupported()]);
    let error = revoke(&wire, &server(), &client(ClientAuth::None), &tokens()).await.unwrap_err();
    assert!(
        matches!(error, TokenError::Transient { retry_after: Some(wait), .. } if wait.as_secs() == 7),
        "{error:?}"
    );
    assert_eq!(wire.requests().len(), 2);
    let wire = Scripted::new([Ok(answer(200, &[], "")), unsupported()]);
    assert!(revoke(&wire, &server(), &client(ClientAuth::None), &tokens()).await.unwrap());
    let none = AuthorizationServer { revocation_endpoint: None, ..server() };
    assert!(!revoke(&Scripted::default(), &none, &client(ClientAuth::None), &tokens()).await.unwrap());
}

#[tokio::test]
async fn no_secret_is_in_an_error_even_where_the_server_says_it_back() {
    let said =
        format!("no {CODE}, no {VERIFIER}, no {CLIENT_SECRET}, no client%2Bsecret%2Fwith%3Aall%25of%26it");
    for code in ["invalid_grant", "invalid_client", "invalid_request", "server_error", CODE] {
        let wire = Scripted::new([json(400, &json!({"error": code, "error_description": said}))]);
        let client = client(ClientAuth::ClientSecretPost);
        let error = exchange(&wire, &server(), &client, &pending(), &CODE.into()).await.unwrap_err();
        let shown = format!("{error} {error:?} {client:?} {:?} {:?}", pending(), tokens());
        assert!(shown.contains("no ***, no ***, no ***, no ***"), "{shown}");
        for secret in [CODE, VERIFIER, CLIENT_SECRET, "client%2Bsecret", "the-state", "-token"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
