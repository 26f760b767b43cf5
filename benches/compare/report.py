"""The tables, in Markdown."""

import platform
import subprocess
from datetime import date
from pathlib import Path

NAMES = {"traygate": "Traygate", "mcpo": "mcpo 0.0.20", "direct": "no proxy (the limit)"}


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def throughput(load):
    rows = []
    for transport, label in (("stdio", "stdio"), ("http", "streamable HTTP")):
        for connections in sorted({key[2] for key in load}):
            mcpo = load.get(("mcpo", transport, connections))
            for who in NAMES:
                result = load.get((who, transport, connections))
                if not result:
                    continue
                ratio = f"{result['rate'] / mcpo['rate']:.1f}" if mcpo else ""
                rows.append([
                    label, str(connections), NAMES[who], f"{result['rate']:,.0f}", f"{result['p50']:,.0f} µs",
                    f"{result['p99']:,.0f} µs", ratio, str(result["failed"]),
                ])
    return table(["MCP server over", "connections", "", "requests/s", "p50", "p99", "times mcpo", "failed"], rows)


def footprint(memory, start):
    rows = []
    for who in NAMES:
        if who not in memory:
            continue
        idle, after = memory[who]
        rows.append([
            NAMES[who], *(f"{value / 1024:.1f} MB" for value in (idle["rss"], idle["pss"], after["rss"], after["pss"])),
            *(f"{seconds * 1000:,.0f} ms" for seconds in start[who]),
        ])
    return table(
        ["", "RSS, idle", "PSS with helpers, idle", "RSS after the load", "PSS with helpers after the load",
         "exec to open port", "the same, servers that take 10 s to start"], rows,
    )


def machine():
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), platform.machine())
    cores = sum(line.startswith("processor") for line in info)
    kib = int(Path("/proc/meminfo").read_text().split()[1])
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split("(")[0].strip()
    return (
        f"{model}, {cores} cores, {kib / 1024**2:.0f} GB; Linux {platform.release()}; {rustc}; "
        f"Python {platform.python_version()}; {date.today()}"
    )


def document(load, memory, start, seconds, rounds):
    return f"""# Benchmarks

`./dev bench` made this page: Traygate and mcpo in front of the same fast MCP server (`fake-mcp`, tests/kit), in one run on one
machine, over loopback. wrk calls its `echo` with a small body for {seconds} s a load, {rounds} round(s) that take turns; each number is a median. Load
generator, proxy and MCP server share the machine's cores. The direct row calls the MCP server itself, with no proxy between: nothing can be faster.

Machine: {machine()}.

## Throughput and latency

{throughput(load)}

## Memory and start

Two servers, one over stdio and one over streamable HTTP. Helpers are processes of the proxy that are no MCP server.

{footprint(memory, start)}
"""
