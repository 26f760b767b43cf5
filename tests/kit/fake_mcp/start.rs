use std::{io::Write, process::Stdio, time::Duration};

use serde_json::json;
use tokio::process::Command;

use super::options::Options;
use crate::Record;

/// A process that ignores every polite request to end goes by itself after this long, so that a failed test leaves
/// nothing behind for good.
const AT_MOST: Duration = Duration::from_mins(2);

/// Does what the flags say about the start. `Some`: the exit code, and nothing is served.
pub(crate) async fn misbehave(options: &Options) -> Option<u8> {
    if options.linger || options.stubborn {
        ignore_termination();
    }
    if options.linger {
        tokio::time::sleep(AT_MOST).await;
        return Some(0);
    }
    record_start(options);
    if options.grandchild {
        start_grandchild(options);
    }
    if let Some(text) = &options.complain {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    if let Some(name) = &options.complain_of {
        let value = std::env::var(name).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "Error: invalid token {value}");
    }
    if let Some(code) = options.exit_at_start {
        return Some(code);
    }
    if let Some(path) = &options.wait_for {
        while !path.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    tokio::time::sleep(Duration::from_millis(options.start_delay_ms)).await;
    if let Some(text) = &options.preamble {
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }
    None
}

/// What a stubborn server does after the end of its input.
pub(crate) async fn outlive_the_end() {
    tokio::time::sleep(AT_MOST).await;
}

fn record_start(options: &Options) {
    let Some(path) = &options.record else { return };
    Record::new(path).append("start", &json!({"args": std::env::args().skip(1).collect::<Vec<_>>()}));
}

#[cfg(unix)]
fn ignore_termination() {
    use tokio::signal::unix::{SignalKind, signal};
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        // Once a handler is installed, the default action stays off for the life of the process.
        drop(signal(kind).expect("a signal can be listened for"));
    }
}

#[cfg(not(unix))]
fn ignore_termination() {}

/// Leaves the process group, keeps stdout and stderr open: what `npx` and shells leave behind at their worst.
fn start_grandchild(options: &Options) {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = if cfg!(unix) {
        let mut command = Command::new("setsid");
        command.arg(program);
        command
    } else {
        Command::new(program)
    };
    command.arg("--linger").stdin(Stdio::null());
    let child = command.spawn().expect("a grandchild can be started (util-linux has setsid)");
    if let Some(path) = &options.record {
        Record::new(path).append("grandchild", &json!({"grandchild": child.id()}));
    }
}
