use std::collections::BTreeMap;

use indexmap::IndexMap;
use jsonc_parser::{
    ast::{Object, ObjectProp, Value},
    common::{Range, Ranged as _},
};

use super::{
    scope::{Fields, Scope, last_of_each},
    server::entry,
    settings::settings,
};
use crate::{Config, Diagnostic, Entry, InvalidName, Position, ServerName, Severity, keys, text::Text};

/// What [`parse`] made of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The config; `None` where the file as a whole is unusable.
    pub config: Option<Config>,
    /// Whether the file says which servers there are: `mcpServers` or `servers` is there, and an object. Where it is
    /// not, that the config has no servers is no wish of anybody.
    pub names_servers: bool,
    /// Everything there is to say about it, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    positions: BTreeMap<&'static str, Position>,
}

impl Parsed {
    /// Whether anything in the file cannot be used.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Where a key of the `traygate` object stands; where it is not there, the object.
    pub fn setting_position(&self, key: &str) -> Option<Position> {
        self.positions.get(key).or_else(|| self.positions.get("traygate")).copied()
    }
}

/// Reads a config file: JSON, with comments and trailing commas, `mcpServers` or VS Code's `servers`.
///
/// One bad entry never takes another with it: it becomes [`Entry::Invalid`]. A bad setting falls back to its default.
pub fn parse(text: &str) -> Parsed {
    let text = Text::new(text);
    let mut scope = Scope::file(&text);
    let mut names_servers = false;
    let mut positions = BTreeMap::new();
    let config = match text.value() {
        Ok(Some(Value::Object(root))) => {
            let fields = Fields::new(&mut scope, "", &root, &keys::FILE);
            names_servers = says_servers(&fields);
            positions = setting_positions(&text, &fields);
            Some(file(&text, &mut scope, &root, &fields))
        }
        Ok(Some(root)) => {
            let message = "The file must hold one object, `{ ... }`.".to_owned();
            scope.error(&root, "not-an-object", message, "Put the servers into `{\"mcpServers\": { ... }}`.");
            None
        }
        Ok(None) => {
            let message = "The file is empty: there are no servers.".to_owned();
            let hint = "Begin with `{\"mcpServers\": { ... }}`.";
            scope.error(&Range::new(0, 0), "empty-file", message, hint);
            Some(Config::default())
        }
        Err(diagnostic) => {
            scope.diagnostics.push(diagnostic);
            None
        }
    };
    let mut diagnostics = scope.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.position);
    Parsed { config, names_servers, diagnostics, positions }
}

/// The keys that hold servers, the one that wins last.
const SERVERS: [&str; 2] = ["servers", "mcpServers"];

fn says_servers(fields: &Fields) -> bool {
    let mut values = SERVERS.into_iter().filter_map(|key| fields.value(key)).peekable();
    values.peek().is_some() && values.all(|value| matches!(value, Value::Object(_)))
}

fn setting_positions(text: &Text, fields: &Fields) -> BTreeMap<&'static str, Position> {
    let Some(property) = fields.property("traygate") else { return BTreeMap::new() };
    let position = |property: &ObjectProp| text.position(property.name.range().start);
    let mut positions = BTreeMap::from([("traygate", position(property))]);
    if let Value::Object(settings) = &property.value {
        // Of two equal keys the last counts, as everywhere.
        let known = settings.properties.iter().filter_map(|property| {
            let key = keys::SETTINGS.find(property.name.as_str())?;
            Some((key.name, position(property)))
        });
        positions.extend(known);
    }
    positions
}

