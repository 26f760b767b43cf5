//! How this program becomes known to an authorization server: by hand, by a client id metadata document, by dynamic
//! registration (MCP 2026-07-28, client registration).
