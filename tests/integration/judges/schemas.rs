//! Generated tools over the space of keywords: each schema makes sense, and together they use nearly all that there is.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Map, Value, json};

/// The variable that repeats a run: what a failed one printed.
const SEED: &str = "TRAYGATE_TEST_SEED";

/// Other tools in every run.
#[expect(clippy::print_stdout, reason = "the test runner shows it of a test that fails")]
pub(super) fn tools(count: usize) -> Vec<Value> {
    let seed = std::env::var(SEED)
        .map_or_else(|_| RandomState::new().build_hasher().finish(), |seed| seed.parse().expect("a number"));
    println!("{SEED}={seed} makes the same tools again");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut next = || root().new_tree(&mut runner).expect("no filter rejects it").current();
    (0..count)
        .map(|number| json!({"name": format!("generated_{number:03}"), "inputSchema": next(), "outputSchema": next()}))
        .collect()
}

/// What an author writes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Draft07,
    Draft2019,
    Draft2020,
}

impl Dialect {
    fn address(self) -> &'static str {
        match self {
            Self::Draft07 => "http://json-schema.org/draft-07/schema#",
            Self::Draft2019 => "https://json-schema.org/draft/2019-09/schema",
            Self::Draft2020 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// Where schemas stand that are referred to.
    fn definitions(self) -> &'static str {
        if self == Self::Draft07 { "definitions" } else { "$defs" }
    }

    /// A schema that is found by a name of its own.
    fn anchored(self, schema: Value) -> Value {
        match self {
            Self::Draft07 => with(schema, "$id", "#anchored".into()),
            _ => with(schema, "$anchor", "anchored".into()),
        }
    }

    fn tuple(self, first: Vec<Value>, rest: Option<Value>) -> Value {
        let (list, others) =
            if self == Self::Draft2020 { ("prefixItems", "items") } else { ("items", "additionalItems") };
        let tuple = with(json!({"type": "array"}), list, first.into());
        rest.into_iter().fold(tuple, |tuple, rest| with(tuple, others, rest))
    }

    /// What follows a property.
    fn follows(self, name: &str, names: &Value) -> Value {
        if self == Self::Draft07 {
            json!({"dependencies": {name: names}})
        } else if names.is_array() {
            json!({"dependentRequired": {name: names}})
        } else {
            json!({"dependentSchemas": {name: names}})
        }
    }
}

fn root() -> impl Strategy<Value = Value> {
    select(vec![Dialect::Draft07, Dialect::Draft2019, Dialect::Draft2020]).prop_flat_map(root_of)
}

/// What is the outermost of a tool: mostly properties, sometimes what Open WebUI has no eye for.
fn root_of(dialect: Dialect) -> impl Strategy<Value = Value> {
    let inner = schema(dialect).boxed();
    let several = |keyword: &'static str| {
        pair(&schema(dialect).boxed()).prop_map(move |branches| {
            with(
                json!({"type": "object"}),
                keyword,
                branches.into_iter().map(open).collect::<Vec<_>>().into(),
            )
        })
    };
    let part = format!("#/{}/Part", dialect.definitions());
    let outermost = prop_oneof![
        10 => properties(inner.clone()),
        1 => Just(json!({"$ref": part})),
        1 => several("anyOf"),
        1 => several("oneOf"),
        1 => several("allOf"),
        4 => conditional(dialect, &inner),
        1 => Just(json!({"type": "object", "additionalProperties": true})),
    ];
    (outermost, plain(), properties(plain().boxed()), plain()).prop_map(move |(outermost, word, part, leaf)| {
        let tree = format!("#/{}/Tree", dialect.definitions());
        let tree = json!({"type": "object", "description": "a tree", "required": ["leaf"], "properties": {
            "leaf": leaf, "left": {"$ref": tree}, "more": {"type": "array", "items": {"$ref": tree}},
        }});
        let named = json!({"a/word ~": word, "Part": part, "Tree": tree, "Anchored": dialect.anchored(json!({"type": "integer", "minimum": 3}))});
        with(with(outermost, dialect.definitions(), named), "$schema", dialect.address().into())
    })
}

