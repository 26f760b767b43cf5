//! What of a schema only words can say.

use std::{collections::HashSet, fmt::Write as _};

use serde_json::{Map, Value};

use super::{
    kinds,
    merge::Clash,
    warnings::quoted,
    words::{self, strings},
};

/// More branches than these are counted.
const TOLD: usize = 12;
/// Names that are told of one branch.
const NAMES: usize = 8;
/// A branch that asks for nothing.
const NOTHING: &str = "nothing more";
/// Contradictions that one description tells.
pub(super) const CLASHES: usize = 8;
/// How each of them begins.
const CLASH: &str = "Also holds: ";

/// Writes into a schema's description what it cannot show.
pub(super) fn tell(schema: &mut Map<String, Value>, clashes: &[Clash]) {
    let said = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let told = said.matches(CLASH).count();
    for sentence in of_clashes(clashes).take(CLASHES.saturating_sub(told)) {
        add(schema, &sentence);
    }
}

/// Adds a sentence to a schema's description, once.
pub(super) fn add(schema: &mut Map<String, Value>, sentence: &str) {
    let description = match schema.get("description").and_then(Value::as_str) {
        Some(said) if said.contains(sentence) => return,
        Some(said) if !said.trim().is_empty() => format!("{said}\n{sentence}"),
        _ => sentence.to_owned(),
    };
    schema.insert("description".into(), description.into());
}

/// What of clashes is said of the schema itself: those inside are told where they are.
pub(super) fn of_clashes(clashes: &[Clash]) -> impl Iterator<Item = String> {
    let own = clashes.iter().filter(|clash| clash.place.is_empty());
    own.map(|clash| format!("{CLASH}`{}` {}.", clash.keyword, quoted(&clash.lost.to_string())))
}

/// One of several shapes of the arguments, and sentences on what belongs together in it.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) object: Map<String, Value>,
    pub(super) sentences: Vec<String>,
}

impl Branch {
    pub(super) fn properties(&self) -> Option<&Map<String, Value>> {
        self.object.get("properties").and_then(Value::as_object)
    }

    /// What the branch says of a property beyond what is shown of it; empty where it says no more.
    pub(super) fn beyond(&self, name: &str, shown: &Map<String, Value>) -> Option<String> {
        let schema = self.properties().and_then(|properties| properties.get(name)?.as_object());
        schema.map_or(Some(String::new()), |schema| {
            words::beyond(schema, shown.get(name).and_then(Value::as_object))
        })
    }
}

/// Says what to give of the branches of a union; nothing where they do not differ in what must be given.
pub(super) fn of_union(branches: &[Branch], always: &[Value], shown: &Map<String, Value>) -> Vec<String> {
    let always: HashSet<&str> = always.iter().filter_map(Value::as_str).collect();
    let mut told: Vec<String> = Vec::new();
    let mut inner: Vec<String> = Vec::new();
    for branch in branches {
        let phrase = of_branch(branch, &always, shown);
        for sentence in &branch.sentences {
            let sentence = if phrase == NOTHING { sentence.clone() } else { with(&phrase, sentence) };
            if !inner.contains(&sentence) {
                inner.push(sentence);
            }
        }
        if !told.contains(&phrase) {
            told.push(phrase);
        }
        if told.len() > TOLD {
            break;
        }
    }
    if told.len() < 2 {
        return inner;
    }
    let more = told.len() > TOLD;
    told.truncate(TOLD);
    let mut sentence = format!("Give one of: {}", told.join("; or "));
    sentence.push_str(if more { "; or others." } else { "." });
    if branches.iter().any(|branch| is_closed(&branch.object)) {
        sentence.push_str(" Nothing of another goes with it.");
    }
    inner.insert(0, sentence);
    inner
}

fn of_branch(branch: &Branch, always: &HashSet<&str>, shown: &Map<String, Value>) -> String {
    let value = |name: &str| {
        let fixed = branch.properties().and_then(|properties| fixed(properties.get(name)?));
        fixed.or_else(|| branch.beyond(name, shown).filter(|words| !words.is_empty()))
    };
    let mut names: Vec<&str> = strings(branch.object.get("required")).collect();
    let told_by_value = |name: &str| value(name).is_some();
    names.retain(|name| told_by_value(name) || !always.contains(name));
    let optional = names.is_empty();
    let described = branch.properties().into_iter().flat_map(Map::keys).map(String::as_str);
    if optional {
        names = described.collect();
    } else {
        let given: HashSet<&str> = names.iter().copied().collect();
        let telling = described.filter(|name| told_by_value(name) && !given.contains(name));
        names = telling.chain(names.iter().copied()).collect();
    }
    let mut phrase = listed(&names, value);
    if phrase.is_empty() {
        phrase.push_str(NOTHING);
    } else if optional {
        phrase.push_str(" (optional)");
    } else if is_closed(&branch.object) {
        let given: HashSet<&str> =
            strings(branch.object.get("required")).chain(names.iter().copied()).collect();
        let others = branch.properties().into_iter().flat_map(Map::keys).map(String::as_str);
        let others = listed(&others.filter(|name| !given.contains(name)).collect::<Vec<_>>(), |_| None);
        if !others.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(phrase, " (optional with it: {others})");
        }
    }
    phrase
}

/// Whether a branch refuses what it does not name.
pub(super) fn is_closed(branch: &Map<String, Value>) -> bool {
    ["additionalProperties", "unevaluatedProperties"].iter().any(|keyword| {
        branch.get(*keyword).is_some_and(|others| {
            *others == Value::Bool(false) || others.as_object().is_some_and(kinds::is_nothing)
        })
    })
}

/// What holds with something else.
pub(super) fn with(what: &str, sentence: &str) -> String {
    format!("With {what}: {}", lowered(sentence))
}

/// A sentence behind a colon.
pub(super) fn lowered(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// `a`, `b` is "x" and `c`.
pub(super) fn listed<'a>(names: &[&'a str], value: impl Fn(&'a str) -> Option<String>) -> String {
    let mut phrase = String::new();
    let told = names.len().min(NAMES);
    for (at, name) in names[..told].iter().enumerate() {
        phrase.push_str(match at {
            0 => "",
            _ if at + 1 == names.len() => " and ",
            _ => ", ",
        });
        // Writing to a String cannot fail.
        let _ = write!(phrase, "`{}`", quoted(name));
        if let Some(value) = value(name) {
            let _ = write!(phrase, " {value}");
        }
    }
    if names.len() > told {
        let _ = write!(phrase, " and {} more", names.len() - told);
    }
    phrase
}

/// The one value that a schema allows.
fn fixed(schema: &Value) -> Option<String> {
    fixed_in(schema.as_object()?)
}

pub(super) fn fixed_in(schema: &Map<String, Value>) -> Option<String> {
    let one =
        |values: &Value| values.as_array().filter(|values| values.len() == 1).map(|values| values[0].clone());
    let value = schema.get("const").cloned().or_else(|| one(schema.get("enum")?))?;
    Some(quoted(&value.to_string()))
}
