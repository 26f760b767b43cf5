//! The root of a tool's arguments: callers read its properties and nothing else, so that all are put there.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    budget,
    conjunction::Conjunction,
    demands::{self, Told},
    expand::Expansion,
    guidance::{self, Branch, tell},
    kinds, merge,
    role::Place,
};

impl Expansion<'_> {
    /// One object with the properties of every branch, and sentences on which belong together.
    pub(super) fn root(&mut self, conjunction: Conjunction) -> (Map<String, Value>, Vec<String>) {
        let mut sentences = Vec::new();
        let mut asked = Vec::new();
        conjunction.asked_names(&mut asked);
        let mut object = self.flat(conjunction, &mut sentences);
        object.insert("type".into(), "object".into());
        for keyword in ["items", "prefixItems", "enum", "const"] {
            object.shift_remove(keyword);
        }
        self.declare_asked(&mut object, asked);
        (object, sentences)
    }

    pub(super) fn flat(
        &mut self,
        conjunction: Conjunction,
        sentences: &mut Vec<String>,
    ) -> Map<String, Value> {
        let Conjunction { mut object, unions, conditions, dependents, clashes, .. } = conjunction;
        self.tell_clashes(&clashes);
        sentences.extend(guidance::of_clashes(&clashes).take(guidance::CLASHES));
        for union in unions {
            self.spread(&mut object, union, sentences);
        }
        self.conditional(&mut object, conditions, dependents, sentences);
        let told = demands::of_keywords(&object);
        self.told(told, sentences);
        object
    }

    /// Puts the properties of a union's branches side by side; required is what every branch requires.
    fn spread(
        &mut self,
        object: &mut Map<String, Value>,
        union: Vec<Conjunction>,
        sentences: &mut Vec<String>,
    ) {
        let branches = union.into_iter().map(|branch| self.branch(branch));
        let (branches, impossible): (Vec<Branch>, Vec<_>) =
            branches.partition(|branch| kinds::admits_object(&branch.object));
        if !branches.is_empty() {
            self.spread_possible(object, &branches, sentences);
        }
        // Nobody means them, but whether a tool names its arguments is told without regard to types.
        for branch in impossible {
            declare(object, branch.object);
        }
    }

    fn spread_possible(
        &mut self,
        object: &mut Map<String, Value>,
        branches: &[Branch],
        sentences: &mut Vec<String>,
    ) {
        let mut shared: Vec<Value> =
            branches.first().into_iter().flat_map(|branch| names(&branch.object)).cloned().collect();
        for branch in branches {
            let own: HashSet<&Value> = names(&branch.object).collect();
            shared.retain(|name| own.contains(name));
        }
        let count = branches.len();
        let mut alternatives: Map<String, Value> = Map::new();
        for (name, schema) in branches.iter().filter_map(Branch::properties).flatten() {
            add(&mut alternatives, name, schema);
        }
        let mut declared = take_properties(object);
        for (name, schemas) in alternatives {
            let Value::Array(schemas) = schemas else { continue };
            match declared.get_mut(&name) {
                // A branch that does not speak of it leaves it as it is.
                Some(_) if schemas.len() < count => {}
                Some(Value::Object(base)) => {
                    let weight = budget::bytes(&Value::Object(base.clone()));
                    if self.budget.take(weight * schemas.len()) {
                        let narrowed = schemas.into_iter().map(|schema| narrowed(base, schema)).collect();
                        *base = either(narrowed);
                    }
                }
                _ => {
                    declared.insert(name, either(schemas).into());
                }
            }
        }
        let told = guidance::of_union(branches, &shared, &declared);
        self.told(Told { sentences: told, lost: false }, sentences);
        object.insert("properties".into(), declared.into());
        require(object, shared);
    }

    /// What is asked for without being described is anything: callers send only what is declared.
    fn declare_asked(&mut self, object: &mut Map<String, Value>, asked: Vec<String>) {
        let mut declared = take_properties(object);
        for name in asked {
            if !declared.contains_key(&name) && self.budget.take(name.len() + 4 + kinds::ANYTHING_BYTES) {
                declared.insert(name, kinds::anything().into());
            }
        }
        object.insert("properties".into(), declared.into());
    }

    /// The schema of a result: any type.
    pub(super) fn whole(&mut self, conjunction: Conjunction) -> Value {
        self.settle(conjunction, Place::Shown)
    }
}

/// The properties that an object declares, out of it; their place is kept.
pub(super) fn take_properties(object: &mut Map<String, Value>) -> Map<String, Value> {
    match object.get_mut("properties").map(Value::take) {
        Some(Value::Object(properties)) => properties,
        _ => Map::new(),
    }
}

fn names(object: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    object.get("required").and_then(Value::as_array).into_iter().flatten()
}

fn require(object: &mut Map<String, Value>, more: Vec<Value>) {
    if !more.is_empty() {
        let more = Map::from_iter([("required".to_owned(), more.into())]);
        merge::all_of(object, more, &mut Vec::new());
    }
}

/// Adds one more schema of a name.
pub(super) fn add(alternatives: &mut Map<String, Value>, name: &str, schema: &Value) {
    let known = alternatives.entry(name).or_insert_with(|| Vec::<Value>::new().into());
    if let Value::Array(known) = known {
        known.push(schema.clone());
    }
}

/// Adds the properties that are not there yet.
fn declare(object: &mut Map<String, Value>, branch: Map<String, Value>) {
    let mut known = take_properties(object);
    for (_, more) in branch.into_iter().filter(|(keyword, _)| keyword == "properties") {
        let Value::Object(more) = more else { continue };
        for (name, schema) in more {
            known.entry(name).or_insert(schema);
        }
    }
    object.insert("properties".into(), known.into());
}

/// What a property is in a branch that says more of it.
fn narrowed(base: &Map<String, Value>, schema: Value) -> Value {
    let mut base = base.clone();
    if let Value::Object(schema) = schema {
        let mut clashes = Vec::new();
        merge::all_of(&mut base, schema, &mut clashes);
        tell(&mut base, &clashes);
    }
    base.into()
}

/// One of several schemas. Those that only name values become one list of values.
pub(super) fn either(schemas: Vec<Value>) -> Map<String, Value> {
    let mut seen = HashSet::new();
    let mut distinct: Vec<Map<String, Value>> = Vec::new();
    for schema in schemas {
        if let Value::Object(schema) = schema
            && seen.insert(Value::Object(schema.clone()))
        {
            distinct.push(schema);
        }
    }
    if distinct.len() < 2 {
        return distinct.pop().unwrap_or_else(kinds::anything);
    }
    values(&distinct).unwrap_or_else(|| Map::from_iter([("anyOf".to_owned(), distinct.into())]))
}

/// The values of schemas that differ in nothing else.
fn values(schemas: &[Map<String, Value>]) -> Option<Map<String, Value>> {
    let mut all: Vec<Value> = Vec::new();
    let mut seen = HashSet::new();
    let mut rest: Option<Map<String, Value>> = None;
    for schema in schemas {
        let mut own = schema.clone();
        own.shift_remove("type");
        let values = match (own.shift_remove("const"), own.shift_remove("enum")) {
            (Some(value), _) => vec![value],
            (None, Some(Value::Array(values))) => values,
            _ => return None,
        };
        all.extend(values.into_iter().filter(|value| seen.insert(value.clone())));
        match &rest {
            Some(rest) if *rest != own => return None,
            _ => rest = Some(own),
        }
    }
    let mut one = rest?;
    one.insert("enum".into(), all.into());
    kinds::say(&mut one);
    Some(one)
}
