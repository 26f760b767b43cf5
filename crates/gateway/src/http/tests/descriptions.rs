//! What is served while tools are being described.

use std::{
    future::Future,
    sync::{Arc, mpsc},
};

use serde_json::{Value, json};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
    time::{Duration, advance},
};
use traygate_config::ServerName;
use traygate_upstream::State;

use super::{Answer, Stand, get, post, tool};
use crate::http::{Rules, Upstreams as _};

/// A runtime whose only thread for long work may be kept busy, so that nothing is described meanwhile.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).max_blocking_threads(1).build().unwrap()
}

/// Keeps that thread busy until it is dropped.
struct Busy {
    until: Option<mpsc::Sender<()>>,
    done: JoinHandle<()>,
}

impl Busy {
    fn new() -> Self {
        let (until, dropped) = mpsc::channel::<()>();
        Self { until: Some(until), done: tokio::task::spawn_blocking(move || _ = dropped.recv()) }
    }

    async fn end(mut self) {
        self.until.take();
        self.done.await.unwrap();
    }
}

/// What comes once a document's moment of waiting is over.
async fn after_a_moment(answer: impl Future<Output = Answer>) -> Answer {
    let (answer, ()) = tokio::join!(answer, advance(Duration::from_secs(1)));
    answer
}

fn name(server: &str) -> ServerName {
    ServerName::new(server).unwrap()
}

fn paths(answer: &Answer) -> Vec<String> {
    answer.json()["paths"].as_object().unwrap().keys().cloned().collect()
}

/// A schema of which something is lost.
fn lossy() -> Value {
    json!({"properties": {"a": {"$ref": "http://example.com/a"}}})
}

#[test]
fn documents_show_what_is_described_and_calls_need_no_description() {
    runtime().block_on(async {
        let stand = Stand::new(Rules::default()).ready("old", vec![tool("before", json!({}))]);
        let before = stand.get("/old/openapi.json").await;
        let busy = Busy::new();
        let stand =
            stand.ready("old", vec![tool("after", json!({}))]).ready("new", vec![tool("first", json!({}))]);

        // The clock stands: nothing that waits comes back.
        let now = stand.send_now(get("/old/openapi.json", &[])).await;
        assert_eq!((now.status.as_u16(), now.body), (200, before.body));
        for path in ["/old/after", "/new/first"] {
            assert_eq!(stand.send_now(post(path, "{}", &[])).await.status, 200, "{path}");
        }
        let root = after_a_moment(stand.send_now(get("/openapi.json", &[]))).await;
        assert_eq!(paths(&root), ["/old/before"]);
        // The moment counts from when describing began: later callers do not wait.
        assert_eq!(stand.send_now(get("/openapi.json", &[])).await.body, root.body);
        let missing = stand.send_now(get("/new/openapi.json", &[])).await;
        assert_eq!((missing.status.as_u16(), missing.header("retry-after")), (503, "2"));
        let detail = &missing.json()["detail"];
        assert_eq!(detail["code"], "server-unavailable");
        assert_eq!(
            detail["message"],
            "The document of `new` is still being made, of 1 tool; try again. Its tools can be called already."
        );

        busy.end().await;
        assert_eq!(paths(&stand.get("/openapi.json").await), ["/old/after", "/new/first"]);
        assert_eq!(paths(&stand.get("/old/openapi.json").await), ["/after"]);
        assert_eq!(paths(&stand.get("/new/openapi.json").await), ["/first"]);
    });
}

#[test]
fn a_first_document_is_waited_for() {
    runtime().block_on(async {
        let busy = Busy::new();
        let stand = Stand::new(Rules::default()).ready("s", vec![tool("t", json!({}))]);
        let (root, server, ()) = tokio::join!(
            stand.send_now(get("/openapi.json", &[])),
            stand.send_now(get("/s/openapi.json", &[])),
            busy.end(),
        );
        assert_eq!((paths(&root), paths(&server)), (vec!["/s/t".to_owned()], vec!["/t".to_owned()]));
    });
}

#[test]
fn warnings_tell_what_is_known_and_wait_for_nothing() {
    runtime().block_on(async {
        let busy = Busy::new();
        let stand =
            Stand::new(Rules::default()).ready("s", vec![tool("plain", json!({})), tool("t", lossy())]);
        stand.prepared.follow(&stand.servers.catalogue());
        let prepared = stand.prepared.get(&name("s")).unwrap();
        assert_eq!(prepared.warnings().count(), 0);
        busy.end().await;
        prepared.described().await;
        let tools: Vec<_> = prepared.warnings().map(|(tool, _)| tool).collect();
        assert_eq!(tools, ["t"]);
    });
}

#[test]
fn disabled_servers_are_not_described_and_the_gone_not_to_the_end() {
    runtime().block_on(async {
        let busy = Busy::new();
        let stand = Stand::new(Rules::default()).ready("s", vec![tool("t", json!({}))]);
        let catalogue = stand.servers.catalogue();
        stand.prepared.follow(&catalogue);
        let gone = Arc::downgrade(&stand.prepared.get(&name("s")).unwrap());
        let stand = stand.server("s", State::Disabled, catalogue.servers["s"].tools.clone());
        stand.prepared.follow(&stand.servers.catalogue());
        assert!(stand.prepared.get(&name("s")).is_none());
        assert!(gone.upgrade().is_none());
        // An older look at the servers brings nothing back.
        stand.prepared.follow(&catalogue);
        assert!(stand.prepared.get(&name("s")).is_none());
        busy.end().await;
        assert_eq!(stand.get("/s/openapi.json").await.status, 503);
    });
}

#[test]
fn a_list_that_is_replaced_before_it_is_described_leaves_the_one_before() {
    runtime().block_on(async {
        let stand = Stand::new(Rules::default()).ready("s", vec![tool("one", json!({}))]);
        assert_eq!(paths(&stand.get("/s/openapi.json").await), ["/one"]);
        let busy = Busy::new();
        let stand = stand.ready("s", vec![tool("two", json!({}))]);
        assert_eq!(paths(&stand.send_now(get("/s/openapi.json", &[])).await), ["/one"]);
        let stand = stand.ready("s", vec![tool("three", json!({}))]);
        assert_eq!(paths(&stand.send_now(get("/s/openapi.json", &[])).await), ["/one"]);
        busy.end().await;
        assert_eq!(paths(&stand.get("/s/openapi.json").await), ["/three"]);
    });
}
