//! A tool's JSON Schema as `OpenAPI` callers can read it: self-contained, without boolean schemas, `oneOf` and `allOf`.
//!
//! Open WebUI's converter replaces every `$ref` that it cannot follow and everything without `type`, `anyOf` or
//! `properties` by a string, and fails as a whole on a boolean schema. Calls are checked against the original.
//!
//! A schema is first read into a [`conjunction`]: what holds together, with its choices apart ([`expand`]). Inside, the
//! choices are settled into one schema ([`settle`]); at the root of a tool's arguments they are spread into properties
//! ([`root`]). Nothing here trusts what it reads: nesting, size and repetition are bounded ([`budget`]).

mod budget;
mod conditions;
mod conjunction;
mod demands;
mod expand;
mod free_form;
mod guard;
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
mod words;

use rmcp::model::JsonObject;
use serde_json::{Map, Value};

use self::{
    conjunction::Conjunction,
    expand::{At, CUT, Detail, Expansion},
    references::{References, Schema},
};
use crate::Allowance;

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

/// The warning on properties that are allowed and cannot be declared.
const OTHERS: &str =
    "properties that the schema does not name are taken too, but Open WebUI sends named ones alone";

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
    of_arguments_within(schema, &Allowance::default())
}

/// As [`of_arguments`], for one of a server's tools: it takes what it needs from what they may take together.
pub fn of_arguments_within(schema: &JsonObject, allowance: &Allowance) -> Embedded {
    let (mut embedded, free_form) = body(schema, allowance);
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
    body(schema, &Allowance::default()).1
}

/// The object of a tool's arguments, and whether it is free-form.
fn body(schema: &JsonObject, allowance: &Allowance) -> (Embedded, bool) {
    let references = References::new(schema);
    guard::or_outlined(
        || whole_body(schema, &references, allowance),
        || outline::of_arguments(schema, &references, allowance),
        |embedded| (embedded, false),
    )
}

fn whole_body<'a>(
    schema: &'a JsonObject,
    references: &'a References<'a>,
    allowance: &'a Allowance,
) -> (Embedded, bool) {
    let mut embedded = expanded(schema, references, allowance, |expansion, conjunction| {
        let (object, guidance) = expansion.root(conjunction);
        (object.into(), guidance)
    })
    .unwrap_or_else(|| Embedded {
        schema: outline::of_arguments(schema, references, allowance).into(),
        guidance: Vec::new(),
        warnings: outlined("the schema", allowance),
    });
    let names_nothing =
        embedded.schema.get("properties").and_then(Value::as_object).is_none_or(Map::is_empty);
    let root = embedded.schema.as_object();
    let parts = || free_form::parts(schema, references);
    if names_nothing {
        let free_form = root.is_some_and(free_form::opens) || parts().iter().any(free_form::Part::opens);
        return (embedded, free_form);
    }
    let takes_others = root.and_then(free_form::takes_others);
    if takes_others.unwrap_or_else(|| parts().iter().any(|part| part.takes_others() == Some(true))) {
        embedded.warnings.push(OTHERS.to_owned());
    }
    (embedded, false)
}

/// The schema of what is answered: a tool's `outputSchema`, without the wrapping that [`crate::answer`] takes off.
pub fn of_result(schema: &JsonObject) -> Embedded {
    of_result_within(schema, &Allowance::default())
}

/// As [`of_result`], within what a server's tools may take together.
pub fn of_result_within(schema: &JsonObject, allowance: &Allowance) -> Embedded {
    let references = References::new(schema);
    let outline = || outline::of_arguments(schema, &references, allowance);
    let whole = || {
        expanded(schema, &references, allowance, |expansion, conjunction| {
            (expansion.whole(conjunction), Vec::new())
        })
        .unwrap_or_else(|| Embedded {
            schema: outline().into(),
            guidance: Vec::new(),
            warnings: outlined("the schema of the result", allowance),
        })
    };
    let mut embedded = guard::or_outlined(whole, outline, |embedded| embedded);
    // Python's SDK wraps what is no object.
    if schema.get("x-fastmcp-wrap-result") == Some(&Value::Bool(true))
        && let Some(inner) = embedded.schema.pointer_mut("/properties/result")
    {
        embedded.schema = inner.take();
    }
    embedded
}

/// The warnings where only an outline is shown.
fn outlined(what: &str, allowance: &Allowance) -> Vec<String> {
    let own = format!("{what} is too large; only its outer shape is shown");
    [own].into_iter().chain(together(allowance)).collect()
}

/// The warning where a schema is cut because its server's others have taken what there was.
fn together(allowance: &Allowance) -> Option<String> {
    (allowance.written_left() == 0)
        .then(|| "the schemas of the server's tools are too large together".to_owned())
}

/// The schema in as much detail as fits; `None` where none does.
fn expanded<'a>(
    schema: &'a JsonObject,
    references: &'a References<'a>,
    allowance: &'a Allowance,
    finish: impl Fn(&mut Expansion<'a>, Conjunction) -> (Value, Vec<String>),
) -> Option<Embedded> {
    for (at, detail) in DETAILS.into_iter().enumerate() {
        let mut expansion = Expansion::new(references, schema, detail, allowance);
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
            if let Some(warning) = together(allowance) {
                expansion.warnings.warn(warning);
            }
        }
        return Some(Embedded { schema, guidance, warnings: expansion.warnings.into_told() });
    }
    None
}

#[cfg(test)]
pub(crate) use self::tests::check_both;

#[cfg(test)]
mod tests;
