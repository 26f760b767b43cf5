use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    kinds,
    merge::{self, Clash},
};

/// Schemas that hold together: one that may refer to others, with its `allOf`, before its choices are settled.
#[derive(Debug, Default)]
pub(super) struct Conjunction {
    /// Every keyword but those below.
    pub(super) object: Map<String, Value>,
    /// One of each holds: `anyOf` and `oneOf`.
    pub(super) unions: Vec<Vec<Conjunction>>,
    pub(super) conditions: Vec<Condition>,
    /// What holds with a property: `dependentSchemas`.
    pub(super) dependents: Vec<(String, Conjunction)>,
    /// `nullable: true` (OpenAPI 3.0).
    pub(super) nullable: bool,
    /// What of it contradicts itself.
    pub(super) clashes: Vec<Clash>,
    /// What `required` of the object holds, once it was added to: an `allOf` of thousands adds one name at a time.
    required: HashSet<Value>,
}

/// `if`, `then` and `else`.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) asked: Value,
    pub(super) then: Option<Conjunction>,
    pub(super) otherwise: Option<Conjunction>,
}

impl Conjunction {
    pub(super) fn of(object: Map<String, Value>) -> Self {
        Self { object, ..Self::default() }
    }

    pub(super) fn nothing() -> Self {
        Self::of(kinds::nothing())
    }

    /// Adds what holds too; what stands here wins where both cannot.
    pub(super) fn and(&mut self, mut part: Self) {
        self.clashes.extend(part.clashes);
        if self.object.contains_key("required")
            && let Some(Value::Array(names)) = part.object.shift_remove("required")
        {
            self.require(names);
        }
        merge::all_of(&mut self.object, part.object, &mut self.clashes);
        self.unions.extend(part.unions);
        self.conditions.extend(part.conditions);
        self.dependents.extend(part.dependents);
        self.nullable |= part.nullable;
    }

    /// Adds that one of these holds.
    pub(super) fn one_of(&mut self, mut choices: Vec<Self>) {
        if choices.len() > 1 {
            self.unions.push(choices);
        } else if let Some(only) = choices.pop() {
            self.and(only);
        }
    }

    /// Adds names to those that there are.
    fn require(&mut self, names: Vec<Value>) {
        let Some(Value::Array(known)) = self.object.get_mut("required") else { return };
        if self.required.len() != known.len() {
            self.required = known.iter().cloned().collect();
        }
        known.extend(names.into_iter().filter(|name| self.required.insert(name.clone())));
    }

    /// The names that it asks for, in whatever case: required, or asked about by a condition.
    pub(super) fn asked_names(&self, names: &mut Vec<String>) {
        add_required(&self.object, names);
        let dependent = self.object.get("dependentRequired").and_then(Value::as_object);
        for (name, more) in dependent.into_iter().flatten() {
            names.push(name.clone());
            add_strings(more, names);
        }
        self.unions.iter().flatten().for_each(|branch| branch.asked_names(names));
        for Condition { asked, then, otherwise } in &self.conditions {
            add_asked(asked, names);
            [then, otherwise].into_iter().flatten().for_each(|branch| branch.asked_names(names));
        }
        for (name, dependent) in &self.dependents {
            names.push(name.clone());
            dependent.asked_names(names);
        }
    }
}

fn add_required(schema: &Map<String, Value>, names: &mut Vec<String>) {
    schema.get("required").into_iter().for_each(|required| add_strings(required, names));
}

/// The names that a condition speaks of, in its alternatives too. It was written here, so that its nesting is bounded.
fn add_asked(asked: &Value, names: &mut Vec<String>) {
    let Value::Object(asked) = asked else { return };
    add_required(asked, names);
    let properties = asked.get("properties").and_then(Value::as_object);
    names.extend(properties.into_iter().flat_map(Map::keys).cloned());
    for choices in ["anyOf", "allOf", "oneOf"] {
        let choices = asked.get(choices).and_then(Value::as_array);
        choices.into_iter().flatten().for_each(|choice| add_asked(choice, names));
    }
    for part in ["not", "if", "then", "else"] {
        asked.get(part).into_iter().for_each(|part| add_asked(part, names));
    }
    let dependent = asked.get("dependentRequired").and_then(Value::as_object);
    for (name, more) in dependent.into_iter().flatten() {
        names.push(name.clone());
        add_strings(more, names);
    }
    let dependent = asked.get("dependentSchemas").and_then(Value::as_object);
    for (name, more) in dependent.into_iter().flatten() {
        names.push(name.clone());
        add_asked(more, names);
    }
}

fn add_strings(list: &Value, strings: &mut Vec<String>) {
    strings.extend(list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
}
