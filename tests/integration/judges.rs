//! Judges that share no code with the gateway: what they say of documents, and of answers to generated calls.

mod damage;
mod schemas;

use std::path::Path;

use serde_json::{Value, json};
use traygate_tests::{Exhibits, Gateway, Home, Judges, RealServers, fake, stdio};

/// Tools whose schemas are hard to tell a model of; their names begin with the numbers of what goes wrong elsewhere.
fn awkward() -> (Value, Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("judges/awkward.json");
    let tools = serde_json::from_str(&fs_err::read_to_string(&file).unwrap()).unwrap();
    (fake(&["--tools-file", file.to_str().unwrap()]), tools)
}

#[tokio::test]
async fn awkward_schemas_lose_nothing_under_either_kind_of_names() {
    let home = Home::new();
    let (entry, tools) = awkward();
    let exhibits = Exhibits::new(&home);
    for operation_ids in ["tool", "mcpo"] {
        let config = json!({"mcpServers": {"awkward": entry}, "traygate": {"operationIds": operation_ids}});
        let gateway = Gateway::start(&home, &config).await;
        let document = gateway.wait_ready("awkward").await;
        exhibits.add(&format!("awkward.{operation_ids}"), &document, &json!({"": tools}));
        let all = gateway.get("/openapi.json").await.ok();
        exhibits.add(&format!("all-servers.{operation_ids}"), &all, &json!({"awkward": tools}));
        gateway.stop().await;
    }
    exhibits.judge().await;
}

#[tokio::test]
async fn the_demo_and_real_servers_have_documents_that_convert() {
    let home = Home::new();
    let servers = RealServers::installed();
    let config = json!({"mcpServers": {
        "demo": {"type": "demo"},
        "everything": servers.node("server-everything", &[]),
        "filesystem": servers.node("server-filesystem", &[home.path("data").to_str().unwrap()]),
        "memory": servers.node("server-memory", &[]),
        "time": servers.python("mcp-server-time", &["--local-timezone=UTC"]),
        "git": servers.python("mcp-server-git", &[]),
        "fetch": servers.python("mcp-server-fetch", &[]),
    }});
    let gateway = Gateway::start(&home, &config).await;
    let exhibits = Exhibits::new(&home);
    // What these servers list is not known apart from the gateway (the corpus knows its own): nothing of the document
    // may be lost behind Open WebUI's converter.
    for name in config["mcpServers"].as_object().unwrap().keys() {
        exhibits.add(name, &gateway.wait_ready(name).await, &json!({}));
    }
    exhibits.add("all-servers", &gateway.get("/openapi.json").await.ok(), &json!({}));
    gateway.stop().await;
    exhibits.judge().await;
}

async fn generated_calls(name: &str, entry: Value) {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {name: entry}})).await;
    gateway.wait_ready(name).await;
    Judges::installed().run("generated_calls.py", &[&format!("{}/{name}", gateway.base())]).await;
    gateway.stop().await;
}

#[tokio::test]
async fn generated_calls_to_the_demo_are_answered_as_documented() {
    generated_calls("demo", json!({"type": "demo"})).await;
}

#[tokio::test]
async fn generated_calls_to_everything_are_answered_as_documented() {
    let mut everything = RealServers::installed().node("server-everything", &[]);
    // It takes as long as it is told to, by default 10 s: the judge takes that for no answer.
    everything["disabledTools"] = json!(["trigger-long-running-operation"]);
    generated_calls("everything", everything).await;
}

#[tokio::test]
async fn generated_schemas_lose_nothing_and_take_what_they_allow() {
    let home = Home::new();
    let tools = Value::from(schemas::tools(200));
    let folder = home.path("data/tools");
    fs_err::create_dir_all(&folder).unwrap();
    let file = folder.join("generated.json");
    fs_err::write(&file, tools.to_string()).unwrap();
    let (entry, _) = stdio(&home, "generated", &["--tools-file", file.to_str().unwrap()]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"generated": entry}})).await;
    let exhibits = Exhibits::new(&home);
    exhibits.add("generated", &gateway.wait_ready("generated").await, &json!({"": tools}));
    exhibits.judge().await;
    // Calls for some of them: a schema like these takes the generator of arguments half a second.
    fs_err::write(&file, Value::from(tools.as_array().unwrap()[..40].to_vec()).to_string()).unwrap();
    let instances = home.path("data/instances");
    let judges = Judges::installed();
    judges.run("instances.py", &[folder.to_str().unwrap(), instances.to_str().unwrap()]).await;
    judges.arguments(&gateway, &folder, &instances, &home).await;
    gateway.stop().await;
}
