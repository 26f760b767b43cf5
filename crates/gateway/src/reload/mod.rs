//! The config file while the gateway runs: watched, read again, and applied as far as it is good.

mod file;
mod paths;
mod precedence;
mod restart;
mod watch;

#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot, watch::Sender};
use tokio_util::sync::CancellationToken;
use traygate_config::{Config, Diagnostic, Parsed, Position, Severity};
use traygate_upstream::Hub;

pub(crate) use self::{
    file::{Contents, LastRead, connection_timeout, load},
    precedence::{Override, overrides, say_overrides},
    watch::FileWatch,
};
use crate::{
    Options,
    api_key::api_key,
    base_path,
    http::{KeyDigest, Rules},
    merge::{self, Endpoint},
};

/// What follows a config file. The one writer of rules and diagnostics once the gateway has started.
pub(crate) struct Reload {
    pub(crate) options: Arc<Options>,
    pub(crate) path: PathBuf,
    /// What the file held when it was last looked at.
    pub(crate) last: LastRead,
    /// Where the gateway listens, whatever the file says by now.
    pub(crate) endpoint: Endpoint,
    /// What was said to have no effect.
    pub(crate) overrides: Vec<Override>,
    /// What was said to wait for a restart.
    pub(crate) waiting: Vec<Diagnostic>,
    pub(crate) hub: Hub,
    pub(crate) rules: Arc<ArcSwap<Rules>>,
    pub(crate) diagnostics: Arc<ArcSwap<Vec<Diagnostic>>>,
    /// Counts how often the file was found saved and dealt with, good or bad.
    pub(crate) reloads: Sender<u64>,
}

/// Asks for a reading of the file, saved or not; hears when it is done.
pub(crate) type ReloadRequest = oneshot::Sender<()>;

impl Reload {
    /// Follows the file until `stop`: where it is watched its saves, and always what is asked for.
    pub(crate) async fn run(
        mut self,
        watch: Option<FileWatch>,
        requests: mpsc::Receiver<ReloadRequest>,
        stop: CancellationToken,
    ) {
        // Whatever it waits for: a file on a folder of the network may not answer for hours.
        let _ = stop.run_until_cancelled(self.follow(watch, requests)).await;
    }

    async fn follow(&mut self, mut watch: Option<FileWatch>, mut requests: mpsc::Receiver<ReloadRequest>) {
        loop {
            if let Some(watch) = &mut watch {
                // Looked at after the folders are watched, so that no change falls between.
                watch.follow();
                self.look(false).await;
            }
            tokio::select! {
                () = changed(watch.as_mut()) => {}
                Some(done) = requests.recv() => {
                    self.look(true).await;
                    let _ = done.send(());
                }
            }
        }
    }

    /// Reads the file and applies it: if it was saved since the last time, be it as it was, for who saves it again
    /// wants to see what failed tried again; or if somebody `asked`.
    async fn look(&mut self, asked: bool) {
        let (contents, loaded) = load(&self.path).await;
        if contents == self.last && !asked {
            return;
        }
        self.last = contents;
        let diagnostics = match loaded {
            // One that names no servers, being written just now or with a slip in `mcpServers`, has removed none.
            Ok(mut parsed) => match parsed.config.take().filter(|_| parsed.names_servers) {
                Some(config) => self.apply(config, parsed).await,
                None => self.keep(parsed.diagnostics),
            },
            Err(diagnostic) => self.keep(vec![diagnostic]),
        };
        self.diagnostics.store(Arc::new(diagnostics));
        self.reloads.send_modify(|count| *count += 1);
    }

    /// A file that cannot be used as a whole changes nothing.
    fn keep(&self, mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let position = diagnostics.first().map_or(START, |first| first.position);
        diagnostics.push(Diagnostic {
            position,
            ..about_file(
                Severity::Warning,
                "last-good",
                "The file as it stands cannot be used; what it said before stays in force.".to_owned(),
                "Correct it and save it again.",
            )
        });
        self.log(&diagnostics);
        diagnostics
    }

