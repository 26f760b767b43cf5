use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::{process::Child, time::timeout};

use super::{Answer, GatewayBuilder, Home};
use crate::{PATIENCE, Process, eventually, eventually_some, kill};

/// How long the end may take: what SIGTERM and Ctrl-C promise.
const STOPS_WITHIN: Duration = Duration::from_secs(5);

/// A running `traygate`. Killed, with all that it started, when dropped; a panic in its log fails the test then.
#[derive(Debug)]
pub struct Gateway {
    home: Home,
    child: Child,
    base: String,
    api_key: Option<String>,
    stderr: Arc<Mutex<String>>,
}

impl Gateway {
    pub(super) fn new(
        home: Home,
        child: Child,
        base: String,
        api_key: Option<String>,
        stderr: Arc<Mutex<String>>,
    ) -> Self {
        Self { home, child, base, api_key, stderr }
    }

    /// How to start one in this home.
    pub fn builder(home: &Home) -> GatewayBuilder {
        GatewayBuilder::new(home.clone())
    }

    /// Starts one in this home with this config.
    pub async fn start(home: &Home, config: &Value) -> Self {
        Self::builder(home).config(config).start().await
    }

    /// Its address, e.g. `http://127.0.0.1:40123`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.base.rsplit(':').next().and_then(|port| port.parse().ok()).expect("the address has a port")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the gateway runs")
    }

    /// A request to a path, with the API key where there is one.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bare_request(method, path);
        match &self.api_key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// A request to a path, without a key.
    pub fn bare_request(&self, method: Method, path: &str) -> RequestBuilder {
        super::http_client().request(method, format!("{}{path}", self.base))
    }

    /// A request to the admin API. No answer of it shows a secret.
    pub async fn admin(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let token = self.home.admin_token(self.pid());
        let request = self.bare_request(method, &format!("/-/api{path}")).bearer_auth(token);
        let answer = Answer::to(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await;
        self.home.assert_no_secret(&format!("/-/api{path}"), &answer.text);
        answer
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let answer = Answer::to(self.request(Method::POST, path).json(body)).await;
        if !answer.status.is_success() {
            self.home.assert_no_secret(path, &answer.text);
        }
        answer
    }

    /// POST of any body as JSON.
    pub async fn post_text(&self, path: &str, body: impl Into<String>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        Answer::to(request.body(body.into())).await
    }

    /// Calls a tool.
    pub async fn call(&self, server: &str, tool: &str, arguments: Value) -> Answer {
        self.post(&format!("/{server}/{tool}"), &arguments).await
    }

    /// A server's document.
    pub async fn openapi(&self, server: &str) -> Answer {
        self.get(&format!("/{server}/openapi.json")).await
    }

    /// Waits until the server's document is there; gives it.
    pub async fn wait_ready(&self, server: &str) -> Value {
        self.wait_for_document(server, |_| true).await
    }

    /// Waits until the server's document is as wanted; gives it.
    pub async fn wait_for_document(&self, server: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait_for_path(&format!("/{server}/openapi.json"), wanted).await
    }

    /// Waits until GET of a path is a 200 with the wanted JSON; gives it.
    pub async fn wait_for_path(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        eventually_some(
            &format!("GET {path} to be as wanted; the gateway's log:\n{}", self.stderr()),
            async || {
                let answer = self.get(path).await;
                let document = (answer.status == StatusCode::OK).then(|| answer.json())?;
                wanted(&document).then_some(document)
            },
        )
        .await
    }

    /// Waits until GET of a path has this status.
    pub async fn wait_for_status(&self, path: &str, status: u16) {
        eventually(&format!("GET {path} to be {status}"), async || self.get(path).await.status == status)
            .await;
    }

    /// Waits until GET of a path has this status and `detail.message` holds this text; gives `detail`.
    pub async fn wait_for_refusal(&self, path: &str, status: u16, text: &str) -> Value {
        eventually_some(&format!("GET {path} to be {status} with `{text}`"), async || {
            let answer = self.get(path).await;
            let detail = (answer.status == status).then(|| answer.json()["detail"].clone())?;
            detail["message"].as_str()?.contains(text).then_some(detail)
        })
        .await
    }

    /// The processes of the MCP servers that it runs.
    pub fn servers(&self) -> Vec<Process> {
        let mut all = self.home.processes();
        all.retain(|process| {
            process.command.split(' ').next().is_some_and(|name| name.ends_with("fake-mcp"))
        });
        all
    }

    /// Its stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a text on stderr.
    pub async fn wait_for_stderr(&self, text: &str) {
        eventually(&format!("`{text}` on stderr"), async || self.stderr().contains(text)).await;
    }

    /// SIGTERM; then it must be gone in time with code 0, and every process that it started as well.
    ///
    /// # Panics
    /// Where it is not.
    pub async fn stop(self) {
        #[cfg(unix)]
        self.end_by(rustix::process::Signal::TERM).await;
        #[cfg(not(unix))]
        self.kill().await;
    }

    /// Ctrl-C on its terminal; otherwise like [`Gateway::stop`].
    #[cfg(unix)]
    pub async fn interrupt(self) {
        self.end_by(rustix::process::Signal::INT).await;
    }

    #[cfg(unix)]
    async fn end_by(mut self, signal: rustix::process::Signal) {
        crate::processes::signal(self.pid(), signal);
        let status = timeout(STOPS_WITHIN, self.child.wait()).await;
        let status = status
            .unwrap_or_else(|_| panic!("traygate ran on for 5 s after the signal:\n{}", self.stderr()))
            .expect("the gateway can be waited for");
        assert!(status.success(), "traygate ended with {status}:\n{}", self.stderr());
        self.nothing_is_left().await;
    }

    /// SIGSTOP: it runs no more and its connections stay, as of a program that hangs.
    #[cfg(unix)]
    pub fn freeze(&self) {
        crate::processes::signal(self.pid(), rustix::process::Signal::STOP);
    }

    /// SIGKILL, which it cannot see coming; then every process that it started must be gone as well.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("the gateway can be killed");
        self.nothing_is_left().await;
    }

    async fn nothing_is_left(&self) {
        let gone =
            eventually("every process of the gateway to be gone", async || self.home.processes().is_empty());
        let gone = timeout(PATIENCE / 2, gone).await;
        assert!(gone.is_ok(), "left behind: {:?}\n{}", self.home.processes(), self.stderr());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        for process in self.home.processes() {
            kill(process.pid);
        }
        let stderr = self.stderr();
        if std::thread::panicking() {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "--- the gateway's log ---\n{stderr}");
        } else {
            assert!(!stderr.contains("panicked at"), "the gateway panicked:\n{stderr}");
            self.home.assert_no_secret("the gateway's log", &stderr);
            self.home.assert_no_secret_in_files();
        }
    }
}
