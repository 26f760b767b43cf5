use std::fmt::Write;

use super::*;

/// Compiles with this many warnings, takes `good`, refuses `bad`.
fn holds(schema: Value, warnings: usize, good: &[Value], bad: &[Value]) {
    let text: String = schema.to_string().chars().take(300).collect();
    let (check, told) = compiled(schema);
    assert_eq!(told.len(), warnings, "{text} {told:?}");
    for (arguments, expected) in
        good.iter().map(|good| (good, true)).chain(bad.iter().map(|bad| (bad, false)))
    {
        let Value::Object(arguments) = arguments.clone() else { panic!("not an object") };
        let checked = check.check(arguments.clone());
        assert_eq!(checked.is_ok(), expected, "{text} {arguments:?} {checked:?}");
    }
}

#[test]
fn what_cannot_be_used_costs_only_its_own_place() {
    let n = json!({"type": "integer"});
    let bad = &[json!({"n": "x"})];
    for broken in [
        json!({"type": 5}),
        json!({"type": "string", "pattern": "(unclosed"}),
        json!({"type": "text"}),
        json!({"$ref": "#/$defs/Missing"}),
        json!({"$ref": "https://example.com/s.json"}),
        json!({"$ref": "file:///etc/hostname"}),
        json!({"$ref": "other.json#/a"}),
        json!({"enum": "a"}),
        json!({"required": "a"}),
        json!({"minimum": "0"}),
        json!({"properties": {"a": 5}}),
        json!({"properties": []}),
        json!({"items": "string"}),
        json!({"anyOf": []}),
        json!({"anyOf": [{"type": "integer"}, {"type": "nonsense"}]}),
        json!({"oneOf": [{"type": "string"}, {"pattern": "("}]}),
        json!({"not": {"$ref": "#/nowhere"}}),
        json!({"not": {"pattern": "("}}),
        json!({"if": {"pattern": "("}, "then": {"type": "integer"}}),
        json!({"patternProperties": {"(": {"type": "integer"}}, "additionalProperties": false}),
        json!({"allOf": [{"$ref": "#/nowhere"}], "unevaluatedProperties": false}),
        json!(5),
    ] {
        let mut schema = json!({"type": "object", "properties": {"n": n}});
        schema["properties"]["broken"] = broken;
        let good = [json!({"n": 1, "broken": "x"}), json!({"n": 1, "broken": {"a": [1]}})];
        let one = schema["properties"]["broken"]["type"] == "string";
        holds(schema, 1, if one { &good[..1] } else { &good }, bad);
    }
}

#[test]
fn a_schema_that_is_nonsense_throughout_checks_nothing() {
    holds(json!({"type": 5}), 1, &[json!({"a": 1})], &[]);
    holds(json!({"$ref": "#/$defs/No"}), 1, &[json!({"a": 1})], &[]);
}

#[test]
fn warnings_say_where_and_why() {
    let (_, warnings) = compiled(json!({"properties": {"a/b": {"pattern": "("}, "c": {"$ref": "x.json"}}}));
    assert_eq!(
        warnings,
        [
            "the schema's `/properties/a~1b/pattern` is not checked: it is no usable regular expression",
            "the schema's `/properties/c/$ref` is not checked: `x.json` leads nowhere in the schema, and nothing is fetched",
        ]
    );
}

#[test]
fn a_type_that_is_none_is_told_with_the_one_that_was_meant() {
    for (wrong, hint) in [
        (json!("Object"), "`Object` is no JSON Schema type; did you mean `object`?"),
        (json!(["null", "int"]), "`int` is no JSON Schema type; did you mean `integer`?"),
        (
            json!("any"),
            "`any` is no JSON Schema type; the types are `null`, `boolean`, `object`, `array`, `number`, `string`, `integer`",
        ),
    ] {
        let schema = json!({"properties": {"p": {"type": wrong}}});
        let (_, warnings) = compiled(schema.clone());
        assert_eq!(warnings, [format!("the schema's `/properties/p/type` is not checked: {hint}")]);
        let shown = crate::of_arguments(schema.as_object().unwrap()).warnings;
        assert!(matches!(&shown[..], [one] if one.starts_with(hint)), "{shown:?}");
    }
}

