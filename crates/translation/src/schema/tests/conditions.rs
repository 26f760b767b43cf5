//! What conditions and keywords of the arguments ask for is said in words: Open WebUI drops all of the root but properties
//! and required names.

use serde_json::{Value, json};

use super::{invariants, map};
use crate::schema::{Embedded, of_arguments};

/// A tool with some declared properties, and this.
fn tool(more: &Value) -> Embedded {
    let mut schema = map(json!({"type": "object", "required": ["always"], "properties": {
        "always": {"type": "string"}, "kind": {"type": "string"}, "n": {"type": "integer", "maximum": 99},
        "path": {"type": "string"}, "level": {"enum": ["low", "mid", "high"]},
    }}));
    schema.extend(map(more.clone()));
    let embedded = of_arguments(&schema);
    invariants::check_both(&schema);
    embedded
}

fn said(more: &Value) -> Vec<String> {
    let embedded = tool(more);
    assert_eq!(embedded.warnings, Vec::<String>::new(), "{more}");
    embedded.guidance
}

#[test]
fn a_condition_says_which_values_it_asks_for() {
    let then = json!({"required": ["path"]});
    for (asked, words) in [
        (json!({"properties": {"always": {"const": "x"}}}), r#"With `always` "x": `path`."#),
        (
            json!({"properties": {"kind": {"enum": ["file", "dir"]}}, "required": ["kind"]}),
            r#"With `kind` "file" or "dir": `path`."#,
        ),
        // Without `kind` it holds as well.
        (
            json!({"properties": {"kind": {"enum": ["file", "dir", "link"]}}}),
            r#"With `kind` "file", "dir" or "link" (or no `kind`): `path`."#,
        ),
        (json!({"properties": {"n": {"minimum": 5}}, "required": ["n"]}), "With `n` at least 5: `path`."),
        (
            json!({"properties": {"n": {"exclusiveMinimum": 5, "exclusiveMaximum": 9}}, "required": ["n"]}),
            "With `n` above 5 and below 9: `path`.",
        ),
        (
            json!({"properties": {"kind": {"pattern": "^a"}}, "required": ["kind"]}),
            r#"With `kind` that matches "^a": `path`."#,
        ),
        (
            json!({"properties": {"kind": {"not": {"const": "x"}}}, "required": ["kind"]}),
            r#"With `kind` other than "x": `path`."#,
        ),
        (
            json!({"properties": {"n": {"multipleOf": 5, "type": "integer"}}, "required": ["n"]}),
            r#"With `n` of type integer and that fits {"multipleOf":5}: `path`."#,
        ),
        (json!({"required": ["kind"]}), "With `kind`: `path`."),
        (json!({"properties": {"kind": {}}, "required": ["kind", "n"]}), "With `kind` and `n`: `path`."),
        (json!({"properties": {"kind": false}}), "With no `kind`: `path`."),
        (json!({"not": {"required": ["kind"]}}), "Without `kind`: `path`."),
        (
            json!({"not": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]}}),
            r#"Without `kind` "x": `path`."#,
        ),
        (
            json!({"anyOf": [{"required": ["kind"]}, {"required": ["n", "level"]}]}),
            "With `kind`, or `n` and `level`: `path`.",
        ),
        (json!({"required": ["n"], "not": {"required": ["kind"]}}), "With `n` and no `kind`: `path`."),
        (
            json!({"required": ["n"], "minProperties": 3}),
            r#"With `n` and arguments that fit {"minProperties":3}: `path`."#,
        ),
        (json!(true), "Always: `path`."),
    ] {
        assert_eq!(said(&json!({"if": asked, "then": then})), [words], "{asked}");
    }
    assert_eq!(said(&json!({"if": false, "then": then})), [""; 0]);
    assert_eq!(said(&json!({"if": false, "else": then})), ["Always: `path`."]);
}

#[test]
fn a_branch_says_what_it_narrows() {
    for (then, words) in [
        (
            json!({"properties": {"level": {"enum": ["low", "mid"]}}}),
            r#"With `kind`: `level` "low" or "mid"."#,
        ),
        (json!({"properties": {"n": {"maximum": 5}}}), "With `kind`: `n` at most 5."),
        (json!({"properties": {"n": {"maximum": 5}}, "required": ["n"]}), "With `kind`: `n` at most 5."),
        (
            json!({"properties": {"path": {"minLength": 1}, "n": {}}, "required": ["n"]}),
            "With `kind`: `n` and `path` of at least 1 characters.",
        ),
        (json!({"properties": {"n": false}}), "With `kind`: no `n`."),
        (json!({"properties": {"new": {"type": "string"}}}), "With `kind`: `new` (optional)."),
        (json!({"minProperties": 4}), "With `kind`: give at least 4 arguments."),
        (json!(false), "With `kind`: nothing is accepted."),
        (
            json!({"properties": {"kind": {}, "always": {}}, "additionalProperties": false}),
            "With `kind`: nothing beyond `kind` and `always`.",
        ),
    ] {
        assert_eq!(said(&json!({"if": {"required": ["kind"]}, "then": then})), [words], "{then}");
        assert_eq!(said(&json!({"dependentSchemas": {"kind": then}})), [words], "{then}");
    }
}

