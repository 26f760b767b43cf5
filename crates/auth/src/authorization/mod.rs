//! The authorization request and its response: PKCE (RFC 7636), `state`, `resource` (RFC 8707), `iss` (RFC 9207).
