//! The user's own connection: the browser itself calls the gateway.

use std::path::Path;

use serde_json::json;
use traygate_tests::{
    Gateway, Home, eventually, fake,
    open_webui::{Asked, Browser, Model, OpenWebUi},
};

use super::{DOT, KEY, result};

const ENTER: &str = "\u{e007}";

/// Everything by hand, from the settings to the chat, as docs/open-webui.md tells it.
#[tokio::test]
async fn the_browser_calls_the_tools_of_a_users_connection() {
    let home = Home::new();
    let model = Model::start().await;
    let gateway = Gateway::builder(&home)
        .config(&json!({"mcpServers": {"files": fake(&["--name", "files"])}}))
        .api_key(KEY)
        .start();
    let (webui_home, (gateway, browser)) = (Home::new(), tokio::join!(gateway, Browser::start()));
    let webui = OpenWebUi::start(&webui_home, &model).await;
    gateway.wait_ready("files").await;

    browser.open(webui.base()).await;
    browser.click("//button[contains(., \"Okay, Let's Go!\")]").await;
    browser.click("//button[@aria-label='User menu']").await;
    browser.click("//button[@role='menuitem'][contains(., 'Settings')]").await;
    browser.click("//*[@aria-label='Personal']//button[@role='tab'][contains(., 'Integrations')]").await;
    let section = browser.text("//*[@role='dialog'][@aria-label='Settings']").await;
    assert!(section.contains("External Tool Servers"), "{section}");
    browser.click("(//button[@aria-label='Add Connection'])[1]").await;
    browser.write("//input[@id='enter-name']", "My files").await;
    let url = format!("http://localhost:{}/files", gateway.port());
    browser.write("//input[@id='api-base-url']", &url).await;
    browser.write("//input[@placeholder='API Key']", KEY).await;
    browser.click("//button[@aria-label='Verify Connection']").await;
    browser.text("//*[contains(text(), 'Connection successful')]").await;
    picture(&browser, "connection").await;
    browser.click("//input[@id='api-base-url']/ancestor::form//button[contains(., 'Save')]").await;
    // The first Save closes the dialog, the second keeps what was entered.
    browser.click("//*[@aria-label='Settings']//form//button[contains(., 'Save')]").await;
    browser.text("//*[contains(text(), 'Settings saved successfully')]").await;
    browser.click("//button[contains(., 'Back')]").await;
    browser.click("//button[@id='integration-menu-button']").await;
    browser.click("//button[@role='menuitem'][contains(., 'Tools')]").await;
    browser.click("//button[@role='menuitemcheckbox'][contains(., 'files')]").await;
    picture(&browser, "tools").await;

    let prompt = "CALL add {\"a\": 20, \"b\": 22}";
    say(&browser, prompt).await;
    answered(&browser, "42").await;
    let asked = last(&model);
    assert_eq!(asked.result().as_deref(), Some("42"));
    let offered = asked.tool("add").expect("the model is offered the tool");
    assert_eq!(offered["description"], "Adds two integers.");
    assert_eq!(offered["parameters"]["required"], json!(["a", "b"]));
    assert_eq!(offered["parameters"]["properties"]["a"]["type"], "integer");
    picture(&browser, "text").await;

    let image = json!({"type": "image", "mimeType": "image/png", "data": DOT});
    say(&browser, &result(&json!({"content": [image]}))).await;
    answered(&browser, "Image file read successfully").await;
    assert_eq!(last(&model).images(), [format!("data:image/png;base64,{DOT}")]);
    picture(&browser, "image").await;

    let failure = json!({"content": [{"type": "text", "text": "the disk is full"}], "isError": true});
    say(&browser, &result(&failure)).await;
    answered(&browser, "the disk is full").await;
    let told = last(&model).result().unwrap_or_default();
    // The page's words: those of the backend are others.
    assert!(told.contains("HTTP error! Status: 500") && told.contains("the disk is full"), "{told}");
    picture(&browser, "error").await;

    say(&browser, "CALL add {\"a\": 1}").await;
    answered(&browser, "422").await;
    let told = last(&model).result().unwrap_or_default();
    assert!(told.contains("422") && told.contains("required"), "{told}");
    gateway.stop().await;
}

async fn say(browser: &Browser, prompt: &str) {
    browser.write("//*[@id='chat-input']", &format!("{prompt}{ENTER}")).await;
}

/// Waits for an answer of the model with this text on the page.
async fn answered(browser: &Browser, text: &str) {
    let answer = "(//*[@id='response-content-container'])[last()]";
    eventually(&format!("the model's answer with `{text}` on the page"), async || {
        let shown = browser.text_now(answer).await.unwrap_or_default();
        shown.contains(Model::SAYS.trim()) && shown.contains(text)
    })
    .await;
    // In the place of the button that stops the answer.
    browser.text("//button[@aria-label='Voice mode']").await;
}

/// What the model was asked last.
fn last(model: &Model) -> Asked {
    model.asked().pop().expect("the model was asked")
}

/// A picture for whoever wants to see what the test saw.
async fn picture(browser: &Browser, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("open-webui");
    fs_err::create_dir_all(&folder).unwrap();
    browser.screenshot(&folder.join(format!("{name}.png"))).await;
}
