"""Makes arguments that are valid for each tool of a corpus, the same in every run: OUT/SERVER.json is {TOOL: [object, ...]}.

usage: instances.py TOOLS-FOLDER OUT-FOLDER"""

import itertools
import json
import multiprocessing
import pathlib
import re
import sys
import warnings

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis_jsonschema import from_schema
from jsonschema import ValidationError, validators
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

EXAMPLES = 2  # that Hypothesis draws; the first is the smallest
WORDS = ("some text", "a", "ab", "word-1", "W-1", "12", "2026-11-23", "2026-11-23T10:00:00Z", "https://example.org/a", "a@example.org",
         "0" * 32, "00000000-0000-4000-8000-000000000000", "#aabbcc", "/a", "A1", "A1:B2", "a" * 64)
TURNS = 1  # a schema within itself is unrolled so often
ENOUGH = 2_000  # schemas of one tool; what is referred to behind them is left out
PROCESSES = 2
# What asks for some of an object's properties with others.
ASKING = ("if", "not", "dependentRequired", "dependentSchemas", "dependencies", "minProperties", "maxProperties", "anyOf", "oneOf")
CHOICES = 10  # names of one object that are tried together


def pattern(validator, wanted, instance, schema):
    """`pattern` as ECMA-262 has it, where `\\d` and `\\w` are ASCII."""
    if validator.is_type(instance, "string") and not re.search(wanted, instance, re.ASCII):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")


