use std::net::{IpAddr, Ipv4Addr};

use jsonc_parser::ast::{Object, Value};

use super::scope::{Fields, Scope};
use crate::{
    Diagnostic, Settings, Template, host_name,
    keys::{self, nearest},
    origin,
};

const LOG_LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Reads the `traygate` object. A bad value is an error about that setting, which then falls back.
pub(super) fn settings(scope: &mut Scope, object: &Object) -> Settings {
    let fields = Fields::checked(scope, "", object, &keys::SETTINGS);
    let settings = Settings {
        host: fields.value("host").map_or_else(Vec::new, |value| hosts(scope, value)),
        port: fields.value("port").and_then(|value| {
            scope.port("port", value, 0, "Write `8000`, or remove it to have the default.")
        }),
        api_key: fields.value("apiKey").map(|value| api_key(scope, value)),
        cors_allow_origins: fields.value("corsAllowOrigins").map(|value| origins(scope, value)),
        allowed_hosts: fields
            .value("allowedHosts")
            .map_or_else(Vec::new, |value| allowed_hosts(scope, value)),
        open_docs: fields.value("openDocs").and_then(|value| scope.boolean("openDocs", value)),
        operation_ids: fields.value("operationIds").and_then(|value| scope.word("operationIds", value)),
        log_level: fields.value("logLevel").and_then(|value| log_level(scope, value)),
        path_prefix: text(scope, &fields, "pathPrefix"),
        root_path: text(scope, &fields, "rootPath"),
        max_body_size: fields.value("maxBodySize").and_then(|value| max_body_size(scope, value)),
        ssl_certfile: text(scope, &fields, "sslCertfile").map(Into::into),
        ssl_keyfile: text(scope, &fields, "sslKeyfile").map(Into::into),
        sign_in: fields.value("signIn").and_then(|value| scope.word("signIn", value)),
        token_storage: fields.value("tokenStorage").and_then(|value| scope.word("tokenStorage", value)),
    };
    if let (Some(property), None) = (fields.property("sslKeyfile"), fields.property("sslCertfile")) {
        let message = format!("{} has no `sslCertfile` beside it.", scope.subject("sslKeyfile"));
        scope.error(
            &property.name,
            "incomplete",
            message,
            "Add `sslCertfile`, the certificate, or remove `sslKeyfile`.",
        );
    }
    settings
}

fn text(scope: &mut Scope, fields: &Fields, key: &str) -> Option<String> {
    let text = scope.string(key, fields.value(key)?, "")?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn hosts(scope: &mut Scope, value: &Value) -> Vec<IpAddr> {
    let mut hosts = Vec::new();
    for (text, at) in scope.strings("host", value, true) {
        if text.eq_ignore_ascii_case("localhost") {
            hosts.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
        } else if let Ok(address) = text.trim_matches(['[', ']']).parse() {
            hosts.push(address);
        } else {
            let message =
                format!("{} is `{}`, which is no IP address.", scope.subject("host"), text.escape_debug());
            let hint = if text == "*" {
                "Write `0.0.0.0` to listen everywhere."
            } else {
                "Write the address of an interface, such as `127.0.0.1` or `172.17.0.1`; the port goes into `port`."
            };
            scope.error(at, "invalid-host", message, hint);
        }
    }
    hosts
}

fn api_key(scope: &mut Scope, value: &Value) -> Result<Template, Diagnostic> {
    match scope.template("apiKey", value) {
        Some(key) if !key.source().trim().is_empty() => return Ok(key),
        Some(_) => {
            let message = format!("{} is empty.", scope.subject("apiKey"));
            scope.error(value, "empty-value", message, "Write a key, or `${keychain:NAME}`, or remove it.");
        }
        None => {}
    }
    Err(scope.last())
}

fn origins(scope: &mut Scope, value: &Value) -> Vec<String> {
    addresses(scope, "corsAllowOrigins", value, ("invalid-origin", "origin"), origin)
}

fn allowed_hosts(scope: &mut Scope, value: &Value) -> Vec<String> {
    addresses(scope, "allowedHosts", value, ("invalid-host", "host name"), host_name)
}

/// The texts of a list that `read` takes; each of the others is an error, and left out.
fn addresses(
    scope: &mut Scope,
    key: &str,
    value: &Value,
    (code, what): (&'static str, &str),
    read: impl Fn(&str) -> Result<String, String>,
) -> Vec<String> {
    let mut addresses = Vec::new();
    for (text, at) in scope.strings(key, value, true) {
        match read(text) {
            Ok(address) => addresses.push(address),
            Err(hint) => {
                let shown = text.escape_debug();
                let message = format!("{} holds `{shown}`, which is no {what}.", scope.subject(key));
                scope.error(at, code, message, &hint);
            }
        }
    }
    addresses
}

/// Python's names for levels, which mcpo takes, are taken too.
fn log_level(scope: &mut Scope, value: &Value) -> Option<String> {
    let text = scope.string("logLevel", value, "")?.to_ascii_lowercase();
    let level = match text.as_str() {
        "critical" => "error",
        "warning" => "warn",
        other => other,
    };
    if LOG_LEVELS.contains(&level) {
        return Some(level.to_owned());
    }
    let message = format!("{} must be error, warn, info, debug or trace.", scope.subject("logLevel"));
    let hint = nearest(level, LOG_LEVELS).map(|near| format!("Did you mean `{near}`?")).unwrap_or_default();
    scope.error(value, "unknown-value", message, &hint);
    None
}

fn max_body_size(scope: &mut Scope, value: &Value) -> Option<u64> {
    let size = match value {
        Value::NumberLit(literal) => literal.value.parse().ok().filter(|&size| size > 0),
        _ => None,
    };
    if size.is_none() {
        let message = format!("{} must be a whole number of bytes above 0.", scope.subject("maxBodySize"));
        scope.error(value, "out-of-range", message, "10 MB is `10485760`.");
    }
    size
}
