//! Two schemas that both hold, as one.

use std::{cmp::Ordering, collections::HashSet};

use serde_json::{Map, Value};

use super::{guidance, kinds};
use crate::equality::{canonical, compare, same};

/// A keyword that two schemas give, and one schema can only have once.
#[derive(Debug)]
pub(super) struct Clash {
    pub(super) keyword: String,
    /// What is not shown.
    pub(super) lost: Value,
    /// Where inside the schemas, with dots between names; empty where it is said of themselves.
    pub(super) place: String,
    /// Whether no value can fit both.
    pub(super) impossible: bool,
}

/// Puts `part` into `base`. Limits become the stricter one; where only one can stand, `base` wins.
pub(super) fn all_of(base: &mut Map<String, Value>, part: Map<String, Value>, clashes: &mut Vec<Clash>) {
    for (keyword, value) in part {
        match base.get_mut(&keyword) {
            None => {
                base.insert(keyword, value);
            }
            Some(present) if same(present, &value) => {}
            Some(present) => {
                if let Some(clash) = both(&keyword, present, value, clashes) {
                    clashes.push(clash);
                }
            }
        }
    }
    let hollow = |choices: &Value| choices.as_array().is_some_and(|choices| kinds::is_anything(choices));
    if base.contains_key("type") && base.get("anyOf").is_some_and(hollow) {
        base.remove("anyOf");
    }
}

/// What fits both; `None` where nothing does.
pub(super) fn product(one: &Value, other: &Value) -> Option<Value> {
    let (Value::Object(one), Value::Object(other)) = (one, other) else { return Some(Map::new().into()) };
    let mut both = one.clone();
    let mut clashes = Vec::new();
    all_of(&mut both, other.clone(), &mut clashes);
    guidance::tell(&mut both, &clashes);
    (!clashes.iter().any(|clash| clash.impossible)).then(|| both.into())
}

/// Makes `present` hold what both say of one keyword.
fn both(keyword: &str, present: &mut Value, value: Value, clashes: &mut Vec<Clash>) -> Option<Clash> {
    let clash = |lost, impossible| {
        Some(Clash { keyword: keyword.to_owned(), lost, place: String::new(), impossible })
    };
    match (keyword, &mut *present, value) {
        ("properties" | "patternProperties", Value::Object(known), Value::Object(more)) => {
            named(known, more, clashes);
        }
        (
            "items"
            | "additionalProperties"
            | "contains"
            | "propertyNames"
            | "contentSchema"
            | "unevaluatedItems"
            | "unevaluatedProperties",
            Value::Object(known),
            Value::Object(more),
        ) => {
            within(keyword, known, more, clashes);
        }
        ("additionalProperties" | "unevaluatedItems" | "unevaluatedProperties", known, value)
            if *known == Value::Bool(true) || value == Value::Bool(false) =>
        {
            *known = value;
        }
        ("prefixItems", Value::Array(known), Value::Array(more)) => elements(known, more, clashes),
        ("required", Value::Array(known), Value::Array(more)) => unite(known, more),
        ("dependentRequired", Value::Object(known), Value::Object(more)) => {
            for (name, names) in more {
                match (known.get_mut(&name), names) {
                    (Some(Value::Array(known)), Value::Array(more)) => unite(known, more),
                    (_, names) => {
                        known.insert(name, names);
                    }
                }
            }
        }
        ("anyOf", Value::Array(known), Value::Array(more)) => {
            if kinds::is_anything(known) {
                *known = more;
            } else if !kinds::is_anything(&more) {
                return clash(more.into(), false);
            }
        }
        ("enum", Value::Array(known), Value::Array(more)) => {
            let both = intersection(known, &more);
            if both.is_empty() {
                return clash(more.into(), true);
            }
            *known = both;
        }
        ("type", _, value) => match common(present, &value) {
            Some(both) => *present = both,
            None => return clash(value, true),
        },
        ("const", _, value) => return clash(value, true),
        (
            "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" | "minContains",
            known,
            value,
        ) if compare(&value, known) == Some(Ordering::Greater) => {
            *known = value;
        }
        (
            "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" | "maxContains",
            known,
            value,
        ) if compare(&value, known) == Some(Ordering::Less) => {
            *known = value;
        }
        ("not", _, value) => {
            let one = present.take();
            *present = Map::from_iter([("anyOf".to_owned(), vec![one, value].into())]).into();
        }
        ("uniqueItems", _, _) => *present = Value::Bool(true),
        ("pattern" | "format" | "multipleOf" | "contentEncoding" | "contentMediaType", _, value) => {
            return clash(value, false);
        }
        // Annotations: what stands nearest is meant.
        _ => {}
    }
    None
}

fn named(known: &mut Map<String, Value>, more: Map<String, Value>, clashes: &mut Vec<Clash>) {
    for (name, schema) in more {
        match (known.get_mut(&name), schema) {
            (Some(Value::Object(known)), Value::Object(schema)) => within(&name, known, schema, clashes),
            (Some(_), _) => {}
            (None, schema) => {
                known.insert(name, schema);
            }
        }
    }
}

fn elements(known: &mut Vec<Value>, more: Vec<Value>, clashes: &mut Vec<Clash>) {
    for (at, schema) in more.into_iter().enumerate() {
        match (known.get_mut(at), schema) {
            (Some(Value::Object(known)), Value::Object(schema)) => {
                within(&at.to_string(), known, schema, clashes);
            }
            (Some(_), _) => {}
            (None, schema) => known.push(schema),
        }
    }
}

/// As [`all_of`], with what clashes told where it does.
fn within(name: &str, known: &mut Map<String, Value>, schema: Map<String, Value>, clashes: &mut Vec<Clash>) {
    let mut own = Vec::new();
    all_of(known, schema, &mut own);
    guidance::tell(known, &own);
    clashes.extend(own.into_iter().map(|clash| {
        let place = if clash.place.is_empty() { name.to_owned() } else { format!("{name}.{}", clash.place) };
        Clash { impossible: false, place, ..clash }
    }));
}

fn unite(known: &mut Vec<Value>, more: Vec<Value>) {
    let present: HashSet<&Value> = known.iter().collect();
    let new: Vec<Value> = more.into_iter().filter(|name| !present.contains(name)).collect();
    known.extend(new);
}

fn intersection(known: &[Value], more: &[Value]) -> Vec<Value> {
    let more: HashSet<String> = more.iter().map(canonical).collect();
    known.iter().filter(|value| more.contains(&canonical(value))).cloned().collect()
}

/// Whether types allow no more than others do.
pub(super) fn is_within(types: &Value, others: &Value) -> bool {
    common(types, others).is_some_and(|both| same(&both, types))
}

/// The types that both allow.
fn common(one: &Value, other: &Value) -> Option<Value> {
    let names = |value: &Value| -> Vec<String> {
        match value {
            Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            name => name.as_str().map(str::to_owned).into_iter().collect(),
        }
    };
    let (one, other) = (names(one), names(other));
    let mut both: Vec<&str> = Vec::new();
    for name in &one {
        if other.contains(name) {
            both.push(name);
        } else if name == "number" && other.iter().any(|other| other == "integer") {
            both.push("integer");
        } else if name == "integer" && other.iter().any(|other| other == "number") {
            both.push(name);
        }
    }
    both.dedup();
    (!both.is_empty()).then(|| kinds::of_names(&both))
}
