"""Starts every server of servers.json over stdio, reads tools/list to its last page, and writes the tools as they came
into FOLDER/NAME.json. Which servers did not answer is said at the end, and is an error.

usage: list.py --servers SERVERS --npm FOLDER --pypi FOLDER [--node NODE] OUT [NAME...]
"""

import argparse
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).parent
PATIENCE = 60  # seconds for one answer: a cold start of a large server on a slow disk


class Refused(Exception):
    """A server that does not list its tools."""


class Session:
    """An MCP session over the stdio of a process, as far as tools/list needs one."""

    def __init__(self, command, environment, folder):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            encoding="utf-8", env=environment, cwd=folder, start_new_session=True)
        self.lines = queue.Queue()
        self.complaints = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=lambda: self.complaints.extend(self.process.stderr), daemon=True).start()
        self.next = 0

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def send(self, message):
        try:
            self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self.ended() from None

    def ask(self, method, params):
        self.next += 1
        self.send({"id": self.next, "method": method, "params": params})
        while True:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except queue.Empty:
                raise Refused(f"no answer to {method} in {PATIENCE} s") from None
            if line is None:
                raise self.ended()
            try:
                message = json.loads(line)
            except ValueError:
                continue  # some print a banner
            if message.get("id") != self.next or "method" in message:
                continue
            if "error" in message:
                raise Refused(f"{method}: {message['error'].get('message')}")
            return message["result"]

    def ended(self):
        self.process.wait()
        return Refused(f"it ended: {''.join(self.complaints)[-400:].strip() or self.process.returncode}")

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def tools_of(session):
    session.ask("initialize", {"protocolVersion": "2025-06-18", "capabilities": {},
                               "clientInfo": {"name": "traygate-corpus", "version": "1"}})
    session.send({"method": "notifications/initialized"})
    tools, cursor = [], None
    while True:
        page = session.ask("tools/list", {"cursor": cursor} if cursor else {})
        tools += page["tools"]
        cursor = page.get("nextCursor")
        if not cursor:
            return tools


def command_of(server, places, node):
    """The words that start it: a program of its registry's folder, then its arguments."""
    program, *arguments = server["command"]
    if server["registry"] == "npm":
        # The real file, beside its node_modules; its first line would look for another `node`.
        return [node, str((places["npm"] / "node_modules/.bin" / program).resolve()), *arguments]
    return [str(places["pypi"] / "bin" / program), *arguments]


def list_one(server, places, node, out):
    with tempfile.TemporaryDirectory(prefix="traygate-corpus-") as home:
        # No key, token or setting of whoever runs this reaches a server.
        environment = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8"}
        environment.update(server.get("env", {}))
        session = Session(command_of(server, places, node), environment, home)
        try:
            tools = tools_of(session)
        except Refused as reason:
            return f"{server['name']}: {reason}"
        finally:
            session.close()
    if not tools:
        return f"{server['name']}: it lists no tools"
    path = out / f"{server['name']}.json"
    path.write_text(json.dumps(tools, ensure_ascii=False, indent=1))
    print(f"{server['name']}: {len(tools)} tools", flush=True)
    return None


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--npm", type=pathlib.Path, required=True)
    arguments.add_argument("--pypi", type=pathlib.Path, required=True)
    arguments.add_argument("--node", default="node")
    arguments.add_argument("out", type=pathlib.Path)
    arguments.add_argument("names", nargs="*")
    given = arguments.parse_args()
    servers = json.loads((HERE / "servers.json").read_text())
    if given.names:
        servers = [server for server in servers if server["name"] in given.names]
    given.out.mkdir(parents=True, exist_ok=True)
    places = {"npm": given.npm, "pypi": given.pypi}
    with ThreadPoolExecutor(2) as pool:
        failures = list(filter(None, pool.map(lambda one: list_one(one, places, given.node, given.out), servers)))
    for failure in failures:
        print(failure, file=sys.stderr)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
