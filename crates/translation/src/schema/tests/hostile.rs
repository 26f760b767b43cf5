//! Schemas that no one writes on purpose, or on bad purpose: each has a clear outcome in bounded time and memory.

use serde_json::{Map, Value, json};

use super::{exploding::exploding, invariants, map};
use crate::{
    Allowance,
    schema::{Embedded, is_free_form, of_arguments, of_arguments_within, of_result, of_result_within},
};

fn bounded(schema: Value) -> Embedded {
    let schema = map(schema);
    let embedded = of_arguments(&schema);
    invariants::check_arguments(&embedded.schema);
    invariants::check(&of_result(&schema).schema);
    assert!(embedded.warnings.len() < 12, "{:?}", embedded.warnings);
    embedded
}

#[test]
fn a_million_branches_keep_the_names() {
    let mut schema = json!({"properties": {"a": {"description": "d"}, "b": {"type": "integer"}}});
    schema["properties"]["a"]["anyOf"] = vec![json!({}); 1_000_000].into();
    let embedded = bounded(schema);
    assert_eq!(embedded.warnings, ["the schema is too large; only its outer shape is shown"]);
    assert_eq!(embedded.schema["properties"]["b"], json!({"type": "integer"}));
    assert_eq!(embedded.schema["properties"]["a"]["description"], "d");
}

#[test]
fn a_million_root_branches_are_survived() {
    let mut schema = json!({"properties": {"a": {"type": "string"}}});
    schema["oneOf"] = vec![json!(true); 1_000_000].into();
    assert_eq!(bounded(schema).schema["properties"]["a"], json!({"type": "string"}));
}

#[test]
fn ten_megabytes_of_text_are_left_out() {
    let embedded = bounded(json!({"properties": {
        "a": {"type": "string", "description": "x".repeat(10_000_000)}, "b": {"type": "string", "enum": ["c"]},
    }}));
    assert_eq!(embedded.schema["properties"]["a"], json!({"type": "string"}));
    assert_eq!(embedded.schema["properties"]["b"], json!({"type": "string", "enum": ["c"]}));
}

#[test]
fn ten_thousand_properties_are_all_named() {
    let properties: Map<String, Value> = (0..10_000)
        .map(|at| (format!("property {at}"), json!({"type": "string", "description": "d"})))
        .collect();
    let embedded = bounded(json!({"properties": properties}));
    assert_eq!(embedded.schema["properties"].as_object().unwrap().len(), 10_000);
}

#[test]
fn definitions_that_all_lead_to_each_other_end() {
    let embedded = bounded(exploding());
    assert_eq!(embedded.warnings, ["the schema is too large to be shown whole; its inside is cut"]);
    assert_eq!(embedded.schema["properties"]["p"]["description"], "d 0");
    assert!(embedded.schema["properties"]["p"]["properties"]["to3"].is_object());
}

#[test]
fn what_doubles_at_each_step_ends() {
    for wrap in [
        |next: Value| json!({"type": "object", "properties": {"a": next, "b": next}}),
        |next: Value| json!({"allOf": [next, next]}),
        |next: Value| json!({"anyOf": [next, {"anyOf": [next, {"type": "null"}]}]}),
        |next: Value| json!({"anyOf": [next, next], "oneOf": [next, {"type": "null"}]}),
    ] {
        let mut defs: Map<String, Value> = (0..30)
            .map(|at| (format!("d{at}"), wrap(json!({"$ref": format!("#/$defs/d{}", at + 1)}))))
            .collect();
        defs.insert("d30".into(), json!({"type": "string"}));
        bounded(json!({"$defs": defs, "properties": {"p": {"$ref": "#/$defs/d0"}}}));
        bounded(json!({"$defs": defs, "$ref": "#/$defs/d0"}));
    }
}

#[test]
fn references_to_themselves_end() {
    for schema in [
        json!({"$ref": "#"}),
        json!({"properties": {"a": {"$ref": "#"}}}),
        json!({"properties": {"a": {"$ref": "#/properties/a"}}}),
        json!({"properties": {"a": {"$ref": "#/properties/b"}, "b": {"$ref": "#/properties/a"}}}),
        json!({"allOf": [{"$ref": "#"}], "anyOf": [{"$ref": "#"}], "if": {"$ref": "#"}, "then": {"$ref": "#"}}),
    ] {
        bounded(schema);
    }
    let chain: Map<String, Value> =
        (0..100_000).map(|at| (at.to_string(), json!({"$ref": format!("#/$defs/{}", at + 1)}))).collect();
    bounded(json!({"$defs": chain, "properties": {"a": {"$ref": "#/$defs/0"}}}));
}

