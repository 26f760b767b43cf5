"""Calls every tool of a corpus through a running gateway before echoing servers. Arguments that are valid for the tool's own
schema must arrive digit by digit; invalid ones must be answered with 422 and never arrive. A null that is refused and can be
left out is left out. What is wrong is printed and is an error.

usage: arguments.py BASE TOOLS-FOLDER INSTANCES-FOLDER RECORDS-FOLDER"""

import decimal
import http.client
import itertools
import json
import multiprocessing
import pathlib
import random
import sys
import urllib.parse
from collections import Counter

from exhibits import is_offered
from instances import PROCESSES, validator_of

FEW = 8  # tools without arguments, where there are not many
MUTATIONS = 16  # for each tool, of those that are invalid
# Of no use as a number, a boolean or null, so that no reading of them as one makes them valid.
STRANGERS = ("no such value ~", {"no such key ~": ["~"]}, ["~", {"~": "~"}])
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
# More digits than a double or a 64-bit integer holds. The text stands for one in JSON until it is sent.
LONG_INTEGER = 12345678901234567890123
LONG_FRACTION, MARK = "0.1000000000000000055511151231257827", "@a long fraction@"


class Gateway:
    """One connection for all calls."""

    def __init__(self, base):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc, timeout=60)

    def call(self, server, tool, text):
        path = f"/{server}/{urllib.parse.quote(tool, safe='')}"
        self.connection.request("POST", path, text.encode(), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()


def exact(text):
    """JSON text, the same for the same values with the same digits: 1 and 1.0 differ, keys have no order."""
    def number(digits):
        return {"a number": str(decimal.Decimal(digits))}

    return json.dumps(json.loads(text, parse_int=number, parse_float=number), sort_keys=True)


def places(value, here=()):
    """(path, value) of a value and of all inside."""
    yield here, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*here, key))


def replaced(value, place, new):
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replaced(value[place[0]], place[1:], new)
    return copy


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def with_long_numbers(arguments, check):
    """JSON text of the same arguments with long numbers where the schema takes them."""
    shown = arguments
    for place, value in list(places(arguments)):
        if is_number(value):
            for long, mark in ((0.1, MARK), (LONG_INTEGER, LONG_INTEGER)):
                if check.is_valid(candidate := replaced(arguments, place, long)):
                    arguments, shown = candidate, replaced(shown, place, mark)
                    break
    return json.dumps(shown).replace(json.dumps(MARK), LONG_FRACTION)


def bounds_in(schema):
    """The numbers that it sets as bounds, and those next to them."""
    for _, inner in places(schema):
        if isinstance(inner, dict):
            for keyword in BOUNDS:
                if is_number(bound := inner.get(keyword)):
                    yield from (bound - 1, bound, bound + 1)


def mutations(arguments, bounds):
    """The same arguments with one place changed, at any depth; whether they are still valid is for the schema to say."""
    for place, value in places(arguments):
        if isinstance(value, dict):
            for name in value:
                yield replaced(arguments, place, {key: inner for key, inner in value.items() if key != name})
            yield replaced(arguments, place, {**value, "no such key ~": "~"})
        elif isinstance(value, list):
            yield replaced(arguments, place, [])
            yield replaced(arguments, place, (value or ["~"]) * 300)
        elif isinstance(value, str):
            yield replaced(arguments, place, "")
            yield replaced(arguments, place, "~ " * 5_000)
        elif is_number(value):
            for number in (*bounds, 10**30, -(10**30), 0.5):
                yield replaced(arguments, place, number)
        if place and isinstance(place[-1], int):
            yield replaced(arguments, place, None)  # of properties: `with_refused_nulls`
        if place:
            for stranger in STRANGERS:
                yield replaced(arguments, place, stranger)


def with_refused_nulls(arguments, check):
    """(arguments with one property set to null, which the schema refuses, and the same without it, or `None` where that
    is refused too), at any depth."""
    members = ((place, value, name) for place, value in places(arguments) if isinstance(value, dict) for name in value)
    for place, value, name in itertools.islice(members, 8 * MUTATIONS):
        given = replaced(arguments, (*place, name), None)
        if not check.is_valid(given):
            without = replaced(arguments, place, {key: inner for key, inner in value.items() if key != name})
            yield given, without if check.is_valid(without) else None


