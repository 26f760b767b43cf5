//! What `/-/metrics` tells, in Prometheus' text format (version 0.0.4). Counting is atomic; only scraping locks.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use traygate_config::ServerName;
use traygate_upstream::{Catalogue, State};

/// How a call ended: a [`super::problem::Problem`]'s code, `ok`, or `cancelled` where the caller left.
const OUTCOMES: [&str; 13] = [
    "ok",
    "tool-error",
    "invalid-arguments",
    "invalid-json",
    "payload-too-large",
    "body-timeout",
    "rpc-error",
    "sign-in-required",
    "server-unavailable",
    "timeout",
    "connection-lost",
    "cancelled",
    "other",
];
const OK: usize = 0;
const CANCELLED: usize = 11;
const OTHER: usize = 12;

/// Upper bounds of the latency buckets, in microseconds, with the label that says them in seconds.
const BUCKETS: [(u64, &str); 13] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (10_000_000, "10"),
    (30_000_000, "30"),
    (120_000_000, "120"),
];

/// All counters of the process.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    meters: Mutex<BTreeMap<(ServerName, String), Arc<Meter>>>,
    in_flight: Arc<AtomicI64>,
}

/// The counters of one tool. They outlive restarts of its server.
#[derive(Debug)]
pub(crate) struct Meter {
    outcomes: [AtomicU64; OUTCOMES.len()],
    /// Calls per bucket, not yet cumulated; the last holds what is slower than all.
    buckets: [AtomicU64; BUCKETS.len() + 1],
    microseconds: AtomicU64,
    in_flight: Arc<AtomicI64>,
}

/// A running call. Dropped without an outcome, it counts as cancelled.
#[derive(Debug)]
pub(crate) struct Measured {
    meter: Arc<Meter>,
    started: Instant,
    outcome: usize,
}

impl Metrics {
    /// The counters of a tool, made at its first call.
    pub(crate) fn meter(&self, server: &ServerName, tool: &str) -> Arc<Meter> {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        let meter = meters.entry((server.clone(), tool.to_owned())).or_insert_with(|| {
            Arc::new(Meter {
                outcomes: Default::default(),
                buckets: Default::default(),
                microseconds: AtomicU64::new(0),
                in_flight: Arc::clone(&self.in_flight),
            })
        });
        Arc::clone(meter)
    }

    /// Forgets the counters of servers and tools that are no longer in the catalogue. While a server's tools are not
    /// known, none of them is gone.
    pub(crate) fn forget_the_gone(&self, catalogue: &Catalogue) {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        meters.retain(|(server, tool), _| {
            catalogue
                .servers
                .get(server)
                .is_some_and(|server| server.tools.as_ref().is_none_or(|set| set.tools.contains_key(tool)))
        });
    }

    /// The page.
    pub(crate) fn render(&self, catalogue: &Catalogue) -> String {
        let mut page = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut page, catalogue);
        page
    }

    fn write(&self, page: &mut String, catalogue: &Catalogue) -> std::fmt::Result {
        head(page, "traygate_build_info", "gauge", "The running version.")?;
        writeln!(page, "traygate_build_info{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION"))?;
        head(page, "traygate_server_state", "gauge", "1 for the state that a server is in.")?;
        for (name, server) in &catalogue.servers {
            let (name, state) = (escape(name.as_str()), state_label(&server.state));
            writeln!(page, "traygate_server_state{{server=\"{name}\",state=\"{state}\"}} 1")?;
        }
        head(page, "traygate_server_tools", "gauge", "Tools that a server offers.")?;
        for (name, server) in &catalogue.servers {
            let tools = server.tools.as_ref().map_or(0, |tools| tools.tools.len());
            writeln!(page, "traygate_server_tools{{server=\"{}\"}} {tools}", escape(name.as_str()))?;
        }
        head(page, "traygate_calls_in_flight", "gauge", "Calls that run now.")?;
        writeln!(page, "traygate_calls_in_flight {}", self.in_flight.load(Relaxed))?;

        let meters: Vec<(String, Arc<Meter>)> = {
            let meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
            let label = |server: &ServerName, tool: &str| {
                format!("server=\"{}\",tool=\"{}\"", escape(server.as_str()), escape(tool))
            };
            meters.iter().map(|((server, tool), meter)| (label(server, tool), Arc::clone(meter))).collect()
        };
        head(page, "traygate_calls_total", "counter", "Calls by their outcome.")?;
        for (labels, meter) in &meters {
            for (outcome, count) in OUTCOMES.iter().zip(&meter.outcomes) {
                let count = count.load(Relaxed);
                if count > 0 {
                    writeln!(page, "traygate_calls_total{{{labels},outcome=\"{outcome}\"}} {count}")?;
                }
            }
        }
        head(
            page,
            "traygate_call_duration_seconds",
            "histogram",
            "Time from the call's head to its answer.",
        )?;
        for (labels, meter) in &meters {
            meter.write_histogram(page, labels)?;
        }
        Ok(())
    }
}

