use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A text of the config file that may hold `${NAME}`, `${NAME:-default}`, `${env:NAME}` and `${keychain:NAME}`.
///
/// `$${` stands for a literal `${`; a `$` before anything else is itself. Kept as written, so that two configs
/// compare without reading a secret; its Debug output shows no literal text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Template(String);

/// One `${...}` of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// `${NAME}`, `${env:NAME}`, `${NAME:-default}`.
    Environment {
        /// The variable's name.
        name: String,
        /// What stands where it is unset or empty.
        default: Option<String>,
    },
    /// `${keychain:NAME}`.
    Keychain {
        /// The secret's name, as `traygate secret set NAME` stored it.
        name: String,
    },
}

/// What a `${...}` stands for, asked while a server is being started.
pub trait Variables {
    /// An environment variable.
    fn environment(&self, name: &str) -> Option<String>;
    /// A secret out of the OS keychain.
    fn keychain(&self, name: &str) -> Option<SecretString>;
}

/// A `${...}` that stands for nothing. The literal text is never sent in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// The environment variable is not set.
    #[error("the environment variable `{0}` is not set")]
    Environment(String),
    /// The keychain holds no such secret.
    #[error("the keychain holds no secret `{0}`")]
    Keychain(String),
    /// `${` without `}`, an empty or malformed name, or another program's variable. Holds no default and no text
    /// that stands outside the braces.
    #[error("`{0}` is not a reference that Traygate knows")]
    Malformed(String),
}

impl Unresolved {
    /// What to do about it, in one or two sentences.
    pub fn hint(&self) -> String {
        match self {
            Self::Environment(name) => {
                format!("Set it before Traygate starts, or give a default: `${{{name}:-default}}`.")
            }
            Self::Keychain(name) => format!("Store it with `traygate secret set {name}`."),
            Self::Malformed(text) if text.starts_with("${input:") => {
                "It is a prompt of VS Code's. Store the value \
                with `traygate secret set NAME` and write `${keychain:NAME}`."
                    .to_owned()
            }
            Self::Malformed(text) if is_editor_variable(text.trim_matches(['$', '{', '}'])) => {
                "It means something inside an editor only. Write the path itself, or `${HOME}` and the rest."
                    .to_owned()
            }
            Self::Malformed(text) if text.ends_with(":-...}") => {
                "A default cannot hold another `${...}`.".to_owned()
            }
            Self::Malformed(text) if !text.ends_with('}') => {
                "Close it with `}`, or write `$${` where a literal `${` is meant.".to_owned()
            }
            Self::Malformed(_) => {
                "Write `${NAME}`, `${NAME:-default}` or `${keychain:NAME}`, or `$${` where a literal \
                `${` is meant."
                    .to_owned()
            }
        }
    }
}

/// A stretch of a template.
enum Part<'t> {
    Literal(&'t str),
    Reference(Reference),
}

impl Template {
    /// Takes a text as written in the file.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.0
    }

    /// Its `${...}`, in order.
    ///
    /// # Errors
    /// [`Unresolved::Malformed`] for the first one that is none.
    pub fn references(&self) -> Result<Vec<Reference>, Unresolved> {
        parts(&self.0)
            .filter_map(|part| match part {
                Ok(Part::Reference(reference)) => Some(Ok(reference)),
                Ok(Part::Literal(_)) => None,
                Err(unresolved) => Some(Err(unresolved)),
            })
            .collect()
    }

    /// Puts in what the `${...}` stand for.
    ///
    /// What is put in is not looked at again: a `${` inside a value stays as it is.
    ///
    /// # Errors
    /// The first reference that stands for nothing.
    pub fn expand(&self, variables: &(impl Variables + ?Sized)) -> Result<SecretString, Unresolved> {
        let mut text = String::with_capacity(self.0.len());
        for part in parts(&self.0) {
            match part? {
                Part::Literal(literal) => text.push_str(literal),
                Part::Reference(Reference::Environment { name, default }) => {
                    match (variables.environment(&name), default) {
                        (Some(value), None) => text.push_str(&value),
                        (Some(value), Some(_)) if !value.is_empty() => text.push_str(&value),
                        (_, Some(default)) => text.push_str(&default),
                        (None, None) => return Err(Unresolved::Environment(name)),
                    }
                }
                Part::Reference(Reference::Keychain { name }) => match variables.keychain(&name) {
                    Some(secret) => text.push_str(secret.expose_secret()),
                    None => return Err(Unresolved::Keychain(name)),
                },
            }
        }
        Ok(text.into())
    }
}

