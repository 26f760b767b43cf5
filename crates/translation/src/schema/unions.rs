//! Unions as converters read them: Open WebUI lets the one choice beside null overwrite what stands around the union, and
//! drops `anyOf` then, the choice's own included.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    budget,
    expand::Expansion,
    guidance, kinds, merge,
    role::{Place, Role},
};

impl Expansion<'_> {
    /// Makes of every union of a finished schema one list of choices, of which a lone one says all that holds of it.
    pub(super) fn read_unions(&mut self, schema: &mut Value) {
        let Value::Object(object) = schema else { return };
        loop {
            self.read_inside(object);
            if !self.read_union(object) {
                break;
            }
        }
    }

    fn read_inside(&mut self, object: &mut Map<String, Value>) {
        for (keyword, value) in object {
            let named = matches!(Role::of(keyword), Role::Named | Role::ByPattern);
            match value {
                Value::Object(schemas) if named => {
                    schemas.values_mut().for_each(|schema| self.read_unions(schema));
                }
                Value::Array(schemas) if keyword == "anyOf" || keyword == "prefixItems" => {
                    for schema in schemas {
                        self.read_unions(schema);
                    }
                }
                schema if matches!(Role::of(keyword), Role::Schema(Place::Shown)) => {
                    self.read_unions(schema);
                }
                _ => {}
            }
        }
    }

    /// Reads the union of one schema. `true`: schemas were put together, whose inside has to be read again.
    fn read_union(&mut self, object: &mut Map<String, Value>) -> bool {
        let Some(Value::Array(members)) = object.get_mut("anyOf").map(Value::take) else { return false };
        let mut members = flat(members);
        if kinds::is_anything(&members) && object.contains_key("type") {
            object.shift_remove("anyOf");
            return false;
        }
        if members.len() == 1 || members.iter().all(is_null) {
            object.shift_remove("anyOf");
            self.merge(object, members);
            return true;
        }
        let anew = self.lone(object, &mut members);
        object.insert("anyOf".into(), members.into());
        anew
    }

    fn merge(&mut self, object: &mut Map<String, Value>, members: Vec<Value>) {
        for member in members {
            let Value::Object(member) = member else { continue };
            let mut clashes = Vec::new();
            merge::all_of(object, member, &mut clashes);
            self.tell_clashes(&clashes);
            guidance::tell(object, &clashes);
        }
        self.say(object);
    }

    /// Looks after a choice that has none but null beside it. `true`: schemas were put together.
    fn lone(&mut self, object: &mut Map<String, Value>, members: &mut Vec<Value>) -> bool {
        let mut values = members.iter().enumerate().filter(|(_, member)| !is_null(member));
        let (Some((at, _)), None) = (values.next(), values.next()) else { return false };
        let Some(Value::Object(only)) = members.get_mut(at) else { return false };
        let Some(Value::Array(inner)) = only.shift_remove("anyOf") else { return self.take_in(object, only) };
        if let Some(Value::String(inside)) = only.shift_remove("description") {
            guidance::add(object, &inside);
        }
        let beside = Value::Object(std::mem::take(only));
        self.budget.take(budget::bytes(&beside) * inner.len());
        let fitting: Vec<Value> = inner.iter().filter_map(|member| merge::product(member, &beside)).collect();
        members.splice(at..=at, if fitting.is_empty() { inner } else { fitting });
        true
    }

    /// Lets the one choice beside null say what stands around the union, too. `true`: it says something else now.
    fn take_in(&mut self, object: &mut Map<String, Value>, only: &mut Map<String, Value>) -> bool {
        let mut anew = false;
        let shared: Vec<String> =
            only.keys().filter(|keyword| object.contains_key(*keyword)).cloned().collect();
        for keyword in shared {
            let Some(around) = object.get(&keyword) else { continue };
            if let (Some(around), Some(inside)) =
                (around.as_str(), only.get(&keyword).and_then(Value::as_str))
                && keyword == "description"
            {
                if !inside.starts_with(around) {
                    let both = format!("{around}\n{inside}");
                    self.budget.take(both.len());
                    only.insert(keyword, both.into());
                    anew = true;
                }
                continue;
            }
            let around = if around.is_object() || around.is_array() && keyword != "type" && keyword != "enum"
            {
                anew = true;
                object.shift_remove(&keyword).unwrap_or_default()
            } else {
                around.clone()
            };
            let mut both = Map::from_iter([(keyword.clone(), around)]);
            let own = Map::from_iter([(keyword.clone(), only.shift_remove(&keyword).unwrap_or_default())]);
            let mut clashes = Vec::new();
            merge::all_of(&mut both, own.clone(), &mut clashes);
            anew |= both != own;
            self.tell_clashes(&clashes);
            only.extend(both);
            guidance::tell(only, &clashes);
        }
        self.say(only) || anew
    }

    /// What was put together may be a list now, or say no type any more. `true`: something was missing.
    fn say(&mut self, object: &mut Map<String, Value>) -> bool {
        let said = object.len();
        kinds::say(object);
        let more = object.len() > said;
        if more {
            self.budget.take(kinds::ANYTHING_BYTES);
        }
        more
    }
}

fn is_null(member: &Value) -> bool {
    member.get("type").is_some_and(|kind| kind == "null")
}

/// The choices, and in the place of those that only offer choices these; each once.
fn flat(members: Vec<Value>) -> Vec<Value> {
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    let mut open: Vec<Value> = members.into_iter().rev().collect();
    while let Some(member) = open.pop() {
        match member {
            Value::Object(mut union) if union.len() == 1 && union.contains_key("anyOf") => {
                if let Some(Value::Array(inner)) = union.shift_remove("anyOf") {
                    open.extend(inner.into_iter().rev());
                }
            }
            member => {
                if seen.insert(member.clone()) {
                    all.push(member);
                }
            }
        }
    }
    all
}