/// All of these have one hash in the validator's own check, which then compares each with each.
#[test]
fn a_huge_list_of_unique_items_is_checked_in_one_pass() {
    let schema = json!({"properties": {"l": {"uniqueItems": true}}});
    let mut nested: Vec<Value> = Vec::new();
    for at in 0..20_000_u32 {
        // A list of lists, of another shape each time.
        let bits = (0..15).map(|bit| if at >> bit & 1 == 1 { json!([[]]) } else { json!([]) });
        nested.push(bits.collect());
    }
    let numbers: Vec<Value> =
        (0..30_000).map(|at| serde_json::from_str(&format!("1.{at:030}")).unwrap()).collect();
    let huge: Vec<Value> =
        (0..30_000).map(|at| serde_json::from_str(&format!("1e{}", 400 + at)).unwrap()).collect();
    for mut items in [nested, numbers, huge] {
        holds(schema.clone(), 0, &[json!({ "l": items })], &[]);
        items.push(items[5].clone());
        holds(schema.clone(), 0, &[], &[json!({ "l": items })]);
    }
    holds(
        schema,
        0,
        &[json!({"l": [1, "1", 2]})],
        &[json!({"l": [1, 2, 1.0]}), json!({"l": [{"a": 1}, {"a": 1}]})],
    );
    holds(json!({"properties": {"l": {"uniqueItems": false}}}), 0, &[json!({"l": [1, 1]})], &[]);
}

