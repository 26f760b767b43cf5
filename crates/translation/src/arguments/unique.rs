//! `uniqueItems` in time that grows with the items alone.
//!
//! The validator's own compares all items whose hashes meet, and numbers that differ far behind the point, or lists in
//! lists, meet on purpose: some hundred thousand of them would take hours.

use std::collections::HashSet;

use jsonschema::{Keyword, ValidationError, Validator, paths::Location};
use serde_json::{Map, Value, json};

/// The keyword, to be registered as one that replaces the validator's own.
pub(super) const KEYWORD: &str = "uniqueItems";
/// Items up to which each may be compared with each.
const FEW: usize = 256;

/// JSON Schema 2020-12, validation §6.4.3. In more than [`FEW`] items, numbers that are written differently count as
/// different: of such lists the server has the last word.
struct UniqueItems {
    few: Validator,
}

impl<'i> Keyword<'i> for UniqueItems {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom("an item is there twice")) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        match instance {
            Value::Array(items) if items.len() > FEW => {
                let mut seen = HashSet::with_capacity(items.len());
                items.iter().all(|item| seen.insert(item))
            }
            other => self.few.is_valid(other),
        }
    }
}

/// Makes the check of one schema's keyword.
pub(super) fn keyword<'a>(
    _: &'a Map<String, Value>,
    value: &'a Value,
    _: Location,
) -> Result<Box<dyn for<'i> Keyword<'i>>, ValidationError<'a>> {
    let few = jsonschema::options().build(&json!({ KEYWORD: value }))?;
    if *value == Value::Bool(true) { Ok(Box::new(UniqueItems { few })) } else { Ok(Box::new(Anything)) }
}

/// `uniqueItems: false`.
struct Anything;

impl<'i> Keyword<'i> for Anything {
    fn validate(&self, _: &'i Value) -> Result<(), ValidationError<'i>> {
        Ok(())
    }

    fn is_valid(&self, _: &'i Value) -> bool {
        true
    }
}
