use axum::{body::Body, http::Response};
use serde_json::{Value, json};

use super::{Iss, http, server::Server};

/// RFC 8414 and `OpenID` Connect discovery, where this path is one of theirs.
pub(crate) async fn answer(server: &Server, path: &str) -> Option<Response<Body>> {
    let behaviour = server.behaviour();
    let tenant = &server.tenant;
    let oauth = path == format!("/.well-known/oauth-authorization-server{tenant}");
    let openid = path == format!("/.well-known/openid-configuration{tenant}")
        || path == format!("{tenant}/.well-known/openid-configuration");
    if (oauth && behaviour.metadata.oauth) || (openid && behaviour.metadata.openid) {
        return Some(http::document(behaviour.metadata.document, &metadata(server)).await);
    }
    None
}

fn metadata(server: &Server) -> Value {
    let behaviour = server.behaviour();
    let issuer = &server.issuer;
    let mut document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported":
            !matches!(behaviour.iss, Iss::Unknown | Iss::Unadvertised),
    });
    for (told, name, path) in [
        (behaviour.metadata.registration, "registration_endpoint", "register"),
        (behaviour.metadata.revocation, "revocation_endpoint", "revoke"),
        (behaviour.metadata.device, "device_authorization_endpoint", "device"),
    ] {
        if told {
            document[name] = json!(format!("{issuer}/{path}"));
        }
    }
    if let Some(scopes) = &behaviour.metadata.scopes {
        document["scopes_supported"] = json!(scopes);
    }
    if let Some(members) = document.as_object_mut() {
        for (name, value) in &behaviour.metadata.members {
            if value.is_null() {
                members.shift_remove(name);
            } else {
                members.insert(name.clone(), value.clone());
            }
        }
    }
    document
}
