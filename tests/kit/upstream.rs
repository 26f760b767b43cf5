use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{Home, Record, fake_mcp};

/// A config entry that starts `fake-mcp` over stdio with these flags.
pub fn fake(args: &[&str]) -> Value {
    json!({"command": fake_mcp(), "args": args})
}

/// [`fake`] with a [`Record`] in the home's folder.
pub fn stdio(home: &Home, name: &str, args: &[&str]) -> (Value, Record) {
    let record = home.record(name);
    let mut all = vec!["--record", text(record.path())];
    all.extend(args);
    (fake(&all), record)
}

/// A `fake-mcp` that runs on its own and is reached over HTTP. Ends when dropped.
#[derive(Debug)]
pub struct HttpUpstream {
    transport: String,
    args: Vec<String>,
    url: String,
    record: Record,
    child: Child,
}

impl HttpUpstream {
    /// Starts one; `transport` is `streamable-http` or `sse`.
    pub async fn start(home: &Home, name: &str, transport: &str, args: &[&str]) -> Self {
        let record = home.record(name);
        let mut all = vec!["--transport", transport, "--record", text(record.path())];
        all.extend(args);
        let all: Vec<String> = all.into_iter().map(ToOwned::to_owned).collect();
        let (child, url) = launch(&all).await;
        Self { transport: transport.into(), args: all, url, record, child }
    }

    /// Its MCP endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A config entry for it.
    pub fn entry(&self) -> Value {
        json!({"type": self.transport, "url": self.url})
    }

    /// What happened to it.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Answers every request with this status from now on; `None`: serves again. Standing streams end at once.
    pub async fn answer_with(&self, status: Option<u16>) {
        self.order(json!({"status": status})).await;
    }

    /// Runs every call from now on and answers with this status; `None`: with its result again.
    pub async fn lose_answers(&self, status: Option<u16>) {
        self.order(json!({"lose_answers": status})).await;
    }

    /// Forgets every session, as a server does that was restarted behind a proxy.
    pub async fn forget_sessions(&self) {
        self.order(json!({"forget_sessions": true})).await;
    }

    async fn order(&self, order: Value) {
        let (base, _) = self.url.rsplit_once('/').expect("a URL has a path");
        let sent = crate::gateway::http_client().post(format!("{base}/control")).json(&order).send().await;
        assert!(sent.expect("the fake server takes orders").status().is_success());
    }

    /// Ends it.
    pub async fn stop(&mut self) {
        self.child.kill().await.expect("a fake server can be killed");
    }

    /// Starts it again on the port that it had.
    pub async fn start_again(&mut self) {
        let port = url::Url::parse(&self.url).ok().and_then(|url| url.port()).expect("a URL with a port");
        let mut args = self.args.clone();
        args.extend(["--port".into(), port.to_string()]);
        let (child, url) = launch(&args).await;
        assert_eq!(url, self.url);
        self.child = child;
    }
}

async fn launch(args: &[String]) -> (Child, String) {
    let mut child = Command::new(fake_mcp())
        .args(args)
        // It ends with its stdin, so also when this test is killed.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("fake-mcp starts");
    let stdout = child.stdout.take().expect("stdout is piped");
    let url = BufReader::new(stdout)
        .lines()
        .next_line()
        .await
        .expect("stdout is text")
        .expect("fake-mcp prints its URL");
    (child, url)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}
