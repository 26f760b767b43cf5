//! How long a server's list of tools takes to become documents. It must stay under 100 ms for 1,000 tools.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Map, Value, json};
use traygate_translation::{of_arguments, of_result};

#[path = "../src/schema/tests/exploding.rs"]
mod exploding;

/// The shapes that servers in Python, TypeScript and Rust send, in turn.
fn tool(at: usize) -> Map<String, Value> {
    let schema = match at % 4 {
        0 => json!({
            "type": "object", "title": "searchArguments", "required": ["query"],
            "properties": {
                "query": {"type": "string", "title": "Query", "description": format!("What to look for, {at}")},
                "limit": {"type": "integer", "title": "Limit", "default": 20, "minimum": 1, "maximum": 100},
                "since": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}], "default": null, "title": "Since"},
                "sort": {"$ref": "#/$defs/Sort", "default": "asc"},
                "tags": {"type": "array", "items": {"type": "string"}, "title": "Tags"},
                "filter": {"anyOf": [{"$ref": "#/$defs/Filter"}, {"type": "null"}], "default": null, "description": "Narrows it"},
            },
            "$defs": {
                "Sort": {"enum": ["asc", "desc"], "title": "Sort", "type": "string"},
                "Filter": {"type": "object", "title": "Filter", "description": "A filter", "required": ["field"], "properties": {
                    "field": {"type": "string"}, "value": {"title": "Value"},
                    "and": {"type": "array", "items": {"$ref": "#/$defs/Filter"}},
                }},
            },
        }),
        1 => json!({
            "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false,
            "required": ["owner", "repo", "title"],
            "properties": {
                "owner": {"type": "string", "description": "Whose repository it is"},
                "repo": {"type": "string", "description": "Its name", "pattern": "^[A-Za-z0-9_.-]+$"},
                "title": {"type": "string", "description": format!("Title {at}"), "minLength": 1, "maxLength": 256},
                "body": {"type": "string", "description": "In Markdown"},
                "labels": {"type": "array", "items": {"type": "string"}, "maxItems": 100},
                "state": {"type": "string", "enum": ["open", "closed"], "default": "open"},
                "milestone": {"type": ["integer", "null"]},
                "assignees": {"type": "array", "items": {"type": "object", "properties": {"login": {"type": "string"}}}},
                "files": {"type": "array", "items": {"type": "object", "required": ["path"], "properties": {
                    "path": {"type": "string"}, "content": {"type": "string"},
                }}},
                "dry_run": {"type": "boolean", "default": false},
            },
        }),
        2 => json!({
            "type": "object",
            "properties": {
                "target": {"oneOf": [
                    {"type": "object", "properties": {"kind": {"const": "id"}, "id": {"type": "integer"}}, "required": ["kind", "id"]},
                    {"type": "object", "properties": {"kind": {"const": "name"}, "name": {"type": "string"}}, "required": ["kind", "name"]},
                ]},
                "options": {"allOf": [{"$ref": "#/definitions/Base"}, {"properties": {"verbose": {"type": "boolean"}}}]},
                "payload": true,
                "size": {"type": "array", "items": [{"type": "number"}, {"type": "number"}]},
                "extra": {"type": "object", "additionalProperties": {"$ref": "#/definitions/Base"}},
            },
            "definitions": {"Base": {"type": "object", "properties": {
                "timeout": {"type": "integer", "format": "uint32", "minimum": 0}, "retry": {"type": "boolean", "default": true},
            }}},
        }),
        _ => {
            json!({"type": "object", "properties": {"path": {"type": "string", "description": format!("File {at}")}}, "required": ["path"]})
        }
    };
    let Value::Object(schema) = schema else { unreachable!("it is written as one") };
    schema
}

fn thousand_tools(c: &mut Criterion) {
    let tools: Vec<_> = (0..1000).map(tool).collect();
    c.bench_function("1000 tools", |bencher| {
        bencher.iter(|| {
            tools.iter().map(|tool| of_arguments(black_box(tool)).schema.to_string().len()).sum::<usize>()
        });
    });
    c.bench_function("1000 results", |bencher| {
        bencher.iter(|| {
            tools.iter().map(|tool| of_result(black_box(tool)).schema.to_string().len()).sum::<usize>()
        });
    });
}

/// What a server costs whose tools say what they take and what they answer.
fn thousand_tools_with_results(c: &mut Criterion) {
    let tools: Vec<_> = (0..1000).map(|at| (tool(at), tool(at + 1))).collect();
    c.bench_function("1000 tools with results", |bencher| {
        bencher.iter(|| {
            let length = |(arguments, result)| {
                let (arguments, result) = (of_arguments(black_box(arguments)), of_result(black_box(result)));
                arguments.schema.to_string().len() + result.schema.to_string().len()
            };
            tools.iter().map(|(arguments, result)| length((arguments, result))).sum::<usize>()
        });
    });
}

/// The most that the bounds allow.
fn worst_tool(c: &mut Criterion) {
    let Value::Object(schema) = exploding::exploding() else { return };
    c.bench_function("a tool that explodes", |bencher| bencher.iter(|| of_arguments(black_box(&schema))));
}

criterion_group!(benches, thousand_tools, thousand_tools_with_results, worst_tool);
criterion_main!(benches);