/// Takes a value apart without recursion, as dropping it would.
fn take_apart(value: Value) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(values) => open.extend(values),
            Value::Object(object) => open.extend(object.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}

#[test]
fn nesting_costs_no_stack() {
    let wraps: [fn(Value) -> Value; 8] = [
        |inner| {
            Map::from_iter([("properties".to_owned(), Map::from_iter([("a".to_owned(), inner)]).into())])
                .into()
        },
        |inner| Map::from_iter([("items".to_owned(), inner)]).into(),
        |inner| Map::from_iter([("allOf".to_owned(), vec![inner].into())]).into(),
        |inner| Map::from_iter([("anyOf".to_owned(), vec![inner, true.into()].into())]).into(),
        |inner| Map::from_iter([("not".to_owned(), inner)]).into(),
        |inner| Map::from_iter([("default".to_owned(), inner)]).into(),
        |inner| Map::from_iter([("$defs".to_owned(), inner), ("$ref".to_owned(), "#x".into())]).into(),
        |inner| vec![inner].into(),
    ];
    for wrap in wraps {
        let mut deep = json!({"type": "string"});
        for _ in 0..10_000 {
            deep = wrap(deep);
        }
        let mut properties = Map::new();
        properties.insert("deep".into(), deep);
        let mut schema = Map::new();
        schema.insert("properties".into(), properties.into());
        schema.insert("$ref".into(), "#anchor".into());
        let embedded = of_arguments(&schema);
        invariants::check_arguments(&embedded.schema);
        assert!(!embedded.warnings.is_empty());
        is_free_form(&schema);
        take_apart(schema.into());
    }
}

#[test]
fn known_keywords_with_nonsense_are_left_out() {
    let nonsense = [
        json!(null),
        json!(7),
        json!(-1),
        json!("x"),
        json!(true),
        json!([]),
        json!({}),
        json!([[7, "x"]]),
        json!({"a": 7}),
    ];
    let keywords = [
        "type",
        "properties",
        "required",
        "items",
        "prefixItems",
        "additionalProperties",
        "patternProperties",
        "enum",
        "const",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "if",
        "then",
        "else",
        "dependentSchemas",
        "dependencies",
        "dependentRequired",
        "$ref",
        "$dynamicRef",
        "$recursiveRef",
        "$defs",
        "definitions",
        "$id",
        "$anchor",
        "minimum",
        "exclusiveMinimum",
        "minLength",
        "pattern",
        "format",
        "title",
        "description",
        "default",
        "examples",
        "nullable",
        "propertyNames",
        "contains",
        "unevaluatedProperties",
        "discriminator",
    ];
    for keyword in keywords {
        for value in &nonsense {
            bounded(json!({keyword: value, "properties": {"a": {keyword: value}}}));
            bounded(
                json!({"properties": {"a": {"type": "array", "items": {keyword: value}}}, keyword: value}),
            );
        }
    }
}

#[test]
fn a_pattern_that_is_no_regular_expression_is_left_out_and_a_slow_one_is_not() {
    let embedded = bounded(json!({"properties": {
        "broken": {"type": "string", "pattern": "[", "minLength": 1},
        "slow": {"type": "string", "pattern": "^(a+)+$"},
        "python": {"type": "string", "pattern": "(?i)^x$"},
        "by": {"type": "object", "patternProperties": {"(": {"type": "string"}, "^x": {"type": "string"}}},
    }}));
    assert_eq!(embedded.warnings.len(), 2, "{:?}", embedded.warnings);
    let properties = &embedded.schema["properties"];
    assert_eq!(properties["broken"], json!({"type": "string", "minLength": 1}));
    assert_eq!(properties["slow"]["pattern"], "^(a+)+$");
    assert_eq!(properties["python"]["pattern"], "(?i)^x$");
    assert_eq!(properties["by"]["patternProperties"], json!({"^x": {"type": "string"}}));
}

/// What is put together piece by piece must not be looked through anew for each piece.
#[test]
fn thousands_of_pieces_are_put_together_in_one_pass() {
    const PIECES: usize = 9_000;
    let names = |from: usize| (from..from + PIECES).map(|at| json!(format!("n{at}"))).collect::<Vec<_>>();
    let mut required: Vec<Value> = names(0).into_iter().map(|name| json!({"required": [name]})).collect();
    let embedded = bounded(json!({"type": "object", "allOf": required}));
    assert_eq!(embedded.warnings, ["the schema is too large; only its outer shape is shown"]);
    required.truncate(500);
    let embedded = bounded(json!({"type": "object", "allOf": required}));
    assert_eq!(embedded.schema["required"].as_array().unwrap().len(), 500);

    for (count, told) in [(60, 8), (6_000, 8)] {
        let patterns: Vec<Value> = (0..count).map(|at| json!({"pattern": format!("^p{at}$")})).collect();
        let embedded = bounded(json!({"properties": {"p": {"type": "string", "allOf": patterns}}}));
        let said = embedded.schema["properties"]["p"]["description"].as_str().unwrap_or_default();
        assert_eq!(said.matches("Also holds: ").count(), told, "{count} {:?}", embedded.warnings);
    }

    let branches = [json!({"required": names(0)}), json!({"required": names(1)})];
    let embedded = bounded(json!({"type": "object", "anyOf": branches}));
    assert!(embedded.guidance.concat().len() < 1000, "{:?}", embedded.guidance);
}

