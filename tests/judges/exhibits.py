"""What is judged: a document beside the tools that its servers listed.

An exhibit is a JSON file {"document": ..., "servers": {NAME: [tool, ...]}}; a server's own document has one server, whose
name is ""."""

import json
import os
import pathlib
import subprocess
import urllib.parse

from openapi import operations

HERE = pathlib.Path(__file__).parent


def is_offered(tool):
    """A tool that runs only as a task cannot be called: no document shows it."""
    return tool.get("execution", {}).get("taskSupport") != "required"


class Exhibit:
    def __init__(self, path):
        content = json.loads(path.read_text())
        self.name = path.stem
        self.document = content["document"]
        self.tools = {}
        for server, tools in content["servers"].items():
            for tool in tools:
                # The first of a name wins.
                if is_offered(tool):
                    self.tools.setdefault(f"/{server}/{tool['name']}" if server else f"/{tool['name']}", tool)

    def pairs(self):
        """(path, tool, operation) of every operation; `tool` is `None` where the server's own list is not known."""
        for path, operation in operations(self.document):
            yield path, self.tools.get(urllib.parse.unquote(path)), operation


def all_in(folder):
    return [Exhibit(path) for path in sorted(pathlib.Path(folder).glob("*.json"))]


def converted(documents):
    """What Open WebUI's converter makes of each document: operationId -> the tool that a model is offered; or the text of
    its exception."""
    program = pathlib.Path(os.environ["TRAYGATE_TEST_OPEN_WEBUI"]) / "bin/python"
    done = subprocess.run([program, HERE / "converter.py"], input=json.dumps(documents), text=True,
                          stdout=subprocess.PIPE, check=True)
    return [answer if isinstance(answer, str) else {tool["name"]: tool for tool in answer}
            for answer in json.loads(done.stdout)]
