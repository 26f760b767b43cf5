use axum::{body::Body, http::Response};
use serde_json::json;
use url::Url;

use super::{ClientAuth, Registration, Seen, http, server::Server, store::Client};

/// RFC 7591 §3.
pub(crate) fn answer(server: &Server, seen: &Seen) -> Response<Body> {
    let behaviour = server.behaviour();
    let uris = seen.json["redirect_uris"].as_array().cloned().unwrap_or_default();
    let redirect_uris: Vec<String> = uris.iter().filter_map(|uri| uri.as_str().map(Into::into)).collect();
    match behaviour.registration {
        Registration::Refuses(status, code) => return http::error(status, code, "We take no new clients."),
        Registration::RefusesHost(host) => {
            let refused = |uri: &String| Url::parse(uri).is_ok_and(|uri| uri.host_str() == Some(host));
            if redirect_uris.iter().any(refused) {
                return http::error(400, "invalid_redirect_uri", "That host is not allowed.");
            }
        }
        Registration::Open => {}
    }
    if !seen.json.is_object() {
        return http::error(400, "invalid_client_metadata", "JSON is wanted.");
    }
    let mut store = server.store();
    let id = store.word("client");
    let secret = (behaviour.client_auth != ClientAuth::None).then(|| store.word("secret"));
    let mut answer = seen.json.clone();
    answer["client_id"] = json!(id);
    answer["client_id_issued_at"] = json!(1_780_000_000);
    answer["token_endpoint_auth_method"] = json!(behaviour.client_auth.name());
    if let Some(secret) = &secret {
        server.secrets.add(secret);
        answer["client_secret"] = json!(secret);
        answer["client_secret_expires_at"] = json!(0);
    }
    store.clients.insert(id, Client { secret, auth: behaviour.client_auth, redirect_uris });
    http::json(201, &answer)
}
