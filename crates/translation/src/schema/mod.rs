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
pub(crate) use self::{free_form::WRAPPER, kinds::misnamed, older_drafts::mended};

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
    let (mut embedded, free_form) = body(schema);
    if let Value::Object(object) = &mut embedded.schema
        && free_form
    {
        *object = free_form::wrapped(std::mem::take(object));
    }
    embedded
}

/// Whether a tool takes arguments whose names its schema does not say: its document has them in one property,
/// [`WRAPPER`], which is taken off on the way in.
pub(crate) fn is_free_form(schema: &JsonObject) -> bool {
    body(schema).1
}

/// The object of a tool's arguments, and whether it is free-form.
fn body(schema: &JsonObject) -> (Embedded, bool) {
    let references = References::new(schema);
    let embedded = expanded(schema, &references, |expansion, conjunction| {
        let (object, guidance) = expansion.root(conjunction);
        (object.into(), guidance)
    })
    .unwrap_or_else(|| Embedded {
        schema: outline::of_arguments(schema, &references).into(),
        guidance: Vec::new(),
        warnings: vec!["the schema is too large; only its outer shape is shown".to_owned()],
    });
    let names_nothing =
        embedded.schema.get("properties").and_then(Value::as_object).is_none_or(Map::is_empty);
    let opens = || {
        embedded.schema.as_object().is_some_and(free_form::opens)
            || free_form::parts(schema, &references).iter().any(free_form::Part::opens)
    };
    let free_form = names_nothing && opens();
    (embedded, free_form)
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

#[cfg(test)]
mod tests;
