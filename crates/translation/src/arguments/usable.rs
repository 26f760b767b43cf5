//! The part of a schema that can be used, where the whole cannot.
//!
//! What no validator understands becomes permissive: a value that the server takes must not be refused for a mistake in
//! its schema. Where a wider part would narrow the whole (`not`, `if`, `oneOf`, `unevaluated...`), that goes too.

use std::{collections::HashSet, fmt::Write as _};

use jsonschema::Draft;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::patterns::{Fit, Patterns};
use crate::{keyword::Holds, schema};

/// Warnings on one schema; more would say nothing new.
const WARNINGS: usize = 10;

/// Ends of one `$id` that a reference may name.
const ENDS: usize = 8;

/// Which references may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum References {
    /// Into the schema, to an `$id` in it, and to JSON Schema's own schemas.
    Embedded,
    /// Into the schema.
    Local,
}

/// The usable part of a schema, and what is missing from it.
pub(super) fn of(
    schema: &Value,
    draft: Draft,
    references: References,
    patterns: &mut Patterns<'_>,
) -> (Value, Vec<String>) {
    let mut names = Names::default();
    names.collect(schema);
    let mut sieve =
        Sieve { root: schema, names, draft, references, patterns, path: String::new(), warnings: Vec::new() };
    let usable = sieve.schema(schema).schema;
    (usable, sieve.warnings)
}

struct Sieve<'a, 'p> {
    root: &'a Value,
    names: Names<'a>,
    draft: Draft,
    references: References,
    patterns: &'a mut Patterns<'p>,
    /// JSON Pointer of the schema at hand.
    path: String,
    warnings: Vec<String>,
}

struct Sifted {
    schema: Value,
    /// It may accept more than the original: something is missing, or may be missing where a reference leads.
    wider: bool,
}

impl Sieve<'_, '_> {
    fn schema(&mut self, schema: &Value) -> Sifted {
        let Value::Object(keywords) = schema else {
            if !schema.is_boolean() {
                self.warn("it is no schema");
            }
            return Sifted { wider: !schema.is_boolean(), schema: schema.as_bool().unwrap_or(true).into() };
        };
        let mut kept = Map::new();
        let mut wider = false;
        for (keyword, value) in keywords {
            let nested = self.path.len();
            self.path += "/";
            self.path += &keyword.replace('~', "~0").replace('/', "~1");
            let sifted = self.keyword(keyword, value, keywords);
            self.path.truncate(nested);
            wider |= sifted.as_ref().is_none_or(|sifted| sifted.wider);
            let Some(Sifted { schema, wider }) = sifted else { continue };
            match keyword.as_str() {
                // More than one branch may fit now.
                "oneOf" if wider && !keywords.contains_key("anyOf") => {
                    kept.insert("anyOf".into(), schema);
                }
                "oneOf" | "not" | "if" | "then" | "else" | "unevaluatedProperties" | "unevaluatedItems"
                    if wider => {}
                _ => {
                    kept.insert(keyword.clone(), schema);
                }
            }
        }
        if wider {
            for keyword in ["unevaluatedProperties", "unevaluatedItems", "maxContains"] {
                kept.remove(keyword);
            }
            if !kept.contains_key("if") {
                kept.remove("then");
                kept.remove("else");
            }
            let patterns = |map: &Map<String, Value>| {
                map.get("patternProperties").and_then(Value::as_object).map(Map::len)
            };
            if patterns(&kept) != patterns(keywords) {
                kept.remove("additionalProperties");
            }
        }
        Sifted { schema: kept.into(), wider }
    }

    /// What is left of a keyword's value; `None` where it cannot be used.
    fn keyword(&mut self, keyword: &str, value: &Value, beside: &Map<String, Value>) -> Option<Sifted> {
        match (Holds::of(keyword), value) {
            (Holds::Named, Value::Object(schemas)) => Some(self.named(keyword, schemas)),
            (Holds::Listed, Value::Array(schemas)) if !schemas.is_empty() => Some(self.listed(schemas)),
            (Holds::One, Value::Array(schemas)) if keyword == "items" && self.draft < Draft::Draft202012 => {
                Some(self.listed(schemas))
            }
            (Holds::One, Value::Object(_) | Value::Bool(_)) => Some(self.schema(value)),
            (Holds::Data, _) => self.data(keyword, value, beside),
            _ => {
                self.warn("it holds no schema");
                None
            }
        }
    }

