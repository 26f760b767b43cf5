//! A value that fits several branches of a union, or holds what belongs to several.

use std::fmt::Write as _;

use jsonschema::{ValidationError, error::ValidationErrorKind as Kind};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{
    problem::{Findings, required},
    words::{self, listed},
};

/// Forms of a union, and names beside them, that one answer tells.
const FORMS: usize = 4;
/// References that are followed from one to the next.
const HOPS: usize = 8;

impl<'a> Findings<'a> {
    /// Adds what is wrong with one branch of a union. What another branch declares is known, and goes with that one.
    pub(super) fn add_branch(&mut self, union: &ValidationError<'_>, branch: &[ValidationError<'_>]) {
        for error in branch {
            match error.kind() {
                Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected }
                    if error.instance_path() == union.instance_path() =>
                {
                    for name in unexpected {
                        match self.goes_without(union, error, name) {
                            Some(others) => self.foreign(error, name, &others),
                            None => self.unknown(error, name),
                        }
                    }
                }
                _ => self.add(error),
            }
        }
    }

    /// Of a name that another branch declares, what was sent for the branch at hand alone.
    fn goes_without(
        &self,
        union: &ValidationError<'_>,
        error: &ValidationError<'_>,
        name: &str,
    ) -> Option<String> {
        let properties = |schema: &'a Map<String, Value>| schema.get("properties")?.as_object();
        let own = properties(self.beside(error)?)?;
        let branches = self.branches(union)?;
        let other =
            branches.into_iter().flatten().filter_map(properties).find(|all| all.contains_key(name))?;
        let sent = error.instance().as_object()?;
        let told = sent.keys().filter_map(|key| {
            let schema = own.get(key)?;
            match schema.get("const") {
                Some(value) => Some(format!("`{}` {}", words::cut(key, 60), words::literal(value))),
                None => (!other.contains_key(key)).then(|| format!("`{}`", words::cut(key, 60))),
            }
        });
        let told: Vec<String> = told.take(FORMS).collect();
        (!told.is_empty()).then(|| listed(&told, "and"))
    }

    /// The names that each branch of a `oneOf` requires, where no two of them are the same.
    pub(super) fn ways(&self, error: &ValidationError<'_>) -> Option<Vec<String>> {
        let mut ways: Vec<String> = Vec::new();
        for branch in self.branches(error).filter(|branches| branches.len() <= words::OPTIONS)? {
            let way = words::names(required(branch?).into_iter())?;
            if ways.contains(&way) {
                return None;
            }
            ways.push(way);
        }
        Some(ways)
    }

    /// What a value should do that fits several branches of a `oneOf`: which these are, and what to leave out.
    pub(super) fn forms(&self, error: &ValidationError<'_>, context: &[Vec<ValidationError<'_>>]) -> String {
        let mut should = "fit exactly one of the forms that the schema offers".to_owned();
        let branches = self.branches(error).unwrap_or_default();
        let fitting = |at: &usize| context.get(*at).is_some_and(Vec::is_empty);
        let fitting: Vec<usize> = (0..context.len()).filter(fitting).collect();
        let form = |at: &usize| {
            let told = branches.get(*at).copied().flatten().and_then(words::of_form);
            told.map_or_else(|| format!("form {}", at + 1), |told| format!("form {} ({told})", at + 1))
        };
        let told: Vec<String> = fitting.iter().take(FORMS).map(form).collect();
        let more = if fitting.len() > FORMS { " and others" } else { "" };
        let _ = write!(should, ", and fits {}{more}", listed(&told, "and"));
        if let [one, other] = fitting[..]
            && let (Some(Some(one)), Some(Some(other))) = (branches.get(one), branches.get(other))
        {
            let (one, other) = (required(one), required(other));
            let around: Vec<&str> = self.around(error).flat_map(required).collect();
            let own = |names: &[&'a str], others: &[&str]| {
                let own = names.iter().filter(|name| !others.contains(name) && !around.contains(name));
                words::names(own.copied())
            };
            let ways: Vec<String> = [own(&one, &other), own(&other, &one)].into_iter().flatten().collect();
            if !ways.is_empty() {
                let _ = write!(should, "; leave out {}", words::ways(&ways));
            }
        }
        should
    }

    /// The branches of an error's union, each as the schema that it is or refers to.
    fn branches(&self, union: &ValidationError<'_>) -> Option<Vec<Option<&'a Map<String, Value>>>> {
        let branches = self.schema.pointer(union.schema_path().as_str())?.as_array()?;
        Some(branches.iter().map(|branch| self.referred(branch)).collect())
    }

    /// A schema, or where it is a reference into the document, what that leads to.
    fn referred(&self, schema: &'a Value) -> Option<&'a Map<String, Value>> {
        let mut schema = schema.as_object()?;
        for _ in 0..HOPS {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { break };
            let pointer = percent_decode_str(reference.strip_prefix('#')?).decode_utf8().ok()?;
            schema = self.schema.pointer(&pointer)?.as_object()?;
        }
        Some(schema)
    }
}
