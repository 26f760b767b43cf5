use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{Process, Record, fake_oauth::Secrets, processes_at_home};

/// A private folder for HOME and all that hangs on it. Gone when its last clone is dropped.
#[derive(Debug, Clone)]
pub struct Home(Arc<TempDir>, Secrets);

impl Home {
    /// A new, empty one.
    #[expect(clippy::new_without_default, reason = "it makes folders")]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("traygate-test-").tempdir().expect("a temporary folder");
        for name in ["config", "data", "state", "cache", "run", "tmp"] {
            fs_err::create_dir(folder.path().join(name)).expect("a folder in a temporary folder");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // XDG base directory specification: the runtime folder MUST be 0700.
            fs_err::set_permissions(folder.path().join("run"), PermissionsExt::from_mode(0o700))
                .expect("a chmod");
        }
        Self(Arc::new(folder), Secrets::default())
    }

    /// A path inside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The record of a fake server, inside.
    pub fn record(&self, name: &str) -> Record {
        Record::new(self.path(&format!("{name}.jsonl")))
    }

    /// The config file, inside.
    pub fn config(&self) -> ConfigFile {
        ConfigFile(self.path("config.json"))
    }

    /// The admin token that the gateway of this process id announced here.
    ///
    /// # Panics
    /// Where it announced none.
    pub fn admin_token(&self, pid: u32) -> String {
        let files = fs_err::read_dir(self.path("run/traygate")).expect("the runtime folder");
        let announced = files.flatten().map(|file| file.path()).find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&format!("gateway-{pid}-")) && name.ends_with(".json")
        });
        let text = fs_err::read_to_string(announced.expect("an announcement")).expect("it can be read");
        let announced: Value = serde_json::from_str(&text).expect("it is JSON");
        announced["token"].as_str().expect("a token").to_owned()
    }

    /// What no log, answer or plain file in this home may show.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.1
    }

    /// Nothing that this home's authorization servers gave out stands in this text.
    ///
    /// # Panics
    /// Where something does.
    #[track_caller]
    pub fn assert_no_secret(&self, what: &str, text: &str) {
        if let Some(secret) = self.1.found_in(text) {
            panic!("{what} shows the secret `{secret}`:\n{text}");
        }
    }

    /// Nothing of it stands in a file that a gateway wrote here. Those of browsers and keyrings are their own.
    ///
    /// # Panics
    /// Where something does.
    #[track_caller]
    pub fn assert_no_secret_in_files(&self) {
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let name = entry.file_name();
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() && name != "chromium" && name != "keyrings" {
                    folders.push(path);
                } else if kind.is_file() && path.extension().is_none_or(|extension| extension != "jsonl") {
                    let bytes = fs_err::read(&path).unwrap_or_default();
                    self.assert_no_secret(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
                }
            }
        }
    }

    /// Every process that was started with this home, however far it went from its parents.
    pub fn processes(&self) -> Vec<Process> {
        processes_at_home(self.0.path())
    }

    /// The variables that keep a program inside this home.
    pub(crate) fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("HOME", self.0.path().to_owned()),
            ("XDG_CONFIG_HOME", self.path("config")),
            ("XDG_DATA_HOME", self.path("data")),
            ("XDG_STATE_HOME", self.path("state")),
            ("XDG_CACHE_HOME", self.path("cache")),
            ("XDG_RUNTIME_DIR", self.path("run")),
            ("TMPDIR", self.path("tmp")),
        ]
    }
}

/// A config file on disk.
#[derive(Debug, Clone)]
pub struct ConfigFile(PathBuf);

impl ConfigFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Saves in place.
    pub fn write(&self, config: &Value) {
        self.write_text(&format!("{config:#}\n"));
    }

    /// Saves any text in place.
    pub fn write_text(&self, text: &str) {
        fs_err::write(&self.0, text).expect("the config can be written");
    }

    /// Saves as editors do: to a new file, renamed over the old.
    pub fn replace(&self, config: &Value) {
        let new = self.0.with_extension("json.swp");
        fs_err::write(&new, format!("{config:#}\n")).expect("a file beside the config can be written");
        fs_err::rename(&new, &self.0).expect("the config can be replaced");
    }
}
