"""Judges every exhibit in a folder; what is wrong is printed, a line each, and is an error.

usage: documents.py FOLDER"""

import sys
import urllib.parse
from collections import Counter

import exhibits
from comparison import Comparison, fact_text, listed_result, place_text
from openapi import complaints, request_schema, response_schema

SHOWN = 12  # of one kind


def judgement(exhibit, offered):
    yield from complaints(exhibit.document)
    if isinstance(offered, str):
        yield f"Open WebUI's converter raises {offered}"
        return
    for path, tool, operation in exhibit.pairs():
        if exhibit.tools and tool is None:
            yield f"{path}: no server listed such a tool"
            continue
        schema = request_schema(operation)
        # Of the demo there is no list: then nothing of the document may be lost behind it.
        original = tool["inputSchema"] if tool else schema
        result = offered.get(operation["operationId"])
        if result is None:
            yield f"{path}: Open WebUI offers no such tool"
            continue
        told = f"{operation.get('summary')}\n{operation.get('description')}"
        judged = [
            ("in the document", Comparison(original, schema, exhibit.document, told=told)),
            ("behind Open WebUI's converter", Comparison(original, result["parameters"], converted=True, told=told)),
        ]
        if tool and "outputSchema" in tool:
            judged.append(("of the result", Comparison(listed_result(tool), response_schema(operation), exhibit.document)))
        for where, comparison in judged:
            for fact in comparison.lost():
                yield f"{path}: lost {where}: {fact_text(fact)}"
            for place, wanted, found in comparison.retyped():
                yield f"{path}: {'|'.join(found)} {where} instead of {'|'.join(wanted)} at {place_text(place)}"
            for fact in comparison.invented():
                yield f"{path}: invented {where}: {fact_text(fact)}"
    served = {urllib.parse.unquote(path) for path, _, _ in exhibit.pairs()}
    for path in sorted(exhibit.tools.keys() - served):
        yield f"{path}: the tool is not in the document"


def main():
    judged = exhibits.all_in(sys.argv[1])
    if not judged:
        sys.exit("nothing to judge")
    answers = exhibits.converted([exhibit.document for exhibit in judged])
    wrong = Counter()
    for exhibit, offered in zip(judged, answers):
        for line in judgement(exhibit, offered):
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
