use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::*;
use crate::{
    ResourceIndicator, Scopes,
    client::{Client, ClientAuth},
    discovery::{AuthorizationServer, ProtectedResource},
    issuer::Issuer,
    token::scripted::{client, server},
};

mod responses;
mod what;

fn redirect_uri() -> Url {
    Url::parse("http://127.0.0.1:8000/-/oauth/callback").unwrap()
}

fn request(server: &AuthorizationServer, scopes: &str, resource: Option<&str>) -> AuthorizationRequest {
    let scopes = Scopes::parse(scopes);
    AuthorizationRequest::new(server, &client(ClientAuth::None), &redirect_uri(), &scopes, resource).unwrap()
}

/// A URL's parameters; one that is there twice fails.
fn query(url: &Url) -> BTreeMap<String, String> {
    let mut query = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        assert!(query.insert(name.to_string(), value.into_owned()).is_none(), "{name} twice");
    }
    query
}

#[test]
fn a_request_says_all_that_the_specification_wants_and_keeps_the_endpoints_query() {
    let AuthorizationRequest { url, pending } =
        request(&server(), "read write", Some("https://MCP.example/mcp/?a b"));
    assert!(url.as_str().starts_with("https://as.example/authorize?tenant=a%20b&"), "{url}");
    let query = query(&url);
    for (name, value) in [
        ("tenant", "a b"),
        ("response_type", "code"),
        ("client_id", "id with:colon"),
        ("redirect_uri", "http://127.0.0.1:8000/-/oauth/callback"),
        ("scope", "read write"),
        ("resource", "https://MCP.example/mcp/?a b"),
        ("code_challenge_method", "S256"),
        ("state", pending.state.expose_secret()),
    ] {
        assert_eq!(query[name], value, "{name}");
    }
    assert_eq!(query.len(), 9);
    assert_eq!(pending.redirect_uri, redirect_uri());
    assert_eq!(pending.issuer, server().issuer);
    assert_eq!(
        (pending.scopes, pending.resource.as_deref()),
        (Scopes::parse("read write"), Some("https://MCP.example/mcp/?a b"))
    );
}

#[test]
fn google_is_asked_for_a_refresh_token_in_its_own_way() {
    let issuer = Issuer::new("https://accounts.google.com");
    let (google, scopes) = (AuthorizationServer { issuer: issuer.clone(), ..server() }, Scopes::parse("a"));
    let client = Client { issuer, ..client(ClientAuth::None) };
    let asked = AuthorizationRequest::new(&google, &client, &redirect_uri(), &scopes, None).unwrap();
    let query = query(&asked.url);
    assert_eq!((query["access_type"].as_str(), query["prompt"].as_str()), ("offline", "consent"));
}

#[test]
fn pkce_is_always_s256_with_256_fresh_bits() {
    let (one, other) = (request(&server(), "", None), request(&server(), "", None));
    let verifier = one.pending.verifier.expose_secret();
    assert!((43..=128).contains(&verifier.len()));
    assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(verifier).unwrap().len(), 32);
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    assert_eq!(query(&one.url)["code_challenge"], challenge);
    assert_ne!(verifier, other.pending.verifier.expose_secret());
    assert!(!one.url.as_str().contains(verifier));
}

#[test]
fn state_is_256_fresh_bits() {
    let (one, other) = (request(&server(), "", None), request(&server(), "", None));
    assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(one.pending.state.expose_secret()).unwrap().len(), 32);
    assert_ne!(one.pending.state.expose_secret(), other.pending.state.expose_secret());
    assert_ne!(one.pending.state.expose_secret(), one.pending.verifier.expose_secret());
}

#[test]
fn an_authorization_server_without_s256_in_its_metadata_is_refused() {
    for (methods, guessed, refused) in [
        (None, false, true),
        (Some(vec![]), false, true),
        (Some(vec!["plain"]), false, true),
        (Some(vec!["s256"]), false, true),
        (Some(vec!["S256"]), false, false),
        // There is no metadata (revision 2025-03-26).
        (None, true, false),
    ] {
        let server = AuthorizationServer {
            code_challenge_methods_supported: methods
                .clone()
                .map(|all| all.into_iter().map(Into::into).collect()),
            guessed,
            ..server()
        };
        let request = AuthorizationRequest::new(
            &server,
            &client(ClientAuth::None),
            &redirect_uri(),
            &Scopes::default(),
            None,
        );
        assert_eq!(request.err() == Some(AuthorizationError::NoPkce), refused, "{methods:?} {guessed}");
    }
}

#[test]
fn scope_and_resource_are_left_out_where_there_are_none() {
    let query = query(&request(&server(), "", None).url);
    assert!(!query.contains_key("scope") && !query.contains_key("resource") && !query.contains_key("prompt"));
}

#[test]
fn offline_access_is_asked_for_with_consent() {
    assert_eq!(query(&request(&server(), "read offline_access", None).url)["prompt"], "consent");
}

#[test]
fn a_client_of_another_issuer_and_a_server_without_a_page_are_refused() {
    let begin = |server: &AuthorizationServer, client: &Client| {
        AuthorizationRequest::new(server, client, &redirect_uri(), &Scopes::default(), None).unwrap_err()
    };
    let foreign = Client { issuer: Issuer::new("https://as.example/"), ..client(ClientAuth::None) };
    assert_eq!(begin(&server(), &foreign), AuthorizationError::OtherIssuer);
    let pageless = AuthorizationServer { authorization_endpoint: None, ..server() };
    assert_eq!(begin(&pageless, &client(ClientAuth::None)), AuthorizationError::NoEndpoint);
}

#[test]
fn no_secret_is_in_debug() {
    let request = request(&server(), "read", None);
    let shown = format!("{request:?} {:?}", request.pending);
    for secret in [&request.pending.state, &request.pending.verifier] {
        assert!(!shown.contains(secret.expose_secret()), "{shown}");
    }
    let response = AuthorizationResponse::parse("code=the-code-itself&state=the-state-itself").unwrap();
    assert!(!format!("{response:?}").contains("the-"));
}
