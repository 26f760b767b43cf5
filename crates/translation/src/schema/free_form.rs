use std::collections::HashSet;

use rmcp::model::JsonObject;
use serde_json::{Map, Value};

use super::{
    kinds, older_drafts,
    references::{References, Resource, Schema, entered},
};

/// Whether a tool takes arguments whose names its schema does not say. Open WebUI sends only declared properties, so
/// that the document offers such a tool one object property of this name, which is taken out of its wrapping on the way in.
pub(crate) const WRAPPER: &str = "arguments";

/// Parts of one schema that are looked at.
const PARTS: usize = 10_000;

/// Whether a schema declares no property, requires none called [`WRAPPER`], and lets others through on purpose, itself or in what it refers to.
pub(crate) fn is_free_form(schema: &JsonObject) -> bool {
    let references = References::new(schema);
    let mut opens = false;
    for part in parts(schema, &references) {
        if part.properties().next().is_some() || part.required().any(|name| name == WRAPPER) {
            return false;
        }
        opens |= part.opens();
    }
    opens
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

    /// Whether it speaks of properties that it does not name.
    fn opens(&self) -> bool {
        let says = |keyword: &str| match self.schema.get(keyword) {
            Some(Value::Bool(is)) => Some(*is),
            Some(Value::Object(schema)) => Some(*schema != kinds::nothing()),
            _ => None,
        };
        let by_pattern = self.schema.get("patternProperties").and_then(Value::as_object);
        if by_pattern.is_some_and(|patterns| !patterns.is_empty()) {
            return true;
        }
        let open = says("additionalProperties").or(says("unevaluatedProperties"));
        let asks = says("propertyNames").is_some_and(|names| names)
            || self.schema.get("minProperties").and_then(Value::as_f64).is_some_and(|least| least > 0.0);
        open.unwrap_or(asks)
    }
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
