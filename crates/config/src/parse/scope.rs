use jsonc_parser::{
    ast::{Object, ObjectProp, Value},
    common::{Range, Ranged},
};

use crate::{
    Diagnostic, ServerName, Severity, Template,
    keys::{self, Keys},
    text::Text,
    word::Word,
};

/// What is being read, for the words and the places of diagnostics.
pub(super) struct Scope<'t> {
    text: &'t Text<'t>,
    server: Option<ServerName>,
    /// What follows a key in a message: "of" a server, "in" the settings.
    owner: String,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'t> Scope<'t> {
    pub(super) fn file(text: &'t Text<'t>) -> Self {
        Self { text, server: None, owner: String::new(), diagnostics: Vec::new() }
    }

    pub(super) fn settings(text: &'t Text<'t>) -> Self {
        Self { owner: " in `traygate`".into(), ..Self::file(text) }
    }

    pub(super) fn server(text: &'t Text<'t>, name: &ServerName) -> Self {
        Self { owner: format!(" of `{name}`"), server: Some(name.clone()), ..Self::file(text) }
    }

    /// How a message names a key: `` `timeout` of `github` ``.
    pub(super) fn subject(&self, path: &str) -> String {
        format!("`{}`{}", path.replace(char::is_control, "\u{fffd}"), self.owner)
    }

    pub(super) fn error(&mut self, at: &impl Ranged, code: &'static str, message: String, hint: &str) {
        self.say(Severity::Error, at.range(), code, message, hint);
    }

    pub(super) fn warning(&mut self, at: &impl Ranged, code: &'static str, message: String, hint: &str) {
        self.say(Severity::Warning, at.range(), code, message, hint);
    }

    /// What was said last; something was.
    pub(super) fn last(&self) -> Diagnostic {
        self.diagnostics[self.diagnostics.len() - 1].clone()
    }

    /// Removes what was said about a place, for something better to say.
    pub(super) fn take_back(&mut self, at: &impl Ranged) {
        let position = self.text.position(at.range().start);
        self.diagnostics.retain(|diagnostic| diagnostic.position != position);
    }

    fn say(&mut self, severity: Severity, at: Range, code: &'static str, message: String, hint: &str) {
        self.diagnostics.push(Diagnostic {
            severity,
            code,
            server: self.server.clone(),
            position: self.text.position(at.start),
            message,
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
        });
    }

    /// "`args` of `github` must be a list, not a text."
    pub(super) fn wrong_type(&mut self, path: &str, value: &Value, wanted: &str, hint: &str) {
        let message = format!("{} must be {wanted}, not {}.", self.subject(path), kind(value));
        self.error(value, "wrong-type", message, hint);
    }

    pub(super) fn string<'v>(&mut self, path: &str, value: &'v Value, hint: &str) -> Option<&'v str> {
        if let Value::StringLit(literal) = value {
            return Some(&literal.value);
        }
        self.wrong_type(path, value, "a text in quotes", hint);
        None
    }

    pub(super) fn boolean(&mut self, path: &str, value: &Value) -> Option<bool> {
        if let Value::BooleanLit(literal) = value {
            return Some(literal.value);
        }
        let quoted = matches!(value, Value::StringLit(text) if matches!(&*text.value, "true" | "false"));
        self.wrong_type(path, value, "true or false", if quoted { "Remove the quotes." } else { "" });
        None
    }

    pub(super) fn object<'v, 'a>(
        &mut self,
        path: &str,
        value: &'v Value<'a>,
        hint: &str,
    ) -> Option<&'v Object<'a>> {
        if let Value::Object(object) = value {
            return Some(object);
        }
        self.wrong_type(path, value, "an object", hint);
        None
    }

    pub(super) fn list<'v, 'a>(
        &mut self,
        path: &str,
        value: &'v Value<'a>,
        hint: &str,
    ) -> Option<&'v [Value<'a>]> {
        if let Value::Array(array) = value {
            return Some(&array.elements);
        }
        self.wrong_type(path, value, "a list", hint);
        None
    }

    /// A text that must be one of a type's words.
    pub(super) fn word<W: Word>(&mut self, path: &str, value: &Value) -> Option<W> {
        let words = W::WORDS.iter().map(|&(word, _)| word);
        let hint = format!("Write {}.", or(words.clone()));
        let written = self.string(path, value, &hint)?;
        if let Some(&(_, value)) = W::WORDS.iter().find(|&&(word, _)| word == written) {
            return Some(value);
        }
        let message =
            format!("{} is `{}`, which Traygate does not know.", self.subject(path), written.escape_debug());
        let near = keys::nearest(written, words).map(|near| format!("Did you mean `{near}`?"));
        self.error(value, "unknown-value", message, &near.unwrap_or(hint));
        None
    }

    /// A port, `least` or above.
    pub(super) fn port(&mut self, path: &str, value: &Value, least: u16, hint: &str) -> Option<u16> {
        let Value::NumberLit(literal) = value else {
            let quoted = matches!(value, Value::StringLit(text) if text.value.parse::<u16>().is_ok());
            self.wrong_type(path, value, "a number", if quoted { "Remove the quotes." } else { "" });
            return None;
        };
        let port = literal.value.parse().ok().filter(|&port| port >= least);
        if port.is_none() {
            let message = format!("{} must be a whole number from {least} to 65535.", self.subject(path));
            self.error(value, "out-of-range", message, hint);
        }
        port
    }

    /// A key that stands in no table.
    pub(super) fn unknown_key(&mut self, prefix: &str, property: &ObjectProp, hint: &str) {
        let path = format!("{prefix}{}", property.name.as_str());
        let message = format!("{} is not a key that Traygate knows; it is ignored.", self.subject(&path));
        self.warning(&property.name, "unknown-key", message, hint);
    }

    /// A list of texts, with the place of each; a lone text counts as a list of one where `lone` says so.
    pub(super) fn strings<'v, 'a>(
        &mut self,
        path: &str,
        value: &'v Value<'a>,
        lone: bool,
    ) -> Vec<(&'v str, &'v Value<'a>)> {
        if let (true, Value::StringLit(literal)) = (lone, value) {
            return vec![(&literal.value, value)];
        }
        let Value::Array(array) = value else {
            let wanted = if lone { "a text or a list of texts" } else { "a list of texts" };
            self.wrong_type(path, value, wanted, "Write it as in `[\"a\", \"b\"]`.");
            return Vec::new();
        };
        let elements = &array.elements;
        let mut strings = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            if let Some(string) = self.string(&format!("{path}[{index}]"), element, "") {
                strings.push((string, element));
            }
        }
        strings
    }

    /// A text that may hold `${...}`; numbers and booleans count as the text that they are written as.
    pub(super) fn template(&mut self, path: &str, value: &Value) -> Option<Template> {
        let template = match value {
            Value::StringLit(literal) => Template::new(&*literal.value),
            Value::NumberLit(literal) => Template::new(literal.value),
            Value::BooleanLit(literal) => Template::new(literal.value.to_string()),
            _ => {
                self.wrong_type(path, value, "a text in quotes", "");
                return None;
            }
        };
        self.references_hold(path, &template, value).then_some(template)
    }

    /// Whether every `${...}` of a text is one; says what is wrong with the first that is not.
    pub(super) fn references_hold(&mut self, path: &str, template: &Template, at: &impl Ranged) -> bool {
        let references = template.references();
        if let Err(unresolved) = &references {
            let message = format!("{}: {unresolved}.", self.subject(path));
            self.error(at, "malformed-reference", message, &unresolved.hint());
        }
        references.is_ok()
    }
}