/// Splits a text at its references. Ends after the first malformed one.
fn parts(text: &str) -> impl Iterator<Item = Result<Part<'_>, Unresolved>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(after) = rest.strip_prefix("$${") {
            rest = after;
            return Some(Ok(Part::Literal("${")));
        }
        if let Some(inner) = rest.strip_prefix("${") {
            let Some((inner, after)) = inner.split_once('}') else {
                let name: String = inner.chars().take_while(|&c| is_name_character(c) || c == ':').collect();
                rest = "";
                return Some(Err(Unresolved::Malformed(format!("${{{name}"))));
            };
            rest = after;
            let reference = reference(inner);
            if reference.is_err() {
                rest = "";
            }
            return Some(reference.map(Part::Reference));
        }
        let end = match rest.find("${") {
            // Leaves the `$` that escapes it.
            Some(at) if rest[..at].ends_with('$') => at - 1,
            Some(at) => at,
            None => rest.len(),
        };
        let (literal, after) = rest.split_at(end);
        rest = after;
        Some(Ok(Part::Literal(literal)))
    })
}

/// What stands between `${` and `}`.
fn reference(inner: &str) -> Result<Reference, Unresolved> {
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let malformed = || Unresolved::Malformed(format!("${{{name}}}"));
    // `${A:-${B}}` would end at the first brace: refused rather than misread.
    if default.is_some_and(|default| default.contains("${")) {
        return Err(Unresolved::Malformed(format!("${{{name}:-...}}")));
    }
    if is_editor_variable(name) || matches!(name, "env" | "keychain" | "input") {
        return Err(malformed());
    }
    let environment = |name: &str| Reference::Environment {
        name: name.to_owned(),
        default: default.map(ToOwned::to_owned),
    };
    match name.split_once(':') {
        None if is_identifier(name) => Ok(environment(name)),
        // Windows has names such as `ProgramFiles(x86)`.
        Some(("env", name)) if is_plain(name) && !name.contains('=') => Ok(environment(name)),
        Some(("keychain", name)) if is_plain(name) && default.is_none() => {
            Ok(Reference::Keychain { name: name.to_owned() })
        }
        _ => Err(malformed()),
    }
}

fn is_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(is_name_character)
}

fn is_plain(name: &str) -> bool {
    !name.trim().is_empty() && !name.contains(|c: char| c.is_control() || c == '{' || c == '$')
}

