use std::{collections::HashMap, ffi::OsString};

use url::Url;

use crate::Browser;

/// The person's own browser. On Linux `$BROWSER` wins: words of a command, `%s` in them for the address, several commands
/// separated by colons, as xdg-open and Python read it.
#[derive(Debug, Default)]
pub struct SystemBrowser {
    #[expect(dead_code, reason = "skeleton")]
    command: Option<OsString>,
}

impl SystemBrowser {
    /// The browser that these environment variables name, or the system's.
    pub fn new(variables: &HashMap<OsString, OsString>) -> Self {
        Self { command: variables.get(&OsString::from("BROWSER")).cloned() }
    }
}

impl Browser for SystemBrowser {
    fn open(&self, _url: &Url) -> Result<(), String> {
        Err("no browser".into())
    }
}
