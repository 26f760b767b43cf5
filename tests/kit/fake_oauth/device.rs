use axum::{body::Body, http::Response};
use serde_json::json;

use super::{
    Seen,
    http::{self, Refusal, refuse},
    server::Server,
    store::{Device, Grant},
};

/// RFC 8628 §3.1.
pub(crate) fn begin(server: &Server, seen: &Seen) -> Response<Body> {
    let mut store = server.store();
    let (device_code, family, number) = (store.word("device"), store.word("family"), store.issued);
    server.secrets.add(&device_code);
    let grant = Grant {
        family,
        client: seen.form("client_id").into(),
        scope: seen.form("scope").into(),
        resource: seen.form.get("resource").cloned(),
    };
    let user_code = format!("WDJB-{number:04}");
    let at = format!("{}/activate", server.issuer);
    let answer = json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": at,
        "verification_uri_complete": format!("{at}?user_code={user_code}"), "expires_in": 600, "interval": 1,
    });
    store.devices.insert(device_code, Device { grant, user_code, answer: None });
    http::json(200, &answer)
}

/// RFC 8628 §3.5: what the person said, `Err` until then.
pub(crate) fn poll(server: &Server, seen: &Seen) -> Result<Grant, Refusal> {
    let mut store = server.store();
    let code = seen.form("device_code");
    let Some(device) = store.devices.get(code).cloned() else {
        return refuse(http::error(400, "expired_token", "No such code."));
    };
    match device.answer {
        None => refuse(http::error(400, "authorization_pending", "Nobody has said anything.")),
        Some(false) => refuse(http::error(400, "access_denied", "The person said no.")),
        Some(true) => {
            store.devices.remove(code);
            Ok(device.grant)
        }
    }
}
