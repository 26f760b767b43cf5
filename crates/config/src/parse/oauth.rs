use jsonc_parser::ast::{ObjectProp, Value};
use url::Url;

use super::{
    client_metadata::{RedirectPorts, client_metadata},
    scope::{Fields, Scope},
    upstream::{is_loopback, url_fault},
};
use crate::{
    OAuth, OAuthFlow, OAuthGrant, ResourceIndicator, Template,
    keys::{self, nearest},
};

pub(super) const PREFIX: &str = "oauth.";

/// The `oauth` block; `null`, `false` and `"enabled": false` mean that there is none.
pub(super) fn oauth(scope: &mut Scope, fields: &Fields) -> Option<OAuth> {
    let value = fields.value("oauth")?;
    if let Value::BooleanLit(literal) = value {
        return literal.value.then(OAuth::default);
    }
    let object =
        scope.object("oauth", value, "Sign-in needs no `oauth` block; write one only to set its options.")?;
    let fields = Fields::new(scope, PREFIX, object, &keys::OAUTH);
    unknown_keys(scope, &fields);
    let enabled = fields.value("enabled").and_then(|value| scope.boolean("oauth.enabled", value));
    let oauth = block(scope, &fields);
    (enabled != Some(false)).then_some(oauth)
}

/// A request carries one `Authorization` header: the config's own, where it has one.
pub(super) fn authorization_header_wins(scope: &mut Scope, fields: &Fields) {
    let Some(Value::Object(headers)) = fields.value("headers") else { return };
    let authorization = headers.properties.iter().rev().find(|property| {
        property.name.as_str().eq_ignore_ascii_case("authorization")
            && !matches!(property.value, Value::NullKeyword(_))
    });
    if let Some(property) = authorization {
        let subject = scope.subject(&format!("headers.{}", property.name.as_str()));
        let message = format!("{subject} wins over `oauth`: Traygate does not sign in.");
        let hint = "Remove the header to sign in, or `oauth` to go on with the header.";
        scope.warning(&property.name, "header-wins", message, hint);
    }
}

fn block(scope: &mut Scope, fields: &Fields) -> OAuth {
    let grant = fields.value("grant").and_then(|value| scope.word("oauth.grant", value));
    let flow = flow(scope, fields, grant);
    let storage_type = fields.value("storage_type").and_then(|value| scope.word("oauth.storage_type", value));
    let redirect_host =
        fields.value("redirect_host").and_then(|value| scope.word("oauth.redirect_host", value));
    let allow_private_addresses = fields
        .value("allow_private_addresses")
        .and_then(|value| scope.boolean("oauth.allow_private_addresses", value));
    let (client_metadata, redirect_ports) = client_metadata(scope, fields);
    OAuth {
        server_url: server_url(scope, fields),
        callback_port: callback_port(scope, fields, &redirect_ports),
        flow,
        grant,
        storage_type,
        client_id: text(scope, PREFIX, fields, "client_id"),
        client_secret: client_secret(scope, fields),
        client_metadata_url: client_metadata_url(scope, fields),
        client_metadata,
        redirect_host,
        scope: scopes(scope, PREFIX, fields),
        resource: resource(scope, fields),
        allow_private_addresses: allow_private_addresses.unwrap_or_default(),
    }
}

fn unknown_keys(scope: &mut Scope, fields: &Fields) {
    for property in &fields.unknown {
        let spelling = property.name.as_str();
        if is_discovered(scope, PREFIX, property) {
            continue;
        }
        let misplaced = keys::CLIENT_METADATA.find(spelling).map(|key| key.name);
        let hint = match (misplaced, keys::OAUTH.nearest(spelling)) {
            (Some(_), _) => "It stands in `\"client_metadata\": { ... }`.".to_owned(),
            (None, Some(near)) => format!("Did you mean `{near}`?"),
            (None, None) if spelling == "authServerMetadataUrl" => {
                "Write the authorization server's own address into `server_url`.".to_owned()
            }
            (None, None) => keys::CLIENT_METADATA
                .nearest(spelling)
                .map(|near| format!("Did you mean `{near}` in `\"client_metadata\": {{ ... }}`?"))
                .unwrap_or_default(),
        };
        scope.unknown_key(PREFIX, property, &hint);
    }
}

