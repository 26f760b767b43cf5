use std::collections::HashSet;

use serde_json::Value;

use super::{kinds, pattern};
use crate::keyword::Holds;

/// What a keyword of JSON Schema (2020-12, with what older drafts and OpenAPI 3.0 write instead) is in a document.
pub(super) enum Role {
    /// One schema.
    Schema(Place),
    /// A list of schemas.
    List,
    /// Schemas by name.
    Named,
    /// Schemas by regular expression.
    ByPattern,
    /// A value that other programs rely on: it has to be of this form.
    Plain(fn(&Value) -> bool),
    /// What only serves references, which are gone in a document.
    Bookkeeping,
    /// What is put together with its like, see [`super::expand`].
    Composition,
    /// Anything: unknown keywords, and values.
    Other,
}

/// Where a schema stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It describes a value: converters want a type here.
    Shown,
    /// It narrows another schema; what it holds is shown.
    Branch,
    /// It is only asked whether it holds: a type more would change the answer.
    Asked,
}

impl Role {
    pub(super) fn of(keyword: &str) -> Self {
        match keyword {
            "$ref" | "$dynamicRef" | "$recursiveRef" | "allOf" | "anyOf" | "oneOf" | "if" | "then"
            | "else" | "dependentSchemas" | "dependencies" | "nullable" => Self::Composition,
            "not" | "contains" | "propertyNames" => Self::Schema(Place::Asked),
            "patternProperties" => Self::ByPattern,
            "$defs" | "definitions" | "$schema" | "$id" | "$anchor" | "$dynamicAnchor"
            | "$recursiveAnchor" | "$vocabulary" | "additionalItems" => Self::Bookkeeping,
            "type" => Self::Plain(kinds::is_type),
            "title" | "description" | "format" | "contentEncoding" | "contentMediaType" | "$comment" => {
                Self::Plain(Value::is_string)
            }
            "pattern" => Self::Plain(|value| value.as_str().is_some_and(pattern::is_valid)),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => Self::Plain(Value::is_number),
            "multipleOf" => Self::Plain(|value| value.as_f64().is_some_and(|number| number > 0.0)),
            "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
            | "minContains" | "maxContains" => Self::Plain(is_count),
            "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" => Self::Plain(Value::is_boolean),
            "enum" => Self::Plain(|value| value.as_array().is_some_and(|values| !values.is_empty())),
            "required" => Self::Plain(is_names),
            "dependentRequired" => {
                Self::Plain(|value| value.as_object().is_some_and(|lists| lists.values().all(is_names)))
            }
            "examples" => Self::Plain(Value::is_array),
            _ => match Holds::of(keyword) {
                Holds::One => Self::Schema(Place::Shown),
                Holds::Listed => Self::List,
                Holds::Named => Self::Named,
                Holds::Data => Self::Other,
            },
        }
    }
}

fn is_count(value: &Value) -> bool {
    value.as_u64().is_some() || value.as_f64().is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
}

/// Whether this is a list of names, each once.
pub(super) fn is_names(value: &Value) -> bool {
    let mut seen = HashSet::new();
    value.as_array().is_some_and(|names| names.iter().all(|name| name.is_string() && seen.insert(name)))
}

/// Keywords whose value may be `true` or `false` instead of a schema: converters leave them alone.
pub(super) fn may_be_boolean(keyword: &str) -> bool {
    matches!(keyword, "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems")
}
