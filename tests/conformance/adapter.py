"""What the conformance suite drives as "the client": Traygate with one server, called through its OpenAPI face.

    adapter.py TRAYGATE URL     what the suite runs, with MCP_CONFORMANCE_* in the environment
    adapter.py --browse URL     the browser of that Traygate: follows redirects, shows nothing

Ends with 0 where the server's tools were listed and every call was answered.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

# The suite gives 30 s, and ends only its shell.
WHOLE = 25
UNTIL_READY = 15
CLIENT_METADATA = "https://conformance-test.local/client-metadata.json"


def main():
    if sys.argv[1] == "--browse":
        return browse(sys.argv[2])
    traygate, url = sys.argv[1], sys.argv[-1]
    home = tempfile.mkdtemp(prefix="traygate-conformance-")
    gateway = None
    signal.signal(signal.SIGALRM, lambda *_: sys.exit("adapter: out of time"))
    signal.alarm(WHOLE)
    try:
        gateway = Gateway(traygate, home, url)
        return 0 if converse(gateway) else 1
    finally:
        signal.alarm(0)
        if gateway:
            gateway.stop()
        shutil.rmtree(home, ignore_errors=True)


def browse(url):
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10).read()
    except (OSError, urllib.error.URLError) as error:
        print(f"adapter: the page answers {error}", file=sys.stderr)
    return 0


def converse(gateway):
    document = gateway.document()
    if document is None:
        return False
    if os.environ.get("MCP_CONFORMANCE_SCENARIO") == "json-schema-ref-no-deref":
        return True  # its server lists tools, and knows no call
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
    calls = [(call["name"], call.get("arguments") or {}) for call in context.get("toolCalls", [])]
    if not calls:
        calls = [(path.strip("/"), arguments(operation["post"])) for path, operation in document["paths"].items()]
    # After the first call the resource trusts another authorization server.
    rounds = 2 if os.environ.get("MCP_CONFORMANCE_SCENARIO") == "auth/authorization-server-migration" else 1
    return all([gateway.call(tool, given) for _ in range(rounds) for tool, given in calls])


def arguments(operation):
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    properties = schema.get("properties", {})
    return {name: value(properties.get(name, {})) for name in schema.get("required", [])}


def value(schema):
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: value(schema["properties"].get(name, {})) for name in schema.get("required", [])}
    return {"number": 1, "integer": 1, "boolean": True, "array": [], "null": None}.get(kind, "test")


class Gateway:
    def __init__(self, traygate, home, url):
        self.home = home
        environment = {name: os.environ[name] for name in ("PATH", "RUST_LOG") if name in os.environ}
        for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR"):
            environment[f"XDG_{name}"] = os.path.join(home, name)
            os.mkdir(environment[f"XDG_{name}"], 0o700)
        self.announcements = os.path.join(home, "RUNTIME_DIR", "traygate")
        environment |= {
            "HOME": home,
            "BROWSER": f"{sys.executable} {os.path.abspath(__file__)} --browse %s",
            "TRAYGATE_SIGN_IN": "auto",
            "TRAYGATE_TOKEN_STORAGE": "memory",
        }
        context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
        oauth = {"client_metadata_url": CLIENT_METADATA}
        oauth |= {name: context[name] for name in ("client_id", "client_secret") if name in context}
        if "client-credentials" in os.environ.get("MCP_CONFORMANCE_SCENARIO", ""):
            oauth["grant"] = "client_credentials"
        entry = {"type": "streamable-http", "url": url, "oauth": oauth, "elicitation": "accept-defaults", "timeout": 10}
        config = os.path.join(home, "config.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump({"mcpServers": {"t": entry}}, file)
        self.log = os.path.join(home, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [traygate, "--config", config, "--port", "0"],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        self.base = self.wait("an address", UNTIL_READY, self.address)

    def address(self):
        with open(self.log, encoding="utf-8") as log:
            found = re.search(r"http://127\.0\.0\.1:\d+", log.read())
        return found and found[0]

    def wait(self, what, seconds, probe):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                sys.exit(f"adapter: traygate ended with {self.process.returncode}")
            if found := probe():
                return found
            time.sleep(0.02)
        print(f"adapter: waited {seconds} s in vain for {what}", file=sys.stderr)
        return None

    def request(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=WHOLE) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            try:
                return error.code, json.loads(text)
            except ValueError:
                return error.code, {"detail": {"message": text}}

    def sign_in(self):
        """Where the sign-in stands, as `traygate status` has it."""
        for name in os.listdir(self.announcements):
            if name.endswith(".json"):
                with open(os.path.join(self.announcements, name), encoding="utf-8") as file:
                    status, answer = self.request("GET", "/-/api/status", token=json.load(file)["token"])
                if status == 200:
                    servers = answer["servers"]
                    servers = servers.values() if isinstance(servers, dict) else servers
                    return next(iter(servers)).get("sign_in") or {}
        return {}

    def document(self):
        def probe():
            status, answer = self.request("GET", "/t/openapi.json")
            if status == 200:
                return answer
            failed = self.sign_in()
            if failed.get("state") == "failed":
                print(f"adapter: the sign-in failed: {failed.get('reason')}", file=sys.stderr)
                return "failed"
            return None

        found = self.wait("the server's tools", UNTIL_READY, probe)
        return None if found == "failed" else found

    def call(self, tool, given):
        """One call; once more after each sign-in that it turns out to need."""
        end = time.monotonic() + UNTIL_READY
        while True:
            status, answer = self.request("POST", f"/t/{tool}", given)
            if 200 <= status < 300:
                return True
            code = answer.get("detail", {}).get("code") if isinstance(answer.get("detail"), dict) else None
            if status != 503 or code != "sign-in-required" or time.monotonic() > end:
                print(f"adapter: {tool} answers {status} {json.dumps(answer)[:500]}", file=sys.stderr)
                return False
            if self.sign_in().get("state") == "failed":
                print(f"adapter: the sign-in failed: {self.sign_in().get('reason')}", file=sys.stderr)
                return False
            time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if os.environ.get("TRAYGATE_CONFORMANCE_LOG"):
            with open(self.log, encoding="utf-8") as log:
                print(log.read(), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
