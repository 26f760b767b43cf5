use std::fmt::Write as _;

use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
    paths::LocationSegment,
};
use serde_json::{Map, Value, json};

use super::{
    branches,
    words::{self, listed, shown},
};

/// Errors that one answer names; more would drown the model.
const NAMED: usize = 10;
/// Longest value that an answer repeats, in bytes of JSON.
const ECHOED: usize = 1000;

/// One thing that does not fit.
#[derive(Debug)]
pub(super) struct Problem {
    /// Where, a JSON value for each step.
    pub(super) place: Vec<Value>,
    /// Pydantic's word for it, else JSON Schema's.
    pub(super) kind: String,
    /// What follows the place in a sentence: "should be an integer, not ...".
    pub(super) words: String,
    /// What `FastAPI` would say.
    pub(super) message: String,
    /// What was sent, where that is short.
    pub(super) input: Option<Value>,
}

impl Problem {
    /// Whether it names the very values that would be right.
    fn is_choice(&self) -> bool {
        self.kind == "literal_error"
    }

    pub(super) fn text(&self) -> String {
        let mut at = String::new();
        for step in &self.place {
            match step {
                Value::String(name) if at.is_empty() => at += name,
                Value::String(name) => at = format!("{at}.{name}"),
                index => at = format!("{at}[{index}]"),
            }
        }
        if at.is_empty() {
            format!("the arguments {}", self.words)
        } else {
            format!("`{}` {}", words::cut(&at, 200), self.words)
        }
    }

    pub(super) fn item(&self) -> Value {
        let place: Vec<Value> = [json!("body")].into_iter().chain(self.place.iter().cloned()).collect();
        let mut item = json!({ "type": self.kind, "loc": place, "msg": self.message });
        if let Some(input) = &self.input {
            item["input"] = input.clone();
        }
        item
    }
}

/// All that does not fit.
pub(super) struct Findings<'a> {
    /// What was checked against: errors say where in it they come from.
    pub(super) schema: &'a Value,
    pub(super) problems: Vec<Problem>,
    /// How many more there are.
    pub(super) more: usize,
}

fn echo(input: &Value) -> Option<Value> {
    (input.to_string().len() <= ECHOED).then(|| input.clone())
}