#[test]
fn dialects_are_told_by_their_name_or_their_style() {
    let tuple = json!({"properties": {"p": {"items": [{"type": "number"}, {"type": "string"}]}}});
    holds(tuple, 0, &[json!({"p": [1, "a", null]})], &[json!({"p": ["a"]})]);
    let flag = json!({"properties": {"p": {"minimum": 0, "exclusiveMinimum": true}}});
    holds(flag, 0, &[json!({"p": 1})], &[json!({"p": 0})]);
    let dependent = json!({"dependencies": {"a": ["b"]}});
    holds(dependent, 0, &[json!({"a": 1, "b": 2})], &[json!({"a": 1})]);
    let definitions =
        json!({"properties": {"p": {"$ref": "#/definitions/x"}}, "definitions": {"x": {"type": "integer"}}});
    holds(definitions, 0, &[json!({"p": 1})], &[json!({"p": "a"})]);
    for (name, warnings) in [
        ("http://json-schema.org/draft-07/schema#", 0),
        ("http://json-schema.org/draft-07/schema", 0),
        ("https://json-schema.org/draft/2020-12/schema", 0),
        ("https://example.com/dialect", 0),
        ("http://json-schema.org/schema#", 0),
        ("", 0),
    ] {
        let schema =
            json!({"$schema": name, "properties": {"p": {"type": "integer", "exclusiveMinimum": 0}}});
        holds(schema, warnings, &[json!({"p": 1})], &[json!({"p": 0}), json!({"p": "x"})]);
    }
    // Named 2020-12, written as draft-07.
    let tuple = json!({"$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {"p": {"items": [{"type": "number"}]}, "n": {"type": "integer"}}});
    holds(tuple, 1, &[json!({"p": ["a"]})], &[json!({"n": "x"})]);
}

#[test]
fn a_format_is_an_annotation() {
    holds(json!({"properties": {"p": {"format": "email"}}}), 0, &[json!({"p": "nobody"})], &[]);
}

#[test]
fn a_catastrophic_pattern_holds_nobody_up() {
    let text = format!("{}!", "a".repeat(5_000));
    let linear = json!({"properties": {"p": {"pattern": "^(a+)+$"}}});
    holds(linear, 0, &[json!({"p": "aa"})], &[json!({"p": text})]);
    let huge = json!({"properties": {"p": {"pattern": "((a{1000}){1000}){1000}"}}});
    holds(huge, 1, &[json!({"p": "a"})], &[]);
}

#[test]
fn what_backtracking_cannot_tell_is_the_servers_to_say() {
    let pattern = json!({"properties": {"p": {"pattern": "^(a|aa)+(?!c)\\1b$"}, "n": {"type": "integer"}}});
    let long = "a".repeat(3_000);
    holds(
        pattern,
        0,
        &[json!({"p": long}), json!({"p": "aab"})],
        &[json!({"p": "c"}), json!({"p": long, "n": "x"})],
    );
}

#[test]
fn cycles_and_entangled_references_end() {
    let tree = json!({"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "object", "properties": {
        "kids": {"type": "array", "items": {"$ref": "#/$defs/Node"}}, "n": {"type": "integer"}}}}});
    let mut deep = json!({"n": "x"});
    for _ in 0..50 {
        deep = json!({ "kids": [deep] });
    }
    holds(tree, 0, &[json!({"kids": [{"kids": [], "n": 1}]})], &[deep]);
    let (check, _) = compiled(
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
    );
    check.check(JsonObject::new()).unwrap();
    let (check, _) = compiled(json!({"properties": {"a": {"$ref": "#/properties/a"}}}));
    check.check(json!({"a": 1}).as_object().unwrap().clone()).unwrap();
    // Each step asks the next one twice: 2^60 checks.
    let mut definitions = String::new();
    for step in 0..60 {
        let next = step + 1;
        write!(
            definitions,
            r##""d{step}":{{"anyOf":[{{"$ref":"#/$defs/d{next}"}},{{"$ref":"#/$defs/d{next}"}}]}},"##
        )
        .unwrap();
    }
    let text = format!(
        r##"{{"properties":{{"p":{{"$ref":"#/$defs/d0"}}}},"$defs":{{{definitions}"d60":{{"type":"null"}}}}}}"##
    );
    holds(serde_json::from_str(&text).unwrap(), 1, &[json!({"p": 1})], &[]);
}

#[test]
fn a_schema_of_far_too_many_branches_is_not_used() {
    let branches: Vec<Value> = (0..150_000).map(|n| json!({ "const": n })).collect();
    holds(json!({"properties": {"p": {"anyOf": branches}}}), 1, &[json!({"p": "x"})], &[]);
    let branches: Vec<Value> = (0..5_000).map(|n| json!({ "const": n })).collect();
    holds(json!({"properties": {"p": {"anyOf": branches}}}), 0, &[json!({"p": 4_999})], &[json!({"p": "x"})]);
}

#[test]
fn many_references_and_patterns_are_bounded() {
    let anchored: serde_json::Map<String, Value> = (0..20_000)
        .map(|n| (format!("a{n}"), json!({"$anchor": format!("a{n}"), "type": "integer"})))
        .collect();
    let referring: serde_json::Map<String, Value> =
        (0..20_000).map(|n| (format!("p{n}"), json!({"$ref": format!("#a{n}")}))).collect();
    let mut schema = json!({"$defs": anchored, "properties": referring});
    schema["properties"]["broken"] = json!({"pattern": "("});
    holds(schema, 1, &[json!({"p19999": 1, "broken": "x"})], &[json!({"p19999": "x"})]);
    let patterns: serde_json::Map<String, Value> =
        (0..20_000).map(|n| (format!("^x{n}"), json!({"type": "integer"}))).collect();
    holds(json!({"patternProperties": patterns}), 1, &[json!({"x1": "a"})], &[]);
    let ids = json!({"$defs": {"a": {"$id": "https://example.com/schemas/a.json", "type": "integer"}},
        "$id": "https://example.com/schemas/root.json",
        "properties": {"p": {"$ref": "a.json"}, "broken": {"pattern": "("}}});
    holds(ids, 1, &[json!({"p": 1})], &[json!({"p": "x"})]);
}

