use std::{net::TcpListener, os::fd::OwnedFd, path::PathBuf, process::Stdio};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::Model;
use crate::{Answer, Home, gateway::http_client, kill};

/// A running Open WebUI with nothing in it but one [`Model`]. Killed when dropped, with all that it started.
#[derive(Debug)]
pub struct OpenWebUi {
    home: Home,
    child: Child,
    base: String,
    token: String,
}

/// Without accounts, without the network, without what asks the model behind the chat's back.
const SETTINGS: &[(&str, &str)] = &[
    // As `open-webui serve` has it: the data beside no package, the pages out of it.
    ("FROM_INIT_PY", "true"),
    // The requirements are those of the slim image.
    ("USE_SLIM_DOCKER", "true"),
    ("WEBUI_AUTH", "False"),
    ("WEBUI_SECRET_KEY", "of a test"),
    ("OFFLINE_MODE", "true"),
    ("HF_HUB_OFFLINE", "1"),
    ("ENABLE_VERSION_UPDATE_CHECK", "false"),
    ("RAG_EMBEDDING_ENGINE", "openai"),
    ("BYPASS_EMBEDDING_AND_RETRIEVAL", "true"),
    ("ENABLE_OLLAMA_API", "False"),
    ("OPENAI_API_KEY", "of a test"),
    ("ENABLE_TITLE_GENERATION", "False"),
    ("ENABLE_TAGS_GENERATION", "False"),
    ("ENABLE_FOLLOW_UP_GENERATION", "False"),
    ("ENABLE_DIRECT_INTEGRATIONS", "True"),
];

impl OpenWebUi {
    /// Starts the one in the virtual environment that `TRAYGATE_TEST_OPEN_WEBUI` names, and waits until it serves.
    ///
    /// # Panics
    /// Without that variable, and where it ends instead.
    pub async fn start(home: &Home, model: &Model) -> Self {
        let data = home.path("data/open-webui");
        fs_err::create_dir_all(&data).expect("a folder in a temporary folder");
        // It gets a socket that listens already: its port is nobody else's, and the first request waits for its start.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let log = fs_err::File::create(log(home)).expect("a file in a temporary folder");
        let mut child = Command::new(installed().join("bin/python"))
            .args(["-m", "uvicorn", "open_webui.main:app", "--fd", "0"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(home.variables())
            .envs(SETTINGS.iter().copied())
            .env("DATA_DIR", data)
            .env("OPENAI_API_BASE_URL", model.base())
            .current_dir(home.path(""))
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stderr(log.file().try_clone().expect("a file can be shared"))
            .stdout(log.into_parts().0)
            .kill_on_drop(true)
            .spawn()
            .expect("Open WebUI starts");
        let answer = tokio::select! {
            answer = http_client().get(format!("{base}/health")).send() => answer,
            status = child.wait() => panic!("Open WebUI ended with {status:?}:\n{}", last_words(home)),
        };
        let mut started = Self { home: home.clone(), child, base, token: String::new() };
        assert!(answer.is_ok_and(|answer| answer.status().is_success()), "Open WebUI is not healthy");
        // Without accounts everybody is the one administrator.
        let nobody = json!({"email": "", "password": ""});
        let session = started.send(Method::POST, "/api/v1/auths/signin", &nobody).await;
        started.token = session["token"].as_str().expect("a session has a token").into();
        started
    }

    /// Its address, e.g. `http://127.0.0.1:40123`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The administrator's session, as the pages keep it.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The end of what it wrote.
    pub fn log(&self) -> String {
        last_words(&self.home)
    }

    /// GET of its API.
    pub async fn get(&self, path: &str) -> Value {
        Answer::to(self.request(Method::GET, path)).await.ok()
    }

    /// POST to its API.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.send(Method::POST, path, body).await
    }

    /// Registers these admin connections in place of all others.
    pub async fn register(&self, connections: &[Value]) {
        self.post("/api/v1/configs/tool_servers", &json!({"TOOL_SERVER_CONNECTIONS": connections})).await;
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Value {
        Answer::to(self.request(method, path).json(body)).await.ok()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        http_client().request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }
}

impl Drop for OpenWebUi {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        for process in self.home.processes() {
            if process.command.contains("uvicorn") {
                kill(process.pid);
            }
        }
        if std::thread::panicking() {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "--- the end of Open WebUI's log ---\n{}", self.log());
        }
    }
}

fn installed() -> PathBuf {
    let Some(folder) = std::env::var_os("TRAYGATE_TEST_OPEN_WEBUI") else {
        panic!(
            "TRAYGATE_TEST_OPEN_WEBUI is not set. Run these tests with `./dev test`, which installs Open WebUI and sets \
             it; or run `./dev open-webui` and set it to the folder that it prints."
        );
    };
    folder.into()
}

fn log(home: &Home) -> PathBuf {
    home.path("open-webui.log")
}

fn last_words(home: &Home) -> String {
    let text = fs_err::read(log(home)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
