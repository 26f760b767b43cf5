//! When two JSON values are the same: JSON Schema compares numbers by what they are, not by how they are written
//! (2020-12, core §4.2.2).

use std::cmp::Ordering;

use serde_json::Value;

/// Equality of JSON values; numbers compare by value and to the last digit, so that `1.0` is `1`.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
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

/// Which of two numbers is the larger one, to the last digit; `None` where that is beyond reason, or one is no number.
pub(crate) fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    let number = |value: &Value| decimal(&value.as_number()?.to_string());
    let ((negative, one, power), (other_negative, other, other_power)) = (number(one)?, number(other)?);
    let sign = |negative: bool, digits: &str| if digits.is_empty() { 0 } else { 1 - 2 * i8::from(negative) };
    let (sign, other_sign) = (sign(negative, &one), sign(other_negative, &other));
    if sign != other_sign || sign == 0 {
        return Some(sign.cmp(&other_sign));
    }
    // The power of ten of the first digit, then digit by digit: none has zeros at its end.
    let first = |digits: &str, power: i64| i128::from(power) + digits.len() as i128;
    let larger = first(&one, power).cmp(&first(&other, other_power)).then_with(|| one.cmp(&other));
    Some(if negative { larger.reverse() } else { larger })
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

/// JSON that two values share only if they are the same: members in the order of their names, numbers to the last digit.
pub(crate) fn canonical(value: &Value) -> String {
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

    #[test]
    fn numbers_are_put_in_order_to_the_last_digit() {
        let order =
            ["-1e400", "-10", "-9.5", "-0.1", "0", "1e-400", "0.1", "0.10000000000000001", "9", "10.0", "11"];
        let large = ["9007199254740992", "9007199254740993", "9.007199254740994e15", "1E+400"];
        let numbers: Vec<Value> =
            order.iter().chain(&large).map(|text| serde_json::from_str(text).unwrap()).collect();
        for (at, one) in numbers.iter().enumerate() {
            for (other_at, other) in numbers.iter().enumerate() {
                assert_eq!(compare(one, other), Some(at.cmp(&other_at)), "{one} {other}");
            }
        }
        assert_eq!(compare(&"1".into(), &1.into()), None);
        let beyond: Value = serde_json::from_str("1e99999999999999999999").unwrap();
        assert_eq!(compare(&beyond, &1.into()), None);
    }
}
