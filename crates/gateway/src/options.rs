use std::{net::IpAddr, path::PathBuf};

use secrecy::SecretString;
use traygate_auth::StorageType;
use traygate_config::{Config, OperationIds};
use traygate_upstream::Environment;

use crate::{SignInPolicy, Terminal};

/// Everything that starts a [`crate::Gateway`]. A flag (`Some`) wins over the file's `traygate` block, that over the
/// default.
#[derive(Debug)]
pub struct Options {
    /// Where the servers come from.
    pub source: ConfigSource,
    /// What the servers inherit. `CONNECTION_TIMEOUT` in it is the startup timeout of servers that name none; its
    /// `state_dir` holds a folder for each config file.
    pub environment: Environment,
    /// `--host`; default 127.0.0.1.
    pub host: Vec<IpAddr>,
    /// `--port`; default 8000, 0 for any free one.
    pub port: Option<u16>,
    /// `--api-key`.
    pub api_key: Option<SecretString>,
    /// `--open-docs`: documents and docs pages without the key.
    pub open_docs: Option<bool>,
    /// `--cors-allow-origins`.
    pub cors_allow_origins: Option<Vec<String>>,
    /// `--allowed-hosts`.
    pub allowed_hosts: Vec<String>,
    /// `--mcpo-operation-ids`.
    pub operation_ids: Option<OperationIds>,
    /// `--root-path`: where a reverse proxy has the gateway; it may strip that or not.
    pub root_path: Option<String>,
    /// `--path-prefix`: before every server's path.
    pub path_prefix: Option<String>,
    /// HTTPS.
    pub tls: Option<Tls>,
    /// Plain HTTP, whatever the file says of certificates: for a gateway that only its own process asks.
    pub plain: bool,
    /// `--name`, `--description`, `--version VALUE` of the root document.
    pub name: Option<String>,
    /// See `name`.
    pub description: Option<String>,
    /// See `name`.
    pub version: Option<String>,
    /// `--sign-in`.
    pub sign_in: Option<SignInPolicy>,
    /// What holds where neither `--sign-in` nor the file says: `auto` needs a person before a desktop.
    pub sign_in_default: SignInPolicy,
    /// `--token-storage`: where credentials are kept unless a server's entry says otherwise; default the keychain.
    pub token_storage: Option<StorageType>,
    /// Where addresses are shown that a person has to open; `None`: there is nobody to see them.
    pub terminal: Option<Terminal>,
    /// Watch the config file. Default true.
    pub hot_reload: bool,
    /// The runtime folder for the admin token's file; `None`: none is written.
    pub runtime_dir: Option<PathBuf>,
}

impl Options {
    /// Nothing but the defaults and the file.
    pub fn new(source: ConfigSource, environment: Environment) -> Self {
        Self {
            source,
            environment,
            host: Vec::new(),
            port: None,
            api_key: None,
            open_docs: None,
            cors_allow_origins: None,
            allowed_hosts: Vec::new(),
            operation_ids: None,
            root_path: None,
            path_prefix: None,
            tls: None,
            plain: false,
            name: None,
            description: None,
            version: None,
            sign_in: None,
            sign_in_default: SignInPolicy::default(),
            token_storage: None,
            terminal: None,
            hot_reload: true,
            runtime_dir: None,
        }
    }
}

/// Where the servers come from.
#[derive(Debug, Clone)]
pub enum ConfigSource {
    /// A config file, watched: tools at `/{server}/{tool}`.
    File(PathBuf),
    /// One server from the command line: tools at `/{tool}`, as in mcpo.
    Single(Box<Config>),
}

/// Certificate chain and key, PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// `--ssl-certfile`.
    pub certificate: PathBuf,
    /// `--ssl-keyfile`.
    pub key: PathBuf,
}