    async fn apply(&mut self, mut config: Config, mut parsed: Parsed) -> Vec<Diagnostic> {
        let mut diagnostics = std::mem::take(&mut parsed.diagnostics);
        connection_timeout(&mut config, &self.options.environment);
        let old = self.rules.load_full();
        let api_key = match self.new_key(&config, &diagnostics, old.api_key).await {
            Ok(key) => key,
            // Whoever sets a key believes what is in the file to be locked: nothing of it is opened.
            Err(message) if old.api_key.is_none() => {
                let hint = "Until then nothing of the file is applied, and callers need no key.";
                diagnostics.push(about_file(Severity::Error, "api-key", message, hint));
                return self.keep(diagnostics);
            }
            Err(message) => {
                let hint = "The key of before still opens the gateway.";
                diagnostics.push(about_file(Severity::Error, "api-key", message, hint));
                old.api_key
            }
        };
        self.say_key(old.api_key, api_key);
        let overrides = overrides(&self.options, &config.settings);
        say_overrides(&self.path, &overrides, &self.overrides);
        self.overrides = overrides;
        let rules = Rules {
            api_key,
            admin_token: old.admin_token,
            addresses: old.addresses.clone(),
            tls: old.tls,
            ..merge::rules(&self.options, &config)
        };
        diagnostics.extend(base_path::diagnostics(&config, &rules));
        self.rules.store(Arc::new(rules));
        self.hub.apply(&config);
        let file = self.path.display();
        let servers = match config.servers.len() {
            1 => "1 server".to_owned(),
            count => format!("{count} servers"),
        };
        tracing::info!("{file} was read again, {servers}");
        self.log(&diagnostics);
        let wanted = Endpoint::new(&self.options, &config);
        let waiting = restart::waiting(&self.endpoint, &wanted, api_key.is_some(), &parsed);
        let is_new = |one: &&Diagnostic| self.waiting.iter().all(|said| said.message != one.message);
        self.log(waiting.iter().filter(is_new));
        self.waiting.clone_from(&waiting);
        diagnostics.extend(waiting);
        diagnostics
    }

    /// Who may call is nothing to change without a word.
    fn say_key(&self, old: Option<KeyDigest>, new: Option<KeyDigest>) {
        let file = self.path.display();
        match (old, new) {
            (None, Some(_)) => tracing::info!("{file}: `apiKey` was added; callers need it from now on"),
            (Some(old), Some(new)) if !old.equals(&new) => {
                tracing::info!("{file}: `apiKey` changed; callers need the new one from now on");
            }
            (Some(_), None) => {
                tracing::warn!("{file}: `apiKey` was removed; callers need no key now: this machine only");
            }
            _ => {}
        }
    }

    fn log<'d>(&self, diagnostics: impl IntoIterator<Item = &'d Diagnostic>) {
        let file = self.path.display();
        for diagnostic in diagnostics {
            match diagnostic.severity {
                Severity::Warning => tracing::warn!("{file}:{diagnostic}"),
                Severity::Error => tracing::error!("{file}:{diagnostic}"),
            }
        }
    }

    /// The key that holds from now on. A change of the file never opens what was locked where others can reach it.
    async fn new_key(
        &self,
        config: &Config,
        diagnostics: &[Diagnostic],
        old: Option<KeyDigest>,
    ) -> Result<Option<KeyDigest>, String> {
        let file = config.settings.api_key.as_ref();
        let key = api_key(self.options.api_key.as_ref(), file, &self.options.environment).await?;
        if key.is_some() || old.is_none() {
            return Ok(key.as_ref().map(KeyDigest::of));
        }
        if let Some(reason) = self.endpoint.needs_key() {
            return Err(format!("`apiKey` was removed. {reason}"));
        }
        // A bad `apiKey` counts as absent, and is an error of the file.
        let file_is_bad = |d: &Diagnostic| d.severity == Severity::Error && d.server.is_none();
        if diagnostics.iter().any(file_is_bad) {
            return Err("`apiKey` is gone while the settings have errors.".to_owned());
        }
        Ok(None)
    }
}

/// Waits for a save; for ever where nothing is watched.
async fn changed(watch: Option<&mut FileWatch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

const START: Position = Position { line: 1, column: 1 };

/// Something about the file that has no place in its text.
pub(crate) fn about_file(severity: Severity, code: &'static str, message: String, hint: &str) -> Diagnostic {
    Diagnostic { severity, code, server: None, position: START, message, hint: Some(hint.to_owned()) }
}
