use indexmap::IndexMap;
use jsonc_parser::ast::{ObjectPropName, Value};
use url::{Host, Url};

use super::scope::{Fields, Scope, last_of_each};
use crate::{
    HttpUpstream, ServerName, StdioUpstream, Template, Upstream,
    keys::{self, fold, nearest},
};

/// A `type`, whatever its spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Stdio,
    StreamableHttp,
    Sse,
    Demo,
}

const TYPES: [&str; 5] = ["stdio", "streamable-http", "http", "sse", "demo"];

impl Kind {
    /// `streamable-http`, `streamable_http`, `streamableHttp`, ... are one.
    fn new(spelling: &str) -> Option<Self> {
        match fold(spelling).as_str() {
            "stdio" => Some(Self::Stdio),
            "http" | "streamablehttp" => Some(Self::StreamableHttp),
            "sse" => Some(Self::Sse),
            "demo" => Some(Self::Demo),
            _ => None,
        }
    }
}

/// Reads how a server is reached; `None` after an error.
pub(super) fn upstream(
    scope: &mut Scope,
    name: &ServerName,
    at: &ObjectPropName,
    fields: &Fields,
) -> Option<Upstream> {
    // Some clients write every key, with an empty text where there is nothing to say.
    let present = |key| fields.value(key).filter(|value| !is_empty(value));
    let starts_program = present("command").is_some() && present("url").is_none();
    let kind = match present("type") {
        Some(value) => Some(kind(scope, value, starts_program)?),
        None => None,
    };
    let type_word = fields.value("type").and_then(Value::as_string_lit).map_or("", |literal| &literal.value);
    let without = |key: &str, hint: &str, scope: &mut Scope| {
        let message = format!("`{name}` has `\"type\": \"{type_word}\"` but no `{key}`.");
        scope.error(at, "incomplete", message, hint);
    };
    match (kind, present("command"), present("url")) {
        (Some(Kind::Demo), ..) => {
            no_effect(scope, fields, &["command", "args", "env", "cwd", "url", "headers"], "the demo server");
            Some(Upstream::Demo)
        }
        (Some(Kind::Stdio), None, url) => {
            let hint =
                if url.is_some() { "Remove `type`, or write `\"type\": \"http\"`." } else { ADD_COMMAND };
            without("command", hint, scope);
            None
        }
        (Some(Kind::StreamableHttp | Kind::Sse), command, None) => {
            let hint =
                if command.is_some() { "Remove `type`, or write `\"type\": \"stdio\"`." } else { ADD_URL };
            without("url", hint, scope);
            None
        }
        (None, None, None) => {
            nothing_to_start(scope, name, at, fields);
            None
        }
        (None, Some(_), Some(url)) => {
            let message = format!("`{name}` has both `command` and `url`.");
            let hint = "Remove one of them: `command` starts a program, `url` reaches a running server.";
            scope.error(url, "ambiguous", message, hint);
            None
        }
        (None | Some(Kind::Stdio), Some(command), _) => {
            no_effect(scope, fields, &["url", "headers"], "a server with `command`");
            stdio(scope, command, fields).map(Upstream::Stdio)
        }
        (kind, _, Some(url)) => {
            no_effect(scope, fields, &["command", "args", "env", "cwd"], "a server with `url`");
            let upstream = http(scope, url, fields)?;
            let gemini = fields.property("url").is_some_and(|property| property.name.as_str() == "httpUrl");
            Some(match kind {
                Some(Kind::Sse) => Upstream::Sse(upstream),
                Some(_) => Upstream::StreamableHttp(upstream),
                None if gemini => Upstream::StreamableHttp(upstream),
                None => Upstream::Http(upstream),
            })
        }
    }
}

const ADD_COMMAND: &str = "Add `\"command\": \"...\"`, the program to start.";
const ADD_URL: &str = "Add `\"url\": \"https://...\"`.";

/// Reads `type`. An unknown word beside a `command` counts as stdio, as it does for mcpo.
fn kind(scope: &mut Scope, value: &Value, starts_program: bool) -> Option<Kind> {
    let word = scope.string("type", value, "")?;
    if let Some(kind) = Kind::new(word) {
        return Some(kind);
    }
    let subject = scope.subject("type");
    let word_shown = word.escape_debug();
    if starts_program {
        let message =
            format!("{subject} is `{word_shown}`, which Traygate does not know; `command` makes it `stdio`.");
        scope.warning(value, "unknown-type", message, "Write `stdio`, or leave `type` out.");
        return Some(Kind::Stdio);
    }
    let hint = match (fold(word).as_str(), nearest(word, TYPES)) {
        ("ws" | "websocket", _) => {
            "Traygate speaks no WebSocket; see if the server offers `http` too.".to_owned()
        }
        ("remote", _) => "Did you mean `http`?".to_owned(),
        (_, Some(near)) => format!("Did you mean `{near}`?"),
        _ => "Write `stdio`, `http`, `sse` or `demo`, or leave `type` out.".to_owned(),
    };
    scope.error(
        value,
        "unknown-type",
        format!("{subject} is `{word_shown}`, which Traygate does not know."),
        &hint,
    );
    None
}

