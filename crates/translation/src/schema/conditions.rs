//! Conditions on the arguments: callers see properties and nothing else, so that the rest is said in words.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{
    conjunction::{Condition, Conjunction},
    demands::{self, Told},
    expand::Expansion,
    guidance::Branch,
    kinds,
    root::{add, either, take_properties},
    words::strings,
};

/// Sentences on one tool's arguments.
const SENTENCES: usize = 48;
/// The warning on what neither properties nor words say.
const UNTOLD: &str = "what conditions or alternatives of the arguments ask for is too long to be told whole; calls are checked for it";

struct Case {
    asked: Value,
    then: Option<Branch>,
    otherwise: Option<Branch>,
}

impl Case {
    fn branches(&self) -> impl Iterator<Item = &Branch> {
        [&self.then, &self.otherwise].into_iter().flatten()
    }
}

impl Expansion<'_> {
    /// Declares what only branches of conditions name, and says when what is asked for.
    pub(super) fn conditional(
        &mut self,
        object: &mut Map<String, Value>,
        conditions: Vec<Condition>,
        dependents: Vec<(String, Conjunction)>,
        sentences: &mut Vec<String>,
    ) {
        let mut cases = Vec::new();
        for Condition { asked, then, otherwise } in conditions {
            let [then, otherwise] = [then, otherwise].map(|branch| branch.map(|branch| self.branch(branch)));
            cases.push(Case { asked, then, otherwise });
        }
        for (name, dependent) in dependents {
            let then = Some(self.branch(dependent));
            cases.push(Case { asked: json!({ "required": [name] }), then, otherwise: None });
        }
        if cases.is_empty() {
            return;
        }
        let mut shown = take_properties(object);
        let mut alternatives = Map::new();
        for (name, schema) in cases.iter().flat_map(Case::branches).filter_map(Branch::properties).flatten() {
            if !shown.contains_key(name) {
                add(&mut alternatives, name, schema);
            }
        }
        for (name, schemas) in alternatives {
            let Value::Array(mut schemas) = schemas else { continue };
            // What one condition excludes may be given without it.
            schemas.retain(|schema| !schema.as_object().is_some_and(kinds::is_nothing));
            shown.insert(name, either(schemas).into());
        }
        let always: HashSet<&str> = strings(object.get("required")).collect();
        for Case { asked, then, otherwise } in &cases {
            let told = demands::of_condition(asked, then.as_ref(), otherwise.as_ref(), &shown, &always);
            self.told(told, sentences);
        }
        object.insert("properties".into(), shown.into());
    }

    /// One of several shapes of the arguments.
    pub(super) fn branch(&mut self, conjunction: Conjunction) -> Branch {
        let mut sentences = Vec::new();
        let object = self.flat(conjunction, &mut sentences);
        Branch { object, sentences }
    }

    /// Adds sentences, each once, and a warning where some cannot be told.
    pub(super) fn told(&mut self, told: Told, sentences: &mut Vec<String>) {
        let mut lost = told.lost;
        for sentence in told.sentences {
            if sentences.contains(&sentence) {
                continue;
            }
            if sentences.len() < SENTENCES && self.budget.take(sentence.len()) {
                sentences.push(sentence);
            } else {
                lost = true;
            }
        }
        if lost {
            self.warnings.warn(UNTOLD.to_owned());
        }
    }
}
