//! Generated tools over the space of keywords: each schema makes sense, and together they use nearly all that there is.

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
    test_runner::TestRunner,
};
use serde_json::{Map, Value, json};

/// The same tools in every run.
pub(super) fn tools(count: usize) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let mut next = || root().new_tree(&mut runner).expect("no filter rejects it").current();
    (0..count)
        .map(|number| json!({"name": format!("generated_{number:03}"), "inputSchema": next(), "outputSchema": next()}))
        .collect()
}

/// What is the outermost of a tool: mostly properties, sometimes what Open WebUI has no eye for.
fn root() -> impl Strategy<Value = Value> {
    let outermost = prop_oneof![
        12 => properties(schema().boxed()),
        1 => Just(json!({"$ref": "#/$defs/Part"})),
        1 => pair(&schema().boxed()).prop_map(|branches| json!({"type": "object", "anyOf": branches.into_iter().map(open).collect::<Vec<_>>()})),
        1 => pair(&schema().boxed()).prop_map(|branches| json!({"type": "object", "oneOf": branches.into_iter().map(open).collect::<Vec<_>>()})),
        1 => pair(&schema().boxed()).prop_map(|parts| json!({"type": "object", "allOf": parts.into_iter().map(open).collect::<Vec<_>>()})),
        1 => Just(json!({"type": "object", "additionalProperties": true})),
    ];
    (outermost, plain(), properties(plain().boxed()), plain(), select(vec!["2020-12", "draft-07"])).prop_map(
        |(outermost, word, part, leaf, dialect)| {
            let tree = json!({"type": "object", "description": "a tree", "required": ["leaf"], "properties": {
                "leaf": leaf, "left": {"$ref": "#/$defs/Tree"}, "more": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
            }});
            let address = match dialect {
                "draft-07" => "http://json-schema.org/draft-07/schema#",
                _ => "https://json-schema.org/draft/2020-12/schema",
            };
            let whole = with(outermost, "$defs", json!({"a/word ~": word, "Part": part, "Tree": tree}));
            with(whole, "$schema", address.into())
        },
    )
}

fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        6 => plain(),
        1 => any::<bool>().prop_map(|open| if open { json!(true) } else { json!({}) }),
        2 => select(vec!["#/$defs/a~1word%20~0", "#/$defs/Part", "#/$defs/Tree"]).prop_map(|to| json!({"$ref": to})),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        let branches = (plain(), object(inner.clone(), &["k", "type"])).prop_map(|(one, other)| vec![one, other]).boxed();
        prop_oneof![
            3 => properties(inner.clone()),
            2 => (inner.clone(), lengths("Items"), any::<bool>()).prop_map(|(items, lengths, unique)| {
                let array = joined(json!({"type": "array", "items": items}), lengths);
                if unique { with(array, "uniqueItems", true.into()) } else { array }
            }),
            1 => vec(inner.clone(), 1..3).prop_map(|items| json!({"type": "array", "prefixItems": items})),
            1 => inner.clone().prop_map(|values| json!({"type": "object", "additionalProperties": values})),
            1 => inner.clone().prop_map(|values| json!({"type": "object", "patternProperties": {"^x-": values}})),
            2 => branches.clone().prop_map(|branches| json!({"anyOf": branches})),
            1 => plain().prop_map(|one| json!({"anyOf": [one, {"type": "null"}], "default": null})),
            1 => branches.prop_map(|branches| json!({"oneOf": branches})),
            1 => pair(&inner).prop_map(|parts| json!({"allOf": parts.into_iter().map(open).collect::<Vec<_>>()})),
        ]
    })
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
