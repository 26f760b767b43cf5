use std::fmt::Write as _;

use axum::{body::Body, http::Response};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::{
    ClientAuth, Refresh, Seen, Ttl, device,
    http::{self, Refusal, Reply, refuse},
    server::Server,
    store::{Access, Grant, RefreshToken, Store},
};

/// RFC 6749 §3.2.
pub(crate) async fn answer(server: &Server, seen: &Seen) -> Reply {
    let behaviour = server.behaviour();
    for name in ["code", "code_verifier", "refresh_token", "client_secret", "device_code"] {
        server.secrets.add(seen.form(name));
    }
    if behaviour.html {
        return Some(http::page(200, "Welcome!"));
    }
    let client = match authenticate(server, seen) {
        Ok(client) => client,
        Err(refusal) => return Some(*refusal),
    };
    if behaviour.refuses_resource && seen.form.contains_key("resource") {
        return Some(http::error(400, "invalid_target", "AADSTS9010010: `resource` is not supported."));
    }
    let granted = match seen.form("grant_type") {
        "authorization_code" => exchange(server, seen, &client),
        "refresh_token" => match refresh(server, seen, &client).await {
            Some(granted) => granted,
            None => return None,
        },
        "urn:ietf:params:oauth:grant-type:device_code" => device::poll(server, seen),
        "client_credentials" => {
            let family = server.store().word("family");
            let (scope, resource) = (seen.form("scope").into(), seen.form.get("resource").cloned());
            Ok(Grant { family, client, scope, resource })
        }
        _ => refuse(http::error(400, "unsupported_grant_type", "Not here.")),
    };
    match granted {
        Err(refusal) => Some(*refusal),
        Ok(grant) => {
            let tokens = issue(server, &grant, seen.form("grant_type"));
            if behaviour.refresh == Refresh::RotatesAndHangsUp && seen.form("grant_type") == "refresh_token" {
                return None;
            }
            Some(if behaviour.forms { form(&tokens) } else { http::json(200, &tokens) })
        }
    }
}

