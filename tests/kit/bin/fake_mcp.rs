//! A fake MCP server.
fn main() {}
