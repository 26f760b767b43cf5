//! The gateway as a command.

mod args;
mod exit;

use std::process::ExitCode;

fn main() -> ExitCode {
    match args::Args::read(std::env::args_os()) {
        Ok(_) => exit::Exit::Ok.into(),
        Err(error) => {
            let _ = error.print();
            exit::Exit::Usage.into()
        }
    }
}
