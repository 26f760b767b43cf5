//! The outer shape of what is too large or repeats: names, types, enums and descriptions.

use serde_json::{Map, Value};

use super::{
    budget::Budget,
    free_form, kinds,
    references::{References, Resource, Schema},
    role::Role,
};
use crate::Allowance;

/// References that are followed from one to the next.
const HOPS: usize = 8;

/// A schema without its inside: its type, the values it allows, and its description.
pub(super) fn of_schema<'a>(
    schema: &'a Map<String, Value>,
    mut resource: Resource<'a>,
    references: &References<'a>,
    budget: &mut Budget<'_>,
) -> Map<String, Value> {
    let mut outline = Map::new();
    let mut next = Some(schema);
    for _ in 0..HOPS {
        let Some(schema) = next else { break };
        for keyword in ["type", "enum", "const", "description"] {
            if let Some(value) = schema.get(keyword)
                && !outline.contains_key(keyword)
                && !matches!(Role::of(keyword), Role::Plain(fits) if !fits(value))
                && let Some(value) = budget.copy_short(value)
            {
                outline.insert(keyword.to_owned(), value);
            }
        }
        if schema.contains_key("properties") && !outline.contains_key("type") {
            outline.insert("type".into(), "object".into());
        }
        let target =
            schema.get("$ref").and_then(|reference| references.resolve(reference.as_str()?, resource));
        next = target.and_then(|target| match target.schema {
            Schema::Object(object) => Some(object),
            Schema::Bool(_) => None,
        });
        resource = target.map_or(resource, |target| target.resource);
    }
    outline
}

/// A tool's arguments by name, each without its inside. As many as there is room for.
pub(super) fn of_arguments<'a>(
    document: Resource<'a>,
    references: &References<'a>,
    allowance: &Allowance,
) -> Map<String, Value> {
    let mut budget = Budget::outline(allowance);
    let mut properties = Map::new();
    let mut required: Vec<Value> = Vec::new();
    for part in free_form::parts(document, references) {
        for (name, schema) in part.properties() {
            if !budget.take(name.len() + 40) {
                break;
            }
            if properties.contains_key(name) {
                continue;
            }
            let mut outline = match schema {
                Value::Object(schema) => of_schema(schema, part.resource, references, &mut budget),
                _ => Map::new(),
            };
            if outline.is_empty() && !budget.take(kinds::ANYTHING_BYTES) {
                break;
            }
            kinds::say(&mut outline);
            properties.insert(name.clone(), outline.into());
        }
        // As the whole schema does: whether any is declared tells how calls are read.
        for name in part.names() {
            if !properties.contains_key(name) && budget.take(name.len() + 4 + kinds::ANYTHING_BYTES) {
                properties.insert(name.to_owned(), kinds::anything().into());
            }
        }
        if part.always {
            required.extend(part.required().filter(|name| budget.take(name.len() + 4)).map(Value::from));
        }
    }
    let mut seen = std::collections::HashSet::new();
    required.retain(|name| {
        name.as_str().is_some_and(|name| properties.contains_key(name)) && seen.insert(name.clone())
    });
    let mut outline = Map::new();
    outline.insert("type".into(), "object".into());
    outline.insert("properties".into(), properties.into());
    if !required.is_empty() {
        outline.insert("required".into(), required.into());
    }
    outline
}
