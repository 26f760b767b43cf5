use serde_json::{Map, Value};

use super::{
    budget::Budget,
    conjunction::{Condition, Conjunction},
    kinds, older_drafts, outline, pattern,
    references::{References, Resource, Schema, entered},
    role::{self, Place, Role},
    warnings::{Warnings, quoted},
};
use crate::Allowance;

/// The warning where something is left out for its size or depth.
pub(super) const CUT: &str = "the schema is too large to be shown whole; its inside is cut";

/// How much of a schema is written out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detail {
    /// How often a referenced schema may stand inside itself.
    pub(super) unrolled: usize,
    /// Deepest nesting, in levels of JSON. Readers of documents admit 128, and a document has its own.
    pub(super) levels: usize,
}

/// Where a subschema stands, in the schema and in what is written.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    resource: Resource<'a>,
    level: usize,
    place: Place,
}

impl<'a> At<'a> {
    pub(super) fn root(document: Resource<'a>) -> Self {
        Self { resource: document, level: 0, place: Place::Shown }
    }

    fn inside(self, levels: usize, place: Place) -> Self {
        let place = if self.place == Place::Asked { Place::Asked } else { place };
        Self { level: self.level + levels, place, ..self }
    }
}

/// Writes one tool's schema out. Whatever part cannot be kept is replaced by "anything"; the rest stays.
pub(super) struct Expansion<'a> {
    references: &'a References<'a>,
    detail: Detail,
    /// The referenced schemas that are being written out, outermost first.
    open: Vec<*const Map<String, Value>>,
    pub(super) budget: Budget<'a>,
    pub(super) warnings: Warnings,
}

impl<'a> Expansion<'a> {
    pub(super) fn new(
        references: &'a References<'a>,
        document: Resource<'a>,
        detail: Detail,
        allowance: &'a Allowance,
    ) -> Self {
        let open = vec![std::ptr::from_ref(document)];
        Self { references, detail, open, budget: Budget::whole(allowance), warnings: Warnings::default() }
    }

    /// What a schema says, its choices still apart.
    pub(super) fn conjunction(&mut self, schema: &'a Value, at: At<'a>) -> Conjunction {
        let Some(schema) = Schema::of(schema) else {
            self.warnings.warn(format!("`{}` is no schema; anything is shown in its place", said(schema)));
            return Conjunction::default();
        };
        self.expand(schema, at)
    }

    pub(super) fn expand(&mut self, schema: Schema<'a>, at: At<'a>) -> Conjunction {
        if !self.budget.take_schema() {
            return Conjunction::default();
        }
        match schema {
            Schema::Bool(true) => Conjunction::default(),
            Schema::Bool(false) => Conjunction::nothing(),
            Schema::Object(object) => {
                self.object(object, At { resource: entered(object, at.resource), ..at })
            }
        }
    }