/// Of whose properties one decides on others.
fn conditional(dialect: Dialect, inner: &BoxedStrategy<Value>) -> impl Strategy<Value = Value> + use<> {
    let kinds = || select(vec![json!("file"), json!("two words"), json!(7), json!(true)]);
    let asked = prop_oneof![
        kinds().prop_map(|kind| json!({"properties": {"kind": {"const": kind}}, "required": ["kind"]})),
        kinds().prop_map(|kind| json!({"properties": {"kind": {"enum": [kind, "other"]}}})),
        Just(json!({"required": ["kind"]})),
        Just(json!({"not": {"required": ["kind"]}})),
        kinds().prop_map(|kind| json!({"anyOf": [{"properties": {"kind": {"const": kind}}, "required": ["kind"]}, {"required": ["level"]}]})),
        (-9..9_i64).prop_map(|least| json!({"properties": {"level": {"minimum": least}}, "required": ["level"]})),
    ];
    let base = || json!({"type": "object", "properties": {"kind": {}, "level": {"type": "integer", "minimum": -20, "maximum": 20}}});
    let narrowed = (-9..9_i64).prop_map(|most| json!({"properties": {"level": {"maximum": most}}}));
    let branches = pair(inner).boxed();
    prop_oneof![
        3 => (asked, branches.clone(), any::<bool>()).prop_map(move |(asked, branches, both)| {
            let [then, otherwise] = <[Value; 2]>::try_from(branches).expect("two").map(open);
            let whole = with(with(base(), "if", asked), "then", then);
            if both { with(whole, "else", otherwise) } else { whole }
        }),
        1 => narrowed.prop_map(move |then| with(with(base(), "if", json!({"required": ["kind"]})), "then", then)),
        1 => Just(joined(base(), dialect.follows("kind", &json!(["level"])))),
        1 => branches.prop_map(move |branches| joined(base(), dialect.follows("kind", &open(branches[0].clone())))),
        1 => select(vec![json!(["kind", "level"]), json!(["level"])]).prop_map(move |names| with(base(), "not", json!({"required": names}))),
        1 => Just(joined(base(), json!({"minProperties": 1, "maxProperties": 1}))),
    ]
}

fn schema(dialect: Dialect) -> impl Strategy<Value = Value> {
    let named = ["a~1word%20~0", "Part", "Tree"].map(|name| format!("#/{}/{name}", dialect.definitions()));
    let named = named.into_iter().chain(["#anchored".to_owned()]).collect::<Vec<_>>();
    let leaf = prop_oneof![
        6 => plain(),
        1 => any::<bool>().prop_map(|open| if open { json!(true) } else { json!({}) }),
        2 => select(named).prop_map(|to| json!({"$ref": to})),
    ];
    leaf.prop_recursive(3, 16, 3, move |inner| {
        let branches = (plain(), object(inner.clone(), &["k", "type"])).prop_map(|(one, other)| vec![one, other]).boxed();
        prop_oneof![
            3 => properties(inner.clone()),
            2 => (inner.clone(), lengths("Items"), any::<bool>()).prop_map(|(items, lengths, unique)| {
                let array = joined(json!({"type": "array", "items": items}), lengths);
                if unique { with(array, "uniqueItems", true.into()) } else { array }
            }),
            1 => (vec(inner.clone(), 1..3), option::of(plain())).prop_map(move |(first, rest)| dialect.tuple(first, rest)),
            1 => inner.clone().prop_map(|values| json!({"type": "object", "additionalProperties": values})),
            1 => inner.clone().prop_map(|values| json!({"type": "object", "patternProperties": {"^x-": values}})),
            2 => branches.clone().prop_map(|branches| json!({"anyOf": branches})),
            1 => plain().prop_map(|one| json!({"anyOf": [one, {"type": "null"}], "default": null})),
            1 => branches.prop_map(|branches| json!({"oneOf": branches})),
            1 => pair(&inner).prop_map(|parts| json!({"allOf": parts.into_iter().map(open).collect::<Vec<_>>()})),
            3 => asking(dialect, &inner),
        ]
    })
}

