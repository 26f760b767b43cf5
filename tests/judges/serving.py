"""Starts what turns a corpus of tools into documents: Traygate and mcpo, each before `fake-mcp`, which lists a server's
tools as they stand in a file."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

PATIENCE = 60  # seconds


class NotServed(Exception):
    """Why there is no document, or none of all tools."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command, home):
    """A process in a home of its own, ended afterwards."""
    environment = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "XDG_RUNTIME_DIR": home, "LANG": "C.UTF-8"}
    with open(f"{home}/log", "w") as log:
        process = subprocess.Popen(command, env=environment, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def document(process, url, complete):
    """The document at a URL as soon as it is `complete`; asks until then."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise NotServed("it ended at the start")
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
                found = json.load(answer)
            if complete(found):
                return found
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.2)
    raise NotServed("the document stays without some of the tools")


def of_traygate(traygate, fake_mcp, files):
    """name -> document, of one gateway before all servers; `files` is name -> file of tools."""
    with tempfile.TemporaryDirectory(prefix="traygate-fidelity-") as home:
        entries = {name: {"command": str(fake_mcp), "args": ["--tools-file", str(file)]} for name, file in files.items()}
        with open(f"{home}/config.json", "w") as config:
            json.dump({"mcpServers": entries}, config)
        port = free_port()
        with running([traygate, "--port", str(port), "--config", f"{home}/config.json"], home) as process:
            base = f"http://127.0.0.1:{port}"
            return {name: document(process, f"{base}/{name}/openapi.json", lambda _: True) for name in files}


def of_mcpo(mcpo, fake_mcp, files):
    """name -> document or `NotServed`, each of an mcpo of its own: one tool that it cannot take stops all of it."""
    def serve(item):
        name, file = item
        count = len({tool["name"] for tool in json.loads(file.read_text())})
        with tempfile.TemporaryDirectory(prefix="traygate-fidelity-") as home:
            port = free_port()
            command = [mcpo, "--host", "127.0.0.1", "--port", str(port), "--", fake_mcp, "--tools-file", file]
            with running(list(map(str, command)), home) as process:
                try:
                    return name, document(process, f"http://127.0.0.1:{port}/openapi.json",
                                          lambda found: len(found["paths"]) == count)
                except NotServed as reason:
                    return name, reason

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(serve, files.items()))
