//! Unions as converters read them: Open WebUI lets the one choice beside null overwrite what stands around the union, and
//! drops `anyOf` then, the choice's own included.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{
    budget,
    expand::Expansion,
    guidance,
    keyword::{Holds, Place},
    kinds, merge,
};

impl Expansion<'_> {
    /// Makes of every union of a finished schema one list of choices, of which a lone one says all that holds of it.
    pub(super) fn read_unions(&mut self, schema: &mut Value) {
        let Value::Object(object) = schema else { return };
        while let Some(Value::Array(members)) = object.get_mut("anyOf").map(Value::take) {
            let members = flat(members);
            if kinds::is_anything(&members) && object.contains_key("type") {
                object.shift_remove("anyOf");
            } else if members.len() == 1 || members.iter().all(is_null) {
                object.shift_remove("anyOf");
                self.merge(object, members);
            } else if let Some(members) = self.lone(object, members) {
                object.insert("anyOf".into(), members.into());
                break;
            }
        }
        for (keyword, value) in object {
            let named = matches!(Holds::of(keyword), Holds::Named | Holds::ByPattern);
            match value {
                Value::Object(schemas) if named => {
                    schemas.values_mut().for_each(|schema| self.read_unions(schema));
                }
                Value::Array(schemas) if keyword == "anyOf" || keyword == "prefixItems" => {
                    schemas.iter_mut().for_each(|schema| self.read_unions(schema));
                }
                schema if matches!(Holds::of(keyword), Holds::Schema(Place::Shown)) => {
                    self.read_unions(schema);
                }
                _ => {}
            }
        }
    }

    fn merge(&mut self, object: &mut Map<String, Value>, members: Vec<Value>) {
        for member in members {
            let Value::Object(member) = member else { continue };
            let mut clashes = Vec::new();
            merge::all_of(object, member, &mut clashes);
            self.tell_clashes(&clashes);
            guidance::tell(object, &clashes);
        }
    }

    /// The choices, where those of a lone one beside null need no further look; else they are put back into `object`.
    fn lone(&mut self, object: &mut Map<String, Value>, mut members: Vec<Value>) -> Option<Vec<Value>> {
        let mut values = members.iter().enumerate().filter(|(_, member)| !is_null(member));
        let (Some((at, _)), None) = (values.next(), values.next()) else { return Some(members) };
        let Some(Value::Object(only)) = members.get_mut(at) else { return Some(members) };
        let Some(Value::Array(inner)) = only.shift_remove("anyOf") else {
            self.take_in(object, only);
            return Some(members);
        };
        if let Some(Value::String(inside)) = only.shift_remove("description") {
            guidance::add(object, &inside);
        }
        let beside = Value::Object(std::mem::take(only));
        self.budget.take(budget::bytes(&beside) * inner.len());
        let fitting: Vec<Value> = inner.iter().filter_map(|member| merge::product(member, &beside)).collect();
        members.splice(at..=at, if fitting.is_empty() { inner } else { fitting });
        object.insert("anyOf".into(), members.into());
        None
    }

    /// Lets the one choice beside null say what stands around the union, too.
    fn take_in(&mut self, object: &mut Map<String, Value>, only: &mut Map<String, Value>) {
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
                }
                continue;
            }
            let around = if around.is_object() || around.is_array() && keyword != "type" && keyword != "enum"
            {
                object.shift_remove(&keyword).unwrap_or_default()
            } else {
                around.clone()
            };
            let mut first = Map::from_iter([(keyword.clone(), around)]);
            let own = only.shift_remove(&keyword).unwrap_or_default();
            let mut clashes = Vec::new();
            merge::all_of(&mut first, Map::from_iter([(keyword, own)]), &mut clashes);
            self.tell_clashes(&clashes);
            only.extend(first);
            guidance::tell(only, &clashes);
        }
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
