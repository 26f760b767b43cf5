//! An authorization server by script, for tests: says what it was told to, in order, and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use ::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use futures::future::BoxFuture;
use tokio::time::Instant;
use url::{Url, form_urlencoded};

use super::{Answer, Transport, Unanswered};
use crate::{
    Scopes,
    client::{Client, ClientAuth, ClientOrigin},
    discovery::AuthorizationServer,
    endpoint::Endpoint,
    issuer::Issuer,
};

pub(crate) const CLIENT_SECRET: &str = "client+secret/with:all%of&it";

type Answered = Result<Answer, Unanswered>;

#[derive(Default)]
pub(crate) struct Scripted {
    answers: Mutex<VecDeque<Answered>>,
    asked: Mutex<Vec<(Instant, Request<Vec<u8>>)>>,
}

impl Scripted {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answered>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    pub(crate) fn requests(&self) -> Vec<Request<Vec<u8>>> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(_, request)| request.clone())
            .collect()
    }

    /// When each request came.
    pub(crate) fn times(&self) -> Vec<Instant> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(at, _)| *at).collect()
    }
}

impl Transport for Scripted {
    fn send(&self, request: Request<Vec<u8>>) -> BoxFuture<'_, Answered> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), request));
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Box::pin(async move { answer.expect("one answer for each request") })
    }
}

/// An answer with headers, `name: value` each.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: body.as_bytes().to_vec() }
}

#[expect(clippy::unnecessary_wraps, reason = "what is scripted may be an error too")]
pub(crate) fn json(status: u16, body: &serde_json::Value) -> Answered {
    Ok(answer(status, &[("content-type", "application/json")], &body.to_string()))
}

/// A request's form; a parameter that is there twice fails.
pub(crate) fn form(request: &Request<Vec<u8>>) -> std::collections::BTreeMap<String, String> {
    let mut form = std::collections::BTreeMap::new();
    for (name, value) in form_urlencoded::parse(request.body()) {
        let before = form.insert(name.to_string(), value.into_owned());
        assert!(before.is_none(), "{name} twice");
    }
    form
}

/// An authorization server that offers everything.
pub(crate) fn server() -> AuthorizationServer {
    let endpoint = |path: &str| {
        Endpoint::try_from(Url::parse("https://as.example").unwrap().join(path).unwrap()).unwrap()
    };
    AuthorizationServer {
        issuer: Issuer::new("https://as.example"),
        authorization_endpoint: Some(endpoint("/authorize?tenant=a%20b")),
        token_endpoint: endpoint("/token"),
        registration_endpoint: Some(endpoint("/register")),
        revocation_endpoint: Some(endpoint("/revoke")),
        device_authorization_endpoint: Some(endpoint("/device")),
        scopes_supported: Scopes::parse("read write offline_access"),
        code_challenge_methods_supported: Some(vec!["plain".into(), "S256".into()]),
        token_endpoint_auth_methods_supported: None,
        grant_types_supported: None,
        client_id_metadata_document_supported: false,
        authorization_response_iss_parameter_supported: false,
        guessed: false,
    }
}

/// Its client, with a secret where the method has one.
pub(crate) fn client(auth_method: ClientAuth) -> Client {
    Client {
        issuer: server().issuer,
        client_id: "id with:colon".into(),
        client_secret: (auth_method != ClientAuth::None).then(|| CLIENT_SECRET.into()),
        client_secret_expires_at: None,
        auth_method,
        redirect_uri: None,
        origin: ClientOrigin::Dynamic,
    }
}
