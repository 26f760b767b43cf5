//! The gateway as a command: mcpo's command line, and a few commands beside it.

mod args;
mod client;
mod command;
mod exit;
mod output;
mod serve;

use std::process::ExitCode;

use args::{Args, Command};
use exit::Exit;

fn main() -> ExitCode {
    // First of all: this same program is started again to guard the children.
    if let Some(code) = traygate_upstream::guardian_main() {
        return code;
    }
    let args = match Args::read(std::env::args_os()) {
        Ok(args) => args,
        Err(error) => {
            let asked = !error.use_stderr();
            let _ = error.print();
            return if asked { Exit::Ok } else { Exit::Usage }.into();
        }
    };
    if args.asks_version() {
        output::line(format_args!("traygate {}", env!("CARGO_PKG_VERSION")));
        return Exit::Ok.into();
    }
    // Fails only where one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::problem(format_args!("The system gives no threads: {error}."));
            return Exit::Failed.into();
        }
    };
    let exit = runtime.block_on(run(args));
    // What still blocks a thread (a keychain, a slow disk) must not keep the process.
    runtime.shutdown_background();
    exit.into()
}

async fn run(args: Args) -> Exit {
    let done = match args.command {
        None => serve::serve(&args).await,
        Some(Command::Check { file }) => command::check(&args.options, file),
        Some(Command::Openapi { server }) => command::openapi(&args.options, server.as_deref()).await,
        Some(Command::Status) => command::status(&args.options).await,
        Some(Command::SignIn { server, flow, client_id, from_mcpo }) => {
            command::sign_in(&args.options, server, flow, client_id, from_mcpo).await
        }
        Some(Command::SignOut { server, forget_client }) => {
            command::sign_out(&args.options, server, forget_client).await
        }
        Some(Command::Secret(secret)) => command::secret(&args.options, secret).await,
    };
    done.unwrap_or_else(|problem| {
        output::problem(&problem.message);
        problem.exit
    })
}
