use axum::{body::Body, http::Response};
use url::Url;

use super::{
    Authorize, Iss, Returned, Seen, http,
    server::Server,
    store::{Client, Code, Grant},
};

/// RFC 6749 §4.1.1: everybody who comes here has consented.
pub(crate) fn answer(server: &Server, seen: &Seen) -> Response<Body> {
    let behaviour = server.behaviour();
    let (client, redirect_uri) = (seen.query("client_id"), seen.query("redirect_uri"));
    let Some(known) = client_of(server, client) else {
        return http::page(400, "This client is not known.");
    };
    if known.redirect_uris.iter().all(|uri| uri != redirect_uri) && !client.starts_with("https://") {
        return http::page(400, "This redirect URI is not registered.");
    }
    let Ok(mut to) = Url::parse(redirect_uri) else { return http::page(400, "This redirect URI is none.") };
    match behaviour.authorize {
        Authorize::Waits => return http::page(200, "Do you consent?"),
        Authorize::Elsewhere(path) => to.set_path(path),
        _ => {}
    }
    let mut refusal = None;
    if let Authorize::Refuses(code, description) = behaviour.authorize {
        refusal = Some((code, description));
    } else if seen.query("response_type") != "code" {
        refusal = Some(("unsupported_response_type", "Only `code`."));
    } else if seen.query("code_challenge_method") != "S256" || seen.query("code_challenge").len() != 43 {
        refusal = Some(("invalid_request", "PKCE with S256 is wanted."));
    } else if behaviour.refuses_resource && seen.query.contains_key("resource") {
        refusal = Some(("invalid_target", "AADSTS9010010: the resource parameter is not supported."));
    }
    if let Some((code, description)) = refusal {
        to.query_pairs_mut().append_pair("error", code).append_pair("error_description", description);
    } else {
        let mut store = server.store();
        let (code, family) = (store.word("code"), store.word("family"));
        server.secrets.add(&code);
        let grant = Grant {
            family,
            client: client.into(),
            scope: seen.query("scope").into(),
            resource: seen.query.get("resource").cloned(),
        };
        let challenge = seen.query("code_challenge").into();
        store
            .codes
            .insert(code.clone(), Code { grant, redirect_uri: redirect_uri.into(), challenge, used: false });
        to.query_pairs_mut().append_pair("code", &code);
    }
    match behaviour.state {
        Returned::Same if seen.query.contains_key("state") => {
            to.query_pairs_mut().append_pair("state", seen.query("state"));
        }
        Returned::Wrong => {
            to.query_pairs_mut().append_pair("state", "somebody-elses-state-0123456789");
        }
        _ => {}
    }
    match &behaviour.iss {
        Iss::Honest | Iss::Unadvertised => {
            to.query_pairs_mut().append_pair("iss", &server.issuer);
        }
        Iss::Other(iss) => {
            to.query_pairs_mut().append_pair("iss", iss);
        }
        Iss::Unknown | Iss::Missing => {}
    }
    http::redirect(to.as_str())
}

/// A client that is registered, or is the URL of its metadata document (which is taken unread).
fn client_of(server: &Server, id: &str) -> Option<Client> {
    if id.starts_with("https://") {
        return Some(Client { secret: None, auth: super::ClientAuth::None, redirect_uris: Vec::new() });
    }
    server.store().clients.get(id).cloned()
}
