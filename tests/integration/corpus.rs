//! The tools of public MCP servers, as `./dev` listed them: what documents say of them, and what arguments they take.

use serde_json::{Map, Value, json};
use traygate_tests::{Exhibits, Gateway, Home, Judges, corpus, fake, installed_corpus, stdio};

/// A config with every server of the corpus, each listed by a fake that echoes.
fn config(operation_ids: &str) -> Value {
    let entry = |(name, file, _): (String, std::path::PathBuf, Value)| {
        (name, fake(&["--tools-file", file.to_str().unwrap()]))
    };
    let servers: Map<String, Value> = corpus().into_iter().map(entry).collect();
    json!({"mcpServers": servers, "traygate": {"operationIds": operation_ids}})
}

#[tokio::test]
async fn documents_lose_nothing_under_either_kind_of_names() {
    let home = Home::new();
    let exhibits = Exhibits::new(&home);
    for operation_ids in ["tool", "mcpo"] {
        let gateway = Gateway::start(&home, &config(operation_ids)).await;
        let mut all = Map::new();
        for (name, _, tools) in corpus() {
            let document = gateway.wait_ready(&name).await;
            exhibits.add(&format!("{name}.{operation_ids}"), &document, &json!({"": tools}));
            all.insert(name, tools);
        }
        assert!(all.len() >= 25, "the corpus has {} servers", all.len());
        let document = gateway.get("/openapi.json").await.ok();
        exhibits.add(&format!("all-servers.{operation_ids}"), &document, &Value::Object(all));
        gateway.stop().await;
    }
    exhibits.judge().await;
}

#[tokio::test]
async fn valid_arguments_arrive_and_invalid_ones_are_refused() {
    let home = Home::new();
    let entries = corpus().into_iter().map(|(name, file, _)| {
        let (entry, _) = stdio(&home, &name, &["--tools-file", file.to_str().unwrap()]);
        (name, entry)
    });
    let servers: Map<String, Value> = entries.collect();
    let gateway = Gateway::start(&home, &json!({"mcpServers": servers})).await;
    for name in servers.keys() {
        gateway.wait_ready(name).await;
    }
    let corpus = installed_corpus();
    Judges::installed().arguments(&gateway, &corpus.join("tools"), &corpus.join("instances"), &home).await;
    gateway.stop().await;
}
