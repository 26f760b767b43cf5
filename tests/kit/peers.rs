use std::{path::PathBuf, process::Stdio};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
};

use crate::{Home, eventually};

/// The real OAuth servers, and the conformance suite, that `./dev` installs outside the checkout (tests/peers/ pins
/// them).
#[derive(Debug, Clone)]
pub struct Peers {
    folder: PathBuf,
}

/// A real MCP server that wants a sign-in, with its authorization server. Ends when dropped.
#[derive(Debug)]
pub struct Peer {
    url: String,
    #[expect(dead_code, reason = "end with this")]
    processes: Vec<Child>,
}

impl Peer {
    /// Its MCP endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A config entry for it.
    pub fn entry(&self) -> Value {
        json!({"type": "streamable-http", "url": self.url})
    }
}

impl Peers {
    /// Where `TRAYGATE_TEST_PEERS` says.
    ///
    /// # Panics
    /// Without that variable.
    pub fn installed() -> Self {
        let Some(folder) = std::env::var_os("TRAYGATE_TEST_PEERS") else {
            panic!(
                "TRAYGATE_TEST_PEERS is not set. Run these tests with `./dev test`, which installs the real OAuth \
                 servers and sets it; or run `./dev peers` and set it to the folder that it prints."
            );
        };
        Self { folder: folder.into() }
    }

    /// `FastMCP` with its in-memory authorization server: consents at once, rotates refresh tokens. Tool: `add`.
    pub async fn rotating(&self, home: &Home, ttl: u32) -> Peer {
        let mut server = self.python(home, "rotating_server.py", ttl);
        let url = next_line(&mut lines(&mut server)).await;
        Peer { url, processes: vec![server] }
    }

    /// oidc-provider with its pages for login and consent, before a `FastMCP` server. Tool: `whoami`.
    pub async fn with_pages(&self, home: &Home, ttl: u32) -> Peer {
        let mut resource = self.python(home, "resource_server.py", ttl);
        let mut said = lines(&mut resource);
        let url = next_line(&mut said).await;
        let script = source("authorization_server.mjs");
        let mut authorization = self
            .node(home)
            .arg(script)
            .arg(&url)
            .env("ACCESS_TOKEN_TTL", ttl.to_string())
            .spawn()
            .expect("node");
        let issuer = next_line(&mut lines(&mut authorization)).await;
        let stdin = resource.stdin.as_mut().expect("stdin is piped");
        stdin.write_all(format!("{issuer}\n").as_bytes()).await.expect("the resource server reads");
        next_line(&mut said).await;
        Peer { url, processes: vec![resource, authorization] }
    }

    /// The TypeScript SDK's demo with an authorization server on a port of its own, which checks `resource`. It consents
    /// at once and gives no refresh tokens. Tools: `greet` and others.
    pub async fn typescript(&self, home: &Home) -> Peer {
        let script = self.folder.join(
            "node/node_modules/@modelcontextprotocol/sdk/dist/esm/examples/server/simpleStreamableHttp.js",
        );
        // It takes numbers and says them wherever it likes.
        let (port, other) = (free_port(), free_port());
        let server = self
            .node(home)
            .arg(script)
            .args(["--oauth", "--oauth-strict"])
            .env("MCP_PORT", port.to_string())
            .env("MCP_AUTH_PORT", other.to_string())
            .stdout(Stdio::null())
            .spawn()
            .expect("node starts");
        for port in [port, other] {
            eventually("the TypeScript server to listen", async || {
                TcpStream::connect(("localhost", port)).await.is_ok()
            })
            .await;
        }
        // Its metadata knows this host alone.
        Peer { url: format!("http://localhost:{port}/mcp"), processes: vec![server] }
    }

    /// The official conformance suite.
    pub fn conformance(&self, home: &Home) -> Command {
        let mut command = self.node(home);
        command.arg(self.folder.join("node/node_modules/@modelcontextprotocol/conformance/dist/index.js"));
        command
    }

    /// The client scenarios that conformance to a revision asks for, as the suite lists them.
    pub fn scored_scenarios(&self, revision: &str) -> Vec<String> {
        let file =
            format!("node/node_modules/@modelcontextprotocol/conformance/requirements/{revision}.yaml");
        let text = fs_err::read_to_string(self.folder.join(file)).expect("the suite's requirements");
        let mut lines = text.lines().skip_while(|line| *line != "client:").skip(1);
        let items = lines.by_ref().take_while(|line| !line.starts_with(|c: char| c.is_alphabetic()));
        items.filter_map(|line| Some(line.trim().strip_prefix("- ")?.trim().to_owned())).collect()
    }

    fn node(&self, home: &Home) -> Command {
        let mut command = Command::new(self.folder.join("node22/node_modules/.bin/node"));
        command.env("NODE_PEERS", self.folder.join("node"));
        prepare(&mut command, home);
        command
    }

    fn python(&self, home: &Home, script: &str, ttl: u32) -> Child {
        let mut command = Command::new(self.folder.join("python/bin/python"));
        command
            .arg(source(script))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("ACCESS_TOKEN_TTL", ttl.to_string());
        prepare(&mut command, home);
        command.spawn().expect("python starts")
    }
}

/// In this home, ended by the end of its stdin also where this test is killed.
fn prepare(command: &mut Command, home: &Home) {
    let log = fs_err::OpenOptions::new().create(true).append(true).open(home.path("tmp/peers.jsonl"));
    command
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .envs(home.variables().into_iter().filter(|(name, _)| *name != "HOME"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log.expect("a file in a temporary folder").into_parts().0)
        .kill_on_drop(true);
}

fn source(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

fn lines(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().expect("stdout is piped")).lines()
}

async fn next_line(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    lines.next_line().await.expect("stdout is text").expect("the server says where it is")
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}
