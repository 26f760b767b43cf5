use serde_json::{Map, Value, json};

use super::{merge, pointer};

/// How often one `$ref` may stand inside itself: its schema is shown once, and once more inside.
const UNROLLED: usize = 2;
/// Deepest nesting that is written out.
const DEEPEST: usize = 48;
/// Subschemas written out for one tool; what is beyond is cut to plain types.
const BUDGET: usize = 4000;

/// Keywords of a schema that hold one schema.
const ONE: [&str; 10] = [
    "items",
    "contains",
    "propertyNames",
    "not",
    "if",
    "then",
    "else",
    "contentSchema",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords that hold schemas by name.
const NAMED: [&str; 3] = ["properties", "patternProperties", "dependentSchemas"];
/// Keywords that only serve references, which are gone afterwards.
const DROPPED: [&str; 9] = [
    "$defs",
    "definitions",
    "$schema",
    "$id",
    "$anchor",
    "$dynamicAnchor",
    "$recursiveAnchor",
    "$comment",
    "$vocabulary",
];

/// Rewrites one tool's schema. Whatever part cannot be kept is replaced by "anything"; the rest stays.
pub(super) struct Inliner<'a> {
    root: &'a Value,
    /// The references that are being written out, outermost first.
    open: Vec<&'a str>,
    left: usize,
    warnings: Vec<String>,
}

impl<'a> Inliner<'a> {
    pub(super) fn new(root: &'a Value) -> Self {
        Self { root, open: Vec::new(), left: BUDGET, warnings: Vec::new() }
    }

    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings
    }

    pub(super) fn schema(&mut self, schema: &'a Value, depth: usize) -> Value {
        match schema {
            Value::Bool(false) => json!({ "not": {} }),
            Value::Object(object) => self.object(object, depth),
            _ => anything(Map::new()),
        }
    }

    fn object(&mut self, schema: &'a Map<String, Value>, depth: usize) -> Value {
        if self.left == 0 || depth > DEEPEST {
            self.warn("the schema is too large to be shown whole");
            return cut(schema);
        }
        self.left -= 1;
        let mut result = self.keywords(schema, depth);
        if let Some(reference) =
            schema.get("$ref").or_else(|| schema.get("$dynamicRef")).and_then(Value::as_str)
            && let Value::Object(target) = self.reference(reference, depth)
        {
            merge::all_of(&mut result, target);
        }
        if let Some(Value::Array(parts)) = schema.get("allOf") {
            for part in parts {
                if let Value::Object(part) = self.schema(part, depth + 1) {
                    merge::all_of(&mut result, part);
                }
            }
        }
        typed(result)
    }

    /// Every keyword but references and `allOf`.
    fn keywords(&mut self, schema: &'a Map<String, Value>, depth: usize) -> Map<String, Value> {
        let mut result = Map::new();
        for (keyword, value) in schema {
            let (keyword, value) = match keyword.as_str() {
                "$ref" | "$dynamicRef" | "allOf" => continue,
                dropped if DROPPED.contains(&dropped) => continue,
                "items" if value.is_array() => ("prefixItems", self.list(value, depth)),
                "additionalItems" if schema.get("items").is_some_and(Value::is_array) => {
                    ("items", self.schema(value, depth + 1))
                }
                "anyOf" | "prefixItems" => (keyword.as_str(), self.list(value, depth)),
                "oneOf" if !schema.contains_key("anyOf") => ("anyOf", self.list(value, depth)),
                "oneOf" => ("oneOf", self.list(value, depth)),
                "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems"
                    if value.is_boolean() =>
                {
                    (keyword.as_str(), value.clone())
                }
                "additionalProperties" => (keyword.as_str(), self.schema(value, depth + 1)),
                one if ONE.contains(&one) => (one, self.schema(value, depth + 1)),
                named if NAMED.contains(&named) => (named, self.named(value, depth)),
                other => (other, value.clone()),
            };
            result.insert(keyword.to_owned(), value);
        }
        result
    }

    fn list(&mut self, schemas: &'a Value, depth: usize) -> Value {
        let schemas = schemas.as_array().map(Vec::as_slice).unwrap_or_default();
        schemas.iter().map(|schema| self.schema(schema, depth + 1)).collect()
    }

    fn named(&mut self, schemas: &'a Value, depth: usize) -> Value {
        let Some(schemas) = schemas.as_object() else { return Map::new().into() };
        let named = schemas.iter().map(|(name, schema)| (name.clone(), self.schema(schema, depth + 1)));
        Value::Object(named.collect())
    }

    fn reference(&mut self, reference: &'a str, depth: usize) -> Value {
        let Some(target) = pointer::resolve(self.root, reference) else {
            self.warn(&format!("`$ref` to `{reference}` leads nowhere; anything is shown in its place"));
            return anything(Map::new());
        };
        if self.open.iter().filter(|open| **open == reference).count() >= UNROLLED {
            return target.as_object().map_or_else(|| anything(Map::new()), cut);
        }
        self.open.push(reference);
        let schema = self.schema(target, depth + 1);
        self.open.pop();
        schema
    }

    fn warn(&mut self, warning: &str) {
        if !self.warnings.iter().any(|known| known == warning) {
            self.warnings.push(warning.to_owned());
        }
    }
}

/// A schema without its inside.
fn cut(schema: &Map<String, Value>) -> Value {
    let mut result = Map::new();
    result.insert(
        "type".into(),
        schema.get("type").filter(|kind| kind.is_string()).cloned().unwrap_or("object".into()),
    );
    if let Some(description) = schema.get("description") {
        result.insert("description".into(), description.clone());
    }
    result.into()
}

/// Adds the type that a schema implies but does not say, and "anything" where it says nothing at all.
fn typed(mut schema: Map<String, Value>) -> Value {
    const SAID: [&str; 5] = ["type", "anyOf", "oneOf", "not", "if"];
    if SAID.iter().any(|keyword| schema.contains_key(*keyword)) {
        return schema.into();
    }
    let has = |keywords: &[&str]| keywords.iter().any(|keyword| schema.contains_key(*keyword));
    let kind = if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        kinds(values)
    } else if let Some(value) = schema.get("const") {
        kinds(std::slice::from_ref(value))
    } else if has(&["properties", "additionalProperties", "patternProperties", "required"]) {
        Some("object".into())
    } else if has(&["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]) {
        Some("array".into())
    } else if has(&["minLength", "maxLength", "pattern", "format"]) {
        Some("string".into())
    } else if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]) {
        Some("number".into())
    } else {
        None
    };
    match kind {
        Some(kind) => {
            schema.insert("type".into(), kind);
            schema.into()
        }
        None => anything(schema),
    }
}

/// The types of some values: one name, or several.
fn kinds(values: &[Value]) -> Option<Value> {
    let mut kinds: Vec<Value> = Vec::new();
    for value in values {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if !kinds.contains(&kind.into()) {
            kinds.push(kind.into());
        }
    }
    match kinds.len() {
        0 => None,
        1 => kinds.pop(),
        _ => Some(kinds.into()),
    }
}

/// "Anything", in words that a converter does not take for a string.
fn anything(mut schema: Map<String, Value>) -> Value {
    let types = ["string", "number", "boolean", "object"].map(|kind| json!({ "type": kind }));
    let mut types = types.to_vec();
    types.push(json!({ "type": "array", "items": {} }));
    types.push(json!({ "type": "null" }));
    schema.insert("anyOf".into(), types.into());
    schema.into()
}