/// Each by its own name: `p0`, `p1`, ...
fn with_patterns(patterns: &[String]) -> Value {
    let patterns = patterns.iter().enumerate();
    let mut properties: serde_json::Map<String, Value> =
        patterns.map(|(at, pattern)| (format!("p{at}"), json!({"pattern": pattern}))).collect();
    properties.insert("n".into(), json!({"type": "integer"}));
    json!({ "properties": properties })
}

/// How many of the patterns refuse the text that fits none.
fn checked(check: &ArgumentCheck, count: usize) -> usize {
    let refused = |at: usize| check.check([(format!("p{at}"), json!("!"))].into_iter().collect()).is_err();
    assert!(
        check.check([("n".to_owned(), json!("x"))].into_iter().collect()).is_err(),
        "the rest is checked"
    );
    (0..count).filter(|at| refused(*at)).count()
}

#[test]
fn patterns_that_are_large_together_are_checked_as_far_as_there_is_room() {
    let large: Vec<String> = (0..100).map(|at| format!(r"^(?:\w\W\d\S){{60}}x{at}$")).collect();
    let (check, warnings) = compiled(with_patterns(&large));
    assert_eq!(warnings.len(), 10);
    assert!(warnings[9].ends_with("the regular expressions are too large together"), "{warnings:?}");
    assert!((5..50).contains(&checked(&check, 100)), "{}", checked(&check, 100));
    // Many small ones, some larger ones, one that is none, one beyond any bound.
    let mut mixed: Vec<String> = (0..200).map(|at| format!("^[a-z0-9-]{{1,40}}_{at}$")).collect();
    mixed.extend((0..5).map(|at| format!(r"^\p{{L}}+{at}$")));
    mixed.extend((0..5).map(|at| format!("^(?!{at})[a-z]+(?=x)")));
    let (check, warnings) = compiled(with_patterns(&mixed));
    assert_eq!((warnings.as_slice(), checked(&check, 210)), (&[][..], 210));
    mixed.extend(["(".to_owned(), "((a{1000}){1000}){1000}".to_owned()]);
    let (check, warnings) = compiled(with_patterns(&mixed));
    assert_eq!((warnings.len(), checked(&check, 212)), (2, 210), "{warnings:?}");
    let choices: Vec<String> = (0..1_500).map(|at| format!("c{at}")).collect();
    let (check, warnings) = compiled(with_patterns(&[format!("^(?:{}|[x-z]+)$", choices.join("|"))]));
    assert_eq!((warnings.as_slice(), checked(&check, 1)), (&[][..], 1));
    // Between look-aheads each part is compiled by itself.
    let mut apart = String::new();
    for at in 0..2_000 {
        write!(apart, r"(?:[^{at}]\p{{L}}{{20}}){{2}}(?!{at})").unwrap();
    }
    let (check, warnings) = compiled(with_patterns(&[format!("^{apart}$")]));
    assert_eq!((warnings.len(), checked(&check, 1)), (1, 0), "{warnings:?}");
}

#[test]
fn the_tools_of_one_server_share_what_there_is_for_patterns() {
    let allowance = Allowance::default();
    allowance.keep_patterns(allowance.patterns_left() - 2 * 1024 * 1024);
    let checks = |tool: usize| {
        let large: Vec<String> = (0..4).map(|at| format!(r"^(?:\w\W\d\S){{60}}x{tool}.{at}$")).collect();
        let schema = with_patterns(&large);
        let (check, warnings) = ArgumentCheck::compile_within(schema.as_object().unwrap(), &allowance);
        let checked = checked(&check, 4);
        assert_eq!(4 - checked, warnings.len(), "{warnings:?}");
        checked
    };
    assert_eq!(checks(0), 4);
    let tools = (1..10).take_while(|tool| checks(*tool) > 0).count();
    assert!((1..9).contains(&tools), "{tools}");
}

