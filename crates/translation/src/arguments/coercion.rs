use jsonschema::Validator;
use serde_json::Value;

pub(super) fn coerced(validator: &Validator, value: &Value) -> Option<Value> {
    let mut better = value.clone();
    let mut changed = false;
    for error in validator.iter_errors(value) {
        let Some(place) = better.pointer_mut(error.instance_path().as_str()) else { continue };
        if let Some(literal) = place.as_str().and_then(literal) {
            *place = literal;
            changed = true;
        }
    }
    (changed && validator.is_valid(&better)).then_some(better)
}

/// What a text unambiguously stands for: a JSON number, or true or false in any case (`Python` writes `True`).
fn literal(text: &str) -> Option<Value> {
    if text.eq_ignore_ascii_case("true") {
        return Some(Value::Bool(true));
    }
    if text.eq_ignore_ascii_case("false") {
        return Some(Value::Bool(false));
    }
    serde_json::from_str(text).ok().filter(Value::is_number)
}
