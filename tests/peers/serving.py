"""What the servers beside this share: a port of their own, their URL on stdout, an end with their stdin."""

import os
import socket
import sys
import threading

import uvicorn


def listen():
    """A socket that listens already, so that whoever reads its URL can connect; and its origin."""
    listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "0"))))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


def serve(listener, app, url):
    print(url, flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
