//! Dynamic client registration (RFC 7591).

use std::time::SystemTime;

use ::http::{
    Method, Request, StatusCode, Uri,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::{Map, Value, json};
use url::Url;

use super::{Registration, RegistrationError};
use crate::{
    Flow, Grant,
    client::{Client, ClientAuth, ClientOrigin},
    endpoint::Endpoint,
    token::{Answer, DEVICE_CODE, Transport, said, words},
};

impl Registration<'_> {
    /// Registers anew. "MUST handle redirect URI rejections, MAY retry adjusted" (MCP 2026-07-28, client registration):
    /// where 127.0.0.1 is refused, `localhost` is tried once.
    pub(super) async fn dynamic(&self, transport: &dyn Transport) -> Result<Client, RegistrationError> {
        let Some(endpoint) = &self.server.registration_endpoint else { return Err(self.client_needed(None)) };
        let method = self.wished_method()?;
        match self.register(transport, endpoint, method, self.redirect_uri).await {
            Err(refused @ RegistrationError::RedirectRefused { .. }) => match self.localhost() {
                Some(localhost) => self.register(transport, endpoint, method, &localhost).await,
                None => Err(refused),
            },
            registered => registered,
        }
    }

    async fn register(
        &self,
        transport: &dyn Transport,
        endpoint: &Endpoint,
        method: ClientAuth,
        redirect_uri: &Url,
    ) -> Result<Client, RegistrationError> {
        let unsendable = || RegistrationError::Nonsense { reason: "its address cannot be asked".into() };
        let uri: Uri = endpoint.url().as_str().parse().map_err(|_| unsendable())?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .body(Value::Object(self.body(method, redirect_uri)).to_string().into_bytes())
            .map_err(|_| unsendable())?;
        let answer = transport.send(request).await?;
        self.read(&answer, method, redirect_uri, SystemTime::now())
    }

    /// The metadata that is asked for: what the config says, field by field, and Traygate's own where it says nothing. One
    /// redirect URI: one that is refused would refuse them all.
    fn body(&self, method: ClientAuth, redirect_uri: &Url) -> Map<String, Value> {
        let wish = &self.options.client_metadata;
        let own_grants: &[&str] = match (self.options.grant, self.flow) {
            (Grant::ClientCredentials, _) => &["client_credentials"],
            (Grant::AuthorizationCode, Flow::Device) => &[DEVICE_CODE, "refresh_token"],
            (Grant::AuthorizationCode, _) => &["authorization_code", "refresh_token"],
        };
        let own_responses: &[&str] = if self.redirects() { &["code"] } else { &[] };
        let scopes = wish.scope.as_ref().unwrap_or(self.scopes);
        let fields = [
            ("client_name", Some(json!(wish.client_name.as_deref().unwrap_or("Traygate")))),
            ("redirect_uris", self.redirects().then(|| json!([redirect_uri]))),
            (
                "grant_types",
                Some(wish.grant_types.as_ref().map_or_else(|| json!(own_grants), |all| json!(all))),
            ),
            (
                "response_types",
                Some(wish.response_types.as_ref().map_or_else(|| json!(own_responses), |all| json!(all))),
            ),
            // "MUST specify an appropriate application_type" (MCP 2026-07-28): a program on a person's machine.
            ("application_type", Some(json!("native"))),
            ("token_endpoint_auth_method", Some(json!(method.name()))),
            ("scope", (!scopes.is_empty()).then(|| json!(scopes))),
            ("client_uri", wish.client_uri.as_ref().map(|uri| json!(uri))),
            ("logo_uri", wish.logo_uri.as_ref().map(|uri| json!(uri))),
            ("contacts", wish.contacts.as_ref().map(|contacts| json!(contacts))),
            ("tos_uri", wish.tos_uri.as_ref().map(|uri| json!(uri))),
            ("policy_uri", wish.policy_uri.as_ref().map(|uri| json!(uri))),
            ("software_id", wish.software_id.as_ref().map(|id| json!(id))),
            ("software_version", wish.software_version.as_ref().map(|version| json!(version))),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// Whether a browser comes back with a code.
    pub(super) fn redirects(&self) -> bool {
        self.options.grant == Grant::AuthorizationCode && self.flow != Flow::Device
    }

    /// The method of the config; else the first that the authorization server lists of `none`, post and basic; `none`
    /// where it lists nothing that Traygate knows. A machine's own grant needs a secret (RFC 6749 §4.4).
    ///
    /// Post before basic: servers made with MCP's Python SDK (`FastMCP`) list both, and refuse basic without a `client_id` in
    /// the form, where others refuse it.
    fn wished_method(&self) -> Result<ClientAuth, RegistrationError> {
        if let Some(method) = self.configured_auth_method()? {
            return Ok(method);
        }
        if self.options.grant == Grant::ClientCredentials {
            return Ok(self.secret_method());
        }
        let known = [ClientAuth::None, ClientAuth::ClientSecretPost, ClientAuth::ClientSecretBasic];
        Ok(known.into_iter().find(|method| self.lists(method.name())).unwrap_or(ClientAuth::None))
    }

    fn read(
        &self,
        answer: &Answer,
        asked: ClientAuth,
        redirect_uri: &Url,
        now: SystemTime,
    ) -> Result<Client, RegistrationError> {
        if answer.is_transient() {
            let reason = format!("it answered {}", answer.status.as_u16());
            return Err(RegistrationError::Transient { reason, retry_after: answer.retry_after(now) });
        }
        let fields = answer.fields();
        if !answer.status.is_success() || fields.as_ref().is_ok_and(|fields| said(fields).is_some()) {
            return Err(self.refusal(answer.status, fields, redirect_uri));
        }
        let fields = fields.map_err(|reason| RegistrationError::Nonsense { reason })?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let Some(client_id) = text("client_id") else {
            return Err(RegistrationError::Nonsense { reason: "it answered without a `client_id`".into() });
        };
        let secret = text("client_secret");
        let auth_method = match text("token_endpoint_auth_method") {
            Some(name) => ClientAuth::named(name)
                .ok_or_else(|| RegistrationError::UnknownAuthMethod(words(name, &[])))?,
            None if secret.is_none() || asked != ClientAuth::None => asked,
            None => self.secret_method(),
        };
        // What a secret is not given for is not proved by one.
        let auth_method = if secret.is_some() { auth_method } else { ClientAuth::None };
        Ok(Client {
            issuer: self.server.issuer.clone(),
            client_id: client_id.to_owned(),
            client_secret: secret.filter(|_| auth_method != ClientAuth::None).map(Into::into),
            client_secret_expires_at: fields.get("client_secret_expires_at").and_then(end),
            auth_method,
            redirect_uri: self.redirects().then(|| redirect_uri.clone()),
            origin: ClientOrigin::Dynamic,
        })
    }

    /// RFC 7591 §3.2.2, and what servers answer that do not know it.
    fn refusal(
        &self,
        status: StatusCode,
        fields: Result<Map<String, Value>, String>,
        redirect_uri: &Url,
    ) -> RegistrationError {
        if self.server.guessed && status == StatusCode::NOT_FOUND {
            return RegistrationError::Nowhere { issuer: self.server.issuer.clone() };
        }
        let fields = match fields {
            Ok(fields) => fields,
            Err(reason) if is_closed(status) => return self.client_needed(Some(reason)),
            Err(reason) => return RegistrationError::Nonsense { reason },
        };
        let (code, description) = said(&fields).unwrap_or_else(|| {
            let text = ["message", "detail"].iter().find_map(|name| fields.get(*name)?.as_str());
            (format!("it answered {}", status.as_u16()), text.unwrap_or_default().to_owned())
        });
        let said = if description.is_empty() { code.clone() } else { format!("{code}: {description}") };
        let words = words(&said, &[]);
        let about_redirect = code == "invalid_redirect_uri"
            || description.to_ascii_lowercase().replace('_', " ").contains("redirect");
        match code.as_str() {
            "server_error" | "temporarily_unavailable" => {
                RegistrationError::Transient { reason: format!("it said {words}"), retry_after: None }
            }
            _ if is_closed(status) => self.client_needed(Some(words)),
            _ if about_redirect && self.redirects() => {
                RegistrationError::RedirectRefused { redirect_uri: Box::new(redirect_uri.clone()), words }
            }
            _ => RegistrationError::Refused { words },
        }
    }

    fn client_needed(&self, words: Option<String>) -> RegistrationError {
        RegistrationError::ClientNeeded {
            issuer: self.server.issuer.clone(),
            redirect_uri: self.redirects().then(|| Box::new(self.redirect_uri.clone())),
            words,
        }
    }
}

/// Registration is not for everybody here (an initial access token is wanted: RFC 7591 §3), or there is none.
fn is_closed(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::GONE
            | StatusCode::NOT_IMPLEMENTED
    )
}

/// A time in seconds since the epoch, as a number or in quotes; what is none never comes.
fn end(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