/// Says that the authorization server's own metadata counts, where a key tries to stand in for it.
pub(super) fn is_discovered(scope: &mut Scope, prefix: &str, property: &ObjectProp) -> bool {
    let spelling = property.name.as_str();
    let discovered = keys::DISCOVERED.contains(&spelling);
    if discovered {
        let message = format!(
            "{} is discovered from the authorization server; what stands here is ignored.",
            scope.subject(&format!("{prefix}{spelling}"))
        );
        let hint = "Remove it. Where the server is not found, write its address into `server_url`.";
        scope.warning(&property.name, "discovered", message, hint);
    }
    discovered
}

/// A text that may hold `${...}`. An empty one counts as absent: some clients write every key.
pub(super) fn text(scope: &mut Scope, prefix: &str, fields: &Fields, key: &str) -> Option<Template> {
    let template = scope.template(&format!("{prefix}{key}"), fields.value(key)?)?;
    (!template.source().trim().is_empty()).then_some(template)
}

/// `flow`, or what `use_loopback` means; where they disagree `flow` wins.
fn flow(scope: &mut Scope, fields: &Fields, grant: Option<OAuthGrant>) -> Option<OAuthFlow> {
    let flow: Option<OAuthFlow> = fields.value("flow").and_then(|value| scope.word("oauth.flow", value));
    let use_loopback =
        fields.value("use_loopback").and_then(|value| scope.boolean("oauth.use_loopback", value));
    let Some(flow) = flow else {
        return (use_loopback == Some(false)).then_some(OAuthFlow::Manual);
    };
    let agrees = match use_loopback {
        None => true,
        Some(true) => !matches!(flow, OAuthFlow::Manual | OAuthFlow::Device),
        Some(false) => flow == OAuthFlow::Manual,
    };
    if let (false, Some(property)) = (agrees, fields.property("use_loopback")) {
        let subject = scope.subject("oauth.use_loopback");
        let message = format!("{subject} has no effect: `\"flow\": \"{flow}\"` wins.");
        scope.warning(&property.name, "no-effect", message, "Remove it.");
    }
    if let (Some(OAuthGrant::ClientCredentials), Some(property)) = (grant, fields.property("flow")) {
        let subject = scope.subject("oauth.flow");
        let message = format!("{subject} has no effect: `\"grant\": \"client_credentials\"` asks nobody.");
        scope.warning(&property.name, "no-effect", message, "Remove it.");
    }
    Some(flow)
}

fn server_url(scope: &mut Scope, fields: &Fields) -> Option<Template> {
    let value = fields.value("server_url")?;
    let written = scope.string("oauth.server_url", value, "")?;
    if written.trim().is_empty() {
        let message = format!("{} is empty; it is ignored.", scope.subject("oauth.server_url"));
        let hint = "Remove it: the MCP server names its authorization server.";
        scope.warning(value, "empty-value", message, hint);
        return None;
    }
    let template = scope.template("oauth.server_url", value)?;
    if !written.contains("${") {
        if let Some((message, hint)) = url_fault(written) {
            let message = format!("{} {message}.", scope.subject("oauth.server_url"));
            scope.error(value, "invalid-url", message, hint);
        } else if Url::parse(written.trim()).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url)) {
            let message = format!(
                "{} is not https: Traygate sends credentials only to https, or to this machine.",
                scope.subject("oauth.server_url")
            );
            scope.warning(value, "insecure-url", message, "Write its https address.");
        }
    }
    Some(template)
}

fn callback_port(scope: &mut Scope, fields: &Fields, redirect_ports: &RedirectPorts) -> Option<u16> {
    let property = fields.property("callback_port")?;
    let hint = "Write `3030`, mcpo's, or remove it: the browser then comes back to Traygate's own port.";
    let port = scope.port("oauth.callback_port", &property.value, 1, hint)?;
    if redirect_ports.exclude(port) {
        let message = format!(
            "{} has no effect: `client_metadata.redirect_uris` name another port, and win.",
            scope.subject("oauth.callback_port")
        );
        scope.warning(&property.name, "no-effect", message, "Remove one of them.");
    }
    Some(port)
}

