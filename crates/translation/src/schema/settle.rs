use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    budget,
    conjunction::{Condition, Conjunction},
    demands,
    expand::Expansion,
    guidance::{self, Branch},
    kinds, merge,
    role::Place,
    warnings::quoted,
    words,
};

/// Two unions that both hold become one of at most this many choices.
const PRODUCT: usize = 32;

impl Expansion<'_> {
    /// One schema of what holds together. What cannot be shown is told in its description.
    pub(super) fn settle(&mut self, conjunction: Conjunction, place: Place) -> Value {
        let Conjunction { mut object, unions, conditions, dependents, nullable, clashes, .. } = conjunction;
        self.tell_clashes(&clashes);
        guidance::tell(&mut object, &clashes);
        let inside = if place == Place::Asked { Place::Asked } else { Place::Shown };
        let mut chosen: Option<Vec<Value>> = None;
        for union in unions {
            let members: Vec<Value> = union.into_iter().map(|member| self.settle(member, inside)).collect();
            chosen = Some(match chosen {
                None => members,
                Some(first) => self.both(first, members, &mut object),
            });
        }
        if let Some(members) = chosen {
            self.offer(&mut object, members);
        }
        self.conditions(&mut object, conditions);
        self.dependents(&mut object, dependents);
        if place == Place::Shown {
            if !object.contains_key("type") {
                self.budget.take(kinds::ANYTHING_BYTES / 4);
            }
            kinds::say(&mut object);
            if object.contains_key("anyOf") {
                self.budget.take(kinds::ANYTHING_BYTES);
            }
            if nullable {
                kinds::allow_null(&mut object);
            }
        }
        object.into()
    }

    pub(super) fn tell_clashes(&mut self, clashes: &[merge::Clash]) {
        for clash in clashes {
            let lost = quoted(&clash.lost.to_string());
            let place = if clash.place.is_empty() { "" } else { " in " };
            self.warnings.warn(format!(
                "`{}`{place}{} is given twice; `{lost}` is told in words",
                clash.keyword, clash.place
            ));
        }
    }

    /// One of each of two lists.
    fn both(&mut self, one: Vec<Value>, other: Vec<Value>, object: &mut Map<String, Value>) -> Vec<Value> {
        if kinds::is_anything(&one) {
            return other;
        }
        if kinds::is_anything(&other) || one == other {
            return one;
        }
        let weigh = |members: &[Value]| members.iter().map(budget::bytes).sum::<usize>();
        if one.len() * other.len() <= PRODUCT
            && self.budget.take(weigh(&one) * other.len() + weigh(&other) * one.len())
        {
            let pairs = one.iter().flat_map(|one| other.iter().map(move |other| (one, other)));
            let members: Vec<Value> = pairs.filter_map(|(one, other)| merge::product(one, other)).collect();
            if !members.is_empty() {
                return members;
            }
        }
        self.warnings.warn("two unions that both hold are too many choices; one is told in words".to_owned());
        let told: String = quoted(&Value::from(other).to_string());
        guidance::add(object, &format!("Also holds: one of {told}."));
        one
    }

    /// Puts a union where callers find it.
    fn offer(&mut self, object: &mut Map<String, Value>, members: Vec<Value>) {
        if kinds::is_anything(&members) && object.contains_key("type") {
            return;
        }
        match <[Value; 1]>::try_from(members) {
            Ok([Value::Object(only)]) => {
                let mut clashes = Vec::new();
                merge::all_of(object, only, &mut clashes);
                self.tell_clashes(&clashes);
                guidance::tell(object, &clashes);
            }
            Ok([_]) => {}
            Err(members) => {
                object.insert("anyOf".into(), members.into());
            }
        }
    }

    /// One condition can be shown; more are told.
    fn conditions(&mut self, object: &mut Map<String, Value>, conditions: Vec<Condition>) {
        for Condition { asked, then, otherwise } in conditions {
            let mut settled =
                |branch: Option<Conjunction>| branch.map(|branch| self.settle(branch, Place::Branch));
            let (then, otherwise) = (settled(then), settled(otherwise));
            if object.contains_key("if") {
                self.tell_condition(object, &asked, [then, otherwise]);
                continue;
            }
            object.insert("if".into(), asked);
            for (keyword, branch) in [("then", then), ("else", otherwise)] {
                if let Some(branch) = branch {
                    object.insert(keyword.into(), branch);
                }
            }
        }
    }

    fn tell_condition(
        &mut self,
        object: &mut Map<String, Value>,
        asked: &Value,
        branches: [Option<Value>; 2],
    ) {
        let [then, otherwise] = branches.map(|branch| match branch {
            Some(Value::Object(object)) => Some(Branch { object, sentences: Vec::new() }),
            _ => None,
        });
        let none = Map::new();
        let shown = object.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let always = words::strings(object.get("required")).collect();
        let told = demands::of_condition(asked, then.as_ref(), otherwise.as_ref(), shown, &always);
        if told.lost || told.sentences.is_empty() {
            self.warnings.warn("of several conditions the first is shown".to_owned());
        }
        for sentence in told.sentences {
            guidance::add(object, &sentence);
        }
    }

    fn dependents(&mut self, object: &mut Map<String, Value>, dependents: Vec<(String, Conjunction)>) {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut by_name: Vec<(String, Conjunction)> = Vec::new();
        for (name, dependent) in dependents {
            if let Some((_, known)) = places.get(&name).and_then(|at| by_name.get_mut(*at)) {
                known.and(dependent);
            } else {
                places.insert(name.clone(), by_name.len());
                by_name.push((name, dependent));
            }
        }
        if !by_name.is_empty() {
            let settled =
                by_name.into_iter().map(|(name, dependent)| (name, self.settle(dependent, Place::Branch)));
            object.insert("dependentSchemas".into(), Value::Object(settled.collect()));
        }
    }
}
