//! `fake-mcp`: an MCP server that does as it is told, good or bad. Written on `serde_json` alone, so that no bug of an
//! MCP library can hide itself by being on both sides.

mod asking;
mod behaviours;
mod book;
mod message;
mod options;
mod outbox;
mod server;
mod sse;
mod start;
mod stdio;
mod streamable;
mod switch;

use std::{process::ExitCode, sync::Arc};

use clap::Parser;

use self::{
    options::{Options, Transport},
    server::Server,
};

/// Runs the program: reads the flags, misbehaves at start where told to, then serves.
pub fn main() -> ExitCode {
    let options = Options::parse();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
    let code = runtime.block_on(async {
        if let Some(code) = start::misbehave(&options).await {
            return ExitCode::from(code);
        }
        let transport = options.transport;
        let server = Arc::new(Server::new(options));
        match transport {
            Transport::Stdio => stdio::serve(server).await,
            Transport::StreamableHttp => streamable::serve(server).await,
            Transport::Sse => sse::serve(server).await,
        }
        ExitCode::SUCCESS
    });
    // A blocked read of stdin must not keep the process.
    runtime.shutdown_background();
    code
}
