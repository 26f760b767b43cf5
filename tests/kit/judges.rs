use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde_json::{Value, json};
use tokio::process::Command;

use crate::{Gateway, Home};

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
    #[expect(clippy::print_stdout, reason = "figures, for whoever asks the test runner for its output")]
    pub async fn run(&self, program: &str, args: &[&str]) {
        let (content, said) = self.verdict(program, args).await;
        assert!(content, "{program} finds:\n{said}");
        println!("{said}");
    }

    /// Runs one of the programs: whether it finds nothing wrong, and what it wrote.
    ///
    /// # Panics
    /// Where Python does not start.
    pub async fn verdict(&self, program: &str, args: &[&str]) -> (bool, String) {
        let output = Command::new(&self.python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("judges").join(program))
            .args(args)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .expect("python starts");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Has every tool of a folder called with the instances made for it. The servers are recorded in the home.
    ///
    /// # Panics
    /// With what is wrong.
    pub async fn arguments(&self, gateway: &Gateway, tools: &Path, instances: &Path, home: &Home) {
        let records = home.path("");
        let folders = [tools, instances, &records].map(|folder| folder.to_str().expect("plain names"));
        self.run("arguments.py", &[gateway.base(), folders[0], folders[1], folders[2]]).await;
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
        Judges::installed().run("documents.py", &[self.folder()]).await;
    }

    /// Has all of them judged: whether nothing is wrong, and what was said.
    pub async fn verdict(&self) -> (bool, String) {
        Judges::installed().verdict("documents.py", &[self.folder()]).await
    }

    fn folder(&self) -> &str {
        self.folder.to_str().expect("temporary folders have plain names")
    }
}

/// The tools of public MCP servers, listed by `./dev` into `TRAYGATE_TEST_CORPUS`: (server, file of tools, tools).
///
/// # Panics
/// Without that variable, or without tools.
pub fn corpus() -> Vec<(String, PathBuf, Value)> {
    let folder = installed_corpus().join("tools");
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

/// Where the corpus is: `tools/` as they were listed, `instances/` of arguments for them.
///
/// # Panics
/// Without `TRAYGATE_TEST_CORPUS`.
pub fn installed_corpus() -> PathBuf {
    installed("TRAYGATE_TEST_CORPUS")
}

fn installed(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| {
            panic!("{variable} is not set. Run these tests with `./dev test`, which installs and sets it.")
        })
        .into()
}
