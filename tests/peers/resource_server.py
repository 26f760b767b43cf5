"""A FastMCP server that takes the JWTs of the authorization server beside it.

    resource_server.py

Says its MCP endpoint on stdout, then reads the issuer from stdin: each has to know the other.
"""

import sys

from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.server.dependencies import get_access_token
from pydantic import AnyHttpUrl

from serving import listen, serve

listener, base = listen()
print(f"{base}/mcp", flush=True)
issuer = sys.stdin.readline().strip()
verifier = JWTVerifier(jwks_uri=f"{issuer}/jwks", issuer=issuer, audience=f"{base}/mcp", required_scopes=["read"])
mcp = FastMCP(
    "peer",
    auth=RemoteAuthProvider(token_verifier=verifier, authorization_servers=[AnyHttpUrl(issuer)], base_url=base),
)


@mcp.tool
def whoami() -> str:
    """Whose token came with the call."""
    token = get_access_token()
    return f"{token.claims.get('sub')} by {token.client_id}"


serve(listener, mcp.http_app(path="/mcp"), "ready")
