"""Load by wrk, in rounds that take turns, so that a busy moment of the machine hurts all alike."""

import json
import subprocess
from pathlib import Path
from statistics import median

SCRIPT = Path(__file__).with_name("post.lua")
CONNECTIONS = (1, 32)
MODERN = "2026-07-28"


def wrk(url, body, headers, connections, seconds):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SCRIPT), url, "--", json.dumps(body), *headers]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    result = json.loads(next(line for line in output.splitlines() if line.startswith("{")))
    if not result["requests"]:
        raise SystemExit(f"{url}: no request was answered")
    rate = (result["requests"] - result["errors"]) / result["seconds"]
    return {"rate": rate, "p50": result["p50"], "p99": result["p99"], "failed": result["errors"]}


def targets(proxies, direct_url):
    """(who, transport) -> how to call `echo` there."""
    echo = {"message": "hello"}
    plain = {
        (name, transport): (proxy.url(f"/{transport}/echo"), echo, [])
        for transport in ("stdio", "http")
        for name, proxy in proxies.items()
    }
    meta = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "wrk", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": echo, "_meta": meta}}
    headers = [
        f"MCP-Protocol-Version: {MODERN}", "Mcp-Method: tools/call", "Mcp-Name: echo",
        "Accept: application/json, text/event-stream",
    ]
    return {**plain, ("direct", "http"): (direct_url, call, headers)}


def run(proxies, direct_url, seconds, rounds, say):
    """(who, transport, connections) -> medians over the rounds."""
    found = {}
    everyone = targets(proxies, direct_url)
    for target in everyone.values():
        wrk(*target, 8, 1)  # warm-up
    for number in range(rounds):
        for connections in CONNECTIONS:
            for (who, transport), target in everyone.items():
                say(f"round {number + 1} of {rounds}: {who}, {transport}, {connections} connections")
                found.setdefault((who, transport, connections), []).append(wrk(*target, connections, seconds))
    return {
        key: {
            **{field: median(result[field] for result in results) for field in ("rate", "p50", "p99")},
            "failed": sum(result["failed"] for result in results),
        }
        for key, results in found.items()
    }