    fn object(&mut self, schema: &'a Map<String, Value>, at: At<'a>) -> Conjunction {
        if at.level >= self.detail.levels {
            self.warnings.warn(CUT.to_owned());
            return self.outline(schema, at.resource);
        }
        let mut conjunction = self.keywords(schema, at);
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(reference) = schema.get(keyword) {
                let part = self.reference(reference, at.inside(1, at.place));
                conjunction.and(part);
            }
        }
        for part in list(schema.get("allOf")) {
            let part = self.conjunction(part, at.inside(1, at.place));
            conjunction.and(part);
        }
        self.choices(schema, &mut conjunction, at);
        conjunction.nullable |= schema.get("nullable") == Some(&Value::Bool(true));
        conjunction
    }

    /// Every keyword but those that put schemas together.
    fn keywords(&mut self, schema: &'a Map<String, Value>, at: At<'a>) -> Conjunction {
        let mut written = Map::new();
        for (keyword, value) in schema {
            if let Some((keyword, value)) = older_drafts::modern(schema, keyword, value)
                && self.budget.take(keyword.len() + 4)
                && let Some(value) = self.keyword(keyword, value, at)
            {
                written.insert(keyword.to_owned(), value);
            }
        }
        for (name, names) in older_drafts::dependent_names(schema) {
            if let Some(names) = self.budget.copy(names, 1)
                && let Value::Object(lists) =
                    written.entry("dependentRequired").or_insert_with(|| Map::new().into())
            {
                lists.insert(name.clone(), names);
            }
        }
        Conjunction::of(written)
    }

    fn keyword(&mut self, keyword: &str, value: &'a Value, at: At<'a>) -> Option<Value> {
        match (Role::of(keyword), value) {
            (Role::Composition | Role::Bookkeeping, _) => None,
            (Role::Schema(_), Value::Bool(_)) if role::may_be_boolean(keyword) => Some(value.clone()),
            (Role::Schema(_), Value::Object(any)) if any.is_empty() && keyword != "items" => {
                Some(value.clone())
            }
            (Role::Schema(place), Value::Object(_) | Value::Bool(_)) => {
                Some(self.schema(value, at.inside(1, place)))
            }
            (Role::List, Value::Array(schemas)) if !schemas.is_empty() => {
                let at = at.inside(2, Place::Shown);
                Some(schemas.iter().map_while(|schema| self.within_budget(schema, at)).collect())
            }
            (Role::Named, Value::Object(schemas)) => Some(self.named(schemas, at.inside(2, Place::Shown))),
            (Role::ByPattern, Value::Object(schemas)) => {
                let Value::Object(mut named) = self.named(schemas, at.inside(2, Place::Shown)) else {
                    return None;
                };
                named.retain(|name, _| {
                    let valid = pattern::is_valid(name);
                    if !valid {
                        self.unfit(keyword, &name.as_str().into());
                    }
                    valid
                });
                Some(named.into())
            }
            (Role::Plain(fits), _) if fits(value) => self.copy(keyword, value, at),
            (Role::Other, _) => self.copy(keyword, value, at),
            _ => {
                let Some(mended) = older_drafts::mended(keyword, value) else {
                    self.unfit(keyword, value);
                    return None;
                };
                let wrong = wrong(keyword, value);
                self.warnings.warn(format!("{wrong}; what fits of it is shown"));
                self.copy(keyword, &mended, at)
            }
        }
    }

    /// A subschema, settled.
    fn schema(&mut self, schema: &'a Value, at: At<'a>) -> Value {
        let conjunction = self.conjunction(schema, at);
        self.settle(conjunction, at.place)
    }

    /// As [`Self::schema`], as long as something may still be written.
    fn within_budget(&mut self, schema: &'a Value, at: At<'a>) -> Option<Value> {
        let schema = self.schema(schema, at);
        (!self.budget.is_spent()).then_some(schema)
    }

    fn named(&mut self, schemas: &'a Map<String, Value>, at: At<'a>) -> Value {
        let named = schemas.iter().map_while(|(name, schema)| {
            self.budget.take(name.len() + 4).then_some(())?;
            Some((name.clone(), self.within_budget(schema, at)?))
        });
        Value::Object(named.collect())
    }

    fn copy(&mut self, keyword: &str, value: &Value, at: At<'a>) -> Option<Value> {
        let copy = self.budget.copy(value, self.detail.levels.saturating_sub(at.level));
        if copy.is_none() {
            self.warnings.warn(format!("`{keyword}` is too large or too deep; it is left out"));
        }
        copy
    }

    fn unfit(&mut self, keyword: &str, value: &Value) {
        self.warnings.warn(format!("{}; it is left out", wrong(keyword, value)));
    }

    fn reference(&mut self, reference: &'a Value, at: At<'a>) -> Conjunction {
        let target = reference.as_str().and_then(|reference| self.references.resolve(reference, at.resource));
        let Some(target) = target else {
            self.warnings.warn(format!(
                "the reference `{}` leads nowhere in this schema; anything is shown in its place",
                reference.as_str().map_or_else(|| said(reference), quoted)
            ));
            return Conjunction::default();
        };
        let at = At { resource: target.resource, ..at };
        let Schema::Object(object) = target.schema else { return self.expand(target.schema, at) };
        let here = std::ptr::from_ref(object);
        if self.open.iter().filter(|open| **open == here).count() >= self.detail.unrolled {
            return self.outline(object, target.resource);
        }
        self.open.push(here);
        let conjunction = self.expand(target.schema, at);
        self.open.pop();
        conjunction
    }

    /// Where something repeats or ends: what it is, without its inside.
    fn outline(&mut self, schema: &'a Map<String, Value>, resource: Resource<'a>) -> Conjunction {
        Conjunction::of(outline::of_schema(schema, resource, self.references, &mut self.budget))
    }

    /// What a schema leaves open: unions, conditions, and what depends on a property.
    fn choices(&mut self, schema: &'a Map<String, Value>, conjunction: &mut Conjunction, at: At<'a>) {
        for keyword in ["anyOf", "oneOf"] {
            let Some(members) = schema.get(keyword) else { continue };
            if list(Some(members)).is_empty() {
                self.unfit(keyword, members);
                continue;
            }
            let inside = at.inside(2, Place::Shown);
            let members = list(Some(members)).iter().filter(|member| **member != Value::Bool(false));
            let members = members.map_while(|member| {
                let member = self.conjunction(member, inside);
                (!self.budget.is_spent()).then_some(member)
            });
            let members: Vec<Conjunction> = members.collect();
            conjunction.one_of(if members.is_empty() { vec![Conjunction::nothing()] } else { members });
        }
        if let Some(asked) = schema.get("if") {
            let asked = self.schema(asked, at.inside(1, Place::Asked));
            let mut branch = |keyword| {
                schema.get(keyword).map(|branch| self.conjunction(branch, at.inside(1, Place::Branch)))
            };
            let (then, otherwise) = (branch("then"), branch("else"));
            conjunction.conditions.push(Condition { asked, then, otherwise });
        }
        for (name, dependent) in older_drafts::dependent_schemas(schema) {
            let dependent = self.conjunction(dependent, at.inside(2, Place::Branch));
            conjunction.dependents.push((name.clone(), dependent));
        }
    }
}

/// The members of a list of schemas; none where it is no list.
fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn wrong(keyword: &str, value: &Value) -> String {
    let misnamed = kinds::misnamed(value).filter(|_| keyword == "type");
    misnamed.unwrap_or_else(|| format!("`{keyword}` cannot be `{}`", said(value)))
}

/// A value as it is quoted in a warning. Only scalars are told: others may be nested without end.
fn said(value: &Value) -> String {
    match value {
        Value::Array(values) => if values.is_empty() { "[]" } else { "[...]" }.to_owned(),
        Value::Object(object) => if object.is_empty() { "{}" } else { "{...}" }.to_owned(),
        Value::String(text) => quoted(text),
        scalar => scalar.to_string(),
    }
}
