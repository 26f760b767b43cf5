//! What mcpo 0.0.20 does with the same file, for people who come from it or share a file with it.

use std::fmt;

use jsonc_parser::{
    ast::{Object, ObjectProp, Value},
    common::{Range, Ranged},
};

use crate::{Position, text::Text};

/// What mcpo 0.0.20 makes of a file or an entry, where that differs from what Traygate makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum McpoVerdict {
    /// mcpo itself does not start, so that no server runs.
    Exits(String),
    /// This server does not start.
    Fails(String),
    /// The key has no effect.
    Ignores(String),
    /// Its tokens and its client's secret are kept as they are, in files that others may read.
    KeepsTokensPlain,
    /// The sign-in waits for a browser at this port, whatever `redirect_uris` say.
    WaitsAtPort(u16),
    /// `${...}` in the key's texts goes on as these very characters.
    SendsLiterally(String),
    /// A `url` without `type` is spoken to as HTTP+SSE only.
    AssumesSse,
}

impl fmt::Display for McpoVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exits(reason) => write!(f, "mcpo exits: {reason}"),
            Self::Fails(reason) => write!(f, "mcpo does not start it: {reason}"),
            Self::Ignores(key) => write!(f, "mcpo ignores `{key}`"),
            Self::KeepsTokensPlain => {
                f.write_str("mcpo keeps tokens in plain text below `~/.mcpo/tokens`, Traygate encrypted")
            }
            Self::WaitsAtPort(port) => {
                write!(f, "mcpo waits for the browser at port {port}, where no `redirect_uris` lead")
            }
            Self::SendsLiterally(key) => write!(f, "mcpo does not expand `${{...}}` in `{key}`"),
            Self::AssumesSse => f.write_str("mcpo takes a `url` without `type` for SSE"),
        }
    }
}

/// A [`McpoVerdict`] and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct McpoRemark {
    /// The entry's key; `None` for the file as a whole.
    pub server: Option<String>,
    /// Where in the text.
    pub position: Position,
    /// What mcpo does.
    pub verdict: McpoVerdict,
}

impl fmt::Display for McpoRemark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.position.line, self.position.column)?;
        if let Some(server) = &self.server {
            write!(f, "`{server}`: ")?;
        }
        self.verdict.fmt(f)
    }
}

/// What mcpo 0.0.20 would do otherwise with this file; empty where it serves it as it is.
///
/// A text that is not even JSONC is left to [`crate::parse`] and gives only that mcpo exits.
pub fn mcpo_verdict(text: &str) -> Vec<McpoRemark> {
    let source = text;
    let text = Text::new(source);
    let mut remarks = Remarks { text: &text, server: None, found: Vec::new() };
    let whole = Range::new(0, 0);
    let root = match text.value() {
        Ok(Some(Value::Object(root))) => root,
        Ok(Some(_)) => {
            remarks.add(&whole, exits("the file is not an object"));
            return remarks.found;
        }
        Ok(None) | Err(_) => {
            remarks.add(&whole, exits("the file is not JSON"));
            return remarks.found;
        }
    };
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(source) {
        let reason = if source.starts_with('\u{feff}') {
            "the file begins with a byte order mark".to_owned()
        } else {
            format!("line {} has a comment or a trailing comma, which plain JSON has not", error.line())
        };
        remarks.add(&whole, McpoVerdict::Exits(reason));
    }
    remarks.file(&root);
    remarks.found
}

fn exits(reason: &str) -> McpoVerdict {
    McpoVerdict::Exits(reason.to_owned())
}

/// What mcpo's `config.get("command")` counts as there.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::StringLit(literal) => !literal.value.is_empty(),
        Value::NumberLit(literal) => literal.value.parse::<f64>().is_ok_and(|number| number != 0.0),
        Value::BooleanLit(literal) => literal.value,
        Value::Object(object) => !object.properties.is_empty(),
        Value::Array(array) => !array.elements.is_empty(),
        Value::NullKeyword(_) => false,
    }
}

/// As Python reads an object: the last of equal keys.
fn last<'v, 'a>(object: &'v Object<'a>, key: &str) -> Option<&'v ObjectProp<'a>> {
    object.properties.iter().rev().find(|property| property.name.as_str() == key)
}

fn truthy<'v, 'a>(object: &'v Object<'a>, key: &str) -> Option<&'v Value<'a>> {
    last(object, key).map(|property| &property.value).filter(|value| is_truthy(value))
}

struct Remarks<'t> {
    text: &'t Text<'t>,
    server: Option<String>,
    found: Vec<McpoRemark>,
}