    fn named(&mut self, keyword: &str, schemas: &Map<String, Value>) -> Sifted {
        let mut kept = Map::new();
        let mut wider = false;
        for (name, schema) in schemas {
            let nested = self.path.len();
            self.path += "/";
            self.path += &name.replace('~', "~0").replace('/', "~1");
            if keyword == "patternProperties" && !self.is_pattern(name) {
                wider = true;
            } else if keyword == "dependencies" && schema.is_array() {
                kept.insert(name.clone(), schema.clone());
            } else {
                let sifted = self.schema(schema);
                // What stands there for others to refer to says nothing by itself.
                wider |= sifted.wider && !matches!(keyword, "$defs" | "definitions");
                kept.insert(name.clone(), sifted.schema);
            }
            self.path.truncate(nested);
        }
        Sifted { schema: kept.into(), wider }
    }

    fn listed(&mut self, schemas: &[Value]) -> Sifted {
        let mut wider = false;
        let mut kept = Vec::with_capacity(schemas.len());
        for (at, schema) in schemas.iter().enumerate() {
            let nested = self.path.len();
            let _ = write!(self.path, "/{at}");
            let sifted = self.schema(schema);
            self.path.truncate(nested);
            wider |= sifted.wider;
            kept.push(sifted.schema);
        }
        Sifted { schema: kept.into(), wider }
    }

    fn data(&mut self, keyword: &str, value: &Value, beside: &Map<String, Value>) -> Option<Sifted> {
        let same = |wider| Some(Sifted { schema: value.clone(), wider });
        match (keyword, value) {
            // The dialect is known, and a schema of a schema is not fetched.
            ("$schema" | "$vocabulary", _) => None,
            ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(reference)) => {
                if self.leads_somewhere(reference) {
                    return same(true);
                }
                let shown: String = reference.chars().take(100).collect();
                self.warn(&format!("`{shown}` leads nowhere in the schema, and nothing is fetched"));
                None
            }
            ("pattern", Value::String(pattern)) if !self.is_pattern(pattern) => None,
            _ if self.is_sound(keyword, value, beside) => same(false),
            ("type", _) if let Some(misnamed) = schema::misnamed(value) => {
                self.warn(&misnamed);
                None
            }
            _ => {
                self.warn("its value makes no sense");
                None
            }
        }
    }

    /// Whether a regular expression can be used; a warning where not.
    fn is_pattern(&mut self, pattern: &str) -> bool {
        let fit = self.patterns.fit(pattern);
        match fit {
            Fit::Fits => {}
            Fit::Unusable => self.warn("it is no usable regular expression"),
            Fit::Crowded => self.warn("the regular expressions are too large together"),
        }
        fit == Fit::Fits
    }

    /// Whether the dialect allows this value of a keyword.
    fn is_sound(&self, keyword: &str, value: &Value, beside: &Map<String, Value>) -> bool {
        let mut alone = json!({ keyword: value });
        // Draft-04 wants both of a pair.
        for (flag, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
            if keyword == flag
                && let Some(beside) = beside.get(limit)
            {
                alone[limit] = beside.clone();
            }
        }
        match self.draft {
            Draft::Draft4 => jsonschema::draft4::meta::is_valid(&alone),
            Draft::Draft6 => jsonschema::draft6::meta::is_valid(&alone),
            Draft::Draft7 => jsonschema::draft7::meta::is_valid(&alone),
            Draft::Draft201909 => jsonschema::draft201909::meta::is_valid(&alone),
            _ => jsonschema::draft202012::meta::is_valid(&alone),
        }
    }

    fn leads_somewhere(&self, reference: &str) -> bool {
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        if !document.is_empty() {
            return self.references == References::Embedded
                && (document.contains("://json-schema.org/draft")
                    || self.names.ids.contains(document.trim_start_matches("./")));
        }
        let Ok(fragment) = percent_decode_str(fragment).decode_utf8() else { return false };
        if fragment.is_empty() || fragment.starts_with('/') {
            return self
                .root
                .pointer(&fragment)
                .is_some_and(|target| target.is_object() || target.is_boolean());
        }
        self.names.anchors.contains(&*fragment) || self.names.ids.contains(reference)
    }

    fn warn(&mut self, why: &str) {
        if self.warnings.len() < WARNINGS {
            self.warnings.push(format!("the schema's `{}` is not checked: {why}", self.path));
        }
    }
}

/// What references may name, at any depth.
#[derive(Default)]
struct Names<'a> {
    anchors: HashSet<&'a str>,
    /// Each with what follows a slash in it: references are relative.
    ids: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    fn collect(&mut self, schema: &'a Value) {
        match schema {
            Value::Object(members) => {
                for (key, value) in members {
                    match (key.as_str(), value) {
                        ("$anchor" | "$dynamicAnchor", Value::String(name)) => {
                            self.anchors.insert(name);
                        }
                        ("$id" | "id", Value::String(name)) => {
                            self.ids.insert(name);
                            let ends = name.rmatch_indices('/').take(ENDS).map(|(at, _)| &name[at + 1..]);
                            self.ids.extend(ends);
                        }
                        (_, inner) => self.collect(inner),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            _ => {}
        }
    }
}
