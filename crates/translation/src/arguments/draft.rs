use jsonschema::Draft;
use rmcp::model::JsonObject;
use serde_json::Value;

use crate::keyword::Holds;

/// The dialect that a schema is written in: what `$schema` names, if that is known; else the one that its keywords show,
/// in doubt 2020-12, which is MCP's default (specification 2025-11-25, basic: JSON Schema usage).
pub(super) fn of(schema: &JsonObject) -> Draft {
    let declared = schema.get("$schema").and_then(Value::as_str);
    declared.and_then(named).unwrap_or_else(|| {
        let mut style = Style::default();
        style.read(schema);
        style.draft()
    })
}

fn named(uri: &str) -> Option<Draft> {
    let (_, rest) = uri.split_once("://json-schema.org/")?;
    match rest.trim_end_matches('#') {
        "draft-04/schema" => Some(Draft::Draft4),
        "draft-06/schema" => Some(Draft::Draft6),
        "draft-07/schema" => Some(Draft::Draft7),
        "draft/2019-09/schema" => Some(Draft::Draft201909),
        "draft/2020-12/schema" => Some(Draft::Draft202012),
        _ => None,
    }
}

/// Keywords that only some dialects know.
#[derive(Default)]
struct Style {
    /// `exclusiveMinimum: true`, draft-04.
    flags: bool,
    /// `items: [...]` and `dependencies`, up to draft-07.
    tuples: bool,
    /// The first that knows its newer keywords: 2019-09, or 2020-12 where there is `prefixItems`.
    since: Option<Draft>,
}

impl Style {
    fn draft(&self) -> Draft {
        match self {
            // The one dialect that has both.
            Self { since: Some(Draft::Draft201909), tuples: true, .. } => Draft::Draft201909,
            Self { since: Some(_), .. } => Draft::Draft202012,
            Self { flags: true, .. } => Draft::Draft4,
            Self { tuples: true, .. } => Draft::Draft7,
            _ => Draft::Draft202012,
        }
    }

    fn read(&mut self, schema: &JsonObject) {
        for (keyword, value) in schema {
            match keyword.as_str() {
                "exclusiveMinimum" | "exclusiveMaximum" if value.is_boolean() => self.flags = true,
                "items" if value.is_array() => self.tuples = true,
                "dependencies" => self.tuples = true,
                "prefixItems" => self.since = Some(Draft::Draft202012),
                "$defs"
                | "dependentSchemas"
                | "dependentRequired"
                | "$anchor"
                | "unevaluatedProperties"
                | "unevaluatedItems" => {
                    self.since.get_or_insert(Draft::Draft201909);
                }
                _ => {}
            }
            match (Holds::of(keyword), value) {
                (Holds::Named, Value::Object(schemas)) => {
                    for inner in schemas.values() {
                        self.visit(inner);
                    }
                }
                (Holds::Listed | Holds::One, Value::Array(schemas)) => {
                    for inner in schemas {
                        self.visit(inner);
                    }
                }
                (Holds::One, inner) => self.visit(inner),
                _ => {}
            }
        }
    }

    fn visit(&mut self, schema: &Value) {
        if let Value::Object(schema) = schema {
            self.read(schema);
        }
    }
}
