use std::{
    io::Write,
    path::{Path, PathBuf},
    process,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::{eventually, eventually_some};

/// The file in which a fake server writes what happened to it, one JSON object a line.
#[derive(Debug, Clone)]
pub struct Record(PathBuf);

/// One line of a [`Record`].
#[derive(Debug, Clone)]
pub struct Event {
    /// What happened: `start`, `grandchild`, `call`, `abandoned`, or the method of a received message.
    pub name: String,
    /// The process that it happened to.
    pub pid: u32,
    /// When, since 1970.
    pub time: Duration,
    /// The particulars.
    pub data: Value,
}

impl Record {
    /// The record at this path; it need not exist.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Adds a line, in one write.
    pub fn append(&self, event: &str, data: &Value) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let line = json!({
            "event": event, "pid": process::id(), "ms": u64::try_from(now.as_millis()).unwrap_or_default(),
            "data": data,
        });
        let mut file =
            fs_err::OpenOptions::new().create(true).append(true).open(&self.0).expect("a record opens");
        file.write_all(format!("{line}\n").as_bytes()).expect("a record can be written");
    }

    /// All lines so far.
    pub fn events(&self) -> Vec<Event> {
        let text = fs_err::read_to_string(&self.0).unwrap_or_default();
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .map(|line| {
                let line: Value = serde_json::from_str(line).expect("a record's line is JSON");
                Event {
                    name: line["event"].as_str().unwrap_or_default().into(),
                    pid: line["pid"].as_u64().and_then(|pid| pid.try_into().ok()).unwrap_or_default(),
                    time: Duration::from_millis(line["ms"].as_u64().unwrap_or_default()),
                    data: line["data"].clone(),
                }
            })
            .collect()
    }

    /// The lines of one name.
    pub fn named(&self, name: &str) -> Vec<Event> {
        self.events().into_iter().filter(|event| event.name == name).collect()
    }

    /// The times between one event of this name and the next.
    pub fn pauses(&self, name: &str) -> Vec<Duration> {
        let times: Vec<_> = self.named(name).into_iter().map(|event| event.time).collect();
        times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect()
    }

    /// How many processes wrote `start` into it.
    pub fn starts(&self) -> usize {
        self.named("start").len()
    }

    /// The first event of this name, waited for.
    pub async fn wait_for(&self, name: &str) -> Event {
        eventually_some(&format!("`{name}` in the record {}", self.0.display()), async || {
            self.named(name).into_iter().next()
        })
        .await
    }

    /// Waits for this many events of one name.
    pub async fn wait_for_count(&self, name: &str, count: usize) {
        eventually(&format!("{count} times `{name}` in the record"), async || {
            self.named(name).len() >= count
        })
        .await;
    }
}
