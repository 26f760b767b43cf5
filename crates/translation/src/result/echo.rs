//! What structured content says already.

use rmcp::model::ContentBlock;
use serde_json::Value;

/// Whether a text only repeats the structured content: all of it, or one of its members, as servers do that keep what
/// was their text under a key such as `content`.
pub(super) fn echoes(text: &str, structured: &Value) -> bool {
    let says = said_by(text);
    says(structured) || structured.as_object().is_some_and(|members| members.values().any(says))
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
        }
    }
}
