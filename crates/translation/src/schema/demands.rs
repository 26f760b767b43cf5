//! What conditions and keywords of the arguments demand, in sentences.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    guidance::{Branch, fixed_in, is_closed, listed, lowered, with},
    kinds,
    warnings::quoted,
    words::{self, strings},
};

/// Demands that are told of one condition.
const DEMANDS: usize = 16;

/// What is said of a condition, and whether something of it is too long to be told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) sentences: Vec<String>,
    pub(super) lost: bool,
}

/// Says what a condition asks for beyond what is shown and always required.
pub(super) fn of_condition<'a>(
    mut asked: &'a Value,
    mut then: Option<&'a Branch>,
    mut otherwise: Option<&'a Branch>,
    shown: &Map<String, Value>,
    always: &HashSet<&str>,
) -> Told {
    let mut told = Told::default();
    while let Some(other) = asked.get("not").filter(|_| asked.as_object().is_some_and(|all| all.len() == 1)) {
        asked = other;
        std::mem::swap(&mut then, &mut otherwise);
    }
    let mut wanted = |branch: Option<&Branch>| {
        let (phrase, lost) = branch.map(|branch| of_demands(branch, shown, always)).unwrap_or_default();
        told.lost |= lost;
        Some(phrase).filter(|phrase| !phrase.is_empty())
    };
    let (wants, wants_else) = (wanted(then), wanted(otherwise));
    let inner = |branch: Option<&'a Branch>| branch.map_or(&[][..], |branch| &branch.sentences);
    let (inner, inner_else) = (inner(then), inner(otherwise));
    if wants.is_none() && wants_else.is_none() && inner.is_empty() && inner_else.is_empty() {
        return told;
    }
    let Some(asks) = words::of_condition(asked, always) else {
        told.lost = true;
        return told;
    };
    if asks.is_empty() {
        told.sentences.extend(wants.map(|wants| format!("Always: {wants}.")));
        told.sentences.extend(inner.iter().cloned());
        return told;
    }
    told.sentences.extend(match (wants, wants_else) {
        (Some(then), Some(otherwise)) => Some(format!("With {asks}: {then}; else: {otherwise}.")),
        (Some(then), None) => Some(format!("With {asks}: {then}.")),
        (None, Some(otherwise)) => Some(format!("Without {asks}: {otherwise}.")),
        (None, None) => None,
    });
    told.sentences.extend(inner.iter().map(|sentence| with(&asks, sentence)));
    told.sentences.extend(inner_else.iter().map(|sentence| format!("Without {asks}: {}", lowered(sentence))));
    told
}

/// What a branch asks for, and whether something of it is too long to be told.
fn of_demands(branch: &Branch, shown: &Map<String, Value>, always: &HashSet<&str>) -> (String, bool) {
    if kinds::is_nothing(&branch.object) {
        return ("nothing is accepted".to_owned(), false);
    }
    let mut lost = false;
    let mut demands: Vec<String> = Vec::new();
    let required: HashSet<&str> = strings(branch.object.get("required")).collect();
    let properties = || branch.properties().into_iter().flat_map(Map::keys).map(String::as_str);
    let others = properties().filter(|name| !required.contains(name));
    for name in strings(branch.object.get("required")).chain(others) {
        let schema = branch.properties().and_then(|properties| properties.get(name)?.as_object());
        if schema.is_some_and(kinds::is_nothing) {
            demands.push(format!("no `{}`", quoted(name)));
            continue;
        }
        let fixed = schema.and_then(fixed_in);
        let words = fixed.or_else(|| branch.beyond(name, shown));
        lost |= words.is_none();
        let words = words.unwrap_or_default();
        if words.is_empty() && (always.contains(name) || !required.contains(name)) {
            continue;
        }
        let space = if words.is_empty() { "" } else { " " };
        demands.push(format!("`{}`{space}{words}", quoted(name)));
    }
    if demands.is_empty() {
        let optional: Vec<&str> = properties().collect();
        if !optional.is_empty() && !lost && !is_closed(&branch.object) {
            demands.push(format!("{} (optional)", listed(&optional, |_| None)));
        }
    }
    if is_closed(&branch.object) {
        let names: Vec<&str> = properties().collect();
        demands.push(match listed(&names, |_| None) {
            names if names.is_empty() => "nothing else".to_owned(),
            names => format!("nothing beyond {names}"),
        });
    }
    if demands.len() > DEMANDS {
        lost = true;
        demands.truncate(DEMANDS);
    }
    (words::together(&demands), lost)
}

/// Says of the arguments what their keywords do: callers read the properties alone.
pub(super) fn of_keywords(object: &Map<String, Value>) -> Told {
    let mut told = Told::default();
    let always: HashSet<&str> = strings(object.get("required")).collect();
    let properties = object.get("properties").and_then(Value::as_object).map_or(0, Map::len);
    let count = |keyword| object.get(keyword).and_then(Value::as_f64);
    let mut say = |sentence: String| {
        if !told.sentences.contains(&sentence) {
            told.sentences.push(sentence);
        }
    };
    for (keyword, bound, matters) in [
        (
            "minProperties",
            "at least",
            count("minProperties").is_some_and(|least| least > counted(always.len())),
        ),
        ("maxProperties", "at most", count("maxProperties").is_some_and(|most| most < counted(properties))),
    ] {
        if let Some(number) = object.get(keyword).filter(|_| matters) {
            let plural = if number.as_u64() == Some(1) { "" } else { "s" };
            say(format!("Give {bound} {number} argument{plural}."));
        }
    }
    let dependent = object.get("dependentRequired").and_then(Value::as_object);
    for (name, names) in dependent.into_iter().flatten() {
        let names: Vec<&str> = strings(Some(names)).filter(|name| !always.contains(name)).collect();
        if !names.is_empty() {
            say(format!("With `{}`: {}.", quoted(name), listed(&names, |_| None)));
        }
    }
    let mut lost = false;
    for keyword in ["const", "enum"] {
        if let Some(values) = object.get(keyword) {
            match words::short(values) {
                Some(values) => {
                    say(format!("Give exactly{} {values}.", if keyword == "enum" { " one of" } else { "" }));
                }
                None => lost = true,
            }
        }
    }
    let excluded = object.get("not").filter(|_| !kinds::is_nothing(object));
    let choices = excluded.and_then(|excluded| excluded.get("anyOf")?.as_array());
    let lone = excluded.and_then(Value::as_object).is_some_and(|excluded| excluded.len() == 1);
    let excluded: Vec<&Value> = match choices {
        Some(choices) if lone => choices.iter().collect(),
        _ => excluded.into_iter().collect(),
    };
    for excluded in excluded {
        match words::of_condition(excluded, &always) {
            Some(words) if !words.is_empty() => say(format!("Refused with {words}.")),
            _ => lost = true,
        }
    }
    told.lost = lost;
    told
}

/// A small number as JSON has it.
fn counted(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
