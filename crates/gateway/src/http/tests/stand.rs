use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use arc_swap::ArcSwap;
use axum::{Router, body::Body};
use http::{HeaderMap, Method, Request, StatusCode, header};
use rmcp::model::{CallToolResult, JsonObject};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;
use traygate_auth::Keychain;
use traygate_config::ServerName;
use traygate_upstream::{
    CallContext, CallError, Catalogue, ServerInfo, ServerSnapshot, State, ToolEntry, ToolSet,
};

use crate::http::{KeyDigest, PreparedServers, Rules, Surface, Upstreams, router};

/// A call as it reached a server.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reached {
    pub(super) server: String,
    pub(super) tool: String,
    pub(super) arguments: String,
    pub(super) headers: HeaderMap,
}

/// Servers that answer as they were told, and remember what reached them.
#[derive(Clone, Default)]
pub(super) struct Servers(Arc<Inner>);

#[derive(Default)]
struct Inner {
    catalogue: ArcSwap<Catalogue>,
    reached: Mutex<Vec<Reached>>,
    answers: Mutex<HashMap<String, Result<CallToolResult, CallError>>>,
}

impl Upstreams for Servers {
    fn catalogue(&self) -> Arc<Catalogue> {
        self.0.catalogue.load_full()
    }

    async fn call(
        &self,
        server: &str,
        tool: &str,
        arguments: JsonObject,
        context: CallContext,
    ) -> Result<CallToolResult, CallError> {
        self.0.reached.lock().unwrap().push(Reached {
            server: server.into(),
            tool: tool.into(),
            arguments: serde_json::to_string(&arguments).unwrap(),
            headers: context.headers,
        });
        let answer = self.0.answers.lock().unwrap().get(tool).cloned();
        answer.unwrap_or_else(|| {
            Ok(serde_json::from_value(json!({"content": [{"type": "text", "text": "done"}]})).unwrap())
        })
    }
}

/// A router with its rules and servers at hand.
pub(super) struct Stand {
    pub(super) servers: Servers,
    pub(super) rules: Arc<ArcSwap<Rules>>,
    pub(super) prepared: Arc<PreparedServers>,
    router: Router,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Stand {
    pub(super) fn new(rules: Rules) -> Self {
        let servers = Servers::default();
        let rules = Arc::new(ArcSwap::from_pointee(rules));
        let own = Router::new()
            .route("/-/api/ping", axum::routing::get(|| async { "pong" }))
            .route("/-/oauth/callback", axum::routing::get(|| async { "thanks" }));
        let prepared: Arc<PreparedServers> = Arc::default();
        let surface = Surface {
            upstreams: servers.clone(),
            sign_ins: crate::sign_ins(Keychain::system(), None, HashMap::new()),
            rules: Arc::clone(&rules),
            prepared: Arc::clone(&prepared),
            own,
            tasks: TaskTracker::new(),
        };
        Self { servers, rules, prepared, router: router(surface) }
    }

    pub(super) fn with_key() -> Self {
        Self::new(Rules { api_key: Some(KeyDigest::of(&SecretString::from("k3y"))), ..Rules::default() })
    }

    /// Adds a server that is ready, or gives a known one other tools.
    pub(super) fn ready(self, name: &str, tools: Vec<ToolEntry>) -> Self {
        let revision = self.servers.catalogue().revision + 1;
        let tools = ToolSet {
            revision,
            info: ServerInfo {
                name: "reported-name".into(),
                title: None,
                version: "1.2.3".into(),
                instructions: Some("How to use it.".into()),
            },
            tools: tools.into_iter().map(|tool| (tool.name.clone(), tool)).collect(),
            quarantined: Vec::new(),
            disabled: 0,
        };
        self.server(name, State::Ready, Some(Arc::new(tools)))
    }

    pub(super) fn server(self, name: &str, state: State, tools: Option<Arc<ToolSet>>) -> Self {
        let mut catalogue = Catalogue::clone(&self.servers.catalogue());
        catalogue.revision += 1;
        let name = ServerName::new(name).unwrap();
        catalogue.servers.insert(name.clone(), Arc::new(ServerSnapshot { name, state, tools }));
        self.servers.0.catalogue.store(Arc::new(catalogue));
        self
    }

    /// Removes a server.
    pub(super) fn without(self, name: &str) -> Self {
        let mut catalogue = Catalogue::clone(&self.servers.catalogue());
        catalogue.revision += 1;
        catalogue.servers.shift_remove(name);
        self.servers.0.catalogue.store(Arc::new(catalogue));
        self
    }

    /// What `tool` of any server answers from now on.
    pub(super) fn answers(self, tool: &str, answer: Result<Value, CallError>) -> Self {
        let answer = answer.map(|result| serde_json::from_value(result).unwrap());
        self.servers.0.answers.lock().unwrap().insert(tool.into(), answer);
        self
    }

    /// Sends a request once all tools are described.
    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let catalogue = self.servers.catalogue();
        self.prepared.follow(&catalogue);
        for server in catalogue.servers.keys() {
            if let Some(prepared) = self.prepared.get(server) {
                prepared.described().await;
            }
        }
        self.send_now(request).await
    }

    pub(super) async fn send_now(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(get(path, &[])).await
    }

    pub(super) async fn call(&self, path: &str, body: &str) -> Answer {
        self.send(post(path, body, &[])).await
    }

    /// The calls that reached servers, forgotten by asking.
    pub(super) fn reached(&self) -> Vec<Reached> {
        std::mem::take(&mut *self.servers.0.reached.lock().unwrap())
    }
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(super) fn get(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    request(Method::GET, path, "", headers)
}

pub(super) fn post(path: &str, body: &str, headers: &[(&str, &str)]) -> Request<Body> {
    request(Method::POST, path, body, headers)
}

pub(super) fn request(method: Method, path: &str, body: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(header::HOST, "127.0.0.1:8000");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

/// A tool without description.
#[expect(clippy::needless_pass_by_value, reason = "tests write `json!` in place")]
pub(super) fn tool(name: &str, schema: Value) -> ToolEntry {
    ToolEntry {
        name: name.into(),
        title: None,
        description: None,
        input_schema: Arc::new(schema.as_object().unwrap().clone()),
        output_schema: None,
        annotations: None,
    }
}
