use std::path::PathBuf;

use serde_json::{Value, json};

/// The real MCP servers that `./dev` installs outside the checkout (tests/servers/ pins them).
#[derive(Debug, Clone)]
pub struct RealServers {
    folder: PathBuf,
    node: PathBuf,
}

impl RealServers {
    /// Where `TRAYGATE_TEST_SERVERS` says.
    ///
    /// # Panics
    /// Without that variable.
    pub fn installed() -> Self {
        let Some(folder) = std::env::var_os("TRAYGATE_TEST_SERVERS") else {
            panic!(
                "TRAYGATE_TEST_SERVERS is not set. Run these tests with `./dev test`, which installs the real MCP \
                 servers and sets it; or run `./dev servers` and set it to the folder that it prints."
            );
        };
        let node = std::env::var_os("TRAYGATE_TEST_NODE").unwrap_or_else(|| "node".into());
        Self { folder: folder.into(), node: node.into() }
    }

    /// The entry of a server out of `PyPI`, e.g. `mcp-server-time`.
    pub fn python(&self, name: &str, args: &[&str]) -> Value {
        json!({"command": self.folder.join("python/bin").join(name), "args": args})
    }

    /// The entry of a server out of npm's `@modelcontextprotocol`, e.g. `server-everything`.
    pub fn node(&self, name: &str, args: &[&str]) -> Value {
        let mut all = vec![self.script(name).display().to_string()];
        all.extend(args.iter().map(ToString::to_string));
        json!({"command": self.node, "args": all})
    }

    /// The node program.
    pub fn node_program(&self) -> &PathBuf {
        &self.node
    }

    /// The main script of a server out of npm.
    pub fn script(&self, name: &str) -> PathBuf {
        self.folder.join("node/node_modules/@modelcontextprotocol").join(name).join("dist/index.js")
    }
}
