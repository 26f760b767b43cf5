//! The administrator's connections: Open WebUI's backend calls the gateway.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use traygate_tests::{
    Gateway, Home, HttpUpstream, Record, fake,
    open_webui::{Asked, Model, OpenWebUi, Turn, connection},
    stdio,
};

use super::{KEY, Outcome, failure, hangs, json_or_text, levels, result};

#[tokio::test]
async fn the_backend_calls_the_tools_of_admin_connections() {
    let (home, webui_home) = (Home::new(), Home::new());
    let model = Model::start().await;
    let webui = OpenWebUi::start(&webui_home, &model).await;
    let (tools, record) = stdio(&home, "tools", &[]);
    let locked = HttpUpstream::start(&home, "locked", "streamable-http", &["--tools", "1"]).await;
    let servers = json!({"mcpServers": {
        "tools": tools, "demo": {"type": "demo"}, "levels": levels(&home), "locked": locked.entry(),
        "down": fake(&["--exit-at-start", "1"]),
    }});
    let gateway = Gateway::builder(&home).config(&servers).api_key(KEY).start().await;
    let other_home = Home::new();
    let mcpo = json!({"mcpServers": {"levels": levels(&other_home)}});
    let mcpo =
        Gateway::builder(&other_home).config(&mcpo).api_key(KEY).arg("--mcpo-operation-ids").start().await;
    for name in ["tools", "demo", "levels", "locked"] {
        gateway.wait_ready(name).await;
    }
    mcpo.wait_ready("levels").await;
    // The one that is down comes first: it takes nothing away from those behind it.
    let mut connections: Vec<Value> = ["down", "tools", "demo", "levels", "locked"]
        .map(|name| connection(name, &format!("{}/{name}", gateway.base()), KEY))
        .into();
    connections.push(connection("all", gateway.base(), KEY));
    connections.push(connection("mcpo", &format!("{}/levels", mcpo.base()), KEY));
    webui.register(&connections).await;

    let chats = Chats { webui: &webui, model: &model };
    offers(&chats, &gateway, &mcpo).await;
    results(&chats).await;
    arguments(&chats, &record).await;
    all_servers(&chats).await;
    sign_in(&chats, &locked).await;
    stop(&chats, &record).await;
    mcpo.stop().await;
    gateway.stop().await;
}

struct Chats<'a> {
    webui: &'a OpenWebUi,
    model: &'a Model,
}

impl Chats<'_> {
    /// Sends a prompt; what the chat shows, and the last that the model was asked.
    async fn ask(&self, server: &str, prompt: &str) -> (Turn, Asked) {
        let before = self.model.asked().len();
        let turn = self.webui.ask(self.model, prompt, &["down", server]).await;
        let asked = self.model.asked().split_off(before);
        (turn, asked.last().unwrap_or_else(|| panic!("{prompt}: the model was not asked")).clone())
    }

    /// Sends a prompt whose call must be shown as failed; what the model was told.
    async fn fails(&self, server: &str, prompt: &str) -> String {
        let (turn, asked) = self.ask(server, prompt).await;
        assert_eq!(turn.call()["status"], "failed", "{prompt}: {:#}", turn.message);
        asked.result().unwrap_or_else(|| panic!("{prompt}: no result"))
    }
}

/// The model is offered what the document says, and that is what the server said.
async fn offers(chats: &Chats<'_>, gateway: &Gateway, mcpo: &Gateway) {
    for (server, gateway, path) in [
        ("tools", gateway, "/tools"),
        ("demo", gateway, "/demo"),
        ("levels", gateway, "/levels"),
        ("mcpo", mcpo, "/levels"),
        ("all", gateway, ""),
    ] {
        let document = gateway.get(&format!("{path}/openapi.json")).await.ok();
        let (_, asked) = chats.ask(server, "CALL nothing {}").await;
        let offered: BTreeMap<_, _> = asked.tools().into_iter().collect();
        let paths = document["paths"].as_object().unwrap();
        assert!(!paths.is_empty(), "{server}");
        for operation in paths.values().map(|path| &path["post"]) {
            let name = operation["operationId"].as_str().unwrap();
            let tool = offered.get(name).unwrap_or_else(|| panic!("{server}: no {name} in {offered:#?}"));
            assert_eq!(tool["description"], operation["description"], "{server} {name}");
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let parameters = &tool["parameters"];
            assert_eq!(essence(parameters), essence(schema), "{server} {name}: {parameters:#}");
        }
    }
    for (server, name) in [("levels", "set-level"), ("mcpo", "tool_set_level_post")] {
        let (_, asked) = chats.ask(server, "CALL nothing {}").await;
        let tool = asked.tool(name).unwrap_or_else(|| panic!("{server}: {:?}", asked.tools()));
        assert_eq!(tool["description"], "Sets the level of a speaker.", "{server}");
        let parameters = &tool["parameters"];
        assert_eq!(parameters["required"], json!(["level", "speaker"]), "{server}");
        let properties = &parameters["properties"];
        let level = json!({"type": "string", "enum": ["low", "high"], "description": "How loud."});
        assert_eq!(properties["level"], level, "{server}");
        let times = json!({"type": "integer", "minimum": 1, "maximum": 5, "default": 2});
        assert_eq!(properties["times"], times, "{server}");
        assert_eq!(properties["speaker"]["description"], "Which one.", "{server}");
        assert_eq!(properties["speaker"]["required"], json!(["name"]), "{server}");
        let speaker = json!({"type": "string", "minLength": 1});
        assert_eq!(properties["speaker"]["properties"]["name"], speaker, "{server}");
        assert!(properties["note"].to_string().contains("\"maxLength\":9"), "{server}: {properties:#}");
        let sent = json!({"level": "low", "speaker": {"name": "left"}});
        let (_, asked) = chats.ask(server, &format!("CALL {name} {sent}")).await;
        let echoed: Value = serde_json::from_str(&asked.result().unwrap()).unwrap();
        assert_eq!(echoed, sent, "{server}");
    }
}

