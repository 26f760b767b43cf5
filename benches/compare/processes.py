"""The programs that are compared, as processes: started, waited for, weighed, ended."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 60  # seconds


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Proxy:
    """One running proxy: Traygate or mcpo."""

    def __init__(self, command, config, folder):
        self.port = free_port()
        home = folder / f"home-{self.port}"
        for name in ("", "run", "config", "state", "cache"):
            (home / name).mkdir(parents=True, exist_ok=True)
        (home / "run").chmod(0o700)
        file = home / "servers.json"
        file.write_text(json.dumps(config))
        environment = {
            **os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run"), "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"), "XDG_CACHE_HOME": str(home / "cache"),
        }
        self.log = (home / "log").open("w")
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, "--config", file, "--host", "127.0.0.1", "--port", str(self.port)],
            env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
        )

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def port_open_after(self):
        """Seconds from exec to the first accepted connection."""
        while time.perf_counter() - self.started < PATIENCE:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return time.perf_counter() - self.started
            if self.process.poll() is not None:
                raise SystemExit(f"{self.process.args[0]} ended: see {self.log.name}\n{Path(self.log.name).read_text()}")
            time.sleep(0.0005)
        raise SystemExit(f"{self.process.args[0]} opened no port in {PATIENCE} s")

    def wait_for(self, path, body, wanted):
        """Waits until a call gives the wanted JSON."""
        end = time.monotonic() + PATIENCE
        answer = None
        while time.monotonic() < end:
            try:
                request = urllib.request.Request(
                    self.url(path), json.dumps(body).encode(), {"Content-Type": "application/json"}
                )
                answer = urllib.request.urlopen(request, timeout=5).read().decode()
                if json.loads(answer) == wanted:
                    return
            except (urllib.error.URLError, OSError, ValueError) as error:
                answer = error
            time.sleep(0.02)
        raise SystemExit(f"{path} gave {answer!r}, not {wanted!r}: see {self.log.name}")

    def memory(self):
        """KiB: RSS of the proxy's process, and PSS of it with its helpers, without the MCP servers."""
        own = [pid for pid in family(self.process.pid) if "fake-mcp" not in program(pid)]
        return {"rss": status(self.process.pid, "Rss"), "pss": sum(status(pid, "Pss") for pid in own)}

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.log.close()


@contextmanager
def proxy(command, config, folder):
    running = Proxy(command, config, folder)
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def http_server(fake_mcp):
    """A fake MCP server over streamable HTTP; its URL. It ends with its stdin."""
    child = subprocess.Popen(
        [fake_mcp, "--transport", "streamable-http"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield child.stdout.readline().strip()
    finally:
        child.stdin.close()
        child.wait(10)


def family(pid):
    """A process and its descendants."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [pid]
    for parent in found:
        found.extend(children.get(parent, []))
    return found


def program(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    except OSError:
        return ""


def status(pid, field):
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
