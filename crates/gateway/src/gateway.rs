use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use traygate_auth::SignIns;
use traygate_config::{Config, Diagnostic, Parsed, ServerName, Severity};
use traygate_upstream::{Environment, Hub};

use crate::{
    ConfigSource, Options, SignInPolicy,
    admin::{self, Admin, Announcement, RunningGateway},
    api_key::{api_key, new_key},
    base_path, folders,
    http::{self, KeyDigest, PreparedServers, Rules, Surface},
    listen::{Bound, Listening},
    merge,
    opening::Opening,
    reload::{self, Contents, FileWatch, Reload},
    sign_in::{Callback, Follow},
};

/// A running gateway: listeners, hub and config watcher.
#[derive(Debug)]
pub struct Gateway {
    hub: Hub,
    sign_ins: SignIns,
    addresses: Vec<SocketAddr>,
    rules: Arc<ArcSwap<Rules>>,
    diagnostics: Arc<ArcSwap<Vec<Diagnostic>>>,
    log_level: Option<String>,
    reloads: watch::Receiver<u64>,
    listening: Listening,
    running: RunningGateway,
    announcement: Option<Announcement>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Why a gateway could not start. Each text says what, which and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The config file cannot be read or is not valid as a whole.
    #[error("{0}")]
    Config(String),
    /// A bind beyond loopback without a key.
    #[error("{0}")]
    Unguarded(String),
    /// The port is in use; names the process where the system tells it.
    #[error("{0}")]
    Listen(String),
    /// The certificate or its key.
    #[error("{0}")]
    Tls(String),
}

impl Gateway {
    /// How long running calls may go on after [`Gateway::shutdown`].
    const GRACE: Duration = Duration::from_secs(2);
    /// How long the servers may take to end after that.
    const SERVERS_END: Duration = Duration::from_millis(2_800);
    /// And what else still runs after that.
    const TASKS_END: Duration = Duration::from_millis(150);

    /// Opens the port first, then starts every server in the background.
    ///
    /// # Errors
    /// [`StartError`]; a server that fails is never one.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let options = Arc::new(options);
        base_path::check_flags(&options).map_err(StartError::Config)?;
        let (last, mut config, mut diagnostics) = first_config(&options.source).await?;
        reload::connection_timeout(&mut config, &options.environment);
        let key = api_key(options.api_key.as_ref(), config.settings.api_key.as_ref(), &options.environment)
            .await
            .map_err(StartError::Config)?;
        let Opening { endpoint, tls } = Opening::new(&options, &config, key.is_some())?;
        let bound = Bound::new(&endpoint.hosts, endpoint.port, options.runtime_dir.as_deref())
            .map_err(StartError::Listen)?;

        // The port is open: callers wait in the system's queue for the moment that the rest takes.
        let addresses = bound.addresses().to_vec();
        let token = new_key().map_err(|error| StartError::Listen(format!("No random numbers: {error}.")))?;
        let rules = Arc::new(ArcSwap::from_pointee(Rules {
            api_key: key.as_ref().map(KeyDigest::of),
            admin_token: Some(KeyDigest::of(&token)),
            addresses: addresses.clone(),
            tls: tls.is_some(),
            ..merge::rules(&options, &config)
        }));
        diagnostics.extend(base_path::diagnostics(&config, &rules.load()));
        let diagnostics = Arc::new(ArcSwap::from_pointee(diagnostics));
        let config_path = match &options.source {
            ConfigSource::File(path) => Some(std::path::absolute(path).unwrap_or_else(|_| path.clone())),
            ConfigSource::Single(_) => None,
        };
        // Before the first server asks for a token.
        let sign_ins = options.environment.sign_ins.clone();
        sign_ins.set_storage(merge::token_storage(&options, &config));
        let callback = Callback::new(&addresses, tls.is_some(), sign_ins.clone());
        let hub = Hub::new(Environment {
            state_dir: folders::state_of(options.environment.state_dir.as_deref(), config_path.as_deref()),
            ..options.environment.clone()
        });
        hub.apply(&config);
        let (request, requests) = mpsc::channel(1);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let prepared = Arc::new(PreparedServers::new(tasks.clone(), stop.clone()));
        let own = admin::router(Admin {
            hub: hub.clone(),
            sign_ins: sign_ins.clone(),
            rules: Arc::clone(&rules),
            prepared: Arc::clone(&prepared),
            diagnostics: Arc::clone(&diagnostics),
            config: config_path.clone(),
            fixed_key: options.api_key.is_some(),
            reload: request,
        })
        .merge(callback.router());
        let surface = Surface {
            upstreams: hub.clone(),
            sign_ins: sign_ins.clone(),
            rules: Arc::clone(&rules),
            prepared: Arc::clone(&prepared),
            own,
            tasks: tasks.clone(),
        };
        let app = http::router(surface);
        let listening =
            bound.serve(&app, tls.as_ref(), Listening::PATIENCE).map_err(|error: io::Error| {
                StartError::Listen(format!("The addresses cannot be served: {error}."))
            })?;
        tasks.spawn(prepared.keep_up(hub.clone()));
        let running = RunningGateway {
            pid: std::process::id(),
            addresses: addresses.clone(),
            tls: tls.is_some(),
            config: config_path.clone(),
            token,
        };
        let announcement = options.runtime_dir.as_ref().and_then(|dir| {
            let unannounced = |error: &io::Error| {
                tracing::warn!("`traygate status` will not find this gateway: {error}");
            };
            Announcement::write(dir, &running).inspect_err(unannounced).ok()
        });

