"""Calls every tool of a corpus through a running gateway before echoing servers: arguments that are valid for the tool's own
schema must arrive as sent, invalid ones must be refused with 422. What is wrong is printed and is an error.

usage: arguments.py BASE TOOLS-FOLDER"""

import http.client
import json
import pathlib
import sys
import urllib.parse
import warnings

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis_jsonschema import from_schema
from jsonschema import validators

from facts import plain

EXAMPLES = 2  # for each tool
# Of no use as a number, a boolean or null, so that no reading of them as one makes them valid.
STRANGERS = ("no such value ~", {"no such key ~": ["~"]}, ["~", {"~": "~"}])

warnings.simplefilter("ignore")


class Gateway:
    """One connection for all calls."""

    def __init__(self, base):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc, timeout=60)

    def call(self, server, tool, arguments):
        path = f"/{server}/{urllib.parse.quote(tool)}"
        self.connection.request("POST", path, json.dumps(arguments), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()


def valid_arguments(schema, check):
    """Some objects that are valid; the same in every run."""
    found = []

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(from_schema(schema).filter(lambda value: isinstance(value, dict) and check.is_valid(value)))
    def collect(value):
        found.append(value)

    collect()
    return found


def invalid_arguments(schema, check, valid):
    """Mutations of a valid object, each proven invalid against the tool's own schema."""
    for name in schema.get("required", []):
        yield {key: value for key, value in valid.items() if key != name}
    for name, inner in schema.get("properties", {}).items():
        for stranger in STRANGERS:
            yield {**valid, name: stranger}
        if isinstance(inner, dict):
            for bound, step in (("minimum", -1), ("maximum", 1)):
                if bound in inner:
                    yield {**valid, name: inner[bound] + step}


def main():
    base, folder = sys.argv[1:]
    gateway = Gateway(base)
    count = {"tools": 0, "valid": 0, "invalid": 0}
    without, wrong = [], 0

    def complain(line):
        nonlocal wrong
        wrong += 1
        print(line, flush=True)

    for file in sorted(pathlib.Path(folder).glob("*.json")):
        for tool in json.loads(file.read_text()):
            count["tools"] += 1
            schema, name = tool["inputSchema"], f"{file.stem}/{tool['name']}"
            check = validators.validator_for(schema, default=validators.Draft202012Validator)(schema)
            try:
                examples = valid_arguments(schema, check)
            except Exception as error:  # what the generator cannot do is no fault of the gateway
                without.append(f"{name} ({type(error).__name__})")
                continue
            for arguments in examples:
                count["valid"] += 1
                status, body = gateway.call(file.stem, tool["name"], arguments)
                if status != 200:
                    complain(f"{name}: valid, refused with {status}: {json.dumps(arguments)[:200]}: {body[:200]}")
                elif plain(json.loads(body)) != plain(arguments):
                    complain(f"{name}: sent {json.dumps(arguments)[:200]}, arrived {body[:200]}")
            for arguments in invalid_arguments(schema, check, examples[0]) if examples else ():
                if check.is_valid(arguments):
                    continue
                count["invalid"] += 1
                status, body = gateway.call(file.stem, tool["name"], arguments)
                if status != 422:
                    complain(f"{name}: invalid, answered with {status}: {json.dumps(arguments)[:200]}: {body[:200]}")
    print(json.dumps({**count, "not generated": len(without)}))
    for line in without:
        print(f"the generator has no arguments for {line}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
