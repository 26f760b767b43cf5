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
    /// Whether a condition asks it.
    asked: bool,
}

impl<'a> Part<'a> {
    pub(super) fn properties(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    }

    pub(super) fn required(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The names that it asks for or about, declared or not.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let lists = self.schema.get("dependentRequired").and_then(Value::as_object).into_iter().flatten();
        let lists = lists.chain(older_drafts::dependent_names(self.schema));
        let followed = lists.flat_map(|(name, names)| {
            let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
            std::iter::once(name.as_str()).chain(names)
        });
        let schemas = older_drafts::dependent_schemas(self.schema).map(|(name, _)| name.as_str());
        self.required().chain(followed).chain(schemas)
    }

    /// As [`opens`].
    pub(super) fn opens(&self) -> bool {
        opens(self.schema)
    }

    /// As [`takes_others`].
    pub(super) fn takes_others(&self) -> Option<bool> {
        takes_others(self.schema)
    }
}

/// Whether a schema speaks of properties that it does not name.
pub(super) fn opens(schema: &Map<String, Value>) -> bool {
    let asks = || {
        admits(schema, "propertyNames") == Some(true)
            || schema.get("minProperties").and_then(Value::as_f64).is_some_and(|least| least > 0.0)
    };
    takes_others(schema).unwrap_or_else(asks)
}

/// Whether a schema says of itself that it takes properties which it does not name, or that it takes none; `None` where
/// it says neither.
pub(super) fn takes_others(schema: &Map<String, Value>) -> Option<bool> {
    let by_pattern = schema.get("patternProperties").and_then(Value::as_object);
    if by_pattern.is_some_and(|patterns| !patterns.is_empty()) {
        return Some(true);
    }
    admits(schema, "additionalProperties").or_else(|| admits(schema, "unevaluatedProperties"))
}

/// Whether the schema under a keyword lets anything through; `None` where there is none.
fn admits(schema: &Map<String, Value>, keyword: &str) -> Option<bool> {
    match schema.get(keyword)? {
        Value::Bool(is) => Some(*is),
        // With or without the type that was added to it.
        Value::Object(schema) => Some(schema.get("not") != kinds::nothing().get("not")),
        _ => None,
    }
}

/// The parts of a root, outermost first. A list holds what is still to be read: nesting costs no stack.
pub(super) fn parts<'a>(document: Resource<'a>, references: &References<'a>) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![Part { schema: document, resource: document, always: true, asked: false }];
    while let Some(part) = open.pop() {
        if parts.len() == PARTS || !seen.insert(std::ptr::from_ref(part.schema)) {
            continue;
        }
        let Part { schema, resource, always, asked } = part;
        let mut inside = Vec::new();
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            let target = schema.get(keyword).and_then(|name| references.resolve(name.as_str()?, resource));
            if let Some(target) = target
                && let Schema::Object(schema) = target.schema
            {
                inside.push(Part { schema, resource: entered(schema, target.resource), always, asked });
            }
        }
        let mut add = |value: &'a Value, always, asked| {
            if let Value::Object(schema) = value {
                inside.push(Part { schema, resource: entered(schema, resource), always, asked });
            }
        };
        for (keyword, always) in [("allOf", always), ("anyOf", false), ("oneOf", false)] {
            let members =
                schema.get(keyword).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            members.iter().take(PARTS).for_each(|member| add(member, always, asked));
        }
        for keyword in ["if", "then", "else"] {
            if let Some(branch) = schema.get(keyword).filter(|_| schema.contains_key("if")) {
                add(branch, false, asked || keyword == "if");
            }
        }
        schema.get("not").filter(|_| asked).into_iter().for_each(|part| add(part, false, asked));
        older_drafts::dependent_schemas(schema)
            .take(PARTS)
            .for_each(|(_, dependent)| add(dependent, false, asked));
        parts.push(part);
        open.extend(inside.into_iter().rev());
    }
    parts
}