fn client_secret(scope: &mut Scope, fields: &Fields) -> Option<Template> {
    let secret = text(scope, PREFIX, fields, "client_secret")?;
    let property = fields.property("client_secret")?;
    let has_id = fields
        .value("client_id")
        .is_some_and(|id| !matches!(id, Value::StringLit(literal) if literal.value.trim().is_empty()));
    if !has_id {
        let subject = scope.subject("oauth.client_secret");
        let message = format!("{subject} has no `client_id` beside it.");
        let hint = "Add `client_id`, as the authorization server gave it, or remove `client_secret`.";
        scope.error(&property.name, "incomplete", message, hint);
    }
    if secret.references().is_ok_and(|references| references.is_empty()) {
        let message = format!("{} stands here in plain text.", scope.subject("oauth.client_secret"));
        let hint = "Store it with `traygate secret set NAME` and write `${keychain:NAME}` in its place.";
        scope.warning(&property.value, "plain-secret", message, hint);
    }
    Some(secret)
}

/// "The client identifier URL MUST have an https scheme, MUST contain a path component, MUST NOT contain [...] a
/// fragment component and MUST NOT contain a username or password" (draft-ietf-oauth-client-id-metadata-document §2).
fn client_metadata_url(scope: &mut Scope, fields: &Fields) -> Option<Template> {
    let url = text(scope, PREFIX, fields, "client_metadata_url")?;
    let value = fields.value("client_metadata_url")?;
    let fault = match Url::parse(url.source().trim()) {
        _ if url.source().contains("${") => None,
        Ok(url) if url.scheme() != "https" => Some("must begin with `https://`"),
        Ok(url) if url.path() == "/" => Some("must have a path"),
        Ok(url) if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() => {
            Some("must hold no `#` and no name or password")
        }
        Ok(_) => None,
        Err(_) => Some("is no valid URL"),
    };
    if let Some(fault) = fault {
        let message = format!("{} {fault}.", scope.subject("oauth.client_metadata_url"));
        let hint = "Write where the document is, as in `https://example.com/traygate/client.json`.";
        scope.error(value, "invalid-url", message, hint);
    }
    Some(url)
}

/// `scope`: a text, or a list of them as Gemini CLI has it.
pub(super) fn scopes(scope: &mut Scope, prefix: &str, fields: &Fields) -> Option<Template> {
    let value = fields.value("scope")?;
    let path = format!("{prefix}scope");
    let template = if let Value::Array(_) = value {
        let scopes = scope.strings(&path, value, false);
        for (text, at) in &scopes {
            scope.references_hold(&path, &Template::new(*text), *at);
        }
        let scopes: Vec<_> = scopes.into_iter().map(|(scope, _)| scope).collect();
        Template::new(scopes.join(" "))
    } else {
        let text = scope.string(&path, value, "")?;
        if text.contains(',') && !text.contains(char::is_whitespace) {
            let message = format!("{} is one scope with commas in its name.", scope.subject(&path));
            scope.warning(value, "comma", message, "Put a space between scopes.");
        }
        scope.template(&path, value)?
    };
    (!template.source().trim().is_empty()).then_some(template)
}

fn resource(scope: &mut Scope, fields: &Fields) -> ResourceIndicator {
    const PATH: &str = "oauth.resource";
    let Some(value) = fields.value("resource") else { return ResourceIndicator::Auto };
    let Some(template) = scope.template(PATH, value) else { return ResourceIndicator::Auto };
    let written = template.source().trim();
    match written {
        "" | "auto" => return ResourceIndicator::Auto,
        "omit" => return ResourceIndicator::Omit,
        _ => {}
    }
    // RFC 8707 §2: "an absolute URI [...] MUST NOT include a fragment component".
    let is_uri = Url::parse(written).is_ok_and(|url| url.fragment().is_none());
    if !is_uri && !written.contains("${") {
        let subject = scope.subject(PATH);
        if let Some(near) = nearest(written, ["auto", "omit"]) {
            let message = format!("{subject} is neither `auto`, `omit` nor an address.");
            scope.error(value, "unknown-value", message, &format!("Did you mean `{near}`?"));
        } else {
            let message = format!("{subject} is no absolute address without `#`; few servers take it.");
            scope.warning(value, "invalid-url", message, "Write it as in `https://example.com/mcp`.");
        }
    }
    ResourceIndicator::Value(template)
}

#[cfg(test)]
mod tests;
