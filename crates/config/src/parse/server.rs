use std::{collections::BTreeSet, time::Duration};

use jsonc_parser::ast::{ObjectProp, Value};

use super::{
    oauth::{authorization_header_wins, oauth},
    scope::{Fields, Scope},
    upstream::upstream,
};
use crate::{Entry, HeaderForwarding, Server, ServerName, Severity, Upstream, keys};

const DEFAULT_TIMEOUT: Duration = Duration::from_mins(2);
/// A day: what is longer was meant in milliseconds.
const LONGEST_SECONDS: f64 = 86_400.0;
const SHORTEST_SECONDS: f64 = 0.001;

/// Reads one entry of `mcpServers`. Any error makes it [`Entry::Invalid`]; all are reported.
pub(super) fn entry(scope: &mut Scope, name: &ServerName, property: &ObjectProp) -> Entry {
    let server = server(scope, name, property);
    let error = scope.diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
    match (server, error) {
        (Some(server), None) => Entry::Valid(Box::new(server)),
        (_, Some(error)) => Entry::Invalid(error.clone()),
        (None, None) => {
            // Reached only by a reader that gives up without a word; the person still gets one.
            scope.error(&property.name, "unusable", format!("`{name}` cannot be used."), "");
            Entry::Invalid(scope.diagnostics[scope.diagnostics.len() - 1].clone())
        }
    }
}

fn server(scope: &mut Scope, name: &ServerName, property: &ObjectProp) -> Option<Server> {
    let Value::Object(object) = &property.value else {
        let message = format!("`{name}` must be an object.");
        let hint = "Write `{ \"command\": \"...\" }` or `{ \"url\": \"https://...\" }`.";
        scope.error(&property.value, "wrong-type", message, hint);
        return None;
    };
    let fields = Fields::checked(scope, "", object, &keys::SERVER);
    let upstream = upstream(scope, name, &property.name, &fields);
    let disabled = disabled(scope, &fields);
    let timeout = seconds(scope, &fields, "timeout");
    let startup_timeout = seconds(scope, &fields, "startupTimeout");
    let disabled_tools = disabled_tools(scope, &fields);
    let elicitation = fields.value("elicitation").and_then(|value| scope.word("elicitation", value));
    let mut header_forwarding = header_forwarding(scope, &fields);
    let mut oauth = oauth(scope, &fields);
    let upstream = upstream?;
    if !matches!(upstream, Upstream::StreamableHttp(_) | Upstream::Sse(_) | Upstream::Http(_)) {
        let what =
            if matches!(upstream, Upstream::Demo) { "the demo server" } else { "a server with `command`" };
        for (key, present) in [
            ("oauth", oauth.take().is_some()),
            ("client_header_forwarding", header_forwarding.take().is_some()),
        ] {
            if let (true, Some(property)) = (present, fields.property(key)) {
                let message = format!("{} has no effect on {what}.", scope.subject(key));
                scope.warning(
                    &property.name,
                    "no-effect",
                    message,
                    "Remove it; it is for servers with `url`.",
                );
            }
        }
    }
    if oauth.is_some() {
        authorization_header_wins(scope, &fields);
    }
    Some(Server {
        name: name.clone(),
        upstream,
        disabled,
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        startup_timeout,
        disabled_tools,
        elicitation: elicitation.unwrap_or_default(),
        header_forwarding,
        oauth,
    })
}

/// `disabled`, or other clients' `enabled`; where they disagree the server stays off.
fn disabled(scope: &mut Scope, fields: &Fields) -> bool {
    let mut read = |key| fields.value(key).and_then(|value| scope.boolean(key, value));
    let (disabled, enabled) = (read("disabled"), read("enabled"));
    if let (Some(true), Some(true), Some(property)) = (disabled, enabled, fields.property("enabled")) {
        let message =
            format!("{} says on, `disabled` says off; it stays off.", scope.subject(property.name.as_str()));
        scope.warning(&property.name, "duplicate-key", message, "Remove one of them.");
    }
    disabled == Some(true) || enabled == Some(false)
}

fn seconds(scope: &mut Scope, fields: &Fields, key: &str) -> Option<Duration> {
    let value = fields.value(key)?;
    let text: &str = match value {
        Value::NumberLit(literal) => literal.value,
        Value::StringLit(literal) if literal.value.trim().parse::<f64>().is_ok() => {
            let message = format!("{} is a number in quotes; it is taken as one.", scope.subject(key));
            scope.warning(value, "quoted-number", message, "Remove the quotes.");
            literal.value.trim()
        }
        _ => {
            scope.wrong_type(key, value, "a number of seconds", "");
            return None;
        }
    };
    match text.parse::<f64>() {
        Ok(seconds) if (SHORTEST_SECONDS..=LONGEST_SECONDS).contains(&seconds) => {
            Some(Duration::from_secs_f64(seconds))
        }
        number => {
            let message =
                format!("{} must be above 0 and at most 86400 seconds, not {}.", scope.subject(key), text);
            let hint = match number {
                Ok(number) if number > LONGEST_SECONDS && number / 1000.0 <= LONGEST_SECONDS => {
                    format!("If milliseconds were meant, write {}.", number / 1000.0)
                }
                _ => "Remove it to have the default.".to_owned(),
            };
            scope.error(value, "out-of-range", message, &hint);
            None
        }
    }
}

fn disabled_tools(scope: &mut Scope, fields: &Fields) -> BTreeSet<String> {
    let Some(value) = fields.value("disabledTools") else { return BTreeSet::new() };
    scope.strings("disabledTools", value, false).into_iter().map(|(tool, _)| tool.to_owned()).collect()
}

fn header_forwarding(scope: &mut Scope, fields: &Fields) -> Option<HeaderForwarding> {
    let value = fields.value("client_header_forwarding")?;
    let object = scope.object("client_header_forwarding", value, "Write `{ \"enabled\": true }`.")?;
    let prefix = "client_header_forwarding.";
    let fields = Fields::checked(scope, prefix, object, &keys::HEADER_FORWARDING);
    let mut names = |key| -> Vec<String> {
        let Some(value) = fields.value(key) else { return Vec::new() };
        let names = scope.strings(&format!("{prefix}{key}"), value, false);
        names.into_iter().map(|(name, _)| name.to_owned()).collect()
    };
    let (whitelist, blacklist) = (names("whitelist"), names("blacklist"));
    let mut flag = |key| fields.value(key).and_then(|value| scope.boolean(&format!("{prefix}{key}"), value));
    let enabled = flag("enabled").unwrap_or_default();
    let debug_headers = flag("debug_headers").unwrap_or_default();
    enabled.then_some(HeaderForwarding { whitelist, blacklist, debug_headers })
}
