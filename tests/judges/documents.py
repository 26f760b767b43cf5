"""Judges every exhibit in a folder; what is wrong is printed, a line each, and is an error.

usage: documents.py FOLDER"""

import functools
import json
import sys
import urllib.parse
from collections import Counter

import exhibits
from comparison import Comparison, fact_text, listed_result, place_text
from openapi import complaints, request_schema, response_schema

SHOWN = 12  # of one kind


def judgement(exhibit, offered, seen):
    yield from complaints(exhibit.document, seen)
    if isinstance(offered, str):
        yield f"Open WebUI's converter raises {offered}"
        return
    for path, tool, operation in exhibit.pairs():
        if exhibit.tools and tool is None and not path.startswith("/demo/"):
            yield f"{path}: no server listed such a tool"
            continue
        schema = request_schema(operation)
        result = offered.get(operation["operationId"])
        if result is None:
            yield f"{path}: Open WebUI offers no such tool"
            continue
        told = f"{operation.get('summary')}\n{operation.get('description')}"
        answer = response_schema(operation)
        components = json.dumps(exhibit.document["components"], sort_keys=True)
        for complaint in losses(*(json.dumps(part) for part in (tool, schema, answer, result["parameters"], told)), components):
            yield f"{path}: {complaint}"
    served = {urllib.parse.unquote(path) for path, _, _ in exhibit.pairs()}
    for path in sorted(exhibit.tools.keys() - served):
        yield f"{path}: the tool is not in the document"


@functools.cache
def losses(*texts):
    """What is lost of one tool; the same tool is in a document of its server and in one of all."""
    tool, schema, answer, parameters, told, components = map(json.loads, texts)
    document = {"components": components}
    # Of the demo there is no list: then nothing of the document may be lost behind it.
    original = tool["inputSchema"] if tool else schema
    judged = [
        ("in the document", Comparison(original, schema, document, told=told)),
        ("behind Open WebUI's converter", Comparison(original, parameters, converted=True, told=told)),
    ]
    if tool and "outputSchema" in tool:
        judged.append(("of the result", Comparison(listed_result(tool), answer, document, result=True)))
    found = []
    for where, comparison in judged:
        found += [f"lost {where}: {fact_text(fact)}" for fact in comparison.lost()]
        found += [f"{'|'.join(told)} {where} instead of {'|'.join(wanted)} at {place_text(place)}"
                  for place, wanted, told in comparison.retyped()]
        found += [f"invented {where}: {fact_text(fact)}" for fact in comparison.invented()]
    return found


def main():
    judged = exhibits.all_in(sys.argv[1])
    if not judged:
        sys.exit("nothing to judge")
    answers = exhibits.converted([exhibit.document for exhibit in judged])
    wrong, seen = Counter(), set()
    for exhibit, offered in zip(judged, answers):
        for line in judgement(exhibit, offered, seen):
            wrong[exhibit.name] += 1
            if wrong[exhibit.name] <= SHOWN:
                print(f"{exhibit.name}: {line}")
    for name, count in wrong.items():
        if count > SHOWN:
            print(f"{name}: and {count - SHOWN} more")
    print(f"{len(judged)} documents judged, {len(wrong)} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
