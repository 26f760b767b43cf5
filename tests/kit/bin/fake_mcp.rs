//! A scriptable MCP server for tests and benchmarks. `--help` lists what it can be told to do.

use std::process::ExitCode;

fn main() -> ExitCode {
    traygate_tests::fake_mcp::main()
}