/// RFC 6749 §2.3: as the client was registered, and no other way.
fn authenticate(server: &Server, seen: &Seen) -> Result<String, Refusal> {
    let refused = || Box::new(http::error(401, "invalid_client", "Client authentication failed."));
    let basic = seen.header("authorization").strip_prefix("Basic ").and_then(|basic| {
        let text = String::from_utf8(BASE64_STANDARD.decode(basic).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((decoded(id), decoded(secret)))
    });
    if let Some((_, secret)) = &basic {
        server.secrets.add(secret);
    }
    let id = basic.as_ref().map_or(seen.form("client_id"), |(id, _)| id);
    if id.starts_with("https://") {
        return Ok(id.into());
    }
    let known = server.store().clients.get(id).cloned().ok_or_else(refused)?;
    let posted = seen.form.get("client_secret");
    let right = match known.auth {
        ClientAuth::None => basic.is_none() && posted.is_none(),
        ClientAuth::Basic => {
            posted.is_none() && basic.as_ref().map(|(_, secret)| secret) == known.secret.as_ref()
        }
        ClientAuth::Post => basic.is_none() && posted == known.secret.as_ref(),
    };
    if right { Ok(id.into()) } else { Err(refused()) }
}

/// RFC 6749 §2.3.1: both parts are form-encoded.
fn decoded(text: &str) -> String {
    form_urlencoded::parse(format!("v={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn exchange(server: &Server, seen: &Seen, client: &str) -> Result<Grant, Refusal> {
    let invalid = |why| Box::new(http::error(400, "invalid_grant", why));
    let mut store = server.store();
    let Some(code) = store.codes.get_mut(seen.form("code")) else { return Err(invalid("No such code.")) };
    let (used, code) = (std::mem::replace(&mut code.used, true), code.clone());
    if used && !server.behaviour().replay {
        // RFC 6749 §4.1.2: what it gave SHOULD be taken back.
        store.dead.insert(code.grant.family);
        return Err(invalid("The code was used before."));
    }
    if code.grant.client != client || code.redirect_uri != seen.form("redirect_uri") {
        return Err(invalid("Another client, or another redirect URI."));
    }
    // RFC 7636 §4.6.
    let digest = Sha256::digest(seen.form("code_verifier").as_bytes());
    if BASE64_URL_SAFE_NO_PAD.encode(digest) != code.challenge {
        return Err(invalid("PKCE verification failed."));
    }
    Ok(code.grant)
}

/// `None`: hang up.
async fn refresh(server: &Server, seen: &Seen, client: &str) -> Option<Result<Grant, Refusal>> {
    let behaviour = server.behaviour();
    match behaviour.refresh {
        Refresh::Status(status, after) => {
            let mut response = http::page(status, "Not now.");
            if let Some(after) = after {
                response.headers_mut().insert("retry-after", after.into());
            }
            return Some(refuse(response));
        }
        Refresh::Error(code) => return Some(refuse(http::error(400, code, "No."))),
        Refresh::Silent => std::future::pending().await,
        Refresh::Held => server.released().await,
        Refresh::Rotates | Refresh::Keeps | Refresh::RotatesAndHangsUp => {}
    }
    let invalid = |why| Some(refuse(http::error(400, "invalid_grant", why)));
    let mut store = server.store();
    let Some(token) = store.refresh.get_mut(seen.form("refresh_token")) else {
        return invalid("No such refresh token.");
    };
    let used = token.used;
    if behaviour.refresh != Refresh::Keeps {
        token.used = true;
    }
    let grant = token.grant.clone();
    if used {
        // RFC 9700 §4.14.2: somebody has a copy.
        store.dead.insert(grant.family);
        return invalid("The refresh token was used before.");
    }
    if store.dead.contains(&grant.family) || grant.client != client {
        return invalid("It was revoked.");
    }
    store.end_access(&grant.family);
    Some(Ok(grant))
}

fn issue(server: &Server, grant: &Grant, kind: &str) -> Value {
    let behaviour = server.behaviour();
    let mut store = server.store();
    let access = store.word("access");
    server.secrets.add(&access);
    let mut answer = json!({"access_token": access, "token_type": "Bearer"});
    if !grant.scope.is_empty() {
        answer["scope"] = json!(grant.scope);
    }
    let ttl = match behaviour.ttl {
        Ttl::Told(ttl) => {
            answer["expires_in"] = json!(ttl.as_secs());
            Some(ttl)
        }
        Ttl::Untold => None,
    };
    store.access.insert(access, Access { grant: grant.clone(), until: Store::expiry(ttl) });
    let keeps = kind == "refresh_token" && behaviour.refresh == Refresh::Keeps;
    if !behaviour.without_refresh && kind != "client_credentials" && !keeps {
        let refresh = store.word("refresh");
        server.secrets.add(&refresh);
        answer["refresh_token"] = json!(refresh);
        store.refresh.insert(refresh, RefreshToken { grant: grant.clone(), used: false });
    }
    answer
}

/// RFC 7009 §2: the whole family, whatever token of it came.
pub(crate) fn revoke(server: &Server, seen: &Seen) -> Response<Body> {
    if let Err(refusal) = authenticate(server, seen) {
        return *refusal;
    }
    let token = seen.form("token");
    server.secrets.add(token);
    let mut store = server.store();
    let access = store.access.get(token).map(|access| access.grant.family.clone());
    let family = access.or_else(|| store.refresh.get(token).map(|refresh| refresh.grant.family.clone()));
    store.dead.extend(family);
    http::json(200, &json!({}))
}

/// As GitHub answers those who do not ask for JSON.
fn form(tokens: &Value) -> Response<Body> {
    let mut text = String::new();
    for (name, value) in tokens.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let _ = write!(text, "{}{name}={value}", if text.is_empty() { "" } else { "&" });
    }
    Response::builder()
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .body(Body::from(text))
        .expect("a valid response")
}
