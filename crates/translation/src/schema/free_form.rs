use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    kinds, older_drafts,
    references::{References, Resource, Schema, entered},
};

/// The one property of a free-form tool: Open WebUI sends only what is declared.
pub(crate) const WRAPPER: &str = "arguments";

/// Parts of one schema that are looked at.
const PARTS: usize = 10_000;

/// A free-form object as the one property of another.
pub(super) fn wrapped(mut free: Map<String, Value>) -> Map<String, Value> {
    let required = free.get("required").is_some();
    if free.get("properties").and_then(Value::as_object).is_some_and(Map::is_empty) {
        free.shift_remove("properties");
    }
    let mut object = Map::new();
    object.insert("type".into(), "object".into());
    object.insert("properties".into(), Map::from_iter([(WRAPPER.to_owned(), free.into())]).into());
    if required {
        object.insert("required".into(), [WRAPPER].as_slice().into());
    }
    object
}

/// A schema that describes the same object as the root: the root, what it refers to, and the branches of its unions.
pub(super) struct Part<'a> {
    schema: &'a Map<String, Value>,
    pub(super) resource: Resource<'a>,
    /// Whether it holds in any case, and not only in a branch.
    pub(super) always: bool,
}

impl<'a> Part<'a> {
    pub(super) fn properties(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    }

    pub(super) fn required(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// As [`opens`].
    pub(super) fn opens(&self) -> bool {
        opens(self.schema)
    }
}

/// Whether a schema speaks of properties that it does not name.
pub(super) fn opens(schema: &Map<String, Value>) -> bool {
    let says = |keyword: &str| match schema.get(keyword) {
        Some(Value::Bool(is)) => Some(*is),
        Some(Value::Object(schema)) => Some(*schema != kinds::nothing()),
        _ => None,
    };
    let by_pattern = schema.get("patternProperties").and_then(Value::as_object);
    if by_pattern.is_some_and(|patterns| !patterns.is_empty()) {
        return true;
    }
    let open = says("additionalProperties").or(says("unevaluatedProperties"));
    let asks = says("propertyNames").is_some_and(|names| names)
        || schema.get("minProperties").and_then(Value::as_f64).is_some_and(|least| least > 0.0);
    open.unwrap_or(asks)
}

/// The parts of a root, outermost first. A list holds what is still to be read: nesting costs no stack.
pub(super) fn parts<'a>(document: Resource<'a>, references: &References<'a>) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![Part { schema: document, resource: document, always: true }];
    while let Some(part) = open.pop() {
        if parts.len() == PARTS || !seen.insert(std::ptr::from_ref(part.schema)) {
            continue;
        }
        let Part { schema, resource, always } = part;
        let mut inside = Vec::new();
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            let target = schema.get(keyword).and_then(|name| references.resolve(name.as_str()?, resource));
            if let Some(target) = target
                && let Schema::Object(schema) = target.schema
            {
                inside.push(Part { schema, resource: entered(schema, target.resource), always });
            }
        }
        let mut add = |value: &'a Value, always| {
            if let Value::Object(schema) = value {
                inside.push(Part { schema, resource: entered(schema, resource), always });
            }
        };
        for (keyword, always) in [("allOf", always), ("anyOf", false), ("oneOf", false)] {
            let members =
                schema.get(keyword).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            members.iter().take(PARTS).for_each(|member| add(member, always));
        }
        for keyword in ["if", "then", "else"] {
            if let Some(branch) = schema.get(keyword).filter(|_| schema.contains_key("if")) {
                add(branch, false);
            }
        }
        older_drafts::dependent_schemas(schema).take(PARTS).for_each(|(_, dependent)| add(dependent, false));
        parts.push(part);
        open.extend(inside.into_iter().rev());
    }
    parts
}
