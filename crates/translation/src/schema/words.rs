//! A schema in words: what a condition asks, and what a branch asks for beyond what is shown.

use std::{collections::HashSet, fmt::Write as _};

use serde_json::{Map, Value};

use super::{kinds, merge, warnings::quoted};
use crate::equality::same;

/// Parts of one condition that are told.
const PARTS: usize = 12;
/// Values of one list that are told.
const VALUES: usize = 24;
/// Characters of a schema that is quoted, as no words are known for it.
const QUOTED: usize = 300;
/// Alternatives inside alternatives.
const DEEPEST: usize = 4;
/// What says nothing of whether a value fits.
const NOTES: [&str; 9] = [
    "title",
    "description",
    "$comment",
    "default",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// What a condition on an object asks, as it stands after "With"; empty where it holds of all, `None` where it is too long
/// to be told. Of a name that is not among `always`, "or no `name`" is said: without it the condition holds as well.
pub(super) fn of_condition(asked: &Value, always: &HashSet<&str>) -> Option<String> {
    Some(together(&parts(asked, always, DEEPEST)?))
}

/// What must all hold.
fn parts(asked: &Value, always: &HashSet<&str>, deepest: usize) -> Option<Vec<String>> {
    let asked = asked.as_object()?;
    let deeper = deepest.checked_sub(1)?;
    let required: HashSet<&str> = strings(asked.get("required")).collect();
    let properties = asked.get("properties").and_then(Value::as_object);
    let mut parts = Vec::new();
    for (name, schema) in properties.into_iter().flatten() {
        let schema = schema.as_object()?;
        if kinds::is_nothing(schema) {
            parts.push(format!("no `{}`", quoted(name)));
            continue;
        }
        let words = of_value(schema)?;
        if words.is_empty() {
            continue;
        }
        let mut part = format!("`{}` {words}", quoted(name));
        if !required.contains(name.as_str()) && !always.contains(name.as_str()) {
            // Writing to a String cannot fail.
            let _ = write!(part, " (or no `{}`)", quoted(name));
        }
        parts.push(part);
    }
    let told = |name: &str| {
        let schema = properties.and_then(|properties| properties.get(name)?.as_object());
        schema.is_some_and(|schema| of_value(schema).is_none_or(|words| !words.is_empty()))
    };
    let mut bare = HashSet::new();
    for name in strings(asked.get("required")).filter(|name| !told(name)) {
        if bare.insert(name) {
            parts.push(format!("`{}`", quoted(name)));
        }
    }
    let mut rest = Map::new();
    for (keyword, value) in asked {
        match (keyword.as_str(), value) {
            ("properties" | "required", _) => {}
            ("type", kind) if kind == "object" => {}
            ("anyOf", Value::Array(choices)) if kinds::is_anything(choices) => {}
            ("anyOf", Value::Array(choices)) => {
                let choices =
                    choices.iter().map(|choice| Some(together(&self::parts(choice, always, deeper)?)));
                let choices = choices.collect::<Option<Vec<_>>>()?;
                if choices.iter().all(|choice| !choice.is_empty()) {
                    parts.push(choices.join(", or "));
                }
            }
            ("not", excluded) => match &self::parts(excluded, always, deeper)?[..] {
                [] => return None,
                [one] if excluded.get("properties").is_none() && one.starts_with('`') => {
                    parts.push(format!("no {one}"));
                }
                [one] => parts.push(format!("anything but {one}")),
                several => parts.push(format!("anything but ({})", together(several))),
            },
            (note, _) if is_note(note) => {}
            _ => drop(rest.insert(keyword.clone(), value.clone())),
        }
    }
    if !rest.is_empty() {
        parts.push(format!("arguments that fit {}", short(&rest.into())?));
    }
    (parts.len() <= PARTS).then_some(parts)
}

/// What a value has to be, as it stands after a name; empty where anything does, `None` where it is too long to be told.
pub(super) fn of_value(schema: &Map<String, Value>) -> Option<String> {
    let mut said = Vec::new();
    let mut rest = Map::new();
    let is_listed = schema.contains_key("const") || schema.contains_key("enum");
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            ("const", value) => said.push(of_values(std::slice::from_ref(value))?),
            ("enum", Value::Array(values)) => said.push(of_values(values)?),
            ("type", _) if is_listed => {}
            ("type", Value::String(kind)) => said.push(format!("of type {kind}")),
            ("minimum", least) => said.push(format!("at least {least}")),
            ("maximum", most) => said.push(format!("at most {most}")),
            ("exclusiveMinimum", bound) => said.push(format!("above {bound}")),
            ("exclusiveMaximum", bound) => said.push(format!("below {bound}")),
            ("minLength", least) => said.push(format!("of at least {least} characters")),
            ("maxLength", most) => said.push(format!("of at most {most} characters")),
            ("minItems", least) => said.push(format!("of at least {least} items")),
            ("maxItems", most) => said.push(format!("of at most {most} items")),
            ("pattern", Value::String(pattern)) => {
                said.push(format!("that matches {}", short(&pattern.as_str().into())?));
            }
            ("not", Value::Object(excluded)) => match excluded_values(excluded) {
                Some(values) => said.push(format!("other than {}", of_values(values)?)),
                None => drop(rest.insert(keyword.clone(), value.clone())),
            },
            ("anyOf", Value::Array(choices)) if kinds::is_anything(choices) => {}
            ("items", Value::Object(items)) if *items == kinds::anything() => {}
            (note, _) if is_note(note) => {}
            _ => drop(rest.insert(keyword.clone(), value.clone())),
        }
    }
    if !rest.is_empty() {
        said.push(format!("that fits {}", short(&rest.into())?));
    }
    Some(said.join(" and "))
}

