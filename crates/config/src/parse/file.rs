use indexmap::IndexMap;
use jsonc_parser::{
    ast::{Object, ObjectProp, Value},
    common::Range,
};

use super::{
    scope::{Fields, Scope, last_of_each},
    server::entry,
    settings::settings,
};
use crate::{Config, Diagnostic, Entry, InvalidName, ServerName, Severity, keys, text::Text};

/// What [`parse`] made of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The config; `None` where the file as a whole is unusable.
    pub config: Option<Config>,
    /// Everything there is to say about it, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether anything in the file cannot be used.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Reads a config file: JSON, with comments and trailing commas, `mcpServers` or VS Code's `servers`.
///
/// One bad entry never takes another with it: it becomes [`Entry::Invalid`]. A bad setting falls back to its default.
pub fn parse(text: &str) -> Parsed {
    let text = Text::new(text);
    let mut scope = Scope::file(&text);
    let config = match text.value() {
        Ok(Some(Value::Object(root))) => Some(file(&text, &mut scope, &root)),
        Ok(Some(root)) => {
            let message = "The file must hold one object, `{ ... }`.".to_owned();
            scope.error(&root, "not-an-object", message, "Put the servers into `{\"mcpServers\": { ... }}`.");
            None
        }
        Ok(None) => {
            let message = "The file is empty: there are no servers.".to_owned();
            scope.warning(
                &Range::new(0, 0),
                "empty-file",
                message,
                "Begin with `{\"mcpServers\": { ... }}`.",
            );
            Some(Config::default())
        }
        Err(diagnostic) => {
            scope.diagnostics.push(diagnostic);
            None
        }
    };
    let mut diagnostics = scope.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.position);
    Parsed { config, diagnostics }
}

fn file(text: &Text, scope: &mut Scope, root: &Object) -> Config {
    let fields = Fields::new(scope, "", root, &keys::FILE);
    let mut config = Config::default();
    let mut found_servers = fields.property("mcpServers").is_some() || fields.property("servers").is_some();
    for property in &fields.unknown {
        found_servers |= unknown_key(scope, property);
    }
    if !found_servers {
        let message = "The file has no `mcpServers`: there are no servers.".to_owned();
        scope.warning(root, "no-servers", message, "Add `\"mcpServers\": { ... }`.");
    }
    if let Some(property) = fields.property("inputs") {
        let message = "`inputs` is VS Code's way to ask for secrets; it is ignored.".to_owned();
        let hint =
            "Store each secret with `traygate secret set NAME` and write `${keychain:NAME}` in its place.";
        scope.warning(&property.name, "ignored-key", message, hint);
    }
    // `mcpServers` is read last and so wins over `servers`.
    let both = fields.property("servers").into_iter().chain(fields.property("mcpServers"));
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

/// Says what an unknown key of the file may be; whether it accounts for missing servers.
fn unknown_key(scope: &mut Scope, property: &ObjectProp) -> bool {
    let key = property.name.as_str();
    let looks_like_server = matches!(&property.value, Value::Object(object) if object.get("command").or(object.get("url")).is_some());
    if looks_like_server {
        let message = format!("`{key}` looks like a server, but stands outside `mcpServers`; it is ignored.");
        scope.warning(&property.name, "misplaced-server", message, "Move it into `\"mcpServers\": { ... }`.");
        return true;
    }
    let nearest = keys::FILE.nearest(key);
    let message = format!("`{key}` is not a key that Traygate knows; it is ignored.");
    let hint = match nearest {
        Some(nearest) => format!("Did you mean `{nearest}`?"),
        None => keys::SETTINGS
            .find(key)
            .map(|setting| format!("Settings stand in `\"traygate\": {{ \"{}\": ... }}`.", setting.name))
            .unwrap_or_default(),
    };
    scope.warning(&property.name, "unknown-key", message, &hint);
    matches!(nearest, Some("mcpServers" | "servers"))
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
