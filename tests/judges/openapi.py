"""Judges a document as OpenAPI 3.1, by the PyPI validator, by the OpenAPI 3.1 JSON Schema with its dialect (both ship in
packages: no network), and by what Traygate promises beyond: nothing that makes Open WebUI's converter stumble."""

import copy
import functools
import importlib.resources
import json
import re

import jsonschema_rs
from openapi_schema_validator._specifications import REGISTRY
from openapi_spec_validator import OpenAPIV31SpecValidator

# Where a JSON Schema holds schemas: a name to a schema, one schema, a list of them.
NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
SINGLE = ("items", "not", "if", "then", "else", "contains", "propertyNames", "additionalProperties",
          "unevaluatedProperties", "unevaluatedItems", "additionalItems")
LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
# JSON Schema's own form of "no others" and "any others"; no converter looks inside.
BOOLEAN_IS_PLAIN = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems", "additionalItems")
LARGE = 20_000  # characters of JSON
# What providers of models accept as a tool's name.
LEGAL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@functools.cache
def document_schema():
    text = importlib.resources.files("openapi_spec_validator").joinpath("resources/schemas/v3.1/schema.json")
    return jsonschema_rs.Draft202012Validator(json.loads(text.read_text()))


@functools.cache
def dialect():
    """What a schema in an OpenAPI 3.1 document must be."""
    known = jsonschema_rs.Registry([(name, REGISTRY.contents(name)) for name in REGISTRY if "openapis.org" in name])
    base = {"$ref": "https://spec.openapis.org/oas/3.1/dialect/base"}
    return jsonschema_rs.Draft202012Validator(base, registry=known)


def operations(document):
    """(path, operation) of every tool."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "post":
                yield path, operation


def request_schema(operation):
    """The schema of its arguments; `None` without a body."""
    body = operation.get("requestBody", {})
    return body.get("content", {}).get("application/json", {}).get("schema")


def response_schema(operation):
    """The schema of its result; `None` where there is none."""
    success = operation.get("responses", {}).get("200", {})
    return success.get("content", {}).get("application/json", {}).get("schema")


def complaints(document, seen_schemas=None):
    """What is wrong with a document, one sentence each. `seen_schemas` are texts that openapi-spec-validator has seen in
    other documents: it is slow, and is not asked twice."""
    for error in OpenAPIV31SpecValidator(abridged(document, set() if seen_schemas is None else seen_schemas)).iter_errors():
        yield f"openapi-spec-validator: {brief(error.message)} at {'/'.join(map(str, error.absolute_path))}"
    for error in document_schema().iter_errors(document):
        yield f"the OpenAPI 3.1 schema: {brief(error.message)} at {'/'.join(map(str, error.instance_path))}"
    seen = set()
    for path, operation in operations(document):
        name = operation.get("operationId", "")
        if not LEGAL_NAME.fullmatch(name):
            yield f"{path}: the operationId `{name}` is no name that a model's provider accepts"
        if name in seen:
            yield f"{path}: the operationId `{name}` stands twice"
        seen.add(name)
        if not isinstance(operation.get("description"), str) or not operation["description"].strip():
            yield f"{path}: no description"
        for part, schema in (("arguments", request_schema(operation)), ("result", response_schema(operation))):
            if schema is not None:
                yield from (f"{path} {part}: {complaint}" for complaint in schema_complaints(schema, document))


def abridged(document, seen):
    """openapi-spec-validator takes minutes for a schema of a megabyte: those are left to `dialect` alone."""
    spared = copy.deepcopy(document)
    for _, operation in operations(spared):
        for part in (operation.get("requestBody", {}), operation.get("responses", {}).get("200", {})):
            for content in part.get("content", {}).values():
                text = json.dumps(content.get("schema"))
                if len(text) > LARGE or text in seen:
                    content["schema"] = {}
                seen.add(text)
    return spared


def schema_complaints(schema, document):
    for error in dialect().iter_errors(schema):
        yield f"not of the OpenAPI 3.1 dialect: {brief(error.message)} at {'/'.join(map(str, error.instance_path))}"
    for where, keyword, inner in schemas_within(schema):
        if isinstance(inner, bool):
            if keyword not in BOOLEAN_IS_PLAIN:
                yield f"a boolean schema at {where}"
            continue
        if not isinstance(inner, dict):
            continue
        for forbidden in ("$defs", "definitions", "$dynamicRef", "$recursiveRef"):
            if forbidden in inner:
                yield f"`{forbidden}` at {where}"
        if "$ref" in inner:
            yield from reference_complaints(inner["$ref"], where, document)


def reference_complaints(reference, where, document):
    if not isinstance(reference, str) or not reference.startswith("#/components/schemas/"):
        yield f"`$ref: {reference}` at {where} leads nowhere that a converter looks"
    elif reference.removeprefix("#/components/schemas/") not in document["components"]["schemas"]:
        yield f"`$ref: {reference}` at {where} dangles"


def schemas_within(schema, where="", keyword=None):
    """(where, keyword above, schema) of a schema and of all inside, references not followed."""
    yield where or "/", keyword, schema
    if not isinstance(schema, dict):
        return
    for key in NAMED:
        if isinstance(schema.get(key), dict):
            for name, inner in schema[key].items():
                yield from schemas_within(inner, f"{where}/{key}/{name}", key)
    for key in SINGLE:
        if isinstance(schema.get(key), (dict, bool)):
            yield from schemas_within(schema[key], f"{where}/{key}", key)
    for key in (*LISTS, "items"):
        if isinstance(schema.get(key), list):
            for number, inner in enumerate(schema[key]):
                yield from schemas_within(inner, f"{where}/{key}/{number}", key)


def brief(text):
    return text if len(text) < 200 else f"{text[:200]}…"