fn file(text: &Text, scope: &mut Scope, root: &Object, fields: &Fields) -> Config {
    let mut config = Config::default();
    let has_servers = SERVERS.into_iter().any(|key| fields.property(key).is_some());
    let mut explained = has_servers;
    for property in &fields.unknown {
        explained |= unknown_key(scope, property, has_servers);
    }
    if !explained {
        let message = "The file has no `mcpServers`: there are no servers.".to_owned();
        scope.error(root, "no-servers", message, "Add `\"mcpServers\": { ... }`.");
    }
    if let Some(property) = fields.property("inputs") {
        let message = "`inputs` is VS Code's way to ask for secrets; it is ignored.".to_owned();
        let hint =
            "Store each secret with `traygate secret set NAME` and write `${keychain:NAME}` in its place.";
        scope.warning(&property.name, "ignored-key", message, hint);
    }
    let both = SERVERS.into_iter().filter_map(|key| fields.property(key));
    for (key, value) in both.map(|property| (property.name.as_str(), &property.value)) {
        if let Some(object) = scope.object(key, value, "Write `{ \"name\": { ... } }`.") {
            servers(text, scope, key, object, &mut config.servers);
        }
    }
    if let Some(value) = fields.value("traygate") {
        if let Some(object) = scope.object("traygate", value, "") {
            let mut scope_of_settings = Scope::settings(text);
            config.settings = settings(&mut scope_of_settings, object);
            scope.diagnostics.append(&mut scope_of_settings.diagnostics);
        } else {
            // Nobody can tell whether a key was meant.
            config.settings.api_key = Some(Err(scope.last()));
        }
    }
    config
}

/// Says what an unknown key of the file may be; whether it accounts for missing servers, which makes it an error.
fn unknown_key(scope: &mut Scope, property: &ObjectProp, has_servers: bool) -> bool {
    let key = property.name.as_str();
    let looks_like_server = matches!(&property.value, Value::Object(object) if ["command", "url", "type"].iter().any(|key| object.get(key).is_some()));
    if looks_like_server {
        let hint = "Move it into `\"mcpServers\": { ... }`.";
        if has_servers {
            let message =
                format!("`{key}` looks like a server, but stands outside `mcpServers`; it is ignored.");
            scope.warning(&property.name, "misplaced-server", message, hint);
        } else {
            let message =
                format!("The file has no `mcpServers`: `{key}` looks like a server, but stands outside.");
            scope.error(&property.name, "misplaced-server", message, hint);
        }
        return true;
    }
    let nearest = keys::FILE.nearest(key);
    if let (false, Some(servers @ ("mcpServers" | "servers"))) = (has_servers, nearest) {
        let message = format!(
            "The file has no `mcpServers`: there are no servers. `{key}` is not a key that Traygate knows."
        );
        scope.error(&property.name, "no-servers", message, &format!("Did you mean `{servers}`?"));
        return true;
    }
    let message = format!("`{key}` is not a key that Traygate knows; it is ignored.");
    let hint = match nearest {
        Some(nearest) => format!("Did you mean `{nearest}`?"),
        None => keys::SETTINGS
            .find(key)
            .map(|setting| format!("Settings stand in `\"traygate\": {{ \"{}\": ... }}`.", setting.name))
            .unwrap_or_default(),
    };
    scope.warning(&property.name, "unknown-key", message, &hint);
    false
}

fn servers(
    text: &Text,
    scope: &mut Scope,
    key: &str,
    object: &Object,
    servers: &mut IndexMap<ServerName, Entry>,
) {
    for property in last_of_each(scope, &format!("{key}."), object) {
        let name = match ServerName::new(property.name.as_str()) {
            Ok(name) => name,
            Err(reason) => {
                invalid_name(scope, property, reason);
                continue;
            }
        };
        if servers.contains_key(&name) {
            let message =
                format!("`{name}` stands in `servers` and in `mcpServers`; the one in `mcpServers` counts.");
            scope.warning(&property.name, "duplicate-key", message, "Remove or rename one of them.");
        }
        let mut scope_of_server = Scope::server(text, &name);
        let entry = entry(&mut scope_of_server, &name, property);
        scope.diagnostics.append(&mut scope_of_server.diagnostics);
        servers.insert(name, entry);
    }
}

fn invalid_name(scope: &mut Scope, property: &ObjectProp, reason: InvalidName) {
    let name = property.name.as_str().escape_debug();
    let message = format!("The server \"{name}\" cannot be used: {reason}.");
    scope.error(
        &property.name,
        "invalid-name",
        message,
        "Rename it; letters, digits, `-` and `_` always work.",
    );
}
