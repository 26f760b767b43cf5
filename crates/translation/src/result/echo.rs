//! What structured content says already.

use std::{collections::HashSet, iter};

use rmcp::model::ContentBlock;
use serde_json::{Map, Value};

/// What structured content says, to be looked up: both it and the texts beside it may be long.
pub(super) struct Said<'a> {
    texts: HashSet<&'a str>,
    values: HashSet<String>,
}

impl<'a> Said<'a> {
    /// All of it, and each of its members: servers keep what was their text under a key such as `content`.
    pub(super) fn by(structured: &'a Value) -> Self {
        let members = structured.as_object().into_iter().flat_map(Map::values);
        let (mut texts, mut values) = (HashSet::new(), HashSet::new());
        for value in iter::once(structured).chain(members) {
            texts.extend(value.as_str());
            values.insert(canonical(value));
        }
        Self { texts, values }
    }

    /// Whether a text only repeats it: as the very string, or as JSON.
    pub(super) fn repeats(&self, text: &str) -> bool {
        self.texts.contains(text)
            || serde_json::from_str(text).is_ok_and(|value| self.values.contains(&canonical(&value)))
    }
}

/// JSON that two values share only if they are the same: members in the order of their names, numbers to the last digit.
fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, into: &mut String) {
    match value {
        Value::Number(number) => {
            let number = number.to_string();
            match decimal(&number) {
                Some((negative, digits, power)) => {
                    into.extend([if negative { "-" } else { "" }, &digits, "e", &power.to_string()]);
                }
                None => *into += &number,
            }
        }
        Value::Array(items) => {
            into.push('[');
            for item in items {
                write(item, into);
                into.push(',');
            }
            into.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            into.push('{');
            for (name, member) in members {
                *into += &Value::from(name.as_str()).to_string();
                into.push(':');
                write(member, into);
                into.push(',');
            }
            into.push('}');
        }
        plain => *into += &plain.to_string(),
    }
}

/// Tells of a value whether a text is its JSON, or the very string.
fn said_by(text: &str) -> impl Fn(&Value) -> bool {
    let parsed = serde_json::from_str::<Value>(text).ok();
    move |value| value.as_str() == Some(text) || parsed.as_ref().is_some_and(|parsed| same(parsed, value))
}

/// Equality of JSON values; numbers compare by value and to the last digit, so that `1.0` is `1`.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            x == y || decimal(&x.to_string()).zip(decimal(&y.to_string())).is_some_and(|(x, y)| x == y)
        }
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, x)| y.get(key).is_some_and(|y| same(x, y)))
        }
        _ => a == b,
    }
}

/// A JSON number as sign, digits without zeros at either end, and power of ten; `None` where that is beyond reason.
fn decimal(number: &str) -> Option<(bool, String, i64)> {
    let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
    let (mantissa, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    let moved = i64::try_from(digits.len() - kept.len()).ok()? - i64::try_from(fraction.len()).ok()?;
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return Some((false, String::new(), 0));
    }
    Some((negative, kept.to_owned(), power.parse::<i64>().ok()?.checked_add(moved)?))
}

/// What `structured` wraps, where it is `{"result": ...}` around just what the texts say: Python's SDK adds that to tools
/// that return no object.
pub(super) fn wrapped<'a>(structured: &'a Value, content: &[&ContentBlock]) -> Option<&'a Value> {
    let inner = structured.as_object().filter(|object| object.len() == 1)?.get("result")?;
    let says_block =
        |block: &ContentBlock, value| matches!(block, ContentBlock::Text(text) if said_by(&text.text)(value));
    let whole = matches!(content, [block] if says_block(block, inner));
    let item_by_item = inner.as_array().is_some_and(|items| {
        !items.is_empty()
            && items.len() == content.len()
            && content.iter().zip(items).all(|(block, item)| says_block(block, item))
    });
    (whole || item_by_item).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_written_the_same() {
        for (x, y, expected) in [
            (r#"{"a":[1,"x"],"b":null}"#, r#"{"b":null,"a":[1.0,"x"]}"#, true),
            (r#"{"a":"1"}"#, r#"{"a":1}"#, false),
            (r#"["a,b"]"#, r#"["a","b"]"#, false),
            (r#"["\",\""]"#, r#"["",""]"#, false),
            ("[[]]", "[[],[]]", false),
            ("10", "1", false),
        ] {
            let [x, y]: [Value; 2] = [x, y].map(|text| serde_json::from_str(text).unwrap());
            assert_eq!(canonical(&x) == canonical(&y), expected, "{x} {y}");
            assert_eq!(same(&x, &y), expected, "{x} {y}");
        }
    }

    #[test]
    fn numbers_are_the_same_to_the_last_digit() {
        for (x, y, expected) in [
            ("12345678901234567993", "12345678901234567992", false),
            ("1.0", "1", true),
            ("1e+22", "10000000000000000000000", true),
            ("0.10", "1E-1", true),
            ("-0.0", "0", true),
            ("-1", "1", false),
            ("0.1", "0.10000000000000001", false),
        ] {
            let [x, y] = [x, y].map(|text| serde_json::from_str(text).unwrap());
            assert_eq!(same(&x, &y), expected, "{x} {y}");
            assert_eq!(canonical(&x) == canonical(&y), expected, "{x} {y}");
        }
    }
}
