//! Why arguments do not fit, in words that a model can act on.

mod branches;
mod forms;
mod problem;
mod words;

use std::borrow::Cow;

use serde_json::Value;

use self::problem::{Findings, Problem};
use super::{Rules, bounds};

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
        match bounds::within_reach(value, rules.branches) {
            Some(reach) => {
                rules.validator.iter_errors(&reach).for_each(|error| findings.add(&error));
                if matches!(reach, Cow::Owned(_)) && findings.is_empty() && !rules.validator.is_valid(value) {
                    findings.push_unclear();
                }
            }
            None if rules.branches == 0 => {
                if let Err(error) = rules.validator.validate(value) {
                    findings.add(&error);
                }
            }
            None => findings.push_unclear(),
        }
        if findings.is_empty() {
            return None;
        }
        let mut texts: Vec<String> = findings.problems.iter().map(Problem::text).collect();
        if findings.more > 0 {
            texts.push(format!("and {} more", findings.more));
        }
        Some(Self { texts, items: findings.problems.iter().map(Problem::item).collect() })
    }
}
