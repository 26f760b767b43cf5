use jsonc_parser::{
    ast::{Object, Value},
    common::Ranged,
};

use super::scope::{Fields, Scope};
use crate::{OAuth, Template, keys};

/// The `oauth` block, kept as it is for the sign-in; `null` and `false` mean that there is none.
pub(super) fn oauth(scope: &mut Scope, fields: &Fields) -> Option<OAuth> {
    let value = fields.value("oauth")?;
    if let Value::BooleanLit(literal) = value {
        return literal.value.then(OAuth::default);
    }
    let object =
        scope.object("oauth", value, "Sign-in needs no `oauth` block; write one only to set its options.")?;
    Fields::checked(scope, "oauth.", object, &keys::OAUTH);
    check_references(scope, "oauth", value);
    Some(OAuth { raw: map(object) })
}

fn check_references(scope: &mut Scope, path: &str, value: &Value) {
    match value {
        Value::StringLit(literal) => {
            if let Err(unresolved) = Template::new(&*literal.value).references() {
                let message = format!("{}: {unresolved}.", scope.subject(path));
                scope.error(&literal.range(), "malformed-reference", message, &unresolved.hint());
            }
        }
        Value::Array(array) => {
            for (index, element) in array.elements.iter().enumerate() {
                check_references(scope, &format!("{path}[{index}]"), element);
            }
        }
        Value::Object(object) => {
            for property in &object.properties {
                check_references(scope, &format!("{path}.{}", property.name.as_str()), &property.value);
            }
        }
        Value::NumberLit(_) | Value::BooleanLit(_) | Value::NullKeyword(_) => {}
    }
}

fn map(object: &Object) -> serde_json::Map<String, serde_json::Value> {
    object
        .properties
        .iter()
        .map(|property| (property.name.as_str().to_owned(), json(&property.value)))
        .collect()
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::StringLit(literal) => literal.value.as_ref().into(),
        Value::NumberLit(literal) => {
            literal.value.parse::<serde_json::Number>().map_or_else(|_| literal.value.into(), Into::into)
        }
        Value::BooleanLit(literal) => literal.value.into(),
        Value::Object(object) => map(object).into(),
        Value::Array(array) => array.elements.iter().map(json).collect(),
        Value::NullKeyword(_) => serde_json::Value::Null,
    }
}
