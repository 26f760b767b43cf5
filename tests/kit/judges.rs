use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::Home;

/// The Python programs of tests/judges, in the environments that `./dev` installs outside the checkout.
#[derive(Debug, Clone)]
pub struct Judges {
    python: PathBuf,
}

impl Judges {
    /// Where `TRAYGATE_TEST_JUDGES` says.
    ///
    /// # Panics
    /// Without that variable.
    pub fn installed() -> Self {
        Self { python: installed("TRAYGATE_TEST_JUDGES").join("bin/python") }
    }

    /// Runs one of the programs; what it writes is its judgement.
    ///
    /// # Panics
    /// With what it wrote, where it finds something wrong.
    pub async fn run(&self, program: &str, args: &[&str]) -> String {
        let output = Command::new(&self.python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("judges").join(program))
            .args(args)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .expect("python starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} finds:\n{said}{complaints}");
        said
    }
}

/// Documents for `documents.py`, each beside the tools that its servers listed.
#[derive(Debug)]
pub struct Exhibits {
    folder: PathBuf,
}

impl Exhibits {
    /// None yet, in the home's folder.
    ///
    /// # Panics
    /// Where that folder cannot be made.
    pub fn new(home: &Home) -> Self {
        let folder = home.path("data/exhibits");
        fs_err::create_dir_all(&folder).expect("a folder in the home");
        Self { folder }
    }

    /// Adds a document. `servers` holds the tools of each server by name, of the one of a server's own document by "".
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn add(&self, name: &str, document: &Value, servers: &Value) {
        let exhibit = json!({"document": document, "servers": servers});
        fs_err::write(self.folder.join(format!("{name}.json")), exhibit.to_string())
            .expect("an exhibit is written");
    }

    /// Has all of them judged.
    ///
    /// # Panics
    /// With what is wrong.
    pub async fn judge(&self) {
        let folder = self.folder.to_str().expect("temporary folders have plain names");
        Judges::installed().run("documents.py", &[folder]).await;
    }
}

/// The tools of public MCP servers, listed by `./dev` into `TRAYGATE_TEST_CORPUS`: (server, file of tools, tools).
///
/// # Panics
/// Without that variable, or without tools.
pub fn corpus() -> Vec<(String, PathBuf, Value)> {
    let folder = installed("TRAYGATE_TEST_CORPUS").join("tools");
    let mut all = Vec::new();
    for file in fs_err::read_dir(folder).expect("the corpus is listed").flatten() {
        let path = file.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs_err::read_to_string(&path).expect("a list of tools can be read");
        all.push((name, path, serde_json::from_str(&text).expect("a list of tools is JSON")));
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

fn installed(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| {
            panic!("{variable} is not set. Run these tests with `./dev test`, which installs and sets it.")
        })
        .into()
}
