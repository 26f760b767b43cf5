//! What is too much: for a schema to be used, for arguments to be looked at closely.

use std::{borrow::Cow, collections::HashMap};

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::keyword::Holds;

/// Objects and arrays of a schema, and checks that one value may cost: `$ref`s to `$ref`s can double at each step.
const MOST_CHECKS: u64 = 100_000;
/// Regular expressions of a schema: each takes time and memory, used or not.
const MOST_PATTERNS: usize = 1000;
/// References and combinations inside one another.
const DEEPEST: usize = 300;
/// Values of arguments up to which all that is wrong is looked for: each error takes some hundred bytes.
const SMALL: u64 = 20_000;
/// Bytes that the errors of one check may copy: each branch of a union keeps the value that it refuses.
const COPIED: usize = 64 * 1024 * 1024;
/// Longest text that is kept where arguments are longer than may be copied, in characters.
const CUT: usize = 100;

/// Arguments as errors are looked for in them: with long texts cut where their copies would take too much memory.
/// `None`: too many values even so. `branches` is how many a schema's unions have.
pub(super) fn within_reach(value: &Value, branches: usize) -> Option<Cow<'_, Value>> {
    if count(value, SMALL, true) > SMALL {
        return None;
    }
    let most = COPIED / (branches + 8);
    if length(value) <= most {
        return Some(Cow::Borrowed(value));
    }
    let mut short = value.clone();
    cut_texts(&mut short);
    (length(&short) <= most).then_some(Cow::Owned(short))
}

/// Bytes of all texts and names, and some for each value.
fn length(value: &Value) -> usize {
    8 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(length).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + length(value)).sum(),
        _ => 0,
    }
}

fn cut_texts(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(CUT) {
                text.truncate(end);
                // So that it is not read as what it no longer is.
                text.push('…');
            }
        }
        Value::Array(items) => items.iter_mut().for_each(cut_texts),
        Value::Object(members) => members.values_mut().for_each(cut_texts),
        _ => {}
    }
}

/// Branches of all unions of a schema.
pub(super) fn branches(schema: &Value) -> usize {
    match schema {
        Value::Object(keywords) => keywords
            .iter()
            .map(|(keyword, value)| {
                let own = value.as_array().filter(|_| matches!(keyword.as_str(), "anyOf" | "oneOf"));
                own.map_or(0, Vec::len) + branches(value)
            })
            .sum(),
        Value::Array(items) => items.iter().map(branches).sum(),
        _ => 0,
    }
}

/// Whether checking one value against this schema may take too long, or the schema too much memory.
pub(super) fn is_beyond_reason(schema: &Value) -> bool {
    if count(schema, MOST_CHECKS, false) > MOST_CHECKS {
        return true;
    }
    let mut scale = Scale { root: schema, known: HashMap::new() };
    let mut waiting = vec![schema];
    let mut patterns = 0;
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(members) => {
                let by_name = members.get("patternProperties").and_then(Value::as_object).map_or(0, Map::len);
                patterns += by_name + usize::from(members.contains_key("pattern"));
                if patterns > MOST_PATTERNS {
                    return true;
                }
                if scale.weigh(value, 0) > MOST_CHECKS {
                    return true;
                }
                waiting.extend(members.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    false
}

/// Values in a value, no further than `most`; objects and arrays alone unless `all`.
fn count(value: &Value, most: u64, all: bool) -> u64 {
    let mut waiting = vec![value];
    let mut counted = 0;
    while let Some(value) = waiting.pop()
        && counted <= most
    {
        match value {
            Value::Object(members) => waiting.extend(members.values()),
            Value::Array(items) => waiting.extend(items),
            _ if !all => continue,
            _ => {}
        }
        counted += 1;
    }
    counted
}

/// How many subschemas look at one and the same value.
struct Scale<'a> {
    root: &'a Value,
    /// `None`: being weighed, so that a cycle ends.
    known: HashMap<*const Value, Option<u64>>,
}

impl<'a> Scale<'a> {
    fn weigh(&mut self, schema: &'a Value, depth: usize) -> u64 {
        let Value::Object(keywords) = schema else { return 1 };
        if depth > DEEPEST {
            return u64::MAX;
        }
        if let Some(known) = self.known.get(&std::ptr::from_ref(schema)) {
            return known.unwrap_or(1);
        }
        self.known.insert(schema, None);
        let mut sum: u64 = 1;
        for (keyword, value) in keywords {
            let weight = match (keyword.as_str(), Holds::of(keyword), value) {
                ("$ref", _, Value::String(reference)) => {
                    self.target(reference).map_or(1, |target| self.weigh(target, depth + 1))
                }
                (_, Holds::Listed, Value::Array(branches)) if keyword != "prefixItems" => branches
                    .iter()
                    .fold(0, |sum: u64, branch| sum.saturating_add(self.weigh(branch, depth + 1))),
                ("not" | "if" | "then" | "else", _, branch) => self.weigh(branch, depth + 1),
                _ => 1,
            };
            sum = sum.saturating_add(weight);
        }
        self.known.insert(schema, Some(sum));
        sum
    }

    fn target(&self, reference: &str) -> Option<&'a Value> {
        let pointer = percent_decode_str(reference.strip_prefix('#')?).decode_utf8().ok()?;
        self.root.pointer(&pointer)
    }
}
