use std::{path::Path, process::Stdio};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::{Answer, Home, eventually_some, gateway::http_client, kill};

/// A headless Chromium with an empty profile, driven over W3C's `WebDriver`. Killed when dropped, with all its
/// processes.
#[derive(Debug)]
pub struct Browser {
    home: Home,
    child: Child,
    /// `http://127.0.0.1:PORT/session/ID`.
    session: String,
}

/// W3C `WebDriver`, "Elements": the key under which an element's id is told.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl Browser {
    /// Starts Debian's `chromedriver`, and with it Chromium.
    ///
    /// # Panics
    /// Where one of them does not start.
    pub async fn start() -> Self {
        let home = Home::new();
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .envs(home.variables())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver starts (apt install chromium chromium-driver)");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let port = loop {
            let line = lines.next_line().await.expect("stdout is text").expect("chromedriver tells its port");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let profile = format!("--user-data-dir={}", home.path("data/chromium").display());
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
            "--window-size=1280,900",
            "--lang=en-US",
            &profile,
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": flags}}}});
        let driver = format!("http://127.0.0.1:{port}");
        let begun = Answer::to(http_client().post(format!("{driver}/session")).json(&wanted)).await.ok();
        let id = begun["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no session in {begun}"));
        Self { home, child, session: format!("{driver}/session/{id}") }
    }

    /// Opens a page.
    pub async fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url})).await;
    }

    /// Waits until the address begins with this; gives it whole.
    pub async fn wait_for_address(&self, start: &str) -> url::Url {
        eventually_some(&format!("the browser to come to {start}"), async || {
            let address = self.request(Method::GET, "/url", None).await?;
            address.as_str().filter(|address| address.starts_with(start))?.parse().ok()
        })
        .await
    }

    /// Closes the page, and with it the browser.
    pub async fn close(&self) {
        self.request(Method::DELETE, "/window", None).await.expect("the page can be closed");
    }

    /// Clicks what matches this `XPath`, once it is there and takes the click.
    pub async fn click(&self, path: &str) {
        eventually_some(&format!("`{path}` to take a click"), async || {
            let element = self.find(path).await?;
            self.try_post(&format!("/element/{element}/click"), &json!({})).await
        })
        .await;
    }

    /// Types into what matches this `XPath`. U+E007 is the Enter key.
    pub async fn write(&self, path: &str, text: &str) {
        eventually_some(&format!("`{path}` to take a text"), async || {
            let element = self.find(path).await?;
            self.try_post(&format!("/element/{element}/value"), &json!({"text": text})).await
        })
        .await;
    }

    /// Waits for what matches this `XPath`; its text.
    pub async fn text(&self, path: &str) -> String {
        eventually_some(&format!("`{path}` on the page"), async || self.text_now(path).await).await
    }

    /// The text of what matches this `XPath`, if it is there.
    pub async fn text_now(&self, path: &str) -> Option<String> {
        let element = self.find(path).await?;
        let text = self.request(Method::GET, &format!("/element/{element}/text"), None).await?;
        text.as_str().map(ToOwned::to_owned)
    }

    /// Runs a script in the page; what it returns.
    pub async fn run(&self, script: &str, args: &[Value]) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": args})).await
    }

    /// A picture of the page as a PNG file.
    pub async fn screenshot(&self, file: &Path) {
        let image = self.request(Method::GET, "/screenshot", None).await.expect("a picture of the page");
        let image = BASE64_STANDARD.decode(image.as_str().unwrap_or_default()).expect("it is base64");
        fs_err::write(file, image).expect("a file can be written");
    }

    async fn find(&self, path: &str) -> Option<String> {
        let found = self.try_post("/element", &json!({"using": "xpath", "value": path})).await?;
        found[ELEMENT].as_str().map(ToOwned::to_owned)
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.try_post(path, body).await;
        answer.unwrap_or_else(|| panic!("the browser refuses {path} {body}"))
    }

    async fn try_post(&self, path: &str, body: &Value) -> Option<Value> {
        self.request(Method::POST, path, Some(body)).await
    }

    /// `None`: the browser refuses.
    async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Option<Value> {
        let request = http_client().request(method, format!("{}{path}", self.session));
        let answer = Answer::to(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await;
        answer.status.is_success().then(|| answer.json()["value"].clone())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        for process in self.home.processes() {
            kill(process.pid);
        }
    }
}
