//! A caller's arguments, checked against a tool's own schema.

mod bounds;
mod coercion;
mod compile;
mod draft;
mod meant;
mod patterns;
mod refusal;
mod unique;
mod usable;

use jsonschema::Validator;
use rmcp::model::JsonObject;
use serde_json::Value;

use crate::{Allowance, schema};

pub use self::refusal::Refusal;

/// Checks the arguments of one tool against its schema, as the server wrote it.
#[derive(Debug)]
pub struct ArgumentCheck {
    rules: Option<Rules>,
    /// Whether arguments may come as one object, [`schema::WRAPPER`].
    free_form: bool,
}

/// A schema that can be checked against.
#[derive(Debug)]
struct Rules {
    validator: Validator,
    /// What the validator was made of.
    schema: Value,
    /// How many branches its unions have.
    branches: usize,
}

impl Rules {
    fn new(validator: Validator, schema: Value) -> Self {
        Self { validator, branches: bounds::branches(&schema), schema }
    }
}

impl ArgumentCheck {
    /// Compiles a tool's `inputSchema`; with it come warnings on what of the schema cannot be used, which is not checked.
    /// An external `$ref` is never fetched.
    pub fn compile(schema: &JsonObject) -> (Self, Vec<String>) {
        Self::compile_within(schema, &Allowance::default())
    }

    /// As [`Self::compile`], for one of a server's tools: it takes what it needs from what they may take together.
    pub fn compile_within(schema: &JsonObject, allowance: &Allowance) -> (Self, Vec<String>) {
        let (rules, warnings) = compile::compile(schema, allowance);
        (Self { rules, free_form: schema::is_free_form(schema) }, warnings)
    }

    /// The arguments as they go to the server: what the caller sent, except that a text which stands for a number, a
    /// boolean, an object or an array becomes one where the schema refuses the text and takes the value, and that a null
    /// which the schema refuses and can do without is left out.
    ///
    /// # Errors
    /// Says what does not fit, and where.
    pub fn check(&self, arguments: JsonObject) -> Result<JsonObject, Refusal> {
        let arguments = if self.free_form { unwrapped(arguments) } else { arguments };
        let Some(rules) = &self.rules else { return Ok(arguments) };
        let mut value = Value::Object(arguments);
        if !rules.validator.is_valid(&value) {
            value = coercion::coerced(rules, value);
            if let Some(refusal) = Refusal::of(rules, &value) {
                return Err(refusal);
            }
        }
        match value {
            Value::Object(arguments) => Ok(arguments),
            _ => Ok(JsonObject::new()),
        }
    }
}

/// What stands in the wrapper, where there is nothing beside it: an object, a text that is one, or null for an empty one.
fn unwrapped(mut arguments: JsonObject) -> JsonObject {
    if arguments.len() != 1 {
        return arguments;
    }
    match arguments.get_mut(schema::WRAPPER) {
        Some(Value::Object(inner)) => std::mem::take(inner),
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(arguments),
        Some(Value::Null) => JsonObject::new(),
        _ => arguments,
    }
}

#[cfg(test)]
mod tests;
