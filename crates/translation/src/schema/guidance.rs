//! What of a schema only words can say.

use std::{collections::HashSet, fmt::Write as _};

use serde_json::{Map, Value};

use super::{kinds, merge::Clash, warnings::quoted};

/// More branches than these are counted.
const TOLD: usize = 12;
/// Names that are told of one branch.
const NAMES: usize = 8;
/// Contradictions that one description tells.
pub(super) const CLASHES: usize = 8;
/// How each of them begins.
const CLASH: &str = "Also holds: ";

/// Writes into a schema's description what it cannot show.
pub(super) fn tell(schema: &mut Map<String, Value>, clashes: &[Clash]) {
    let said = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let told = said.matches(CLASH).count();
    for sentence in of_clashes(clashes).take(CLASHES.saturating_sub(told)) {
        add(schema, &sentence);
    }
}

/// Adds a sentence to a schema's description, once.
pub(super) fn add(schema: &mut Map<String, Value>, sentence: &str) {
    let description = match schema.get("description").and_then(Value::as_str) {
        Some(said) if said.contains(sentence) => return,
        Some(said) if !said.trim().is_empty() => format!("{said}\n{sentence}"),
        _ => sentence.to_owned(),
    };
    schema.insert("description".into(), description.into());
}

/// What of clashes is said of the schema itself: those inside are told where they are.
pub(super) fn of_clashes(clashes: &[Clash]) -> impl Iterator<Item = String> {
    let own = clashes.iter().filter(|clash| clash.place.is_empty());
    own.map(|clash| format!("{CLASH}`{}` {}.", clash.keyword, quoted(&clash.lost.to_string())))
}

/// Says what to give of the branches of a union; `None` where they do not differ in names that must be given.
pub(super) fn of_union(branches: &[Map<String, Value>], always: &[Value]) -> Option<String> {
    let mut told: Vec<String> = Vec::new();
    let always: HashSet<&str> = always.iter().filter_map(Value::as_str).collect();
    for branch in branches {
        let phrase = of_branch(branch, &always);
        if !told.contains(&phrase) {
            told.push(phrase);
        }
        if told.len() > TOLD {
            break;
        }
    }
    if told.len() < 2 {
        return None;
    }
    let more = told.len() > TOLD;
    told.truncate(TOLD);
    let mut sentence = format!("Give one of: {}", told.join("; or "));
    sentence.push_str(if more { "; or others." } else { "." });
    if branches.iter().any(is_closed) {
        sentence.push_str(" Nothing of another goes with it.");
    }
    Some(sentence)
}

fn of_branch(branch: &Map<String, Value>, always: &HashSet<&str>) -> String {
    let properties = branch.get("properties").and_then(Value::as_object);
    let fixed = |name: &str| fixed(properties?.get(name)?);
    let mut names: Vec<&str> = strings(branch.get("required")).collect();
    let told_by_value = |name: &str| fixed(name).is_some();
    names.retain(|name| told_by_value(name) || !always.contains(name));
    let optional = names.is_empty();
    let described = properties.into_iter().flat_map(Map::keys).map(String::as_str);
    if optional {
        names = described.collect();
    } else {
        let given: HashSet<&str> = names.iter().copied().collect();
        let telling = described.filter(|name| told_by_value(name) && !given.contains(name));
        names = telling.chain(names.iter().copied()).collect();
    }
    let mut phrase = listed(&names, fixed);
    if phrase.is_empty() {
        phrase.push_str("nothing more");
    } else if optional {
        phrase.push_str(" (optional)");
    } else if is_closed(branch) {
        let given: HashSet<&str> = strings(branch.get("required")).chain(names.iter().copied()).collect();
        let others = properties.into_iter().flat_map(Map::keys).map(String::as_str);
        let others = listed(&others.filter(|name| !given.contains(name)).collect::<Vec<_>>(), |_| None);
        if !others.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(phrase, " (optional with it: {others})");
        }
    }
    phrase
}

/// Whether a branch refuses what it does not name.
fn is_closed(branch: &Map<String, Value>) -> bool {
    ["additionalProperties", "unevaluatedProperties"].iter().any(|keyword| {
        branch.get(*keyword).is_some_and(|others| {
            *others == Value::Bool(false)
                || others.as_object().is_some_and(|others| *others == kinds::nothing())
        })
    })
}

/// Says what a condition asks for, where it is about values of properties.
pub(super) fn of_condition(
    asked: &Value,
    then: Option<&Map<String, Value>>,
    otherwise: Option<&Map<String, Value>>,
) -> Option<String> {
    let wanted = |branch: Option<&Map<String, Value>>| {
        let branch = branch?;
        let mut names: Vec<&str> = strings(branch.get("required")).collect();
        let properties = branch.get("properties").and_then(Value::as_object);
        if names.is_empty() {
            names = properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
        }
        Some(listed(&names, |name| fixed(properties?.get(name)?))).filter(|names| !names.is_empty())
    };
    let asks = asked.get("properties").and_then(Value::as_object);
    let names: Vec<&str> = match asks {
        Some(properties) => properties.keys().map(String::as_str).collect(),
        None => strings(asked.get("required")).collect(),
    };
    let asks = listed(&names, |name| fixed(asks?.get(name)?));
    if asks.is_empty() {
        return None;
    }
    match (wanted(then), wanted(otherwise)) {
        (Some(then), Some(otherwise)) => Some(format!("With {asks}: {then}; else: {otherwise}.")),
        (Some(then), None) => Some(format!("With {asks}: {then}.")),
        (None, Some(otherwise)) => Some(format!("Without {asks}: {otherwise}.")),
        (None, None) => None,
    }
}

/// `a`, `b` is "x" and `c`.
fn listed<'a>(names: &[&'a str], fixed: impl Fn(&'a str) -> Option<String>) -> String {
    let mut phrase = String::new();
    let told = names.len().min(NAMES);
    for (at, name) in names[..told].iter().enumerate() {
        phrase.push_str(match at {
            0 => "",
            _ if at + 1 == names.len() => " and ",
            _ => ", ",
        });
        // Writing to a String cannot fail.
        let _ = write!(phrase, "`{}`", quoted(name));
        if let Some(value) = fixed(name) {
            let _ = write!(phrase, " {value}");
        }
    }
    if names.len() > told {
        let _ = write!(phrase, " and {} more", names.len() - told);
    }
    phrase
}

/// The one value that a schema allows.
fn fixed(schema: &Value) -> Option<String> {
    let one =
        |values: &Value| values.as_array().filter(|values| values.len() == 1).map(|values| values[0].clone());
    let value = schema.get("const").cloned().or_else(|| one(schema.get("enum")?))?;
    Some(quoted(&value.to_string()))
}

fn strings(names: Option<&Value>) -> impl Iterator<Item = &str> {
    names.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