impl Remarks<'_> {
    fn add(&mut self, at: &impl Ranged, verdict: McpoVerdict) {
        let position = self.text.position(at.range().start);
        self.found.push(McpoRemark { server: self.server.clone(), position, verdict });
    }

    fn file(&mut self, root: &Object) {
        for key in ["servers", "traygate"] {
            if let Some(property) = last(root, key) {
                self.add(&property.name, McpoVerdict::Ignores(key.to_owned()));
            }
        }
        let Some(servers) = truthy(root, "mcpServers") else {
            self.add(root, exits("it wants at least one server in `mcpServers`"));
            return;
        };
        let Value::Object(servers) = servers else {
            self.add(servers, exits("`mcpServers` is not an object"));
            return;
        };
        for property in &servers.properties {
            if last(servers, property.name.as_str()).is_some_and(|last| last.range == property.range) {
                self.server = Some(property.name.as_str().to_owned());
                self.entry(property);
            }
        }
    }

    fn entry(&mut self, property: &ObjectProp) {
        let Value::Object(entry) = &property.value else {
            self.add(&property.value, exits("the entry is not an object"));
            return;
        };
        let transport = self.transport(property, entry);
        self.disabled_tools(entry);
        self.header_forwarding(entry);
        self.oauth(entry, transport);
        // It spreads `env` over its own environment, null included.
        if let (Some(_), Some(env)) = (truthy(entry, "command"), last(entry, "env"))
            && !matches!(env.value, Value::Object(_))
        {
            self.add(&env.value, exits("`env` is not an object"));
        }
        for key in [
            "disabled",
            "enabled",
            "isActive",
            "cwd",
            "timeout",
            "startupTimeout",
            "startup_timeout",
            "elicitation",
        ] {
            let Some(property) = last(entry, key) else { continue };
            // `disabled: false` and `enabled: true` ask for nothing.
            let asks = match key {
                "disabled" => is_truthy(&property.value),
                "enabled" | "isActive" => !is_truthy(&property.value),
                _ => true,
            };
            if asks {
                self.add(&property.name, McpoVerdict::Ignores(key.to_owned()));
            }
        }
        for key in ["command", "args", "env", "url", "headers"] {
            let Some(property) = last(entry, key) else { continue };
            if holds_reference(&property.value) {
                self.add(&property.value, McpoVerdict::SendsLiterally(key.to_owned()));
            }
            if let Some(fault) = not_text(&property.value) {
                let reason = format!("`{key}` holds a value that is not a text");
                self.add(&fault, McpoVerdict::Fails(reason));
            }
        }
    }

    fn oauth(&mut self, entry: &Object, transport: Option<Transport>) {
        let Some(oauth) = last(entry, "oauth").filter(|oauth| is_truthy(&oauth.value)) else { return };
        let block = match &oauth.value {
            Value::Object(block) if truthy(block, "server_url").is_some() => block,
            // Whatever the transport, and before it is looked at.
            _ => {
                let reason = "`oauth` has no `server_url`".to_owned();
                self.add(&oauth.name, McpoVerdict::Fails(reason));
                return;
            }
        };
        if transport != Some(Transport::StreamableHttp) {
            self.add(&oauth.name, McpoVerdict::Ignores("oauth".to_owned()));
            return;
        }
        let is_memory = last(block, "storage_type")
            .and_then(|storage| storage.value.as_string_lit())
            .is_some_and(|storage| storage.value == "memory");
        if !is_memory {
            self.add(&oauth.name, McpoVerdict::KeepsTokensPlain);
        }
        for property in &block.properties {
            let key = property.name.as_str();
            let is_last = last(block, key).is_some_and(|last| last.range == property.range);
            if is_last && !OAUTH.contains(&key) && is_truthy(&property.value) {
                self.add(&property.name, McpoVerdict::Ignores(format!("oauth.{key}")));
            }
        }
        if holds_reference(&oauth.value) {
            self.add(&oauth.value, McpoVerdict::SendsLiterally("oauth".to_owned()));
        }
        if let Some(Value::Object(metadata)) = truthy(block, "client_metadata") {
            self.client_metadata(block, metadata);
        }
    }

    fn client_metadata(&mut self, block: &Object, metadata: &Object) {
        // Read by nobody: what the file holds is only asked for in a dynamic registration.
        for key in ["client_id", "client_secret"] {
            if let Some(property) = last(metadata, key) {
                self.add(&property.name, McpoVerdict::Ignores(format!("oauth.client_metadata.{key}")));
            }
        }
        let Some(Value::Array(uris)) = truthy(metadata, "redirect_uris") else { return };
        let waits = last(block, "use_loopback").is_none_or(|property| is_truthy(&property.value));
        let port = match last(block, "callback_port").map(|property| &property.value) {
            None => Some(3030),
            Some(Value::NumberLit(literal)) => literal.value.parse::<u16>().ok(),
            Some(_) => None,
        };
        let (true, Some(port)) = (waits, port) else { return };
        let mut ports = uris.elements.iter().filter_map(Value::as_string_lit).map(|uri| {
            let url = url::Url::parse(&uri.value).ok()?;
            url.port_or_known_default()
        });
        if !ports.any(|redirect| redirect == Some(port)) {
            self.add(uris, McpoVerdict::WaitsAtPort(port));
        }
    }

    fn transport(&mut self, property: &ObjectProp, entry: &Object) -> Option<Transport> {
        let server_type = last(entry, "type").map(|property| &property.value);
        let word = server_type.and_then(Value::as_string_lit).map(|literal| literal.value.as_ref());
        let (command, url) = (truthy(entry, "command"), truthy(entry, "url"));
        let transport = match word {
            Some("sse") => Some(Transport::Sse),
            Some("streamable-http" | "streamable_http" | "streamablehttp") => Some(Transport::StreamableHttp),
            _ => None,
        };
        match (transport, command, url) {
            (Some(_), _, None) => {
                self.add(&property.name, exits("the entry has a remote `type` but no `url`"));
            }
            (Some(_), _, Some(_)) => return transport,
            (None, Some(command), url) => {
                if !matches!(command, Value::StringLit(_)) {
                    self.add(command, exits("`command` is not a text"));
                }
                if let Some(args) = truthy(entry, "args").filter(|args| !matches!(args, Value::Array(_))) {
                    self.add(args, exits("`args` is not a list"));
                }
                if url.is_some() && !server_type.is_some_and(is_truthy) {
                    self.add(&property.name, McpoVerdict::Ignores("command".to_owned()));
                    return Some(Transport::Sse);
                }
                return Some(Transport::Stdio);
            }
            (None, None, Some(url)) => match server_type.filter(|value| is_truthy(value)) {
                None => {
                    self.add(url, McpoVerdict::AssumesSse);
                    return Some(Transport::Sse);
                }
                Some(server_type) => self.unknown_type(server_type, word),
            },
            (None, None, None) => match (server_type, word) {
                (Some(server_type), Some(word)) if word != "stdio" => {
                    self.unknown_type(server_type, Some(word));
                }
                _ => self.add(&property.name, exits("the entry has neither `command` nor `url`")),
            },
        }
        None
    }

    fn unknown_type(&mut self, at: &Value, word: Option<&str>) {
        let reason = match word {
            Some("stdio") => "the entry has `type` `stdio` but no `command`".to_owned(),
            Some(word) => format!("unknown type `{}`", word.escape_debug()),
            None => "`type` is not a text".to_owned(),
        };
        self.add(at, McpoVerdict::Exits(reason));
    }

    fn disabled_tools(&mut self, entry: &Object) {
        let present = |key| last(entry, key).filter(|tools| !matches!(tools.value, Value::NullKeyword(_)));
        let Some(tools) = present("disabledTools").or_else(|| present("disabled_tools")) else { return };
        let is_list_of_texts = matches!(&tools.value, Value::Array(array)
            if array.elements.iter().all(|tool| matches!(tool, Value::StringLit(_))));
        if !is_list_of_texts {
            self.add(&tools.value, exits("`disabledTools` is not a list of texts"));
        }
    }

    fn header_forwarding(&mut self, entry: &Object) {
        let key = "client_header_forwarding";
        let Some(forwarding) = truthy(entry, key) else { return };
        let Value::Object(object) = forwarding else {
            self.add(forwarding, exits("`client_header_forwarding` is not an object"));
            return;
        };
        let flag = |key| last(object, key).map(|property| &property.value);
        match flag("enabled") {
            None | Some(Value::BooleanLit(_)) => {}
            Some(value) => self.add(value, exits("`client_header_forwarding.enabled` is not true or false")),
        }
        if truthy(object, "enabled").is_none() {
            return;
        }
        for list in ["whitelist", "blacklist"] {
            if let Some(value) = truthy(object, list).filter(|value| !matches!(value, Value::Array(_))) {
                self.add(
                    value,
                    McpoVerdict::Exits(format!("`client_header_forwarding.{list}` is not a list")),
                );
            }
        }
        if let Some(value) = flag("debug_headers").filter(|value| !matches!(value, Value::BooleanLit(_))) {
            self.add(value, exits("`client_header_forwarding.debug_headers` is not true or false"));
        }
        // It is checked and then never used: nothing is forwarded.
        self.add(forwarding, McpoVerdict::Ignores(key.to_owned()));
    }
}

/// The keys of `oauth` that mcpo reads, all in their very letters.
const OAUTH: [&str; 5] = ["server_url", "callback_port", "use_loopback", "storage_type", "client_metadata"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Stdio,
    Sse,
    StreamableHttp,
}

fn holds_reference(value: &Value) -> bool {
    match value {
        Value::StringLit(literal) => literal.value.contains("${"),
        Value::Array(array) => array.elements.iter().any(holds_reference),
        Value::Object(object) => object.properties.iter().any(|property| holds_reference(&property.value)),
        Value::NumberLit(_) | Value::BooleanLit(_) | Value::NullKeyword(_) => false,
    }
}

/// The first member of a list or an object that is no text.
fn not_text(value: &Value) -> Option<Range> {
    let is_text = |value: &&Value| matches!(value, Value::StringLit(_));
    match value {
        Value::Array(array) => array.elements.iter().find(|value| !is_text(value)).map(Ranged::range),
        Value::Object(object) => object
            .properties
            .iter()
            .map(|property| &property.value)
            .find(|value| !is_text(value))
            .map(Ranged::range),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
