//! The user's own connection: the browser itself calls the gateway.

use std::path::Path;

use serde_json::{Map, Value, json};
use traygate_tests::{
    Gateway, Home, HttpUpstream, Record, eventually,
    open_webui::{Asked, Browser, Model, OpenWebUi},
    stdio,
};

use super::{KEY, Outcome, failure, hangs, json_or_text, last, levels, result};

const ENTER: &str = "\u{e007}";
/// In the place of the button that stops the answer, so only while there is none to stop.
const IDLE: &str = "//button[@aria-label='Voice mode']";
const STOP: &str = "//button[@aria-label='Stop']";

/// Everything by hand, from the settings to the chat, as docs/open-webui.md tells it.
#[tokio::test]
async fn the_browser_calls_the_tools_of_a_users_connection() {
    let home = Home::new();
    let model = Model::start().await;
    let (files, record) = stdio(&home, "files", &[]);
    let locked = HttpUpstream::start(&home, "locked", "streamable-http", &["--tools", "1"]).await;
    let servers = json!({"mcpServers": {"files": files, "locked": locked.entry(), "levels": levels(&home)}});
    let gateway = Gateway::builder(&home).config(&servers).api_key(KEY).start();
    let (webui_home, (gateway, browser)) = (Home::new(), tokio::join!(gateway, Browser::start()));
    let webui = OpenWebUi::start(&webui_home, &model).await;
    gateway.wait_ready("files").await;
    gateway.wait_ready("locked").await;
    gateway.wait_ready("levels").await;

    browser.open(webui.base()).await;
    browser.click("//button[contains(., \"Okay, Let's Go!\")]").await;
    connect(&browser, &gateway).await;
    browser.click("//button[@id='integration-menu-button']").await;
    browser.click("//button[@role='menuitem'][contains(., 'Tools')]").await;
    browser.click("//button[@role='menuitemcheckbox'][contains(., 'Traygate')]").await;
    picture(&browser, "tools").await;

    let chat = Page { browser: &browser, model: &model };
    offers(&chat, &gateway).await;
    results(&chat).await;
    refusals(&chat, &locked).await;
    stop(&chat, &record).await;
    gateway.stop().await;
}

/// The chat that the browser shows.
struct Page<'a> {
    browser: &'a Browser,
    model: &'a Model,
}

impl Page<'_> {
    /// Sends a prompt that makes the model call a tool, and waits for its answer on the page; what the model was told.
    async fn ask(&self, prompt: &str) -> Asked {
        let before = self.model.asked().len();
        self.say(prompt).await;
        eventually(&format!("the model to be told what came of {prompt}"), async || {
            self.model.asked().len() >= before + 2
        })
        .await;
        self.browser.text(IDLE).await;
        let asked = last(self.model);
        let told = asked.result().unwrap_or_else(|| panic!("{prompt}: no result in {:#}", asked.whole()));
        let answer = bare(&format!("{}{told}", Model::SAYS));
        eventually(&format!("{prompt}: `{answer}` on the page"), async || {
            let shown = self.browser.text_now("(//*[@id='response-content-container'])[last()]").await;
            bare(&shown.unwrap_or_default()).contains(&answer)
        })
        .await;
        asked
    }

    /// [`Page::ask`] for a call that fails; what the model was told.
    async fn fails(&self, prompt: &str, status: u16) -> String {
        let told = self.ask(prompt).await.result().unwrap_or_default();
        // The page's words: those of the backend are others.
        assert!(told.contains(&format!("HTTP error! Status: {status}")), "{prompt}: {told}");
        told
    }

    async fn say(&self, prompt: &str) {
        self.browser.write("//*[@id='chat-input']", &format!("{prompt}{ENTER}")).await;
    }
}

/// A text as the page may show it too: what it reads as Markdown, layout and quotes look otherwise there.
fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !"\"\\`“”".contains(*c)).collect()
}

/// The connection's dialog, filled in.
async fn connect(browser: &Browser, gateway: &Gateway) {
    browser.click("//button[@aria-label='User menu']").await;
    browser.click("//button[@role='menuitem'][contains(., 'Settings')]").await;
    browser.click("//*[@aria-label='Personal']//button[@role='tab'][contains(., 'Integrations')]").await;
    let section = browser.text("//*[@role='dialog'][@aria-label='Settings']").await;
    assert!(section.contains("External Tool Servers"), "{section}");
    browser.click("(//button[@aria-label='Add Connection'])[1]").await;
    browser.write("//input[@id='enter-name']", "My servers").await;
    let url = format!("http://localhost:{}", gateway.port());
    browser.write("//input[@id='api-base-url']", &url).await;
    browser.write("//input[@placeholder='API Key']", KEY).await;
    browser.click("//button[@aria-label='Verify Connection']").await;
    browser.text("//*[contains(text(), 'Connection successful')]").await;
    picture(browser, "connection").await;
    browser.click("//input[@id='api-base-url']/ancestor::form//button[contains(., 'Save')]").await;
    // The first Save closes the dialog, the second keeps what was entered.
    browser.click("//*[@aria-label='Settings']//form//button[contains(., 'Save')]").await;
    browser.text("//*[contains(text(), 'Settings saved successfully')]").await;
    browser.click("//button[contains(., 'Back')]").await;
}

