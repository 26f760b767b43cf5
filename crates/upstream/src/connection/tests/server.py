"""A scripted MCP server on standard input and output. The first argument is its temper."""
import json, sys

temper = sys.argv[1]
waiting = []
cancelled = 0


def send(**message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def result(id, text):
    send(id=id, result={"content": [{"type": "text", "text": text}]})


if temper == "dies":
    sys.exit("Error: API_KEY is not set")

sys.stderr.write("started\n")
sys.stderr.flush()

for line in sys.stdin:
    message = json.loads(line)
    id, method, params = message.get("id"), message["method"], message.get("params", {})
    sys.stderr.write("heard " + method + "\n")
    sys.stderr.flush()
    if method == "server/discover" and temper == "empty":
        send(id=id, result={})
    elif method == "server/discover" and temper == "dies of discover":
        sys.exit(1)
    elif method == "initialize" and temper == "refuses":
        send(id=id, error={"code": -32000, "message": "licence expired"})
    elif method == "server/discover":
        send(id=id, error={"code": -32601, "message": "Method not found"})
    elif method == "initialize":
        send(id=id, result={
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": {"name": "scripted", "version": "7"},
            "instructions": params["clientInfo"]["name"] + " is welcome",
        })
    elif method == "tools/list":
        page = params.get("cursor", "1")
        tool = {"name": "tool" + page, "inputSchema": {"type": "object", "properties": {"n": {"maximum": 1.10}}}}
        # The second page names itself as the next one.
        send(id=id, result={"tools": [tool], "nextCursor": "2"})
    elif method == "tools/call":
        tool = params["name"]
        if tool == "echo":
            result(id, line)
        elif tool == "garbage":
            sys.stdout.write("Listening on stdio\n{\"jsonrpc\": \"2.0\", \"id\n\n" + "x" * 70_000_000 + "\n")
            result(id, "fine")
        elif tool == "change":
            send(method="notifications/tools/list_changed")
            result(id, "changed")
        elif tool == "await_cancel":
            if cancelled:
                result(id, "cancelled")
            else:
                waiting.append(id)
        elif tool == "die":
            sys.stdout.write('{"jsonrpc": "2.0", "id')
            sys.stdout.flush()
            sys.stderr.write("Error: out of luck\n")
            sys.exit(7)
    elif method == "notifications/cancelled":
        cancelled += 1
        for id in waiting:
            result(id, "cancelled")
