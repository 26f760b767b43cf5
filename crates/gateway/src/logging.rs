//! The log: plain lines on stderr, and in a file where there is one.

mod level;
mod stderr;

use std::{
    fmt::{self, Write as _},
    io::{self, IsTerminal as _},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    Registry,
    filter::Targets,
    fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter, format::Writer},
    layer::SubscriberExt as _,
    registry::LookupSpan,
    reload,
    util::SubscriberInitExt as _,
};

use stderr::Stderr;
use traygate_upstream::one_line;

pub use level::{LogLevel, UnknownLevel};
pub use stderr::Held;

/// The running log, whose level can still change.
#[derive(Debug)]
pub struct Logging {
    level: reload::Handle<Targets, Registry>,
    stderr: Stderr,
}

impl Logging {
    /// Starts to log on stderr. Where a log runs already, that one stays.
    pub fn start(level: LogLevel) -> Self {
        Self::start_in(level, None::<fn() -> io::Stderr>)
    }

    /// Starts to log on stderr and, the same lines, into `file`.
    pub fn start_with<W>(level: LogLevel, file: W) -> Self
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        Self::start_in(level, Some(file))
    }

    fn start_in<W>(level: LogLevel, file: Option<W>) -> Self
    where
        W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
    {
        let (filter, level) = reload::Layer::new(targets(level));
        let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let stderr = Stderr::default();
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(stderr.clone())
            .with_ansi(colours)
            .event_format(Line);
        let file = file.map(|file| {
            tracing_subscriber::fmt::layer().with_writer(file).with_ansi(false).event_format(Line)
        });
        let _ = tracing_subscriber::registry().with(filter).with(lines).with(file).try_init();
        Self { level, stderr }
    }

    /// Logs as much as `level` from now on.
    pub fn set(&self, level: LogLevel) {
        let _ = self.level.reload(targets(level));
    }

    /// Keeps the lines for stderr back until the answer is dropped, for what a person should read first.
    pub fn hold(&self) -> Held {
        self.stderr.hold()
    }
}

/// Ours at `level`; other crates' only where something is wrong, unless everything is asked for.
fn targets(LogLevel(level): LogLevel) -> Targets {
    let others = if level == LevelFilter::TRACE { level } else { level.min(LevelFilter::WARN) };
    Targets::new()
        .with_default(others)
        .with_target("traygate", level)
        // It writes whole messages at its finer levels, arguments and headers among them; what it calls an error is the
        // end of one connection, which the server's own line tells better.
        .with_target("rmcp", LevelFilter::OFF)
        // What it says of each change in the config file's folder is a change, where the log is in that folder.
        .with_target("inotify", level.min(LevelFilter::WARN))
        .with_target("notify", level.min(LevelFilter::WARN))
        // A desktop without a bus or a clipboard is said once, by us; a window that closes last is nothing to say.
        .with_target("zbus", LevelFilter::OFF)
        .with_target("arboard", level.min(LevelFilter::ERROR))
        .with_target("tao", level.min(LevelFilter::ERROR))
}

/// `12:34:56  INFO time: ready, 2 tools`
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut parts = Parts::default();
        event.record(&mut parts);
        let level = *event.metadata().level();
        let colour = match level {
            _ if !to.has_ansi_escapes() => None,
            tracing::Level::ERROR => Some("31"),
            tracing::Level::WARN => Some("33"),
            tracing::Level::INFO => Some("32"),
            _ => Some("2"),
        };
        write!(to, "{} ", jiff::ZonedDateTime::now().strftime("%H:%M:%S"))?;
        match colour {
            Some(colour) => write!(to, "\x1b[{colour}m{level:>5}\x1b[0m ")?,
            None => write!(to, "{level:>5} ")?,
        }
        if !parts.server.is_empty() {
            write!(to, "{}: ", parts.server)?;
        }
        // Names and words of servers are in it.
        writeln!(to, "{}{}", one_line(&parts.message), one_line(&parts.others))
    }
}

/// The fields of an event: the server that it is about comes first, the message next.
#[derive(Default)]
struct Parts {
    server: String,
    message: String,
    others: String,
}

impl Visit for Parts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            "server" => write!(self.server, "{value:?}"),
            name if name.starts_with("log.") => Ok(()),
            name => write!(self.others, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: LevelFilter, log: impl FnOnce()) -> Vec<String> {
        let sink = Sink::default();
        let writer = sink.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .event_format(Line);
        let subscriber = tracing_subscriber::registry().with(targets(LogLevel(level))).with(lines);
        tracing::subscriber::with_default(subscriber, log);
        let text = String::from_utf8(sink.0.lock().expect("not poisoned").clone()).expect("text");
        // Without the time.
        text.lines().map(|line| line[9..].to_owned()).collect()
    }

    #[test]
    fn a_line_names_the_server_first() {
        let lines = logged(LevelFilter::INFO, || {
            tracing::info!(server = %"time", "ready, {} tools", 2);
            tracing::warn!(error = "no", "something");
            tracing::debug!("not wanted");
        });
        assert_eq!(lines, [" INFO time: ready, 2 tools", " WARN something error=no"]);
    }

    #[test]
    fn what_a_server_wrote_stays_in_its_place_of_its_line() {
        let lines = logged(LevelFilter::INFO, || {
            tracing::warn!(tool = "\u{202e}eno", "the tool `{}`: no\nINFO all is well", "a\u{202e}\u{2066}b");
        });
        assert_eq!(lines, [" WARN the tool `a\u{fffd}\u{fffd}b`: no INFO all is well tool=\u{fffd}eno"]);
    }

    #[test]
    fn other_crates_are_quiet_and_rmcp_always_is() {
        let log = || {
            tracing::info!(target: "hyper::proto", "chatter");
            tracing::warn!(target: "hyper::proto", "trouble");
            tracing::debug!(target: "rmcp::service", "a whole message");
            tracing::trace!(target: "inotify", "an event");
            tracing::trace!(target: "notify::inotify", "an event");
            tracing::error!(target: "rmcp::transport::worker", "worker quit with fatal");
            tracing::debug!(target: "traygate_upstream::hub", "ours");
        };
        assert_eq!(logged(LevelFilter::DEBUG, log), [" WARN trouble", "DEBUG ours"]);
        assert_eq!(logged(LevelFilter::TRACE, log), [" INFO chatter", " WARN trouble", "DEBUG ours"]);
        assert_eq!(logged(LevelFilter::OFF, log), [""; 0]);
    }
}