async fn offers(chat: &Page<'_>, gateway: &Gateway) {
    let asked = chat.ask("CALL add {\"a\": 20, \"b\": 22}").await;
    assert_eq!(asked.result().as_deref(), Some("42"));
    let offered = asked.tool("add").expect("the model is offered the tool");
    assert_eq!(offered["description"], "Adds two integers.");
    assert_eq!(offered["parameters"]["required"], json!(["a", "b"]));
    assert_eq!(offered["parameters"]["properties"]["a"]["type"], "integer");

    let document = gateway.get("/openapi.json").await.ok();
    let operation = document["paths"].as_object().unwrap().values().map(|path| &path["post"]);
    let operation = operation.into_iter().find(|operation| operation["operationId"] == "set-level").unwrap();
    let offered = asked.tool("set-level").expect("the model is offered the tool");
    assert_eq!(offered["description"], operation["description"]);
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!(offered["parameters"], what_the_page_keeps(schema), "{offered:#}");
    let level = json!({"type": "string", "description": "How loud."});
    assert_eq!(offered["parameters"]["properties"]["level"], level, "what the page drops is as it was");
    // What the page did not tell is told by the refusal.
    let told = chat.fails(r#"CALL set-level {"level": "loud", "speaker": {"name": "x"}}"#, 422).await;
    assert!(told.contains("low") && told.contains("high"), "{told}");
    let sent = json!({"level": "low", "times": 5, "note": null, "speaker": {"name": "left"}});
    let asked = chat.ask(&format!("CALL set-level {sent}")).await;
    assert_eq!(asked.result().map(|told| json_or_text(&told)), Some(sent));
}

/// The page's converter (`convertOpenApiToToolPayload`, Open WebUI 0.12.4) takes of a schema its type, description,
/// properties, required names, items and choices, and drops all else, enums and limits among them.
fn what_the_page_keeps(schema: &Value) -> Value {
    let mut kept = Map::new();
    for keyword in ["type", "description"] {
        kept.extend(schema.get(keyword).map(|value| (keyword.to_owned(), value.clone())));
    }
    if schema["type"] == "object" {
        let properties = schema["properties"].as_object().into_iter().flatten();
        let properties = properties.map(|(name, schema)| (name.clone(), what_the_page_keeps(schema)));
        kept.insert("properties".into(), Value::Object(properties.collect()));
        kept.insert("required".into(), schema.get("required").cloned().unwrap_or(json!([])));
    }
    if schema["type"] == "array" {
        kept.insert("items".into(), what_the_page_keeps(&schema["items"]));
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        kept.insert("anyOf".into(), choices.iter().map(what_the_page_keeps).collect());
    }
    kept.into()
}

/// Images reach the model; the page of Open WebUI 0.12.4 shows none that its own call brought, unfolded or not.
async fn results(chat: &Page<'_>) {
    for outcome in Outcome::all() {
        outcome.check(&chat.ask(&result(&outcome.given)).await);
        picture(chat.browser, outcome.case).await;
    }
}

/// Calls that fail: the tool's own error, arguments that do not fit, a server that wants a sign-in.
async fn refusals(chat: &Page<'_>, locked: &HttpUpstream) {
    let told = chat.fails(&result(&failure()), 500).await;
    assert!(told.contains("the disk is full") && told.contains("buy another"), "{told}");
    picture(chat.browser, "error").await;
    let told = chat.fails("CALL add {\"a\": 1}", 422).await;
    assert!(told.contains("required") && told.contains("`b`"), "{told}");
    locked.answer_with(Some(401)).await;
    let told = chat.fails("CALL tool_0000 {}", 503).await;
    assert!(told.contains("`locked` needs sign-in"), "{told}");
    picture(chat.browser, "sign-in").await;
}

/// The Stop button ends the answer, and not the call: Open WebUI 0.12.4 cannot take back what its page fetches. The call
/// ends with the page.
async fn stop(chat: &Page<'_>, record: &Record) {
    chat.say("CALL hang {}").await;
    hangs(record).await;
    chat.browser.click(STOP).await;
    chat.browser.text(IDLE).await;
    let asked = chat.ask("CALL add {\"a\": 1, \"b\": 2}").await;
    assert_eq!(asked.result().as_deref(), Some("3"), "the chat goes on");
    assert_eq!(record.named("abandoned").len(), 0, "the page's request goes on");
    chat.browser.close().await;
    // notifications/cancelled has come, for this call.
    let cancelled = record.wait_for("abandoned").await;
    let call = record.named("call").into_iter().rfind(|call| call.data["tool"] == "hang");
    assert_eq!(cancelled.data["requestId"], call.unwrap().data["id"]);
}

/// A picture for whoever wants to see what the test saw.
async fn picture(browser: &Browser, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("open-webui");
    fs_err::create_dir_all(&folder).unwrap();
    browser.screenshot(&folder.join(format!("{name}.png"))).await;
}
