//! The config file while the gateway runs: watched, read again, and applied as far as it is good.

mod file;
mod paths;
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
        // A file that is being written is empty for a moment; none of its servers is gone.
        let is_blank = contents.as_ref().is_ok_and(|contents| contents.bytes.trim_ascii().is_empty());
        self.last = contents;
        let diagnostics = match loaded {
            Ok(Parsed { diagnostics, .. }) if is_blank => self.keep(diagnostics),
            Ok(Parsed { config: Some(config), diagnostics }) => self.apply(config, diagnostics).await,
            Ok(Parsed { config: None, diagnostics }) => self.keep(diagnostics),
            Err(diagnostic) => self.keep(vec![diagnostic]),
        };
        self.diagnostics.store(Arc::new(diagnostics));
        self.reloads.send_modify(|count| *count += 1);
    }

    /// A file that cannot be used as a whole changes nothing.
    fn keep(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let file = self.path.display();
        tracing::warn!("{file} cannot be used; what it said before stays in force.");
        self.log(&diagnostics);
        diagnostics
    }

    async fn apply(&self, mut config: Config, mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
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
        let moved = match Endpoint::new(&self.options, &config) {
            Ok(endpoint) if endpoint == self.endpoint => None,
            Ok(_) => Some("Host, port or certificate changed.".to_owned()),
            Err(message) => Some(message),
        };
        if let Some(message) = moved {
            diagnostics.push(about_file(
                Severity::Warning,
                "needs-restart",
                message,
                "Restart Traygate to apply it.",
            ));
        }
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
        diagnostics
    }

    fn log(&self, diagnostics: &[Diagnostic]) {
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

/// Something about the file that has no place in its text.
pub(crate) fn about_file(severity: Severity, code: &'static str, message: String, hint: &str) -> Diagnostic {
    let position = Position { line: 1, column: 1 };
    Diagnostic { severity, code, server: None, position, message, hint: Some(hint.to_owned()) }
}
