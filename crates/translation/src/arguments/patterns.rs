//! Regular expressions: as many of a schema's as there is room for, once they are compiled.

use std::collections::{BTreeSet, HashMap};

use jsonschema::{FancyRegex, PatternOptions, Regex};
use serde_json::{Value, json};

use crate::Allowance;

/// Bytes that the compiled regular expressions of one tool may take. The engines around them take about as much again, and
/// compiling takes some hundred milliseconds.
const ROOM: usize = 4 * 1024 * 1024;
/// Bytes that one may take, tried in turn: the engine does not tell how large one is, but stops where it is larger.
const SIZES: [usize; 4] = [SMALLEST, 64 * 1024, 256 * 1024, LARGEST];
const SMALLEST: usize = 8 * 1024;
const LARGEST: usize = 1024 * 1024;
/// How many of these are tried for one that is not of ECMA-262, and may be no regular expression at all.
const FOREIGN: usize = 2;
/// Steps back that one with look-around or back-references may take, milliseconds of work. Any other is matched in linear
/// time.
const BACKTRACKS: usize = 100_000;

/// The regular expressions of one schema, each weighed once. What they take is taken from the server's allowance at the
/// end.
pub(super) struct Patterns<'a> {
    allowance: &'a Allowance,
    room: usize,
    taken: usize,
    known: HashMap<String, Fit>,
}

/// What comes of a regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    Fits,
    /// It is none, or too large by itself.
    Unusable,
    /// There is no room for it.
    Crowded,
}

impl Drop for Patterns<'_> {
    fn drop(&mut self) {
        self.allowance.keep_patterns(self.taken);
    }
}

impl<'a> Patterns<'a> {
    pub(super) fn new(allowance: &'a Allowance) -> Self {
        let room = ROOM.min(allowance.patterns_left());
        Self { allowance, room, taken: 0, known: HashMap::new() }
    }

    /// Whether there is room for so many where each is small: then [`small`] can compile them all at once.
    pub(super) fn are_few(&self, count: usize) -> bool {
        count <= self.room / SMALLEST
    }

    /// So many small ones were compiled.
    pub(super) fn take_small(&mut self, count: usize) {
        self.take(count * SMALLEST);
    }

    /// What comes of one; it takes its room if it fits.
    pub(super) fn fit(&mut self, pattern: &str) -> Fit {
        if let Some(fit) = self.known.get(pattern) {
            return *fit;
        }
        let fit = self.weigh(pattern);
        self.known.insert(pattern.to_owned(), fit);
        fit
    }

    fn weigh(&mut self, pattern: &str) -> Fit {
        let foreign = !jsonschema_regex::is_valid_ecma_regex(pattern);
        let sizes = if foreign { &SIZES[..FOREIGN] } else { &SIZES[..] };
        let alone = json!({ "pattern": pattern });
        let mut tried = 0;
        let mut crowded = false;
        for size in sizes.iter().copied() {
            let plain = || compiles(&alone, PatternOptions::regex().size_limit(size));
            // Between what has to be tried step by step there are others, each compiled by itself.
            let with_steps = || compiles(&alone, backtracking(size));
            for (bytes, compiles) in
                [(size, &plain as &dyn Fn() -> bool), (size * parts(pattern), &with_steps)]
            {
                if bytes > self.left() {
                    crowded = true;
                } else if compiles() {
                    self.take(bytes);
                    return Fit::Fits;
                } else {
                    tried = size;
                }
            }
        }
        // What was tried in vain took its time, unless its syntax is wrong.
        self.take(if foreign { SMALLEST } else { tried });
        if crowded { Fit::Crowded } else { Fit::Unusable }
    }

    fn left(&self) -> usize {
        self.room.saturating_sub(self.taken)
    }

    fn take(&mut self, bytes: usize) {
        self.taken += bytes.min(self.left());
    }
}

/// At most as many parts of a regular expression are compiled by themselves.
fn parts(pattern: &str) -> usize {
    1 + pattern.bytes().filter(|byte| matches!(byte, b'(' | b'|' | b'\\' | b'+')).count()
}

/// The regular expressions that a schema holds, each once; always in the same order.
pub(super) fn of(schema: &Value) -> BTreeSet<&str> {
    let mut patterns = BTreeSet::new();
    let mut waiting = vec![schema];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(members) => {
                patterns.extend(members.get("pattern").and_then(Value::as_str));
                let by_name = members.get("patternProperties").and_then(Value::as_object);
                patterns.extend(by_name.into_iter().flat_map(|named| named.keys().map(String::as_str)));
                waiting.extend(members.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    patterns
}

/// How so many regular expressions are compiled, each of which is plain and small.
pub(super) fn small(count: usize) -> PatternOptions<Regex> {
    PatternOptions::regex().size_limit(SMALLEST).dfa_size_limit(ROOM / count.max(1))
}

/// How so many regular expressions are compiled that fit together.
pub(super) fn weighed(count: usize) -> PatternOptions<FancyRegex> {
    backtracking(LARGEST).dfa_size_limit(LARGEST.min(ROOM / count.max(1)))
}

fn backtracking(size: usize) -> PatternOptions<FancyRegex> {
    PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS).size_limit(size)
}

fn compiles<E>(schema: &Value, patterns: PatternOptions<E>) -> bool {
    jsonschema::options().offline().with_pattern_options(patterns).build(schema).is_ok()
}