/// An object's properties by their canonical key.
pub(super) struct Fields<'v, 'a> {
    fields: Vec<(&'static str, &'v ObjectProp<'a>)>,
    /// Keys that stand in no table, in the file's order.
    pub(super) unknown: Vec<&'v ObjectProp<'a>>,
}

impl<'v, 'a> Fields<'v, 'a> {
    /// Sorts the properties out. A key that is there twice, in one spelling or two, is warned about; the last wins.
    /// `null` counts as absent.
    pub(super) fn new(scope: &mut Scope, prefix: &str, object: &'v Object<'a>, keys: &Keys) -> Self {
        let mut fields: Vec<(&'static str, &'v ObjectProp<'a>)> = Vec::with_capacity(object.properties.len());
        let mut unknown = Vec::new();
        for property in last_of_each(scope, prefix, object) {
            let spelling = property.name.as_str();
            let Some(key) = keys.find(spelling) else {
                if !keys.is_ignored(spelling) {
                    unknown.push(property);
                }
                continue;
            };
            if matches!(property.value, Value::NullKeyword(_)) {
                continue;
            }
            let Some(earlier) = fields.iter_mut().find(|(name, _)| *name == key.name) else {
                fields.push((key.name, property));
                continue;
            };
            let message = format!(
                "{} means the same as `{}`, which is there too; the last one counts.",
                scope.subject(&format!("{prefix}{spelling}")),
                earlier.1.name.as_str()
            );
            earlier.1 = property;
            scope.warning(&property.name, "duplicate-key", message, "Remove one of them.");
        }
        Self { fields, unknown }
    }

    /// The same, with a warning for each key that stands in no table.
    pub(super) fn checked(scope: &mut Scope, prefix: &str, object: &'v Object<'a>, keys: &Keys) -> Self {
        let fields = Self::new(scope, prefix, object, keys);
        for property in &fields.unknown {
            let near = keys.nearest(property.name.as_str()).map(|near| format!("Did you mean `{near}`?"));
            scope.unknown_key(prefix, property, &near.unwrap_or_default());
        }
        fields
    }

    pub(super) fn property(&self, name: &str) -> Option<&'v ObjectProp<'a>> {
        self.fields.iter().find(|(key, _)| *key == name).map(|&(_, property)| property)
    }

    pub(super) fn value(&self, name: &str) -> Option<&'v Value<'a>> {
        self.property(name).map(|property| &property.value)
    }
}

/// The properties of an object, each key once: the last of those that are there twice, which are warned about.
pub(super) fn last_of_each<'v, 'a>(
    scope: &mut Scope,
    prefix: &str,
    object: &'v Object<'a>,
) -> Vec<&'v ObjectProp<'a>> {
    let mut properties: Vec<&ObjectProp> = Vec::with_capacity(object.properties.len());
    for property in &object.properties {
        let name = property.name.as_str();
        match properties.iter_mut().find(|earlier| earlier.name.as_str() == name) {
            None => properties.push(property),
            Some(earlier) => {
                *earlier = property;
                let message = format!(
                    "{} is there twice; the last one counts.",
                    scope.subject(&format!("{prefix}{name}"))
                );
                scope.warning(&property.name, "duplicate-key", message, "Remove one of them.");
            }
        }
    }
    properties
}

/// "`a`, `b` or `c`".
fn or<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut words: Vec<_> = words.map(|word| format!("`{word}`")).collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::StringLit(_) => "a text",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "true or false",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::NullKeyword(_) => "null",
    }
}