impl Meter {
    pub(crate) fn start(self: &Arc<Self>) -> Measured {
        self.in_flight.fetch_add(1, Relaxed);
        Measured { meter: Arc::clone(self), started: Instant::now(), outcome: CANCELLED }
    }

    fn write_histogram(&self, page: &mut String, labels: &str) -> std::fmt::Result {
        let counts: Vec<u64> = self.buckets.iter().map(|bucket| bucket.load(Relaxed)).collect();
        let total: u64 = counts.iter().sum();
        if total == 0 {
            return Ok(());
        }
        let mut so_far = 0;
        for ((_, bound), count) in BUCKETS.iter().zip(&counts) {
            so_far += count;
            writeln!(page, "traygate_call_duration_seconds_bucket{{{labels},le=\"{bound}\"}} {so_far}")?;
        }
        writeln!(page, "traygate_call_duration_seconds_bucket{{{labels},le=\"+Inf\"}} {total}")?;
        let microseconds = self.microseconds.load(Relaxed);
        let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
        writeln!(page, "traygate_call_duration_seconds_sum{{{labels}}} {seconds}.{rest:06}")?;
        writeln!(page, "traygate_call_duration_seconds_count{{{labels}}} {total}")
    }
}

impl Measured {
    pub(crate) fn ok(&mut self) {
        self.outcome = OK;
    }

    /// Ended with a problem of this code.
    pub(crate) fn failed(&mut self, code: &str) {
        self.outcome = OUTCOMES.iter().position(|outcome| *outcome == code).unwrap_or(OTHER);
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let took = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|(bound, _)| took <= *bound).unwrap_or(BUCKETS.len());
        self.meter.buckets[bucket].fetch_add(1, Relaxed);
        self.meter.microseconds.fetch_add(took, Relaxed);
        self.meter.outcomes[self.outcome].fetch_add(1, Relaxed);
        self.meter.in_flight.fetch_sub(1, Relaxed);
    }
}

fn head(page: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

fn state_label(state: &State) -> &'static str {
    match state {
        State::Disabled => "disabled",
        State::Connecting { .. } => "connecting",
        State::Ready => "ready",
        State::SignInNeeded => "sign-in-needed",
        State::Backoff { .. } => "backoff",
        State::Failed { .. } => "failed",
    }
}

/// A label value (Prometheus exposition format: backslash, quote and line feed are escaped).
fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_outcome_and_a_dropped_one_is_cancelled() {
        let metrics = Metrics::default();
        let meter = metrics.meter(&ServerName::new("a\"b").unwrap(), "t");
        meter.start().ok();
        meter.start().failed("tool-error");
        meter.start().failed("never-heard-of");
        drop(meter.start());
        let running = meter.start();
        let page = metrics.render(&Catalogue::default());
        for line in [
            r#"traygate_calls_total{server="a\"b",tool="t",outcome="ok"} 1"#,
            r#"traygate_calls_total{server="a\"b",tool="t",outcome="tool-error"} 1"#,
            r#"traygate_calls_total{server="a\"b",tool="t",outcome="cancelled"} 1"#,
            r#"traygate_calls_total{server="a\"b",tool="t",outcome="other"} 1"#,
            r#"traygate_call_duration_seconds_count{server="a\"b",tool="t"} 4"#,
            "traygate_calls_in_flight 1",
        ] {
            assert!(page.lines().any(|got| got == line), "{line} is missing in\n{page}");
        }
        drop(running);
        assert!(metrics.render(&Catalogue::default()).contains("traygate_calls_in_flight 0"));
    }
}