/// Each choice beside null takes in what stands around it, which changes what the next one inside takes in.
#[test]
fn choices_that_contradict_each_other_at_every_depth_end() {
    let mut schema = json!({"description": "innermost", "minLength": 1});
    for depth in 0..60 {
        let kind = ["array", "object", "string"][depth % 3];
        schema = json!({"type": kind, "description": format!("d{depth}"), "title": "t", "required": [format!("r{depth}")],
            "anyOf": [{"anyOf": [schema, {"type": "null"}], "properties": {"p": {"type": "string"}}}, {"const": null}]});
    }
    bounded(json!({ "properties": {"p": schema} }));
}

/// Definitions that each hold the next one twice, and a property of the first.
fn doubling(steps: usize) -> Value {
    let mut defs: Map<String, Value> = (0..steps)
        .map(|at| {
            let next = json!({"$ref": format!("#/$defs/d{}", at + 1)});
            (format!("d{at}"), json!({"type": "object", "properties": {"a": next, "b": next}}))
        })
        .collect();
    defs.insert(format!("d{steps}"), json!({"type": "string"}));
    json!({"$defs": defs, "required": ["p", "q"], "properties": {"p": {"$ref": "#/$defs/d0"}}})
}

#[test]
fn the_tools_of_one_server_share_what_there_is_to_write() {
    const LEFT: usize = 1024 * 1024;
    const TOOLS: usize = 40;
    for steps in [9, 30] {
        let large = map(doubling(steps));
        let allowance = Allowance::default();
        allowance.write(allowance.written_left() - LEFT);
        let mut bytes = 0;
        let mut outlined = 0;
        for _ in 0..TOOLS {
            for embedded in [of_arguments_within(&large, &allowance), of_result_within(&large, &allowance)] {
                invariants::check(&embedded.schema);
                bytes += embedded.schema.to_string().len();
                let told = "the schemas of the server's tools are too large together";
                outlined += usize::from(embedded.warnings.iter().any(|warning| warning.starts_with(told)));
            }
        }
        assert!(bytes < LEFT + 2 * TOOLS * 4096, "{bytes}");
        assert!(outlined > TOOLS, "{outlined}");
        // What is small stays whole, and what is called for is known.
        let small = map(json!({"properties": {"a": {"enum": ["x"], "type": "string", "description": "d"}}}));
        assert_eq!(of_arguments_within(&small, &allowance), of_arguments(&small));
        let outline = of_arguments_within(&large, &allowance).schema;
        assert_eq!(outline["properties"]["p"]["type"], "object");
        assert_eq!(outline["required"], json!(["p", "q"]));
    }
}

/// The check takes its arguments out of the wrapper, or not, whatever its document had room for.
#[test]
fn whether_a_tool_is_free_form_does_not_depend_on_the_room() {
    let spent = Allowance::default();
    spent.write(usize::MAX);
    for rest in [
        json!({"additionalProperties": true}),
        json!({"additionalProperties": true, "required": ["a"]}),
        json!({"additionalProperties": true, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
        json!({"additionalProperties": true, "dependentRequired": {"a": ["b"]}}),
        json!({"additionalProperties": true, "allOf": [{"if": {"required": ["a"]}, "then": {"required": ["b"]}}]}),
        json!({"additionalProperties": {"$ref": "#/$defs/d0"}}),
        json!({}),
    ] {
        let mut schema = map(doubling(30));
        schema.retain(|keyword, _| keyword == "$defs");
        schema.insert("patternProperties".into(), json!({"^x": {"$ref": "#/$defs/d0"}}));
        schema.extend(map(rest));
        let wrapped = |embedded: &Embedded| {
            let properties = embedded.schema["properties"].as_object().unwrap();
            properties.len() == 1 && properties.contains_key("arguments")
        };
        let embedded = of_arguments_within(&schema, &spent);
        assert_eq!(wrapped(&embedded), is_free_form(&schema), "{schema:?}");
    }
}
