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
    for branch in flattened(union, branches) {
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
    if let Some(branch) = meant.clone().min_by_key(|branch| branch.len()) {
        let ways: Vec<&Branch<'_>> = meant.copied().filter(|branch| lacks_names(union, branch)).collect();
        return match &ways[..] {
            [_, _, ..] if lacks_names(union, branch) => lacking(findings, union, &ways),
            _ => findings.add_branch(union, branch),
        };
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

/// The branches of a union, those of a union that is all of a branch in its place.
fn flattened<'b, 'e>(
    union: &ValidationError<'_>,
    branches: &'b [Vec<ValidationError<'e>>],
) -> Vec<&'b Branch<'e>> {
    let inner = |branch: &'b Vec<ValidationError<'e>>| match &branch[..] {
        [only] if only.instance_path() == union.instance_path() => match only.kind() {
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => flattened(union, context),
            _ => vec![&branch[..]],
        },
        _ => vec![&branch[..]],
    };
    branches.iter().flat_map(inner).collect()
}

/// Whether nothing is wrong with a branch but members of the value that are missing.
fn lacks_names(union: &ValidationError<'_>, branch: &Branch<'_>) -> bool {
    let is_missing = |error: &ValidationError<'_>| {
        matches!(error.kind(), Kind::Required { .. }) && error.instance_path() == union.instance_path()
    };
    !branch.is_empty() && branch.iter().all(is_missing)
}

/// Adds what is missing of the way that was begun, or all ways.
fn lacking(findings: &mut Findings<'_>, union: &ValidationError<'_>, ways: &[&Branch<'_>]) {
    let begun = |branch: &Branch<'_>| {
        let asked = branch.first().map(|error| findings.required(error)).unwrap_or_default();
        asked.iter().filter(|name| union.instance().get(name).is_some()).count()
    };
    let most = ways.iter().map(|branch| begun(branch)).max();
    let ways: Vec<&Branch<'_>> = ways.iter().copied().filter(|branch| Some(begun(branch)) == most).collect();
    if let [branch] = &ways[..] {
        return branch.iter().for_each(|error| findings.add(error));
    }
    let mut told: Vec<String> = Vec::new();
    for way in ways {
        let names = way.iter().filter_map(|error| match error.kind() {
            Kind::Required { property } => property.as_str(),
            _ => None,
        });
        let Some(way) = words::names(names) else { continue };
        if !told.contains(&way) {
            told.push(way);
        }
        if told.len() > words::OPTIONS {
            break;
        }
    }
    findings.push_lacking(union, &told);
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