fn nothing_to_start(scope: &mut Scope, name: &ServerName, at: &ObjectPropName, fields: &Fields) {
    let typo = fields.unknown.iter().find_map(|property| {
        let near = keys::SERVER.nearest(property.name.as_str())?;
        matches!(keys::SERVER.find(near)?.name, "command" | "url").then_some((property, near))
    });
    let message = format!("`{name}` has neither `command` nor `url`.");
    if let Some((property, near)) = typo {
        // Says more than the warning that the key is not known.
        scope.take_back(&property.name);
        let hint = format!("It has `{}`: did you mean `{near}`?", property.name.as_str());
        scope.error(&property.name, "incomplete", message, &hint);
    } else {
        let hint = "Add `\"command\"`, the program to start, or `\"url\"`, where the server answers.";
        scope.error(at, "incomplete", message, hint);
    }
}

fn no_effect(scope: &mut Scope, fields: &Fields, keys: &[&str], what: &str) {
    for key in keys {
        if let Some(property) = fields.property(key)
            && !is_empty(&property.value)
        {
            let message = format!("{} has no effect on {what}.", scope.subject(property.name.as_str()));
            scope.warning(&property.name, "no-effect", message, "Remove it.");
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::StringLit(literal) => literal.value.is_empty(),
        Value::Object(object) => object.properties.is_empty(),
        Value::Array(array) => array.elements.is_empty(),
        _ => false,
    }
}

fn stdio(scope: &mut Scope, command: &Value, fields: &Fields) -> Option<StdioUpstream> {
    let hint = "Write the program's name; what follows it goes into `args`.";
    let text = scope.string("command", command, hint)?;
    if text.contains(char::is_whitespace)
        && !text.contains(['/', '\\', '$'])
        && fields.value("args").is_none()
    {
        let message =
            format!("{} looks like a whole command line, but names one program.", scope.subject("command"));
        scope.warning(
            command,
            "command-line",
            message,
            "Put each word after the first into `\"args\": [ ... ]`.",
        );
    }
    let command = scope.template("command", command);
    let args = fields.value("args").map_or_else(Vec::new, |value| args(scope, value));
    let env = fields.value("env").map_or_else(IndexMap::new, |value| env(scope, value));
    let cwd = match fields.value("cwd") {
        Some(value) if !is_empty(value) => {
            scope.string("cwd", value, "").and_then(|_| scope.template("cwd", value))
        }
        _ => None,
    };
    Some(StdioUpstream { command: command?, args, env, cwd })
}

fn args(scope: &mut Scope, value: &Value) -> Vec<Template> {
    let elements = scope.list("args", value, "Write each word as its own text: `[\"-y\", \"...\"]`.");
    let elements = elements.unwrap_or_default().iter().enumerate();
    elements.filter_map(|(index, element)| scope.template(&format!("args[{index}]"), element)).collect()
}

fn env(scope: &mut Scope, value: &Value) -> IndexMap<String, Template> {
    pairs(scope, "env", value, "variable", |scope, at, name| {
        if name.is_empty() || name.contains(['=', '\0']) {
            let message =
                format!("{} is no legal name for a variable.", scope.subject(&format!("env.{name}")));
            scope.error(at, "invalid-variable", message, "A name must not be empty and holds no `=`.");
        }
    })
}

fn http(scope: &mut Scope, url: &Value, fields: &Fields) -> Option<HttpUpstream> {
    let text = scope.string("url", url, "")?;
    let template = scope.template("url", url);
    if !text.contains("${")
        && let Some((message, hint)) = url_fault(text)
    {
        let message = format!("{} {message}.", scope.subject("url"));
        scope.error(url, "invalid-url", message, hint);
    }
    let headers = fields.value("headers").map_or_else(IndexMap::new, |value| {
        pairs(scope, "headers", value, "header", |scope, at, name| {
            if !is_header_name(name) {
                let message =
                    format!("{} is no legal name for a header.", scope.subject(&format!("headers.{name}")));
                scope.error(at, "invalid-header", message, "Letters, digits and `-` only.");
            }
        })
    });
    Some(HttpUpstream { url: template?, headers })
}

/// What is wrong with a URL. Never holds the URL, which may carry a key.
pub(super) fn url_fault(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.trim();
    if !text.contains("://") {
        return Some(("must begin with `http://` or `https://`", "Put one of them in front."));
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => None,
        Ok(url) if matches!(url.scheme(), "ws" | "wss") => Some((
            "is a WebSocket address, which Traygate does not speak",
            "See if the server offers an `http` address too.",
        )),
        Ok(_) => Some(("must begin with `http://` or `https://`", "")),
        Err(_) => Some(("is no valid URL", "Write it as in `https://example.com/mcp`.")),
    }
}

/// Whether an address leads to this machine, by its letters alone (RFC 6761 §6.3 for `localhost`).
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// RFC 9110 §5.1: a field name is a token (§5.6.2).
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// `env` and `headers`: names with texts. `null` leaves a name out.
fn pairs(
    scope: &mut Scope,
    key: &str,
    value: &Value,
    what: &str,
    check_name: impl Fn(&mut Scope, &ObjectPropName, &str),
) -> IndexMap<String, Template> {
    let Some(object) = scope.object(key, value, "Write `{ \"NAME\": \"value\" }`.") else {
        return IndexMap::new();
    };
    let mut pairs = IndexMap::with_capacity(object.properties.len());
    for property in last_of_each(scope, &format!("{key}."), object) {
        let name = property.name.as_str();
        let path = format!("{key}.{name}");
        check_name(scope, &property.name, name);
        if matches!(property.value, Value::NullKeyword(_)) {
            let message = format!("{} is null; the {what} is left out.", scope.subject(&path));
            scope.warning(
                &property.value,
                "null-value",
                message,
                "Write `\"\"` where an empty one is meant.",
            );
        } else if let Some(template) = scope.template(&path, &property.value) {
            pairs.insert(name.to_owned(), template);
        }
    }
    pairs
}