def invalid(examples, schema, check, seed):
    """Some mutations, each proven invalid against the tool's own schema; the same in every run."""
    bounds = sorted(set(bounds_in(schema)))
    all_of_them = [one for arguments in examples for one in mutations(arguments, bounds)]
    random.Random(seed).shuffle(all_of_them)
    found = []
    for arguments in all_of_them[:8 * MUTATIONS]:
        text = json.dumps(arguments)
        if text not in found and not check.is_valid(arguments):
            found.append(text)
            if len(found) == MUTATIONS:
                break
    return found


def prepare(address):
    global gateway
    gateway = Gateway(address)


def judge(item):
    """(server, what was called, what is wrong, texts that must have arrived, numbers of invalid ones and of refused nulls)."""
    server, tool, examples = item
    schema, name = tool["inputSchema"], f"{server}/{tool['name']}"
    check = validator_of(schema)
    wrong, sent = [], []
    texts = [json.dumps(arguments) for arguments in examples]
    texts += [long for arguments in examples if (long := with_long_numbers(arguments, check)) not in texts]
    for text in texts:
        status, body = gateway.call(server, tool["name"], text)
        if status != 200:
            wrong.append(f"{name}: valid, refused with {status}: {text[:200]}: {body[:300]}")
            continue
        sent.append(exact(text))
        if exact(body) != sent[-1]:
            wrong.append(f"{name}: sent {text[:200]}, the echo is {body[:200]}")
    nulls = (pair for arguments in examples for pair in with_refused_nulls(arguments, check))
    nulls = list(itertools.islice(nulls, MUTATIONS))
    for given, without in nulls:
        text = json.dumps(given)
        status, body = gateway.call(server, tool["name"], text)
        if without is None:
            if status != 422:
                wrong.append(f"{name}: a null that must be there, answered with {status}: {text[:200]}: {body[:200]}")
        elif status != 200:
            wrong.append(f"{name}: a null that can be left out, refused with {status}: {text[:200]}: {body[:300]}")
        else:
            sent.append(exact(json.dumps(without)))
            if exact(body) != sent[-1]:
                wrong.append(f"{name}: sent {text[:200]} to be without its null, the echo is {body[:200]}")
    refused = invalid(examples, schema, check, name)
    for text in refused:
        status, body = gateway.call(server, tool["name"], text)
        if status != 422:
            wrong.append(f"{name}: invalid, answered with {status}: {text[:200]}: {body[:200]}")
    return server, tool["name"], wrong, sent, len(refused), len(nulls)


def arrived(records):
    """How often each (server, tool, arguments) reached a server, as the servers themselves recorded."""
    calls = Counter()
    for file in records.glob("*.jsonl"):
        for line in file.read_text().split("\n")[:-1]:  # not at other marks that end lines
            if json.loads(line)["event"] == "call":
                # Nothing but the numbers' own text says how they arrived.
                data = json.loads(exact(line))["data"]
                calls[file.stem, data["tool"], json.dumps(data["arguments"], sort_keys=True)] += 1
    return calls


def main():
    base = sys.argv[1]
    tools, instances, records = map(pathlib.Path, sys.argv[2:])
    items, without = [], []
    for file in sorted(tools.glob("*.json")):
        made = json.loads((instances / file.name).read_text())
        for tool in {tool["name"]: tool for tool in reversed(json.loads(file.read_text()))}.values():
            if not is_offered(tool):
                continue
            examples = made.get(tool["name"])
            items.append((file.stem, tool, examples or []))
            if not examples:
                without.append(f"{file.stem}/{tool['name']}")
    count, wanted, wrong = Counter(tools=len(items)), Counter(), []
    with multiprocessing.Pool(PROCESSES, prepare, [base]) as pool:
        for server, tool, complaints, sent, refused, nulls in pool.imap(judge, items, chunksize=4):
            wrong += complaints
            wanted.update((server, tool, text) for text in sent)
            count.update(valid=len(sent), invalid=refused, nulls=nulls, unmutated=int(not refused))
    came = arrived(records)
    wrong += (f"{'/'.join(key[:2])}: answered and never arrived: {key[2][:200]}" for key in wanted - came)
    wrong += (f"{'/'.join(key[:2])}: reached the server, unasked or changed: {key[2][:200]}" for key in came - wanted)
    print("\n".join(wrong))
    print(json.dumps({**count, "arrived": came.total(), "not generated": len(without)}))
    for name in without:
        print(f"no arguments were generated for {name}")
    vacuous = not items or len(without) > max(len(items) // 50, FEW) or count["invalid"] < count["tools"]
    if vacuous:
        print("too little was judged")
    sys.exit(bool(wrong or vacuous))


if __name__ == "__main__":
    main()