impl<'a> Findings<'a> {
    pub(super) fn new(schema: &'a Value) -> Self {
        Self { schema, problems: Vec::new(), more: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Counts what is not named.
    fn is_full(&mut self) -> bool {
        let full = self.problems.len() >= NAMED;
        self.more += usize::from(full);
        full
    }

    /// Something does not fit in what is too large to be looked at.
    pub(super) fn push_unclear(&mut self) {
        let words = "do not fit the schema, and are too large to say where";
        self.problems.push(Problem {
            place: Vec::new(),
            kind: "value_error".into(),
            words: words.into(),
            message: "Input should fit the schema".into(),
            input: None,
        });
    }

    pub(super) fn add(&mut self, error: &ValidationError<'_>) {
        match error.kind() {
            // Not found out in bounded time: that is for the server to say.
            Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {}
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                branches::add(self, error, context);
            }
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    self.unknown(error, name);
                }
            }
            Kind::OneOfMultipleValid { .. } if let Some(ways) = self.ways(error) => {
                let should = format!(
                    "hold {}, and not {}",
                    words::ways(&ways),
                    if ways.len() == 2 { "both" } else { "more than one" }
                );
                self.push(error, "oneOf", &should);
            }
            Kind::Required { property: Value::String(name) } => self.missing(error, name),
            _ => {
                let (kind, should) = self.should(error);
                self.push(error, &kind, &should);
            }
        }
    }

    /// An error whose instance should be something else.
    pub(super) fn push(&mut self, error: &ValidationError<'_>, kind: &str, should: &str) {
        if self.is_full() {
            return;
        }
        let words = format!("should {should}{}", but(error.kind(), error.instance()));
        let input = echo(error.instance());
        let message = format!("Input should {should}");
        self.keep(Problem { place: place(error), kind: kind.to_owned(), words, message, input });
    }

    /// Of several ways to give what is missing none was begun.
    pub(super) fn push_lacking(&mut self, union: &ValidationError<'_>, ways: &[String]) {
        if self.is_full() {
            return;
        }
        let should = format!("should hold {}", words::ways(ways));
        self.keep(Problem {
            place: place(union),
            kind: "missing".into(),
            message: format!("Input {should}"),
            words: should,
            input: echo(union.instance()),
        });
    }

    /// Of two problems at one place that say the same, or where one says all that the other does, one is enough.
    fn keep(&mut self, problem: Problem) {
        let tells_more = |one: &Problem, other: &Problem| {
            one.place == other.place
                && (one.words.starts_with(&other.words)
                    || one.is_choice() && !other.is_choice() && other.words.starts_with("should"))
        };
        if !self.problems.iter().any(|known| tells_more(known, &problem)) {
            self.problems.retain(|known| !tells_more(&problem, known));
            self.problems.push(problem);
        }
    }

    fn missing(&mut self, error: &ValidationError<'_>, name: &str) {
        if self.is_full() {
            return;
        }
        let declared = || self.around(error).filter_map(|schema| schema.get("properties")?.as_object());
        let mut words = "is missing".to_owned();
        if let Some(wanted) = declared().find_map(|known| words::of_schema(known.get(name)?)) {
            let _ = write!(words, ": it should be {wanted}");
        }
        let sent = error.instance().as_object();
        // Where unknown names are refused, that is told by itself.
        let open =
            self.beside(error).and_then(|schema| schema.get("additionalProperties")) != Some(&json!(false));
        let sent = sent.filter(|_| open);
        let undeclared = sent
            .into_iter()
            .flat_map(Map::keys)
            .filter(|key| !declared().any(|known| known.contains_key(*key)));
        if let Some(near) = words::nearest(name, undeclared.map(String::as_str)) {
            let _ = write!(words, " (`{near}` was sent: is it that?)");
        }
        let mut place = place(error);
        place.push(json!(name));
        self.keep(Problem {
            place,
            kind: "missing".into(),
            words,
            message: "Field required".into(),
            input: echo(error.instance()),
        });
    }

    pub(super) fn unknown(&mut self, error: &ValidationError<'_>, name: &str) {
        if self.is_full() {
            return;
        }
        let known = self.declared(error).into_iter().flat_map(Map::keys).map(String::as_str);
        let mut words = "is not known".to_owned();
        if let Some(near) = words::nearest(name, known.clone()) {
            let _ = write!(words, " (did you mean `{near}`?)");
        } else if matches!(error.kind(), Kind::AdditionalProperties { .. }) {
            // What else the schema declares elsewhere is known too to `unevaluatedProperties`.
            let names: Vec<String> = known.map(|name| format!("`{name}`")).collect();
            match names.len() {
                // Patterns of names say more than a list could.
                _ if self.beside(error).is_some_and(|schema| schema.contains_key("patternProperties")) => {}
                0 => words += "; nothing is",
                1..=20 => {
                    let _ = write!(words, "; known are {}", listed(&names, "and"));
                }
                _ => {}
            }
        }
        self.extra(error, name, words);
    }

    pub(super) fn foreign(&mut self, error: &ValidationError<'_>, name: &str, others: &str) {
        if self.is_full() {
            return;
        }
        self.extra(error, name, format!("does not go with {others}: give one or the other"));
    }

    fn extra(&mut self, error: &ValidationError<'_>, name: &str, words: String) {
        let mut place = place(error);
        place.push(json!(name));
        let input = error.instance().get(name).and_then(echo);
        self.keep(Problem {
            place,
            kind: "extra_forbidden".into(),
            words,
            message: "Extra inputs are not permitted".into(),
            input,
        });
    }

    /// The properties that the schema of an error's place declares.
    fn declared(&self, error: &ValidationError<'_>) -> Option<&'a Map<String, Value>> {
        self.beside(error)?.get("properties")?.as_object()
    }

    /// The names that the schema of an error's place requires.
    pub(super) fn required(&self, error: &ValidationError<'_>) -> Vec<&'a str> {
        self.beside(error).map(required).unwrap_or_default()
    }

    /// The schema in which the keyword of an error stands, and those around it that are about the same value.
    pub(super) fn around(&self, error: &ValidationError<'_>) -> impl Iterator<Item = &'a Map<String, Value>> {
        let path = error.schema_path().as_str();
        let inner = path.rsplit_once('/').map(|(parent, _)| parent);
        std::iter::successors(inner, |path| outer(path))
            .filter_map(|path| self.schema.pointer(path)?.as_object())
    }

    /// The schema in which the keyword of an error stands.
    pub(super) fn beside(&self, error: &ValidationError<'_>) -> Option<&'a Map<String, Value>> {
        let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
        self.schema.pointer(parent)?.as_object()
    }

    /// Pydantic's word, and what follows "should".
    fn should(&self, error: &ValidationError<'_>) -> (String, String) {
        let range = || words::range(self.beside(error));
        let (kind, should) = match error.kind() {
            Kind::Type { kind } => return of_types(&types(kind), error.instance()),
            Kind::Enum { options } => ("literal_error", options_of(options, error.instance())),
            Kind::Constant { expected_value } => {
                ("literal_error", format!("be {}", words::literal(expected_value)))
            }
            Kind::Minimum { .. } => ("greater_than_equal", range()),
            Kind::ExclusiveMinimum { .. } => ("greater_than", range()),
            Kind::Maximum { .. } => ("less_than_equal", range()),
            Kind::ExclusiveMaximum { .. } => ("less_than", range()),
            Kind::MultipleOf { .. } => {
                let of = self.beside(error).and_then(|schema| schema.get("multipleOf"));
                ("multiple_of", format!("be a multiple of {}", of.unwrap_or(&Value::Null)))
            }
            Kind::MinLength { limit } => {
                ("string_too_short", format!("have at least {}", words::counted(*limit, "character")))
            }
            Kind::MaxLength { limit } => {
                ("string_too_long", format!("have at most {}", words::counted(*limit, "character")))
            }
            Kind::MinItems { limit } => {
                ("too_short", format!("have at least {}", words::counted(*limit, "item")))
            }
            Kind::MaxItems { limit } => {
                ("too_long", format!("have at most {}", words::counted(*limit, "item")))
            }
            Kind::AdditionalItems { limit } => {
                ("too_long", format!("have at most {}", words::counted(*limit as u64, "item")))
            }
            Kind::MinProperties { limit } => {
                ("too_short", format!("have at least {}", words::counted(*limit, "member")))
            }
            Kind::MaxProperties { limit } => {
                ("too_long", format!("have at most {}", words::counted(*limit, "member")))
            }
            Kind::Pattern { pattern } => (
                "string_pattern_mismatch",
                format!("match the regular expression `{}`", words::cut(pattern, 200)),
            ),
            // The one keyword that is not the validator's own.
            Kind::Custom { .. } => ("uniqueItems", "hold no item twice".into()),
            Kind::Contains => ("contains", "hold an item of the kind that the schema wants".into()),
            Kind::OneOfMultipleValid { context } => ("oneOf", self.forms(error, context)),
            // Such an error does not say which member is too much.
            Kind::FalseSchema if error.schema_path().as_str().ends_with("/additionalProperties") => {
                ("extra_forbidden", "have no members".into())
            }
            Kind::FalseSchema => ("extra_forbidden", "be left out".into()),
            Kind::Not { schema } => ("not", words::excluding(schema, error.instance())),
            Kind::PropertyNames { error } => ("propertyNames", {
                let name = error.instance().as_str().unwrap_or_default().to_owned();
                format!("have no member of the name `{}`", words::cut(&name, 60))
            }),
            other => {
                let said = words::cut(&error.masked().to_string(), 300).into_owned();
                return (other.keyword().to_owned(), format!("be right ({said})"));
            }
        };
        (kind.to_owned(), should)
    }
}

/// The path of the schema around that is about the same value.
fn outer(path: &str) -> Option<&str> {
    let (parent, last) = path.rsplit_once('/')?;
    if matches!(last, "if" | "then" | "else") {
        return Some(parent);
    }
    let (parent, keyword) = parent.rsplit_once('/')?;
    matches!(keyword, "allOf" | "anyOf" | "oneOf" | "dependentSchemas" | "dependencies").then_some(parent)
}

pub(super) fn required(schema: &Map<String, Value>) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What there is instead of what should be.
fn but(kind: &Kind, input: &Value) -> String {
    let has = |count: usize| format!(", not {count}");
    match (kind, input) {
        (Kind::MinLength { .. } | Kind::MaxLength { .. }, Value::String(text)) => has(text.chars().count()),
        (
            Kind::MinItems { .. } | Kind::MaxItems { .. } | Kind::AdditionalItems { .. },
            Value::Array(items),
        ) => has(items.len()),
        (Kind::MinProperties { .. } | Kind::MaxProperties { .. }, Value::Object(members)) => {
            has(members.len())
        }
        (
            Kind::Custom { .. }
            | Kind::Contains
            | Kind::FalseSchema
            | Kind::Not { .. }
            | Kind::PropertyNames { .. }
            | Kind::OneOfMultipleValid { .. },
            _,
        ) => String::new(),
        _ => format!(", not {}", shown(input)),
    }
}

/// What a value of other types should be.
pub(super) fn of_types(wanted: &[JsonType], instance: &Value) -> (String, String) {
    let (nulls, others): (Vec<&JsonType>, Vec<&JsonType>) =
        wanted.iter().partition(|one| **one == JsonType::Null);
    let names: Vec<String> =
        others.into_iter().chain(nulls).map(|one| words::of_type(*one).to_owned()).collect();
    let should = format!("be {}", listed(&names, "or"));
    let kind = match wanted.iter().find(|one| **one != JsonType::Null) {
        Some(JsonType::Integer) if instance.is_string() => "int_parsing",
        Some(JsonType::Integer) if instance.is_number() => "int_from_float",
        Some(JsonType::Integer) => "int_type",
        Some(JsonType::Number) if instance.is_string() => "float_parsing",
        Some(JsonType::Number) => "float_type",
        Some(JsonType::Boolean) if instance.is_string() => "bool_parsing",
        Some(JsonType::Boolean) => "bool_type",
        Some(JsonType::String) => "string_type",
        Some(JsonType::Array) => "list_type",
        Some(JsonType::Object) => "dict_type",
        Some(JsonType::Null) | None => "none_required",
    };
    (kind.to_owned(), should)
}

/// "be one of ...", with the one that comes near.
pub(super) fn options_of(options: &Value, instance: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut should = format!("be {}", words::options(options));
    if let Some(sent) = instance.as_str()
        && let Some(near) = words::nearest(sent, options.iter().filter_map(Value::as_str))
        && options.len() > 1
    {
        let _ = write!(should, " (did you mean \"{near}\"?)");
    }
    should
}

pub(super) fn types(kind: &TypeKind) -> Vec<JsonType> {
    match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(set) => set.iter().collect(),
    }
}

/// Where an error is.
pub(super) fn place(error: &ValidationError<'_>) -> Vec<Value> {
    let steps = error.instance_path().iter();
    steps
        .map(|step| match step {
            LocationSegment::Index(index) => json!(index),
            LocationSegment::Property(name) => json!(name),
        })
        .collect()
}