/// What must be the same at both ends: the names of the properties, what is required, and enums.
fn essence(schema: &Value) -> Value {
    let mut properties = BTreeMap::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        properties.insert(name, property["enum"].clone());
    }
    let mut required = schema["required"].as_array().cloned().unwrap_or_default();
    required.sort_by_key(ToString::to_string);
    json!({"properties": properties, "required": required})
}

async fn results(chats: &Chats<'_>) {
    for outcome in Outcome::all() {
        let (turn, asked) = chats.ask("tools", &result(&outcome.given)).await;
        let case = outcome.case;
        assert_eq!(turn.call()["status"], "completed", "{case}: {:#}", turn.message);
        let read = outcome.check(&asked);
        let shown = turn.result()["output"].as_array().unwrap();
        assert_eq!(shown[0]["text"], read, "{case}: the chat shows what the model reads");
        let pictures = shown.iter().filter(|part| part["type"] == "input_image").count();
        assert_eq!(pictures, outcome.images, "{case}: the chat keeps the images: {shown:#?}");
        let answer = turn.message["content"].as_str().unwrap_or_default();
        assert!(answer.contains(Model::SAYS.trim()), "{case}: the model goes on: {:#}", turn.message);
    }
    let told = chats.fails("tools", &result(&failure())).await;
    assert!(told.contains("500") && told.contains("the disk is full"), "error: {told}");
    assert!(told.contains("buy another"), "error: all that the tool said: {told}");
}

async fn arguments(chats: &Chats<'_>, record: &Record) {
    let calls = || record.named("call").len();
    let (_, asked) = chats.ask("tools", "CALL add {\"a\": \"40\", \"b\": 2}").await;
    assert_eq!(asked.result().as_deref(), Some("42"), "a number in quotes");
    let before = calls();
    let told = chats.fails("tools", "CALL add {\"a\": 1}").await;
    assert!(told.contains("422") && told.contains("`b`"), "a missing argument: {told}");
    let told = chats.fails("tools", "CALL add {\"a\": \"one\", \"b\": 2}").await;
    assert!(told.contains("422") && told.contains("`a`"), "an argument of another type: {told}");
    let told =
        chats.fails("levels", "CALL set-level {\"level\": \"loud\", \"speaker\": {\"name\": \"x\"}}").await;
    assert!(told.contains("422") && told.contains("low") && told.contains("high"), "not in the enum: {told}");
    assert_eq!(calls(), before, "the server is not called with them");
}

/// The root document as the one connection.
async fn all_servers(chats: &Chats<'_>) {
    let (_, asked) = chats.ask("all", "CALL add {\"a\": 1, \"b\": 2}").await;
    assert_eq!(asked.result().as_deref(), Some("3"), "a tool of one server");
    let noon = json!({"time": "2026-01-15T12:00", "from": "UTC", "to": "Asia/Tokyo"});
    let (_, asked) = chats.ask("all", &format!("CALL convert_time {noon}")).await;
    assert!(asked.result().unwrap_or_default().contains("21:00"), "a tool of another: {:?}", asked.result());
    let (_, asked) = chats.ask("all", "CALL demo_echo {\"text\": \"of the demo\"}").await;
    assert_eq!(asked.result().as_deref(), Some("of the demo"), "a name that two servers have");
}

/// The tools of a server that wants a sign-in stay known; the call says what is needed, and other servers go on.
async fn sign_in(chats: &Chats<'_>, locked: &HttpUpstream) {
    let call = "CALL tool_0000 {\"value\": \"open\"}";
    let (_, asked) = chats.ask("locked", call).await;
    assert_eq!(json_or_text(&asked.result().unwrap()), json!({"value": "open"}), "before");
    locked.answer_with(Some(401)).await;
    let told = chats.fails("locked", call).await;
    assert!(told.contains("503") && told.contains("`locked` needs sign-in"), "sign-in: {told}");
    let (_, asked) = chats.ask("tools", "CALL add {\"a\": 1, \"b\": 2}").await;
    assert_eq!(asked.result().as_deref(), Some("3"), "another server");
}

/// The Stop button ends the call at the server.
async fn stop(chats: &Chats<'_>, record: &Record) {
    assert_eq!(record.named("abandoned").len(), 0);
    let chat = chats.webui.prompt(chats.model, "CALL hang {}", &["tools"]).await;
    hangs(record).await;
    chat.stop().await;
    // notifications/cancelled has come, for this call.
    let cancelled = record.wait_for("abandoned").await;
    let call = record.named("call").into_iter().rfind(|call| call.data["tool"] == "hang");
    assert_eq!(cancelled.data["requestId"], call.unwrap().data["id"]);
    chat.done().await;
}