        let (reloaded, reloads) = watch::channel(0);
        let follow = Follow {
            hub: hub.clone(),
            sign_ins: sign_ins.clone(),
            rules: Arc::clone(&rules),
            terminal: options.terminal.clone(),
            reloads: reloads.clone(),
        };
        tasks.spawn(follow.run(stop.clone()));
        if let (Some(path), Some(last)) = (config_path, last) {
            let unwatched = |error: &notify::Error| {
                tracing::warn!("changes of the config file will go unseen: {error}");
            };
            let overrides = reload::overrides(&options, &config.settings);
            reload::say_overrides(&path, &overrides, &[]);
            let watch =
                options.hot_reload.then(|| FileWatch::new(&path).inspect_err(unwatched).ok()).flatten();
            let reload = Reload {
                options,
                path,
                last: Ok(last),
                endpoint,
                overrides,
                waiting: Vec::new(),
                hub: hub.clone(),
                rules: Arc::clone(&rules),
                diagnostics: Arc::clone(&diagnostics),
                reloads: reloaded,
            };
            tasks.spawn(reload.run(watch, requests, stop.clone()));
        }
        tasks.close();
        let log_level = config.settings.log_level;
        Ok(Self {
            hub,
            sign_ins,
            addresses,
            rules,
            diagnostics,
            log_level,
            reloads,
            listening,
            running,
            announcement,
            stop,
            tasks,
        })
    }

    /// The addresses it listens on, ports resolved.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    #[cfg(test)]
    pub(crate) fn rules(&self) -> &ArcSwap<Rules> {
        &self.rules
    }

    /// Its URL for a person at this machine.
    pub fn url(&self) -> String {
        let scheme = if self.rules.load().tls { "https" } else { "http" };
        let address = admin::loopback(&self.addresses).or(self.addresses.first().copied());
        let address = address.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        format!("{scheme}://{address}")
    }

    /// What a person gives to Open WebUI for one server: the URL that its document and tools stand under.
    pub fn server_url(&self, server: &str) -> String {
        format!("{}{}", self.url(), self.rules.load().server_path(server))
    }

    /// Whether callers need a key by now.
    pub fn needs_key(&self) -> bool {
        self.rules.load().api_key.is_some()
    }

    /// `logLevel` of the config file as it was at the start.
    pub fn log_level(&self) -> Option<&str> {
        self.log_level.as_deref()
    }

    /// The servers behind it.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// What happens where one of its servers needs a sign-in; `None` where none of them has one.
    pub fn sign_in(&self) -> Option<SignInPolicy> {
        let (rules, catalogue) = (self.rules.load(), self.hub.catalogue());
        let may_need = |name: &ServerName| !rules.no_sign_in.contains_key(name);
        catalogue.servers.keys().any(may_need).then_some(rules.sign_in)
    }

    /// What opens its admin API, as it would announce itself.
    pub fn running(&self) -> &RunningGateway {
        &self.running
    }

    /// What is to be said about the config file as it stands now.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.diagnostics.load().to_vec()
    }

    /// Counts how often the config file was found saved and dealt with, good or bad.
    pub fn reloads(&self) -> watch::Receiver<u64> {
        self.reloads.clone()
    }

    /// Stops listening, lets running calls end for a moment, ends every server: all within 5 s.
    pub async fn shutdown(self) {
        let Self { hub, sign_ins, listening, announcement, stop, tasks, .. } = self;
        stop.cancel();
        drop(announcement);
        // Running calls may still need the servers; a token that is being renewed is saved.
        let ((), sign_ins_end) =
            tokio::join!(listening.close(Self::GRACE), timeout(Self::GRACE, sign_ins.shutdown()));
        if sign_ins_end.is_err() {
            tracing::warn!("a sign-in did not end in time");
        }
        if timeout(Self::SERVERS_END, hub.shutdown()).await.is_err() {
            tracing::warn!("some servers did not end in time");
        }
        // The system's look at a folder of the network that does not answer cannot be broken off, nor the description of
        // one tool.
        if timeout(Self::TASKS_END, tasks.wait()).await.is_err() {
            tracing::warn!(
                "the config file's folder did not answer in time, or a tool was still being described"
            );
        }
    }
}

/// The config to start with, and the file's contents where there is one.
async fn first_config(
    source: &ConfigSource,
) -> Result<(Option<Contents>, Config, Vec<Diagnostic>), StartError> {
    let path = match source {
        ConfigSource::Single(config) => return Ok((None, Config::clone(config), Vec::new())),
        ConfigSource::File(path) => path,
    };
    match reload::load(path).await {
        (read, Ok(Parsed { config: Some(config), diagnostics, .. })) => Ok((read.ok(), config, diagnostics)),
        (_, Ok(Parsed { config: None, diagnostics, .. })) => Err(unusable(path, &diagnostics)),
        (_, Err(diagnostic)) => Err(unusable(path, &[diagnostic])),
    }
}

fn unusable(path: &Path, diagnostics: &[Diagnostic]) -> StartError {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let said = |diagnostic: &Diagnostic| match diagnostic {
        // It names the file itself, and there is no line of it.
        Diagnostic { code: "missing-file" | "unreadable-file", message, hint: Some(hint), .. } => {
            format!("{message} {hint}")
        }
        diagnostic => format!("{}:{diagnostic}", path.display()),
    };
    let lines: Vec<String> = errors.map(said).collect();
    StartError::Config(lines.join("\n"))
}
