"""A FastMCP server with its in-memory authorization server: it consents at once, and rotates refresh tokens.

    rotating_server.py

Access tokens live ACCESS_TOKEN_TTL seconds. Says its MCP endpoint on stdout, and ends with its stdin.
"""

import os

from fastmcp import FastMCP
from fastmcp.server.auth.providers import in_memory
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions

from serving import listen, serve

in_memory.DEFAULT_ACCESS_TOKEN_EXPIRY_SECONDS = int(os.environ.get("ACCESS_TOKEN_TTL", "3600"))
listener, base = listen()
mcp = FastMCP(
    "peer",
    auth=in_memory.InMemoryOAuthProvider(
        base_url=base,
        client_registration_options=ClientRegistrationOptions(
            enabled=True, valid_scopes=["read"], default_scopes=["read"]
        ),
        revocation_options=RevocationOptions(enabled=True),
        required_scopes=["read"],
    ),
)


@mcp.tool
def add(a: int, b: int) -> int:
    """Adds."""
    return a + b


serve(listener, mcp.http_app(path="/mcp"), f"{base}/mcp")
