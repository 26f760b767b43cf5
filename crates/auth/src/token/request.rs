use ::http::{
    HeaderValue, Method, Request, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::TokenError;
use crate::{
    Scopes,
    client::{Client, ClientAuth},
    endpoint::Endpoint,
};

/// A form for an endpoint at which this program proves itself as a client.
pub(super) struct Form<'a> {
    endpoint: &'a Endpoint,
    client: &'a Client,
    pairs: Vec<(&'static str, &'a str)>,
    scope: Option<String>,
    secrets: Vec<&'a str>,
}

impl<'a> Form<'a> {
    pub(super) fn new(endpoint: &'a Endpoint, client: &'a Client) -> Self {
        let secrets = client.client_secret.iter().map(secrecy::ExposeSecret::expose_secret).collect();
        Self { endpoint, client, pairs: Vec::new(), scope: None, secrets }
    }

    pub(super) fn with(mut self, name: &'static str, value: &'a str) -> Self {
        self.pairs.push((name, value));
        self
    }

    /// A parameter that must not be seen in what is said about the answer.
    pub(super) fn with_secret(mut self, name: &'static str, value: &'a str) -> Self {
        self.secrets.push(value);
        self.with(name, value)
    }

    /// `scope`, unless there are none.
    pub(super) fn with_scopes(mut self, scopes: Option<&Scopes>) -> Self {
        self.scope = scopes.filter(|scopes| !scopes.is_empty()).map(ToString::to_string);
        self
    }

    /// `resource` (RFC 8707 §2.2), letter by letter.
    pub(super) fn with_resource(self, resource: Option<&'a str>) -> Self {
        match resource {
            Some(resource) => self.with("resource", resource),
            None => self,
        }
    }

    /// What it holds that must not be seen.
    pub(super) fn secrets(&self) -> &[&'a str] {
        &self.secrets
    }

    /// The request. The client proves itself in one way: "The client MUST NOT use more than one authentication method in
    /// each request" (RFC 6749 §2.3).
    pub(super) fn request(&self) -> Result<Request<Vec<u8>>, TokenError> {
        let mut body = Serializer::new(String::new());
        body.extend_pairs(&self.pairs);
        if let Some(scope) = &self.scope {
            body.append_pair("scope", scope);
        }
        let mut authorization = None;
        let secret = self.client.client_secret.as_ref().map(secrecy::ExposeSecret::expose_secret);
        match (self.client.auth_method, secret) {
            (ClientAuth::ClientSecretBasic, Some(secret)) => {
                authorization = Some(basic(&self.client.client_id, secret));
            }
            (ClientAuth::ClientSecretPost, Some(secret)) => {
                body.append_pair("client_id", &self.client.client_id).append_pair("client_secret", secret);
            }
            (_, _) => {
                body.append_pair("client_id", &self.client.client_id);
            }
        }
        let unsendable = || TokenError::Nonsense { reason: "its address cannot be asked".into() };
        let uri: Uri = self.endpoint.url().as_str().parse().map_err(|_| unsendable())?;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            let mut value = HeaderValue::try_from(authorization).map_err(|_| unsendable())?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        request.body(body.finish().into_bytes()).map_err(|_| unsendable())
    }
}

/// Id and secret are encoded as in a form before they are joined (RFC 6749 §2.3.1).
fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}
