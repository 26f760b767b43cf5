//! Bounds on what one tool may take in a document, whatever its schema says.

use serde_json::{Map, Value};

/// Subschemas that are written out for one tool.
const SCHEMAS: usize = 10_000;
/// Bytes of JSON, roughly, for one tool: four times what fits a large model's attention.
const BYTES: usize = 256 * 1024;
/// Bytes of the outer shape, which is shown where the whole is too large.
const OUTLINE_BYTES: usize = 1024 * 1024;
/// Bytes of one value in an outline.
const SHORT: usize = 4096;

/// What may still be written.
#[derive(Debug)]
pub(super) struct Budget {
    schemas: usize,
    bytes: usize,
    spent: bool,
}

impl Budget {
    pub(super) fn whole() -> Self {
        Self { schemas: SCHEMAS, bytes: BYTES, spent: false }
    }

    pub(super) fn outline() -> Self {
        Self { schemas: usize::MAX, bytes: OUTLINE_BYTES, spent: false }
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
        let mut part = Self { schemas: 0, bytes, spent: false };
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
