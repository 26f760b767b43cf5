"""Makes arguments that are valid for each tool of a corpus, the same in every run: OUT/SERVER.json is {TOOL: [object, ...]}.

usage: instances.py TOOLS-FOLDER OUT-FOLDER"""

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

EXAMPLES = 2  # of each kind of arguments; the first that Hypothesis draws is the smallest
DEEP = 2  # so many levels of properties are all there in the large kind
TURNS = 1  # a schema within itself is unrolled so often
ENOUGH = 2_000  # schemas of one tool; what is referred to behind them is left out
PROCESSES = 2


def pattern(validator, wanted, instance, schema):
    """`pattern` as ECMA-262 has it, where `\\d` and `\\w` are ASCII."""
    if validator.is_type(instance, "string") and not re.search(wanted, instance, re.ASCII):
        yield ValidationError(f"{instance!r} does not match {wanted!r}")


def validator_of(schema):
    """What says whether arguments are valid for a tool's own schema."""
    known = validators.validator_for(schema, default=validators.Draft202012Validator)
    return validators.extend(known, {"pattern": pattern})(schema)


class Unrolling:
    """A schema without references: what stands behind them is written out, and forbidden where it would never end. What
    is valid for it is valid for the original. `deep` levels of properties are made required."""

    def __init__(self, schema, deep):
        self.left = ENOUGH
        root = Resource.from_contents(schema, default_specification=DRAFT202012)
        resolver = Registry().with_resource("urn:judged", root).resolver("urn:judged")
        self.schema = self._of(schema, resolver, (), deep)

    def _of(self, schema, resolver, behind, deep):
        self.left -= 1
        if not isinstance(schema, dict):
            return schema
        if self.left < 0:
            return False
        written = {}
        for keyword, value in schema.items():
            if keyword in ("$ref", "$defs", "definitions", "$id", "id"):
                continue
            if keyword in ("properties", "patternProperties") and isinstance(value, dict):
                value = {name: self._of(inner, resolver, behind, deep - 1) for name, inner in value.items()}
            elif keyword in ("anyOf", "oneOf", "allOf"):
                value = [self._of(inner, resolver, behind, deep) for inner in value]
            elif keyword in ("prefixItems", "items") and isinstance(value, list):
                value = [self._of(inner, resolver, behind, deep) for inner in value]
            elif keyword in ("items", "additionalProperties", "additionalItems", "not", "if", "then", "else", "contains"):
                value = self._of(value, resolver, behind, deep)
            written[keyword] = value
        names = written.get("properties")
        if deep > 0 and isinstance(names, dict):
            written["required"] = sorted({*written.get("required", ()), *(name for name in names if names[name] is not False)})
        if isinstance(schema.get("$ref"), str):
            found = resolver.lookup(schema["$ref"])
            if behind.count(id(found.contents)) > TURNS:
                return False
            target = self._of(found.contents, found.resolver, (*behind, id(found.contents)), deep)
            written = {"allOf": [target, written]} if written else target
        return written


def drawn(schema, check):
    """Some objects that a schema makes and `check` finds valid; `deep` is no promise."""
    found = []

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(from_schema(schema).filter(lambda value: isinstance(value, dict) and check.is_valid(value)))
    def collect(value):
        found.append(value)

    collect()
    return found


def arguments_for(schema):
    """(small, drawn and large objects that are valid, why there are none)."""
    warnings.simplefilter("ignore")
    found, trouble = [], ""
    for deep in (DEEP, 1, 0):
        try:
            made = drawn(Unrolling(schema, deep).schema, validator_of(schema))
        except Exception as error:  # whatever the generator cannot do is no fault of the gateway
            trouble = f"{type(error).__name__}: {error}"
            continue
        found += [one for one in made if one not in found]
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
