use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{scripted::*, *};
use crate::client::ClientAuth;

mod answers;
mod device;
mod grants;
mod life;

fn tokens() -> Tokens {
    Tokens {
        issuer: server().issuer,
        access_token: "the-access-token".into(),
        refresh_token: Some("the-refresh-token".into()),
        issued_at: SystemTime::UNIX_EPOCH,
        expires_at: None,
        requested: Scopes::parse("read write"),
        granted: Scopes::parse("read"),
        resource: Some("https://mcp.example/mcp".into()),
        server: None,
    }
}

fn bearer() -> serde_json::Value {
    json!({"access_token": "new-access-token", "token_type": "Bearer"})
}