#[test]
fn a_branch_of_a_union_says_what_it_narrows() {
    assert_eq!(
        said(&json!({"oneOf": [
            {"properties": {"kind": {"const": "a"}, "n": {"maximum": 5}}, "required": ["kind", "n"]},
            {"properties": {"kind": {"const": "b"}, "level": {"enum": ["low", "mid"]}}, "required": ["kind"]},
        ]})),
        [r#"Give one of: `kind` "a" and `n` at most 5; or `level` "low" or "mid" and `kind` "b"."#]
    );
}

#[test]
fn what_is_said_inside_branches_is_passed_up() {
    assert_eq!(
        said(
            &json!({"if": {"required": ["kind"]}, "then": {"anyOf": [{"required": ["n"]}, {"required": ["path"]}]}})
        ),
        ["With `kind`: give one of: `n`; or `path`."]
    );
    assert_eq!(
        said(&json!({"if": {"required": ["kind"]}, "else": {"dependentRequired": {"n": ["path"]}}})),
        ["Without `kind`: with `n`: `path`."]
    );
    assert_eq!(
        said(&json!({"anyOf": [
            {"required": ["kind"], "oneOf": [{"required": ["n"]}, {"required": ["path"]}]},
            {"required": ["level"]},
        ]})),
        ["Give one of: `kind`; or `level`.", "With `kind`: give one of: `n`; or `path`."]
    );
}

/// Of what one case shows, another one must not be told as if it held always.
#[test]
fn a_property_of_several_cases_is_shown_as_all_of_them() {
    let case = |kind: &str, config: &Value| {
        json!({"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"properties": {"config": config}, "required": ["config"]}})
    };
    let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
    let embedded = tool(&json!({"allOf": [case("a", &text), case("b", &number)]}));
    assert_eq!(embedded.schema["properties"]["config"], json!({"anyOf": [text, number]}));
    assert_eq!(
        embedded.guidance,
        [r#"With `kind` "a": `config` of type string."#, r#"With `kind` "b": `config` of type integer."#,]
    );
}

#[test]
fn keywords_of_the_root_are_said() {
    for (more, words) in [
        (json!({"dependentRequired": {"kind": ["path", "always"]}}), "With `kind`: `path`."),
        (json!({"dependencies": {"kind": ["path"]}}), "With `kind`: `path`."),
        (json!({"minProperties": 3}), "Give at least 3 arguments."),
        (json!({"maxProperties": 2}), "Give at most 2 arguments."),
        (json!({"not": {"required": ["kind", "n"]}}), "Refused with `kind` and `n`."),
        (
            json!({"not": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]}}),
            r#"Refused with `kind` "x"."#,
        ),
        (json!({"const": {"always": "x"}}), r#"Give exactly {"always":"x"}."#),
    ] {
        assert_eq!(said(&more), [words], "{more}");
    }
    assert_eq!(
        said(&json!({"allOf": [{"not": {"required": ["kind"]}}, {"not": {"required": ["n"]}}]})),
        ["Refused with `kind`.", "Refused with `n`."]
    );
    // What holds anyway is not told.
    for more in [
        json!({"minProperties": 1}),
        json!({"maxProperties": 5}),
        json!({"dependentRequired": {"n": ["always"]}}),
    ] {
        assert_eq!(said(&more), [""; 0], "{more}");
    }
}

#[test]
fn what_is_too_long_to_be_told_is_a_warning() {
    let long: Vec<String> = (0..100).map(|number| format!("a long value {number}")).collect();
    let told = [
        "what conditions or alternatives of the arguments ask for is too long to be told whole; calls are checked for it",
    ];
    for more in [
        json!({"if": {"properties": {"kind": {"enum": long}}}, "then": {"required": ["path"]}}),
        json!({"if": {"required": ["kind"]}, "then": {"properties": {"path": {"enum": long}}}}),
        json!({"not": {"properties": {"kind": {"enum": long}}}}),
    ] {
        let embedded = tool(&more);
        assert_eq!(embedded.warnings, told, "{more}");
        assert_eq!(embedded.guidance, [""; 0], "{more}");
    }
}

/// Callers send only what is declared.
#[test]
fn what_a_condition_asks_about_is_declared_however_deep() {
    let asked = json!({"properties": {"x": {"const": 1}}, "required": ["y"]});
    for asked in [
        json!({"not": asked}),
        json!({"anyOf": [asked, {"required": ["kind"]}]}),
        json!({"oneOf": [{"not": {"allOf": [asked]}}, {"required": ["kind"]}]}),
        json!({"dependentRequired": {"x": ["y"]}}),
    ] {
        let properties =
            tool(&json!({"if": asked, "then": {"required": ["path"]}})).schema["properties"].clone();
        for name in ["x", "y"] {
            assert_eq!(properties[name], super::property(json!({})), "{name} of {asked}");
        }
    }
}