/// Keywords that ask something of a whole value.
fn asking(dialect: Dialect, inner: &BoxedStrategy<Value>) -> impl Strategy<Value = Value> + use<> {
    let part = || properties(plain().boxed()).prop_map(open);
    let newer = dialect != Dialect::Draft07;
    prop_oneof![
        2 => (part(), pair(inner)).prop_map(|(whole, branches)| {
            let [then, otherwise] = <[Value; 2]>::try_from(branches).expect("two").map(open);
            let asked = json!({"properties": {"a": {"type": "string"}}, "required": ["a"]});
            joined(whole, json!({"if": asked, "then": then, "else": otherwise}))
        }),
        1 => Just(json!({"type": "string", "not": {"const": "no"}})),
        1 => part().prop_map(|whole| with(whole, "not", json!({"required": ["a", "b"]}))),
        1 => part().prop_map(move |whole| joined(whole, dialect.follows("a", &json!(["b"])))),
        1 => (part(), part()).prop_map(move |(whole, more)| joined(whole, dialect.follows("a", &more))),
        1 => (plain(), any::<bool>()).prop_map(move |(one, twice)| {
            let list = json!({"type": "array", "contains": one});
            if twice && newer { with(list, "minContains", 2.into()) } else { list }
        }),
        1 => plain().prop_map(|values| json!({"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}, "additionalProperties": values})),
        1 => (plain(), lengths("Properties")).prop_map(|(values, counts)| joined(json!({"type": "object", "additionalProperties": values}), counts)),
        1 => part().prop_map(move |whole| if newer { with(whole, "unevaluatedProperties", false.into()) } else { whole }),
        1 => vec(plain(), 1..3).prop_map(move |first| {
            let tuple = dialect.tuple(first, None);
            if dialect == Dialect::Draft2020 { with(tuple, "unevaluatedItems", false.into()) } else { tuple }
        }),
        1 => Just(json!({"type": "string", "nullable": true})),
        1 => Just(json!({"type": "string", "enum": ["x", "y"], "nullable": true})),
    ]
}

/// Without schemas inside.
fn plain() -> impl Strategy<Value = Value> {
    let word = select(vec!["ä", "two words", "", "x"]);
    let enumeration =
        subsequence(vec![json!("on"), json!("off"), json!(1), json!(2.5), json!(false), Value::Null], 1..5);
    prop_oneof![
        2 => (lengths("Length"), option::of(select(vec!["date", "uri", "uuid"])))
            .prop_map(|(lengths, format)| joined(json!({"type": "string"}), lengths_and("format", lengths, format))),
        1 => select(vec!["^[a-z]{2,5}$", "^\\d+$", "a|b"]).prop_map(|pattern| json!({"type": "string", "pattern": pattern})),
        1 => (-9_i64..9, 1_i64..90).prop_map(|(low, more)| json!({"type": "integer", "minimum": low, "maximum": low + more})),
        1 => (-9_i64..9, 1_u64..5).prop_map(|(low, step)| json!({"type": "integer", "exclusiveMinimum": low, "multipleOf": step})),
        1 => Just(json!({"type": "number", "exclusiveMaximum": 0.5})),
        1 => Just(json!({"type": "boolean"})),
        1 => Just(json!({"type": ["string", "null"]})),
        1 => Just(json!({"type": ["integer", "boolean"]})),
        1 => subsequence(vec!["red", "green", "blue"], 1..3).prop_map(|words| json!({"type": "string", "enum": words})),
        1 => enumeration.prop_map(|values| json!({"enum": values})),
        1 => prop_oneof![word.prop_map(Value::from), any::<i32>().prop_map(Value::from), any::<bool>().prop_map(Value::from)]
            .prop_map(|value| json!({"const": value})),
    ]
}

fn properties(inner: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    object(inner, &["a", "b", "type", "items", "x y", "ü", "$ref", "model_config", "arguments"])
}

/// Two objects with no property in common: alternatives, or parts of one, that do not contradict each other.
fn pair(inner: &BoxedStrategy<Value>) -> impl Strategy<Value = Vec<Value>> + use<> {
    let (one, other) = (["a", "type", "x y", "$ref", "left"], ["b", "items", "ü", "model_config", "right"]);
    (object(inner.clone(), &one), object(inner.clone(), &other)).prop_map(|(one, other)| vec![one, other])
}

/// As [`properties`], with these names.
fn object(inner: BoxedStrategy<Value>, names: &[&'static str]) -> impl Strategy<Value = Value> + use<> {
    let (most, names) = (names.len().min(4), names.to_vec());
    let some =
        (subsequence(names, 1..=most), vec((inner, annotations()), 5), vec(any::<bool>(), 5), any::<bool>());
    some.prop_map(|(names, schemas, required, closed)| {
        let required: Vec<_> =
            names.iter().zip(required).filter(|(_, wanted)| *wanted).map(|(name, _)| *name).collect();
        let schemas = schemas.into_iter().map(|(schema, notes)| annotated(schema, notes));
        let properties: Map<_, _> = names.iter().map(|&name| name.to_owned()).zip(schemas).collect();
        let object = json!({"type": "object", "properties": properties, "required": required});
        if closed { with(object, "additionalProperties", false.into()) } else { object }
    })
}

fn annotations() -> impl Strategy<Value = Value> {
    let text = option::of("[a-z]{3,8} [a-z]{3,8}");
    (text.clone(), text, any::<bool>()).prop_map(|(title, description, deprecated)| {
        let notes = [
            ("title", title.map(Value::from)),
            ("description", description.map(Value::from)),
            ("deprecated", deprecated.then_some(true.into())),
        ];
        notes
            .into_iter()
            .filter_map(|(keyword, value)| Some((keyword.to_owned(), value?)))
            .collect::<Map<_, _>>()
            .into()
    })
}

fn lengths(of: &'static str) -> impl Strategy<Value = Value> {
    (option::of(0_u64..3), option::of(3_u64..9)).prop_map(move |(least, most)| {
        let bounds = [("min", least), ("max", most)];
        bounds
            .into_iter()
            .filter_map(|(side, bound)| Some((format!("{side}{of}"), bound?.into())))
            .collect::<Map<_, _>>()
            .into()
    })
}

fn lengths_and(keyword: &str, lengths: Value, value: Option<&str>) -> Value {
    value.map_or(lengths.clone(), |value| with(lengths, keyword, value.into()))
}

/// `true` says as much as `{}`, and has no room for notes.
fn annotated(schema: Value, notes: Value) -> Value {
    if schema.is_object() { joined(schema, notes) } else { schema }
}

/// Parts of one schema would forbid each other's properties.
fn open(mut part: Value) -> Value {
    part.as_object_mut().expect("an object").remove("additionalProperties");
    part
}

fn with(mut schema: Value, keyword: &str, value: Value) -> Value {
    schema[keyword] = value;
    schema
}

fn joined(mut schema: Value, more: Value) -> Value {
    if let (Value::Object(schema), Value::Object(more)) = (&mut schema, more) {
        schema.extend(more);
    }
    schema
}