/// VS Code's variables that look like environment variables.
fn is_editor_variable(name: &str) -> bool {
    const EDITOR: [&str; 9] = [
        "workspaceFolder",
        "workspaceFolderBasename",
        "workspaceRoot",
        "userHome",
        "cwd",
        "file",
        "fileDirname",
        "pathSeparator",
        "execPath",
    ];
    EDITOR.contains(&name.split(':').next().unwrap_or(name))
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Fixed;

    impl Variables for Fixed {
        fn environment(&self, name: &str) -> Option<String> {
            match name {
                "HOME" => Some("/home/ada".into()),
                "EMPTY" => Some(String::new()),
                "ProgramFiles(x86)" => Some("C:\\Program Files (x86)".into()),
                "NESTED" => Some("${HOME}".into()),
                _ => None,
            }
        }

        fn keychain(&self, name: &str) -> Option<SecretString> {
            (name == "github token").then(|| "s3cret".into())
        }
    }

    fn expand(text: &str) -> Result<String, Unresolved> {
        Template::new(text).expand(&Fixed).map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn every_form_stands_for_its_value() {
        for (text, expanded) in [
            ("", ""),
            ("plain", "plain"),
            ("${HOME}/files", "/home/ada/files"),
            ("a ${env:HOME} b ${HOME}", "a /home/ada b /home/ada"),
            ("${env:ProgramFiles(x86)}\\x", "C:\\Program Files (x86)\\x"),
            ("Bearer ${keychain:github token}", "Bearer s3cret"),
            ("${NOPE:-there}", "there"),
            ("${NOPE:-}", ""),
            ("${EMPTY:-there}", "there"),
            ("${env:NOPE:-there}", "there"),
            ("${NOPE:-http://x:1/a?b}", "http://x:1/a?b"),
            ("[${EMPTY}]", "[]"),
            ("${NESTED}", "${HOME}"),
            ("$${HOME}", "${HOME}"),
            ("$$${HOME}", "$${HOME}"),
            ("$", "$"),
            ("$$", "$$"),
            ("$5 and $HOME", "$5 and $HOME"),
            ("日本 ${HOME} ✓", "日本 /home/ada ✓"),
        ] {
            assert_eq!(expand(text).as_deref(), Ok(expanded), "{text}");
        }
    }

    #[test]
    fn what_stands_for_nothing_is_named_and_never_sent() {
        assert_eq!(expand("a ${NOPE}"), Err(Unresolved::Environment("NOPE".into())));
        assert_eq!(expand("${env:NOPE}"), Err(Unresolved::Environment("NOPE".into())));
        assert_eq!(expand("${keychain:nope}"), Err(Unresolved::Keychain("nope".into())));
    }

    #[test]
    fn what_is_no_reference_is_malformed() {
        for (text, named) in [
            ("${}", "${}"),
            ("${1A}", "${1A}"),
            ("${A B}", "${A B}"),
            ("${A-b}", "${A-b}"),
            ("${env:}", "${env:}"),
            ("${keychain:}", "${keychain:}"),
            ("${keychain:a:-b}", "${keychain:a}"),
            ("${input:token}", "${input:token}"),
            ("${workspaceFolder}/x", "${workspaceFolder}"),
            ("${workspaceFolder:api}", "${workspaceFolder:api}"),
            ("${config:a.b}", "${config:a.b}"),
            ("${A:-${B}}", "${A:-...}"),
            ("${keychain}", "${keychain}"),
            ("${HOME", "${HOME"),
            ("x ${", "${"),
        ] {
            assert_eq!(expand(text), Err(Unresolved::Malformed(named.into())), "{text}");
        }
    }

    #[test]
    fn an_unclosed_reference_does_not_tell_what_follows_it() {
        let unresolved = expand("Bearer ${TOKEN s3cret").expect_err("unclosed");
        assert_eq!(unresolved.to_string(), "`${TOKEN` is not a reference that Traygate knows");
        let unresolved = expand("${BAD NAME:-s3cret}").expect_err("bad name");
        assert!(!unresolved.to_string().contains("s3cret"));
    }

    #[test]
    fn references_are_listed_in_order() {
        assert_eq!(
            Template::new("$${A} ${B:-c} ${keychain:d} ${env:E}").references(),
            Ok(vec![
                Reference::Environment { name: "B".into(), default: Some("c".into()) },
                Reference::Keychain { name: "d".into() },
                Reference::Environment { name: "E".into(), default: None },
            ])
        );
    }

    #[test]
    fn debug_shows_no_text() {
        assert_eq!(format!("{:?}", Template::new("s3cret")), "Template(..)");
    }

    proptest! {
        #[test]
        fn a_text_without_references_expands_to_itself(text in any::<String>().prop_filter("${", |t| !t.contains("${"))) {
            prop_assert_eq!(expand(&text), Ok(text));
        }

        #[test]
        fn expansion_never_panics(text in "([$]|[{]|[}]|:|-|env|keychain|input|HOME|é|\\PC){0,24}") {
            let _ = expand(&text);
        }

        #[test]
        fn an_escaped_text_expands_to_itself(text in "([$]|[{]|[}]|a){0,16}") {
            prop_assert_eq!(expand(&text.replace("${", "$${")), Ok(text));
        }
    }
}
