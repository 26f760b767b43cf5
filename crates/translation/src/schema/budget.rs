//! Bounds on what one tool may take in a document, whatever its schema says and its server's other tools take.

use serde_json::{Map, Value};

use crate::Allowance;

/// Subschemas that are written out for one tool.
const SCHEMAS: usize = 10_000;
/// Bytes of JSON, roughly, for one tool: four times what fits a large model's attention.
const BYTES: usize = 256 * 1024;
/// Bytes of the outer shape, which is shown where the whole is too large.
const OUTLINE_BYTES: usize = 1024 * 1024;
/// Bytes that one tool may take where its server has used up its allowance: what a small schema needs.
const LEAST: usize = 4096;
/// Bytes of JSON for one subschema, at least.
const PER_SCHEMA: usize = BYTES / SCHEMAS;
/// Bytes of one value in an outline.
const SHORT: usize = 4096;

/// What may still be written.
#[derive(Debug)]
pub(super) struct Budget<'a> {
    schemas: usize,
    bytes: usize,
    spent: bool,
    /// What is written is taken from it when the budget is given up.
    of: Option<Lent<'a>>,
}

/// A part of an allowance.
#[derive(Debug)]
struct Lent<'a> {
    allowance: &'a Allowance,
    bytes: usize,
}

impl Drop for Budget<'_> {
    fn drop(&mut self) {
        if let Some(lent) = &self.of {
            lent.allowance.write(lent.bytes.saturating_sub(self.bytes));
        }
    }
}

impl<'a> Budget<'a> {
    pub(super) fn whole(allowance: &'a Allowance) -> Self {
        let bytes = BYTES.min(allowance.written_left().max(LEAST));
        let schemas = SCHEMAS.min(bytes / PER_SCHEMA);
        Self { schemas, bytes, spent: false, of: Some(Lent { allowance, bytes }) }
    }

    pub(super) fn outline(allowance: &'a Allowance) -> Self {
        let bytes = OUTLINE_BYTES.min(allowance.written_left().max(LEAST));
        Self { schemas: usize::MAX, bytes, spent: false, of: Some(Lent { allowance, bytes }) }
    }

    /// Whether more was wanted than there was.
    pub(super) fn is_spent(&self) -> bool {
        self.spent
    }

    pub(super) fn take_schema(&mut self) -> bool {
        self.spent |= self.schemas == 0;
        self.schemas = self.schemas.saturating_sub(1);
        !self.spent
    }

    pub(super) fn take(&mut self, bytes: usize) -> bool {
        self.spent |= self.bytes < bytes;
        self.bytes = self.bytes.saturating_sub(bytes);
        !self.spent
    }

    /// As [`Self::copy`], where more than a few lines are too much.
    pub(super) fn copy_short(&mut self, value: &Value) -> Option<Value> {
        let bytes = SHORT.min(self.bytes);
        let mut part = Self { schemas: 0, bytes, spent: false, of: None };
        let copy = part.copy(value, 2)?;
        self.bytes -= bytes - part.bytes;
        Some(copy)
    }

    /// A copy of a value that is no schema; `None` where it is nested deeper than `levels` or takes too much.
    pub(super) fn copy(&mut self, value: &Value, levels: usize) -> Option<Value> {
        match value {
            Value::Array(values) => {
                let levels = levels.checked_sub(1)?;
                self.take(2).then_some(())?;
                values.iter().map(|value| self.copy(value, levels)).collect()
            }
            Value::Object(object) => {
                let levels = levels.checked_sub(1)?;
                self.take(2).then_some(())?;
                let entries = object.iter().map(|(name, value)| {
                    self.take(name.len() + 4).then_some(())?;
                    Some((name.clone(), self.copy(value, levels)?))
                });
                entries.collect::<Option<Map<_, _>>>().map(Value::Object)
            }
            leaf => self.take(leaf_bytes(leaf)).then(|| leaf.clone()),
        }
    }
}

/// How many bytes a value takes as JSON, roughly. For what was written here, whose nesting is bounded.
pub(super) fn bytes(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(bytes).sum::<usize>() + 2,
        Value::Object(object) => {
            object.iter().map(|(name, value)| name.len() + 4 + bytes(value)).sum::<usize>() + 2
        }
        leaf => leaf_bytes(leaf),
    }
}

fn leaf_bytes(leaf: &Value) -> usize {
    match leaf {
        Value::String(text) => text.len() + 3,
        Value::Number(number) => number.as_str().len() + 1,
        _ => 6,
    }
}
