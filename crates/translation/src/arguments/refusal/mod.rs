//! Why arguments do not fit, in words that a model can act on.

mod branches;
mod problem;
mod words;

use serde_json::Value;

use self::problem::{Findings, Problem};
use super::{Rules, bounds};

/// Errors that one answer names; more would drown the model.
const NAMED: usize = 10;

/// Why arguments do not fit a tool's schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// One sentence's part for each error: where, and what.
    pub texts: Vec<String>,
    /// The same in `FastAPI`'s list shape: `type` in pydantic's words where it has one, `loc`, `msg`, and `input` where
    /// that is short.
    pub items: Vec<Value>,
}

impl Refusal {
    /// What does not fit; `None` where that is nothing, or nothing that could be made out in bounded time.
    pub(super) fn of(rules: &Rules, value: &Value) -> Option<Self> {
        let mut findings = Findings::new(&rules.schema);
        if bounds::is_small(value) {
            rules.validator.iter_errors(value).for_each(|error| findings.add(&error));
        } else if let Err(error) = rules.validator.validate(value) {
            findings.add(&error);
        }
        let problems = &findings.problems;
        if problems.is_empty() {
            return None;
        }
        let mut texts: Vec<String> = problems.iter().take(NAMED).map(Problem::text).collect();
        if problems.len() > NAMED {
            texts.push(format!("and {} more", problems.len() - NAMED));
        }
        Some(Self { texts, items: problems.iter().take(NAMED).map(Problem::item).collect() })
    }
}
