use jsonc_parser::ast::Value;
use url::{Host, Url};

use super::{
    oauth::{is_discovered, scopes, text},
    scope::{Fields, Scope},
    upstream::is_loopback,
};
use crate::{ClientMetadata, Template, keys};

const PREFIX: &str = "oauth.client_metadata.";
/// The scheme of the desktop application's redirect URI (RFC 8252 §7.1).
const OWN_SCHEME: &str = "dev.traygate.desktop";

/// The ports at which `redirect_uris` want the browser back; `None`: nobody can tell, or there are none.
pub(super) struct RedirectPorts(Option<Vec<u16>>);

impl RedirectPorts {
    /// Whether they rule out that the browser comes back at `port`.
    pub(super) fn exclude(&self, port: u16) -> bool {
        self.0.as_ref().is_some_and(|ports| !ports.contains(&port))
    }
}

pub(super) fn client_metadata(scope: &mut Scope, fields: &Fields) -> (ClientMetadata, RedirectPorts) {
    let nothing = || (ClientMetadata::default(), RedirectPorts(None));
    let Some(value) = fields.value("client_metadata") else { return nothing() };
    let hint = "Write `{ \"client_name\": \"...\" }`.";
    let Some(object) = scope.object("oauth.client_metadata", value, hint) else { return nothing() };
    let fields = Fields::new(scope, PREFIX, object, &keys::CLIENT_METADATA);
    unknown_keys(scope, &fields);
    let (redirect_uris, ports) = redirect_uris(scope, &fields);
    let method = fields.value("token_endpoint_auth_method");
    let path = format!("{PREFIX}token_endpoint_auth_method");
    let metadata = ClientMetadata {
        client_name: text(scope, PREFIX, &fields, "client_name"),
        redirect_uris,
        grant_types: texts(scope, &fields, "grant_types"),
        response_types: texts(scope, &fields, "response_types"),
        token_endpoint_auth_method: method.and_then(|value| scope.word(&path, value)),
        scope: scopes(scope, PREFIX, &fields),
        client_uri: web_page(scope, &fields, "client_uri"),
        logo_uri: web_page(scope, &fields, "logo_uri"),
        contacts: texts(scope, &fields, "contacts"),
        tos_uri: web_page(scope, &fields, "tos_uri"),
        policy_uri: web_page(scope, &fields, "policy_uri"),
        software_id: text(scope, PREFIX, &fields, "software_id"),
        software_version: text(scope, PREFIX, &fields, "software_version"),
    };
    (metadata, ports)
}

fn unknown_keys(scope: &mut Scope, fields: &Fields) {
    for property in &fields.unknown {
        let spelling = property.name.as_str();
        if is_discovered(scope, PREFIX, property) {
            continue;
        }
        let hint = match (keys::OAUTH.find(spelling), keys::CLIENT_METADATA.nearest(spelling)) {
            (Some(key), _) => format!("`{}` stands beside `client_metadata`, in `oauth` itself.", key.name),
            (None, Some(near)) => format!("Did you mean `{near}`?"),
            (None, None) => String::new(),
        };
        scope.unknown_key(PREFIX, property, &hint);
    }
}

/// A list of texts; `None` where it is absent or empty.
fn texts(scope: &mut Scope, fields: &Fields, key: &str) -> Option<Vec<Template>> {
    let path = format!("{PREFIX}{key}");
    let texts = templates(scope, &path, fields.value(key)?);
    let texts: Vec<_> = texts.into_iter().map(|(template, _)| template).collect();
    (!texts.is_empty()).then_some(texts)
}

fn templates<'v, 'a>(scope: &mut Scope, path: &str, value: &'v Value<'a>) -> Vec<(Template, &'v Value<'a>)> {
    let mut templates = Vec::new();
    for (text, at) in scope.strings(path, value, true) {
        let template = Template::new(text);
        if scope.references_hold(path, &template, at) {
            templates.push((template, at));
        }
    }
    templates
}

/// An address that the authorization server shows to a person.
fn web_page(scope: &mut Scope, fields: &Fields, key: &str) -> Option<Template> {
    let page = text(scope, PREFIX, fields, key)?;
    let is_page = Url::parse(page.source().trim()).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if let (false, false, Some(value)) = (is_page, page.source().contains("${"), fields.value(key)) {
        let message = format!("{} is no http or https address.", scope.subject(&format!("{PREFIX}{key}")));
        scope.error(value, "invalid-url", message, "Write it as in `https://example.com/about`.");
    }
    Some(page)
}

fn redirect_uris(scope: &mut Scope, fields: &Fields) -> (Vec<Template>, RedirectPorts) {
    let Some(property) = fields.property("redirect_uris") else { return (Vec::new(), RedirectPorts(None)) };
    let path = format!("{PREFIX}redirect_uris");
    let uris = templates(scope, &path, &property.value);
    let mut ports = Some(Vec::new());
    for (uri, at) in &uris {
        if uri.source().contains("${") {
            ports = None;
            continue;
        }
        match redirect_port(uri.source()) {
            Ok(port) => {
                if let Some(ports) = &mut ports {
                    ports.extend(port);
                }
            }
            Err(fault) => {
                let message = format!("{} {fault}.", scope.subject(&path));
                let hint = "Write `http://127.0.0.1:PORT/PATH`, `http://localhost:PORT/PATH`, an https address, or \
                            `dev.traygate.desktop:/oauth/callback`.";
                scope.error(*at, "invalid-redirect-uri", message, hint);
            }
        }
    }
    if uris.len() > 1 {
        let message =
            format!("{} are several; the first that can be received is used.", scope.subject(&path));
        scope.warning(&property.name, "several-redirect-uris", message, "Leave only that one.");
    }
    let ports = ports.filter(|_| !uris.is_empty());
    (uris.into_iter().map(|(uri, _)| uri).collect(), RedirectPorts(ports))
}

/// The port of this machine that a redirect URI leads to, if it leads here; what is wrong with one that Traygate cannot
/// stand behind. "All redirect URIs MUST be either `localhost` or use HTTPS" (MCP 2026-07-28, authorization, security
/// considerations), but for our own scheme.
fn redirect_port(uri: &str) -> Result<Option<u16>, &'static str> {
    let Ok(url) = Url::parse(uri) else { return Err("holds a text that is no valid URL") };
    // RFC 6749 §3.1.2.
    if url.fragment().is_some() {
        return Err("holds an address with a `#`, which a redirect URI must not have");
    }
    match url.scheme() {
        "https" if !matches!(url.host(), None | Some(Host::Domain(""))) => Ok(None),
        "http" if is_loopback(&url) => Ok(url.port_or_known_default()),
        "http" => Err("holds an http address that is not this machine: a code would travel in plain text"),
        OWN_SCHEME => Ok(None),
        _ => Err("holds an address that Traygate cannot receive"),
    }
}
