"""Traygate beside mcpo, in one run: see report.py for what comes out, `./dev bench` for how it is started."""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import load
import report
from processes import http_server, proxy

ROOT = Path(__file__).resolve().parents[2]


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def start_times(command, fake_mcp, folder, times):
    """Seconds from exec to open port, with fast servers (a median) and with two that take 10 s."""
    def once(flags):
        entry = {"command": str(fake_mcp), "args": flags}
        with proxy(command, {"mcpServers": {"one": entry, "two": entry}}, folder) as running:
            return running.port_open_after()

    return median(once([]) for _ in range(times)), once(["--start-delay-ms", "10000"])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mcpo", type=Path, required=True, help="the mcpo program")
    arguments.add_argument("--bin", type=Path, required=True, help="the folder of traygate and fake-mcp")
    arguments.add_argument("--only", choices=["traygate", "mcpo"], help="leave the other out")
    arguments.add_argument("--seconds", type=int, default=4, help="of each load")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    chosen = arguments.parse_args()

    folder = chosen.bin.resolve()
    fake_mcp = folder / "fake-mcp"
    commands = {"traygate": [folder / "traygate"], "mcpo": [chosen.mcpo.absolute()]}
    if chosen.only:
        commands = {chosen.only: commands[chosen.only]}

    with tempfile.TemporaryDirectory(prefix="traygate-bench-") as home, http_server(fake_mcp) as url:
        home = Path(home)
        config = {"mcpServers": {
            "stdio": {"command": str(fake_mcp), "args": []},
            "http": {"type": "streamable-http", "url": url},
        }}
        with ExitStack() as stack:
            running = {name: stack.enter_context(proxy(command, config, home)) for name, command in commands.items()}
            for one in running.values():
                for server in ("stdio", "http"):
                    one.wait_for(f"/{server}/echo", {"message": "hello"}, {"message": "hello"})
            idle = {name: one.memory() for name, one in running.items()}
            results = load.run(running, url, chosen.seconds, chosen.rounds, say)
            memory = {name: (idle[name], one.memory()) for name, one in running.items()}
        start = {}
        for name, command in commands.items():
            say(f"start of {name}")
            start[name] = start_times(command, fake_mcp, home, 5)

    text = report.document(results, memory, start, chosen.seconds, chosen.rounds)
    print(text)
    if chosen.write:
        (ROOT / "docs").mkdir(exist_ok=True)
        (ROOT / "docs" / "benchmarks.md").write_text(text)
        say("wrote docs/benchmarks.md")


if __name__ == "__main__":
    main()
