use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::{
    ClientMetadata, Flow,
    issuer::Issuer,
    token::scripted::{Scripted, answer, json, server},
};

mod dynamic;
mod order;

const REDIRECT: &str = "http://127.0.0.1:8000/-/oauth/callback";

/// A registration's parts, to be changed by each test.
struct Wish {
    server: AuthorizationServer,
    options: SignInOptions,
    flow: Flow,
    redirect_uri: Url,
    scopes: Scopes,
    kept: Option<Client>,
}

impl Wish {
    fn new() -> Self {
        Self {
            server: server(),
            options: SignInOptions::default(),
            flow: Flow::Browser,
            redirect_uri: Url::parse(REDIRECT).unwrap(),
            scopes: Scopes::parse("read offline_access"),
            kept: None,
        }
    }

    async fn client(&self, wire: &Scripted) -> Result<Client, RegistrationError> {
        let Self { server, options, flow, redirect_uri, scopes, kept } = self;
        let wish = Registration { server, options, flow: *flow, redirect_uri, scopes, kept: kept.as_ref() };
        wish.client(wire, SystemTime::now()).await
    }

    /// What is sent, and what comes of this one answer.
    async fn registered(&self, status: u16, body: &Value) -> (Value, Result<Client, RegistrationError>) {
        let wire = Scripted::new([json(status, body)]);
        let client = self.client(&wire).await;
        (serde_json::from_slice(wire.requests()[0].body()).unwrap(), client)
    }
}
