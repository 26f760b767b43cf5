//! Of a union that nothing of fits, the branch that was meant.

use std::{collections::HashSet, fmt::Write as _};

use jsonschema::{JsonType, ValidationError, error::ValidationErrorKind as Kind};
use serde_json::Value;

use super::{
    problem::{Findings, of_types, options_of, types},
    words,
};

type Branch<'e> = [ValidationError<'e>];

/// Adds what is wrong with the branch that comes closest, rather than what is wrong with all.
pub(super) fn add(
    findings: &mut Findings<'_>,
    union: &ValidationError<'_>,
    branches: &[Vec<ValidationError<'_>>],
) {
    let mut other_types: Vec<JsonType> = Vec::new();
    let mut close: Vec<&Branch<'_>> = Vec::new();
    for branch in branches {
        match refused_types(union, branch) {
            Some(types) => {
                for one in types {
                    if !other_types.contains(&one) {
                        other_types.push(one);
                    }
                }
            }
            None => close.push(branch),
        }
    }
    let instance = union.instance();
    if close.is_empty() {
        let (kind, should) = of_types(&other_types, instance);
        return findings.push(union, &kind, &should);
    }
    // A branch for other values, such as another `kind`, was not meant.
    let meant = close.iter().filter(|branch| !branch.iter().any(|error| choice(error).is_some()));
    if let Some(branch) = meant.min_by_key(|branch| branch.len()) {
        return branch.iter().for_each(|error| findings.add(error));
    }
    let first = |branch: &&Branch<'_>| {
        branch.iter().find(|error| choice(error).is_some()).map(|error| error.instance_path().to_string())
    };
    let place = close.first().and_then(first);
    if close.iter().any(|branch| first(branch) != place) {
        let closest = close.iter().min_by_key(|branch| branch.len());
        return closest.into_iter().flat_map(|branch| branch.iter()).for_each(|error| findings.add(error));
    }
    let choices: Vec<&ValidationError<'_>> =
        close.iter().filter_map(|branch| branch.iter().find(|error| choice(error).is_some())).collect();
    let mut seen = HashSet::new();
    let options = choices.iter().filter_map(|error| choice(error)).flatten();
    let options: Vec<Value> = options.filter(|option| seen.insert(option.to_string())).collect();
    let Some(error) = choices.first() else { return };
    let mut should = options_of(&options.into(), error.instance());
    if error.instance_path() == union.instance_path() {
        for one in other_types.iter().filter(|one| **one != JsonType::Null) {
            let _ = write!(should, " or {}", words::of_type(*one));
        }
    }
    findings.push(error, "literal_error", &should);
}

/// The types of a branch that refuses the very type of the value.
fn refused_types(union: &ValidationError<'_>, branch: &Branch<'_>) -> Option<Vec<JsonType>> {
    branch.iter().find_map(|error| match error.kind() {
        Kind::Type { kind } if error.instance_path() == union.instance_path() => Some(types(kind)),
        _ => None,
    })
}

/// The values of an `enum` or `const` that was missed.
fn choice(error: &ValidationError<'_>) -> Option<Vec<Value>> {
    match error.kind() {
        Kind::Enum { options } => options.as_array().cloned(),
        Kind::Constant { expected_value } => Some(vec![Value::clone(expected_value)]),
        _ => None,
    }
}