/// What a schema says of a value and `shown` does not; empty where it says no more.
pub(super) fn beyond(schema: &Map<String, Value>, shown: Option<&Map<String, Value>>) -> Option<String> {
    let Some(shown) = shown else { return of_value(schema) };
    let mut more = schema.clone();
    more.retain(|keyword, value| match shown.get(keyword) {
        Some(known) if keyword == "type" => !merge::is_within(known, value),
        Some(known) => !same(known, value),
        // Types that were only added, or hold of all the values.
        None => keyword != "type" || !["const", "enum"].iter().any(|values| shown.contains_key(*values)),
    });
    of_value(&more)
}

/// `"a"`, `"b"` or `"c"`.
fn of_values(values: &[Value]) -> Option<String> {
    if values.len() > VALUES {
        return None;
    }
    let values = values.iter().map(short).collect::<Option<Vec<_>>>()?;
    Some(match &values[..] {
        [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        values => values.concat(),
    })
}

/// The values that a schema lists and says nothing else of.
fn excluded_values(schema: &Map<String, Value>) -> Option<&[Value]> {
    let mut asks = schema.iter().filter(|(keyword, _)| *keyword != "type" && !is_note(keyword));
    let (keyword, value) = asks.next()?;
    match (keyword.as_str(), value) {
        _ if asks.next().is_some() => None,
        ("const", value) => Some(std::slice::from_ref(value)),
        ("enum", Value::Array(values)) => Some(values),
        _ => None,
    }
}

/// JSON that is not too long to be quoted.
pub(super) fn short(value: &Value) -> Option<String> {
    let text = value.to_string();
    (text.len() <= QUOTED).then_some(text)
}

/// One, two and three.
pub(super) fn together(parts: &[String]) -> String {
    match parts {
        [all @ .., last] if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        parts => parts.concat(),
    }
}

pub(super) fn strings(names: Option<&Value>) -> impl Iterator<Item = &str> {
    names.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn is_note(keyword: &str) -> bool {
    NOTES.contains(&keyword) || keyword.starts_with("x-")
}