#[test]
fn nothing_is_ever_fetched() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    // What would be fetched refuses everything.
    let folder = tempfile::tempdir().unwrap();
    for name in ["s.json", "other.json", "x"] {
        fs_err::write(folder.path().join(name), "false").unwrap();
    }
    let url = format!("http://{address}/s.json");
    let path = url::Url::from_file_path(folder.path().join("s.json")).unwrap().to_string();
    for reference in [url.as_str(), path.as_str()] {
        for schema in [
            json!({"properties": {"p": {"$ref": reference}}}),
            json!({"$schema": reference, "properties": {"p": {}}}),
            json!({"$id": reference, "properties": {"p": {"$ref": "other.json"}}}),
            json!({"properties": {"p": {"$schema": reference, "$id": "x", "$dynamicRef": reference}}}),
        ] {
            let (check, _) = compiled(schema);
            check.check(json!({"p": 1}).as_object().unwrap().clone()).unwrap();
        }
    }
    let refused = listener.accept().map(|_| ()).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::WouldBlock, "somebody called");
}

/// The document shows the same.
#[test]
fn what_is_meant_holds_although_the_dialect_has_no_such_words() {
    let null = json!({"v": null});
    for (nullable, good, bad) in [
        (json!({"type": "string"}), json!("x"), json!(5)),
        (json!({"type": "string", "enum": ["x"]}), json!("x"), json!("y")),
        (json!({"const": "x"}), json!("x"), json!("y")),
        (json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}), json!("x"), json!([])),
        (json!({"oneOf": [{"type": "integer"}, {"type": "string"}], "default": 1}), json!("x"), json!([])),
        (json!({"allOf": [{"$ref": "#/$defs/word"}]}), json!("x"), json!(5)),
        (json!({"$ref": "#/$defs/word"}), json!("x"), json!(5)),
        (json!({"not": {"type": ["integer", "null"]}}), json!("x"), json!(5)),
    ] {
        let mut schema =
            json!({"required": ["v"], "properties": {"v": nullable}, "$defs": {"word": {"type": "string"}}});
        holds(schema.clone(), 0, &[json!({"v": good})], &[json!({"v": bad}), null.clone()]);
        schema["properties"]["v"]["nullable"] = true.into();
        holds(schema, 0, &[json!({"v": good}), null.clone()], &[json!({"v": bad})]);
    }
    // The name of a property, and a value.
    let named = json!({"required": ["nullable"], "properties": {"nullable": {"type": "string"}}});
    holds(named, 0, &[], &[json!({"nullable": null})]);
    let value =
        json!({"required": ["v"], "properties": {"v": {"const": {"type": "string", "nullable": true}}}});
    holds(value, 0, &[json!({"v": {"type": "string", "nullable": true}})], &[null]);
    let n = json!({"n": {"type": ["integer", "integer"]}});
    holds(
        json!({"required": ["n", "n"], "properties": n}),
        0,
        &[json!({"n": 1})],
        &[json!({}), json!({"n": "x"})],
    );
    holds(json!({"required": ["n", 5]}), 0, &[json!({"n": 1})], &[json!({})]);
    // A type that nobody knows may be what the server takes.
    holds(json!({"properties": {"n": {"type": ["string", "int"]}}}), 1, &[json!({"n": 1})], &[]);
}

#[test]
fn a_tuple_is_read_beside_newer_keywords_too() {
    let tuple = json!({"properties": {"p": {"items": [{"$ref": "#/$defs/n"}], "additionalItems": false}},
        "$defs": {"n": {"type": "number"}}, "dependentRequired": {"p": ["q"]}});
    let good = json!({"p": [1], "q": 1});
    holds(tuple, 0, &[good], &[json!({"p": ["a"], "q": 1}), json!({"p": [1, 2], "q": 1}), json!({"p": [1]})]);
}
