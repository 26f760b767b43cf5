//! What the check adds to a call: a tool with ten properties, arguments that fit, and arguments with two texts to read.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use rmcp::model::JsonObject;
use serde_json::{Value, json};
use traygate_translation::ArgumentCheck;

fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

fn check(criterion: &mut Criterion) {
    let schema = object(json!({
        "type": "object",
        "required": ["query", "repository"],
        "additionalProperties": false,
        "properties": {
            "query": { "type": "string", "minLength": 1, "maxLength": 500 },
            "repository": { "type": "string", "pattern": "^[a-z0-9-]+/[a-z0-9_.-]+$" },
            "state": { "enum": ["open", "closed", "all"], "default": "open" },
            "limit": { "type": "integer", "minimum": 1, "maximum": 100 },
            "since": { "anyOf": [{ "type": "string", "format": "date-time" }, { "type": "null" }] },
            "labels": { "type": "array", "items": { "type": "string" }, "maxItems": 20 },
            "draft": { "type": "boolean" },
            "score": { "type": "number", "exclusiveMinimum": 0 },
            "sort": { "type": "object", "required": ["by"], "properties": {
                "by": { "enum": ["created", "updated"] }, "descending": { "type": "boolean" } } },
            "cursor": { "type": ["string", "null"] },
        },
    }));
    let (check, warnings) = ArgumentCheck::compile(&schema);
    assert!(warnings.is_empty(), "{warnings:?}");
    let fitting = object(json!({
        "query": "is the gateway open", "repository": "someone/some-project", "state": "all", "limit": 50,
        "since": null, "labels": ["bug", "help wanted"], "draft": false, "score": 0.5,
        "sort": { "by": "updated", "descending": true }, "cursor": "abc",
    }));
    let mut texts = fitting.clone();
    texts.insert("limit".into(), json!("50"));
    texts.insert("draft".into(), json!("false"));
    for (name, arguments) in [("fitting", fitting), ("two texts to read", texts)] {
        criterion.bench_function(&format!("ten properties, {name}"), |bencher| {
            bencher.iter_batched(
                || arguments.clone(),
                |arguments| black_box(check.check(arguments)),
                BatchSize::SmallInput,
            );
        });
    }
}

criterion_group!(benches, check);
criterion_main!(benches);
