//! A tool's JSON Schema as `OpenAPI` callers can read it: self-contained, without boolean schemas, `oneOf` and `allOf`.
//!
//! Open WebUI's converter replaces every `$ref` that it cannot follow and everything without `type`, `anyOf` or
//! `properties` by a string, and fails as a whole on a boolean schema. Calls are checked against the original.
//!
//! A schema is first read into a [`conjunction`]: what holds together, with its choices apart ([`expand`]). Inside, the
//! choices are settled into one schema ([`settle`]); at the root of a tool's arguments they are spread into properties
//! ([`root`]). Nothing here trusts what it reads: nesting, size and repetition are bounded ([`budget`]).

mod budget;
mod conjunction;
mod expand;
mod free_form;
mod guidance;
mod kinds;
mod merge;
mod older_drafts;
mod outline;
mod pattern;
mod references;
mod role;
mod root;
mod settle;
mod unions;
mod warnings;

use rmcp::model::JsonObject;
use serde_json::{Map, Value};

use self::{
    conjunction::Conjunction,
    expand::{At, CUT, Detail, Expansion},
    references::{References, Schema},
};
pub(crate) use self::{
    free_form::{WRAPPER, is_free_form},
    older_drafts::mended,
};

/// A schema made self-contained.
#[derive(Debug, PartialEq)]
pub struct Embedded {
    /// The schema.
    pub schema: Value,
    /// What callers should know and the schema cannot say, in sentences for the operation's description: which of its
    /// properties belong together.
    pub guidance: Vec<String>,
    /// What could not be kept, for whoever runs the server.
    pub warnings: Vec<String>,
}

/// What is tried in turn until the schema fits its bounds.
const DETAILS: [Detail; 5] = [
    Detail { unrolled: 2, levels: 96 },
    Detail { unrolled: 1, levels: 96 },
    Detail { unrolled: 1, levels: 24 },
    Detail { unrolled: 1, levels: 12 },
    Detail { unrolled: 1, levels: 6 },
];

/// The schema of a request body: always of type object, with the properties of a union's branches side by side.
pub fn of_arguments(schema: &JsonObject) -> Embedded {
    let references = References::new(schema);
    let free_form = is_free_form(schema);
    let mut embedded = expanded(schema, &references, |expansion, conjunction| {
        let (object, guidance) = expansion.root(conjunction);
        (object.into(), guidance)
    })
    .unwrap_or_else(|| Embedded {
        schema: outline::of_arguments(schema, &references).into(),
        guidance: Vec::new(),
        warnings: vec!["the schema is too large; only its outer shape is shown".to_owned()],
    });
    if let Value::Object(object) = &mut embedded.schema
        && free_form
    {
        *object = wrapped(std::mem::take(object));
    }
    embedded
}

/// The schema of what is answered: a tool's `outputSchema`, without the wrapping that [`crate::answer`] takes off.
pub fn of_result(schema: &JsonObject) -> Embedded {
    let references = References::new(schema);
    let mut embedded =
        expanded(schema, &references, |expansion, conjunction| (expansion.whole(conjunction), Vec::new()))
            .unwrap_or_else(|| Embedded {
                schema: outline::of_arguments(schema, &references).into(),
                guidance: Vec::new(),
                warnings: vec![
                    "the schema of the result is too large; only its outer shape is shown".to_owned(),
                ],
            });
    // Python's SDK wraps what is no object.
    if schema.get("x-fastmcp-wrap-result") == Some(&Value::Bool(true))
        && let Some(inner) = embedded.schema.pointer_mut("/properties/result")
    {
        embedded.schema = inner.take();
    }
    embedded
}

/// The schema in as much detail as fits; `None` where none does.
fn expanded<'a>(
    schema: &'a JsonObject,
    references: &'a References<'a>,
    finish: impl Fn(&mut Expansion<'a>, Conjunction) -> (Value, Vec<String>),
) -> Option<Embedded> {
    for (at, detail) in DETAILS.into_iter().enumerate() {
        let mut expansion = Expansion::new(references, schema, detail);
        let conjunction = expansion.expand(Schema::Object(schema), At::root(schema));
        if expansion.budget.is_spent() {
            continue;
        }
        let (mut schema, guidance) = finish(&mut expansion, conjunction);
        expansion.read_unions(&mut schema);
        if expansion.budget.is_spent() {
            continue;
        }
        if at > 0 {
            expansion.warnings.warn(CUT.to_owned());
        }
        return Some(Embedded { schema, guidance, warnings: expansion.warnings.into_told() });
    }
    None
}

/// A free-form object as the one property of another.
fn wrapped(mut free: Map<String, Value>) -> Map<String, Value> {
    let required = free.get("required").is_some();
    if free.get("properties").and_then(Value::as_object).is_some_and(Map::is_empty) {
        free.shift_remove("properties");
    }
    let mut object = Map::new();
    object.insert("type".into(), "object".into());
    object.insert("properties".into(), Map::from_iter([(WRAPPER.to_owned(), free.into())]).into());
    if required {
        object.insert("required".into(), [WRAPPER].as_slice().into());
    }
    object
}

#[cfg(test)]
mod tests;
