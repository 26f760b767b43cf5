//! Values, types and limits in words.

use std::borrow::Cow;

use jsonschema::JsonType;
use serde_json::{Map, Value};

/// Options that are named; of more the first ones.
pub(super) const OPTIONS: usize = 20;
/// Longest option and value, in characters.
const WIDTH: usize = 60;
/// Longest name that is compared, in characters: that takes the product of both lengths.
const COMPARED: usize = 100;
/// Names that are compared with one.
const CANDIDATES: usize = 1000;
/// From here on two names are alike, of 1.
const LIKENESS: f64 = 0.6;

/// A text cut where it is long.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// A value as a sentence repeats it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the string {}", literal(&cut(text, WIDTH).into())),
        Value::Array(items) => format!("an array of {}", counted(items.len() as u64, "item")),
        Value::Object(members) if members.is_empty() => "an empty object".into(),
        Value::Object(_) => "an object".into(),
        plain => cut(&plain.to_string(), WIDTH).into_owned(),
    }
}

/// A value as JSON, cut where it is long.
pub(super) fn literal(value: &Value) -> String {
    cut(&value.to_string(), WIDTH + 2).into_owned()
}

pub(super) fn options(options: &[Value]) -> String {
    let mut named: Vec<String> = options.iter().take(OPTIONS).map(literal).collect();
    if options.len() > OPTIONS {
        named.push(format!("another of {} values", options.len()));
    }
    listed(&named, "or")
}

/// "a, b or c".
pub(super) fn listed(parts: &[String], last: &str) -> String {
    match parts {
        [] => "nothing".into(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// "`a` and `b`"; of many the first ones. `None`: there is none.
pub(super) fn names<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut quoted: Vec<String> = names.map(|name| format!("`{}`", cut(name, WIDTH))).collect();
    if quoted.len() > OPTIONS {
        let more = quoted.split_off(OPTIONS).len();
        quoted.push(format!("{more} more"));
    }
    (!quoted.is_empty()).then(|| listed(&quoted, "and"))
}

/// "`a`, or `b` and `c`"; of many the first ones.
pub(super) fn ways(ways: &[String]) -> String {
    let mut told = ways[..ways.len().min(OPTIONS)].join(", or ");
    if ways.len() > OPTIONS {
        told += ", or others";
    }
    told
}

pub(super) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

pub(super) fn of_type(of: JsonType) -> &'static str {
    match of {
        JsonType::Null => "null",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::String => "a string",
        JsonType::Array => "an array",
        JsonType::Object => "an object",
    }
}

/// What a plain schema wants.
pub(super) fn of_schema(schema: &Value) -> Option<String> {
    of_keywords(schema.as_object()?)
}

fn of_keywords(schema: &Map<String, Value>) -> Option<String> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Some(options(values));
    }
    if let Some(value) = schema.get("const") {
        return Some(literal(value));
    }
    Some(
        match schema.get("type")?.as_str()? {
            "boolean" => "true or false",
            "integer" => "an integer",
            "number" => "a number",
            "string" => "a string",
            "array" => "an array",
            "object" => "an object",
            _ => return None,
        }
        .to_owned(),
    )
}

/// What follows "should" where `not` holds a schema that fits what was sent.
pub(super) fn excluding(schema: &Value, sent: &Value) -> String {
    let branches = alone(schema, "anyOf").or_else(|| alone(schema, "oneOf")).and_then(Value::as_array);
    let forms = branches.map_or(std::slice::from_ref(schema), Vec::as_slice);
    let excluded = forms.iter().take(OPTIONS).find_map(|form| {
        let required = alone(form, "required")?.as_array()?;
        let required: Vec<&str> = required.iter().filter_map(Value::as_str).collect();
        required.iter().all(|name| sent.get(*name).is_some()).then_some(required)
    });
    let together = if excluded.as_ref().is_some_and(|names| names.len() > 1) { " together" } else { "" };
    if let Some(names) = excluded.and_then(|excluded| names(excluded.into_iter())) {
        return format!("not hold {names}{together}");
    }
    let plain = schema.as_object().filter(|keywords| keywords.len() == 1);
    match plain.and_then(of_keywords) {
        Some(excluded) => format!("be anything but {excluded}"),
        None => "be something that the schema does not exclude".into(),
    }
}

/// A keyword that nothing but `type` stands beside.
fn alone<'a>(schema: &'a Value, keyword: &str) -> Option<&'a Value> {
    let schema = schema.as_object()?;
    schema.get(keyword).filter(|_| schema.keys().all(|key| key == keyword || key == "type"))
}

/// One form of several, by what tells it apart: its title, the values that it fixes, the names that it requires, or its
/// type.
pub(super) fn of_form(schema: &Map<String, Value>) -> Option<String> {
    if let Some(title) = schema.get("title").and_then(Value::as_str) {
        return Some(format!("\"{}\"", cut(title, WIDTH)));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let fixed = properties.into_iter().flatten().filter_map(|(name, schema)| {
        Some(format!("`{}` {}", cut(name, WIDTH), literal(schema.get("const")?)))
    });
    let fixed: Vec<String> = fixed.take(OPTIONS).collect();
    if !fixed.is_empty() {
        return Some(listed(&fixed, "and"));
    }
    let required = schema.get("required").and_then(Value::as_array);
    names(required.into_iter().flatten().filter_map(Value::as_str)).or_else(|| of_keywords(schema))
}

/// "be at least 1 and at most 10": both ends, whichever was missed.
pub(super) fn range(schema: Option<&Map<String, Value>>) -> String {
    let limit = |keyword: &str, words: &str| {
        let limit = schema?.get(keyword)?;
        limit.is_number().then(|| format!("{words} {limit}"))
    };
    // Draft-04 marks a limit as exclusive by a flag beside it.
    let excluded = |flag: &str| schema.and_then(|schema| schema.get(flag)) == Some(&Value::Bool(true));
    let least = if excluded("exclusiveMinimum") { "more than" } else { "at least" };
    let most = if excluded("exclusiveMaximum") { "less than" } else { "at most" };
    let low = limit("minimum", least).or_else(|| limit("exclusiveMinimum", "more than"));
    let high = limit("maximum", most).or_else(|| limit("exclusiveMaximum", "less than"));
    let ends: Vec<String> = [low, high].into_iter().flatten().collect();
    format!("be {}", listed(&ends, "and"))
}

/// The name that comes nearest, if any is near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let short = |name: &str| name.chars().nth(COMPARED).is_none();
    if !short(name) {
        return None;
    }
    let plain = |name: &str| name.to_lowercase().replace(['_', '-', ' '], "");
    let name = plain(name);
    known
        .take(CANDIDATES)
        .filter(|candidate| short(candidate))
        .map(|candidate| {
            let other = plain(candidate);
            let holds = name.len().min(other.len()) > 3 && (name.contains(&other) || other.contains(&name));
            let likeness = strsim::normalized_damerau_levenshtein(&name, &other);
            (if holds { likeness.max(LIKENESS) } else { likeness }, candidate)
        })
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
