//! A caller's arguments, checked against a tool's own schema.

mod coercion;
mod refusal;

use jsonschema::Validator;
use rmcp::model::JsonObject;
use serde_json::Value;

use crate::schema;

pub use self::refusal::Refusal;

/// Checks the arguments of one tool against its schema, as the server wrote it.
#[derive(Debug)]
pub struct ArgumentCheck {
    validator: Option<Validator>,
    /// Whether arguments may come as one object, [`schema::WRAPPER`].
    free_form: bool,
}

impl ArgumentCheck {
    /// Compiles a tool's `inputSchema`; with it come warnings on what of the schema cannot be used. An external `$ref` is
    /// never fetched.
    pub fn compile(schema: &JsonObject) -> (Self, Vec<String>) {
        let free_form = schema::is_free_form(schema);
        let schema = Value::Object(schema.clone());
        match jsonschema::options().offline().build(&schema) {
            Ok(validator) => (Self { validator: Some(validator), free_form }, Vec::new()),
            Err(error) => {
                let warning = format!("the schema cannot be used to check arguments: {error}");
                (Self { validator: None, free_form }, vec![warning])
            }
        }
    }

    /// The arguments as they go to the server: what the caller sent, except that a text which stands for a number or a
    /// boolean becomes one where the schema refuses the text and takes the value.
    ///
    /// # Errors
    /// Says what does not fit, and where.
    pub fn check(&self, arguments: JsonObject) -> Result<JsonObject, Refusal> {
        let arguments = if self.free_form { unwrapped(arguments) } else { arguments };
        let Some(validator) = &self.validator else { return Ok(arguments) };
        let mut value = Value::Object(arguments);
        if !validator.is_valid(&value) {
            match coercion::coerced(validator, &value) {
                Some(better) => value = better,
                None => return Err(Refusal::of(validator, &value)),
            }
        }
        match value {
            Value::Object(arguments) => Ok(arguments),
            _ => Ok(JsonObject::new()),
        }
    }
}

/// What stands in the wrapper, where there is nothing beside it.
fn unwrapped(mut arguments: JsonObject) -> JsonObject {
    let alone = arguments.len() == 1;
    match arguments.get_mut(schema::WRAPPER) {
        Some(Value::Object(inner)) if alone => std::mem::take(inner),
        _ => arguments,
    }
}

#[cfg(test)]
mod tests;