def with_nulls(schema):
    """A schema in which OpenAPI 3.0's `nullable` says what it means, in the words of JSON Schema."""
    if isinstance(schema, list):
        return [with_nulls(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    said = {keyword: with_nulls(value) for keyword, value in schema.items()}
    if said.get("nullable") is True:
        if isinstance(said.get("type"), str):
            said["type"] = [said["type"], "null"]
        if isinstance(said.get("enum"), list):
            said["enum"] = [*said["enum"], None]
    return said


def validator_of(schema):
    """What says whether arguments are valid for a tool's own schema."""
    schema = with_nulls(schema)
    known = validators.validator_for(schema, default=validators.Draft202012Validator)
    return validators.extend(known, {"pattern": pattern})(schema)


class Unrolling:
    """A schema without references: what stands behind them is written out, and forbidden where it would never end. What
    is valid for it is valid for the original."""

    def __init__(self, schema):
        self.left = ENOUGH
        root = Resource.from_contents(schema, default_specification=DRAFT202012)
        resolver = Registry().with_resource("urn:judged", root).resolver("urn:judged")
        self.schema = self._of(schema, resolver, ())

    def _of(self, schema, resolver, behind):
        self.left -= 1
        if not isinstance(schema, dict):
            return schema
        if self.left < 0:
            return False
        written = {}
        for keyword, value in schema.items():
            if keyword in ("$ref", "$defs", "definitions", "$id", "id", "$anchor"):
                continue
            if keyword in ("properties", "patternProperties", "dependentSchemas", "dependencies") and isinstance(value, dict):
                value = {name: self._of(inner, resolver, behind) if isinstance(inner, (dict, bool)) else inner
                         for name, inner in value.items()}
            elif keyword in ("anyOf", "oneOf", "allOf"):
                value = [self._of(inner, resolver, behind) for inner in value]
            elif keyword in ("prefixItems", "items") and isinstance(value, list):
                value = [self._of(inner, resolver, behind) for inner in value]
            elif keyword in ("items", "additionalProperties", "additionalItems", "not", "if", "then", "else", "contains", "propertyNames",
                             "unevaluatedProperties", "unevaluatedItems"):
                value = self._of(value, resolver, behind)
            written[keyword] = value
        if isinstance(schema.get("$ref"), str):
            found = resolver.lookup(schema["$ref"])
            if behind.count(id(found.contents)) > TURNS:
                return False
            target = self._of(found.contents, found.resolver, (*behind, id(found.contents)))
            written = {"allOf": [target, written]} if written else target
        return written


def drawn(schema, check):
    """Some objects that a schema makes and `check` finds valid."""
    found = []

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(from_schema(schema).filter(lambda value: isinstance(value, dict) and check.is_valid(value)))
    def collect(value):
        found.append(value)

    collect()
    return found


def filled(schema):
    """Some value with all that a schema without references names, or `None`; whether it is valid is not promised."""
    if not isinstance(schema, dict):
        return "anything" if schema else None
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return next((value for value in reversed(schema["enum"]) if value is not None), None)
    for keyword in ("anyOf", "oneOf"):
        for branch in schema.get(keyword, ()):
            if (value := filled(branch)) is not None:
                return value
    kind = schema.get("type", "object" if "properties" in schema else "")
    kind = next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind
    if kind == "object" or "allOf" in schema:
        return filled_object(schema)
    if kind == "array":
        first = [filled(inner) for inner in schema.get("prefixItems", ())]
        if first:
            return first
        least = max(1, schema.get("minItems", 1), schema.get("minContains", 1))
        wanted = schema.get("contains", schema.get("items", True))
        item = filled(wanted)
        if schema.get("uniqueItems") and least > 1:
            return distinct(wanted, least)
        return [item] * least if item is not None else []
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", min(1, schema.get("maximum", 1)) - 1) + 1)
        if low >= schema.get("exclusiveMaximum", low + 1):
            low = schema["exclusiveMaximum"] - 1
        step = schema.get("multipleOf", 1)
        return -(-low // step) * step if "multipleOf" in schema else low
    if kind == "boolean":
        return True
    # Without words on types, a text will do.
    fitting = (word for word in WORDS if schema.get("minLength", 0) <= len(word) <= schema.get("maxLength", 99)
               and re.search(schema.get("pattern", ""), word, re.ASCII))
    return next(fitting, None) if kind != "null" else None


def distinct(schema, count):
    """So many values, each another one."""
    check, found = validator_of(schema), []
    for value in (filled(schema), *schema.get("enum", ()), *WORDS, *range(-20, 20), True, None) if isinstance(schema, dict) else WORDS:
        if check.is_valid(value) and len(found) < count and not any(value == other for other in found):
            found.append(value)
    return found


def filled_object(schema):
    parts = [filled(part) for part in schema.get("allOf", ())]
    whole = {name: inner for part in parts if isinstance(part, dict) for name, inner in part.items()}
    for name, inner in schema.get("properties", {}).items():
        if (value := filled(inner)) is not None:
            whole[name] = value
    if not whole and isinstance(schema.get("additionalProperties"), dict):
        whole["word"] = filled(schema["additionalProperties"])
    if not whole and parts:
        return next((part for part in parts if part is not None), None)
    if any(keyword in schema for keyword in ASKING) and not validator_of(schema).is_valid(whole):
        return put_together(schema)
    return whole


def named(schema):
    """(name, a value of it) of all that a schema without references names, in its conditions and branches too."""
    if isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            if (value := filled(inner)) is not None:
                yield name, value
        yield from ((name, "anything") for name in schema.get("required", ()))
        for keyword in ("if", "then", "else", "not"):
            yield from named(schema.get(keyword))
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in schema.get(keyword, ()):
                yield from named(part)
        for keyword in ("dependentSchemas", "dependencies"):
            for part in schema.get(keyword, {}).values():
                yield from named(part)


def put_together(schema):
    """The smallest valid choice of what a schema names; whatever, where there is none."""
    known = {}
    for name, value in named(schema):
        if len(known) < CHOICES:
            known.setdefault(name, value)
    check = validator_of(schema)
    for size in range(len(known) + 1):
        for some in itertools.combinations(known.items(), size):
            if check.is_valid(dict(some)):
                return dict(some)
    return known


def first_valid(schema, check):
    return next((value for value in (filled(schema), put_together(schema)) if check.is_valid(value)), {})


def enlarged(small, schema, check):
    """Valid arguments with more properties, as many as go together."""
    for name, value in (filled(schema) or {}).items():
        if check.is_valid(larger := {**small, name: value}):
            small = larger
    return small


def arguments_for(schema):
    """(small, drawn and large objects that are valid, why there are none)."""
    warnings.simplefilter("ignore")
    check, found, trouble = validator_of(schema), [], ""
    try:
        flat = Unrolling(with_nulls(schema)).schema
        found = drawn(flat, check)
    except Exception as error:  # whatever the generator cannot do is no fault of the gateway
        trouble = f"{type(error).__name__}: {error}"
    try:
        large = enlarged(found[0] if found else first_valid(flat, check), flat, check)
        if large not in found and check.is_valid(large):
            found.append(large)
    except Exception as error:
        trouble = trouble or f"{type(error).__name__}: {error}"
    return found, trouble


def of_tool(item):
    server, tool = item
    found, trouble = arguments_for(tool["inputSchema"])
    return server, tool["name"], found, trouble


def main():
    tools, out = map(pathlib.Path, sys.argv[1:])
    items = [(file.stem, tool) for file in sorted(tools.glob("*.json")) for tool in json.loads(file.read_text())]
    out.mkdir(parents=True, exist_ok=True)
    made, without = {}, 0
    with multiprocessing.Pool(PROCESSES) as pool:
        for server, tool, found, trouble in pool.imap(of_tool, items, chunksize=8):
            made.setdefault(server, {}).setdefault(tool, found)
            if not found:
                without += 1
                print(f"no arguments for {server}/{tool}: {trouble[:200]}")
    for server, of_server in made.items():
        (out / f"{server}.json").write_text(json.dumps(of_server))
    print(f"arguments for {len(items) - without} of {len(items)} tools")


if __name__ == "__main__":
    main()
