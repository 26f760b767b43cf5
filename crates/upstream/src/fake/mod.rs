//! Scripted servers for tests: what they do on open, list, call and close is set from outside, what was done is counted.

mod server;
mod sign_in;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use indexmap::IndexMap;
use rmcp::model::{CallToolResult, JsonObject, Tool};
use secrecy::SecretString;
use traygate_auth::KeychainError;
use traygate_config::{Config, Entry, HttpUpstream, Server, ServerName, StdioUpstream, Template, Upstream};

pub(crate) use self::{
    server::{Calls, FakeConnector, FakeServer, Opens},
    sign_in::{FakeSignIn, FakeSignIns, bearer},
};
use crate::{
    CallContext, CallError, Catalogue, Environment, Hub, ServerSnapshot, connector::Connector,
    resolve::Secrets, token_source::TokenSources,
};

/// What [`FakeKeychain`] answers.
pub(crate) type Secret = Result<Option<&'static str>, KeychainError>;

/// A keychain with one answer for every name.
pub(crate) struct FakeKeychain(pub(crate) Mutex<Secret>);

impl Default for FakeKeychain {
    fn default() -> Self {
        Self(Mutex::new(Ok(None)))
    }
}

impl Secrets for FakeKeychain {
    fn secret<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<SecretString>, KeychainError>> {
        let answer = self.0.lock().expect("no panic while scripting").clone();
        Box::pin(std::future::ready(answer.map(|secret| secret.map(SecretString::from))))
    }
}

/// A wait that only a test that hangs reaches; in paused time it passes at once.
const FOREVER: Duration = Duration::from_hours(24);

/// A hub of fake servers.
pub(crate) struct Fakes {
    pub(crate) hub: Hub,
    pub(crate) connector: Arc<FakeConnector>,
    pub(crate) keychain: Arc<FakeKeychain>,
    pub(crate) sign_ins: Arc<FakeSignIns>,
}

impl Fakes {
    pub(crate) fn new() -> Self {
        Self::in_folder(None)
    }

    pub(crate) fn in_folder(state_dir: Option<&std::path::Path>) -> Self {
        let variables = HashMap::from([("HOME".into(), "/home/ada".into())]);
        let environment = Environment::new(variables, state_dir.map(Into::into));
        let sign_ins = Arc::new(FakeSignIns::default());
        let (connector, keychain) = (Arc::new(FakeConnector::default()), Arc::new(FakeKeychain::default()));
        let hub = Hub::with(
            environment,
            Arc::clone(&connector) as Arc<dyn Connector>,
            Arc::clone(&keychain) as Arc<dyn Secrets>,
            Arc::clone(&sign_ins) as Arc<dyn TokenSources>,
        );
        Self { hub, connector, keychain, sign_ins }
    }

    pub(crate) fn server(&self, name: &str) -> FakeServer {
        self.connector.server(name)
    }

    /// Waits until the catalogue is such.
    pub(crate) async fn until(&self, such: impl Fn(&Catalogue) -> bool) {
        let mut revisions = self.hub.revisions();
        let waiting = async {
            while !such(&self.hub.catalogue()) {
                revisions.changed().await.expect("the hub lives");
            }
        };
        let became = tokio::time::timeout(FOREVER, waiting).await;
        assert!(became.is_ok(), "never so: {:#?}", self.hub.catalogue());
    }

    pub(crate) async fn until_ready(&self, name: &str) {
        self.until(|catalogue| catalogue.servers.get(name).is_some_and(|s| s.state == crate::State::Ready))
            .await;
    }

    pub(crate) fn snapshot(&self, name: &str) -> Arc<ServerSnapshot> {
        Arc::clone(&self.hub.catalogue().servers[name])
    }

    pub(crate) async fn call(&self, name: &str) -> Result<CallToolResult, CallError> {
        self.hub.call(name, "echo", JsonObject::new(), CallContext::default()).await
    }
}

pub(crate) fn tool(name: &str) -> Tool {
    Tool::new(name.to_owned(), String::new(), JsonObject::new())
}

pub(crate) fn name(name: &str) -> ServerName {
    ServerName::new(name).expect("a name")
}

/// A stdio server with this command.
pub(crate) fn server(server: &str, command: &str) -> Server {
    Server {
        name: name(server),
        upstream: Upstream::Stdio(StdioUpstream {
            command: Template::new(command),
            args: Vec::new(),
            env: IndexMap::new(),
            cwd: None,
        }),
        disabled: false,
        timeout: Duration::from_mins(2),
        startup_timeout: None,
        disabled_tools: std::collections::BTreeSet::new(),
        elicitation: traygate_config::Elicitation::default(),
        header_forwarding: None,
        oauth: None,
    }
}

/// A streamable HTTP server with these headers.
pub(crate) fn http_server(name: &str, headers: &[(&str, &str)]) -> Server {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), Template::new(value))).collect();
    let upstream =
        Upstream::StreamableHttp(HttpUpstream { url: Template::new("https://example.com/mcp"), headers });
    Server { upstream, ..server(name, "") }
}

/// A config of these servers.
pub(crate) fn config(servers: impl IntoIterator<Item = Server>) -> Config {
    let entries = servers.into_iter().map(|server| (server.name.clone(), Entry::Valid(Box::new(server))));
    Config { servers: entries.collect(), ..Config::default() }
}

/// A config of plain servers with these names.
pub(crate) fn plain(names: &[&str]) -> Config {
    config(names.iter().map(|&name| server(name, "run")))
}
