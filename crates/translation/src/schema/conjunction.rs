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
    pub(super) fn and(&mut self, part: Self) {
        self.clashes.extend(part.clashes);
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
}
