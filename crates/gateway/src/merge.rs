//! Flag over file over default.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use traygate_config::{Config, Entry};

use crate::{
    ConfigSource, Options, Tls,
    base_path::base_path,
    http::{Layout, Rules},
};

/// What takes a restart to change: where the gateway listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Never empty, none twice.
    pub(crate) hosts: Vec<IpAddr>,
    /// 0: any free one.
    pub(crate) port: u16,
    pub(crate) tls: Option<Tls>,
}

impl Endpoint {
    const DEFAULT_HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const DEFAULT_PORT: u16 = 8000;

    /// The endpoint that `options` and `config` ask for.
    ///
    /// # Errors
    /// A key without its certificate.
    pub(crate) fn new(options: &Options, config: &Config) -> Result<Self, String> {
        let settings = &config.settings;
        let mut hosts: Vec<IpAddr> = Vec::new();
        for &host in if options.host.is_empty() { &settings.host } else { &options.host } {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        if hosts.is_empty() {
            hosts.push(Self::DEFAULT_HOST);
        }
        let beside = |file: &PathBuf| beside_config(&options.source, file);
        let tls = match (&options.tls, &settings.ssl_certfile, &settings.ssl_keyfile) {
            _ if options.plain => None,
            (Some(tls), _, _) => Some(tls.clone()),
            // One file may hold both.
            (None, Some(certificate), key) => Some(Tls {
                certificate: beside(certificate),
                key: beside(key.as_ref().unwrap_or(certificate)),
            }),
            (None, None, None) => None,
            // Serving plain HTTP where HTTPS was asked for would be worse than not serving.
            (None, None, Some(_)) => {
                return Err("`sslKeyfile` needs `sslCertfile` beside it. Add it, or remove the key.".into());
            }
        };
        let port = options.port.or(settings.port).unwrap_or(Self::DEFAULT_PORT);
        Ok(Self { hosts, port, tls })
    }

    /// Why this endpoint must not be opened without a key; `None` where only this machine reaches it.
    pub(crate) fn needs_key(&self) -> Option<String> {
        let host = self.hosts.iter().find(|host| !host.is_loopback())?;
        let reach = if host.is_unspecified() { "every network of this machine" } else { "others" };
        Some(format!(
            "Without a key, {host} would let {reach} use your tools. Set `apiKey` in the config file (or give \
             `--api-key KEY`, or TRAYGATE_API_KEY), or serve this machine only with `\"host\": \"127.0.0.1\"` (or \
             `--host 127.0.0.1`)."
        ))
    }
}

/// A relative path in the config file is seen from the config file.
fn beside_config(source: &ConfigSource, file: &Path) -> PathBuf {
    match source {
        ConfigSource::File(config) => config.parent().map_or_else(|| file.to_owned(), |dir| dir.join(file)),
        ConfigSource::Single(_) => file.to_owned(),
    }
}

/// What can change while the gateway runs. Key, admin token and addresses are not among it: they are the caller's.
pub(crate) fn rules(options: &Options, config: &Config) -> Rules {
    let settings = &config.settings;
    // One that cannot be used was reported.
    let path = |path: Option<&String>| path.and_then(|path| base_path(path).ok()).unwrap_or_default();
    let forwarding = |(name, entry): (&_, &Entry)| match entry {
        Entry::Valid(server) => {
            Some((traygate_config::ServerName::clone(name), server.header_forwarding.clone()?))
        }
        Entry::Invalid(_) => None,
    };
    let disabled = |(name, entry): (&_, &Entry)| match entry {
        Entry::Valid(server) if !server.disabled_tools.is_empty() => {
            Some((traygate_config::ServerName::clone(name), server.disabled_tools.clone()))
        }
        _ => None,
    };
    Rules {
        layout: match &options.source {
            ConfigSource::Single(config) => {
                config.servers.keys().next().cloned().map_or(Layout::Many, Layout::Single)
            }
            ConfigSource::File(_) => Layout::Many,
        },
        open_docs: options.open_docs.or(settings.open_docs).unwrap_or_default(),
        allowed_hosts: if options.allowed_hosts.is_empty() {
            settings.allowed_hosts.clone()
        } else {
            options.allowed_hosts.clone()
        },
        cors_origins: options
            .cors_allow_origins
            .clone()
            .or_else(|| settings.cors_allow_origins.clone())
            .unwrap_or_default(),
        operation_ids: options.operation_ids.or(settings.operation_ids).unwrap_or_default(),
        header_forwarding: config.servers.iter().filter_map(forwarding).collect(),
        disabled_tools: config.servers.iter().filter_map(disabled).collect(),
        root_path: path(options.root_path.as_ref().or(settings.root_path.as_ref())),
        path_prefix: path(options.path_prefix.as_ref().or(settings.path_prefix.as_ref())),
        max_body_size: settings
            .max_body_size
            .map_or(Rules::MAX_BODY_SIZE, |size| usize::try_from(size).unwrap_or(usize::MAX)),
        title: options.name.clone(),
        description: options.description.clone(),
        version: options.version.clone(),
        ..Rules::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use traygate_config::{OperationIds, Settings};
    use traygate_upstream::Environment;

    use super::*;

    fn options() -> Options {
        Options::new(
            ConfigSource::File("/etc/traygate/config.jsonc".into()),
            Environment::new(HashMap::new(), None),
        )
    }

    fn config(settings: Settings) -> Config {
        Config { settings, ..Config::default() }
    }

    fn all_settings() -> Config {
        config(Settings {
            host: vec![[127, 0, 0, 2].into()],
            port: Some(9000),
            cors_allow_origins: Some(vec!["http://file".into()]),
            allowed_hosts: vec!["file".into()],
            open_docs: Some(true),
            operation_ids: Some(OperationIds::Mcpo),
            path_prefix: Some("file/".into()),
            root_path: Some("/my file".into()),
            max_body_size: Some(5),
            ssl_certfile: Some("c.pem".into()),
            ssl_keyfile: Some("/k.pem".into()),
            ..Settings::default()
        })
    }

    #[test]
    fn defaults_hold_where_nothing_is_said() {
        let (options, config) = (options(), Config::default());
        let endpoint = Endpoint::new(&options, &config).expect("an endpoint");
        assert_eq!(endpoint, Endpoint { hosts: vec![[127, 0, 0, 1].into()], port: 8000, tls: None });
        let rules = rules(&options, &config);
        assert_eq!(rules.layout, Layout::Many);
        assert!(!rules.open_docs && rules.cors_origins.is_empty() && rules.allowed_hosts.is_empty());
        assert_eq!(rules.operation_ids, OperationIds::Tool);
        assert_eq!((rules.root_path.as_str(), rules.path_prefix.as_str()), ("", ""));
        assert_eq!(rules.max_body_size, Rules::MAX_BODY_SIZE);
    }

    #[test]
    fn the_file_wins_over_the_default() {
        let (options, config) = (options(), all_settings());
        let endpoint = Endpoint::new(&options, &config).expect("an endpoint");
        assert_eq!(endpoint.hosts, [IpAddr::from([127, 0, 0, 2])]);
        assert_eq!(endpoint.port, 9000);
        let tls = endpoint.tls.expect("TLS");
        assert_eq!(tls.certificate, Path::new("/etc/traygate/c.pem"), "relative to the config file");
        assert_eq!(tls.key, Path::new("/k.pem"));
        let rules = rules(&options, &config);
        assert_eq!(rules.cors_origins, ["http://file"]);
        assert_eq!(rules.allowed_hosts, ["file"]);
        assert!(rules.open_docs);
        assert_eq!(rules.operation_ids, OperationIds::Mcpo);
        assert_eq!((rules.root_path.as_str(), rules.path_prefix.as_str()), ("/my%20file", "/file"));
        assert_eq!(rules.max_body_size, 5);
    }

    #[test]
    fn the_flag_wins_over_the_file() {
        let options = Options {
            host: vec![[127, 0, 0, 3].into(), [127, 0, 0, 3].into()],
            port: Some(0),
            open_docs: Some(false),
            cors_allow_origins: Some(vec!["http://flag".into()]),
            allowed_hosts: vec!["flag".into()],
            operation_ids: Some(OperationIds::Tool),
            root_path: Some("/".into()),
            path_prefix: Some("/v1/x/".into()),
            tls: Some(Tls { certificate: "flag.pem".into(), key: "flag.key".into() }),
            name: Some("Mine".into()),
            ..options()
        };
        let config = all_settings();
        let endpoint = Endpoint::new(&options, &config).expect("an endpoint");
        assert_eq!(endpoint.hosts, [IpAddr::from([127, 0, 0, 3])], "one of two equal ones");
        assert_eq!(endpoint.port, 0);
        assert_eq!(endpoint.tls, options.tls);
        let rules = rules(&options, &config);
        assert_eq!(rules.cors_origins, ["http://flag"]);
        assert_eq!(rules.allowed_hosts, ["flag"]);
        assert!(!rules.open_docs);
        assert_eq!(rules.operation_ids, OperationIds::Tool);
        assert_eq!((rules.root_path.as_str(), rules.path_prefix.as_str()), ("", "/v1/x"));
        assert_eq!(rules.title.as_deref(), Some("Mine"));
    }

    #[test]
    fn a_key_without_its_certificate_is_refused_and_one_file_may_hold_both() {
        let keyless = config(Settings { ssl_certfile: Some("c.pem".into()), ..Settings::default() });
        let tls = Endpoint::new(&options(), &keyless).expect("an endpoint").tls.expect("TLS");
        assert_eq!((tls.certificate, tls.key), ("/etc/traygate/c.pem".into(), "/etc/traygate/c.pem".into()));
        let half = config(Settings { ssl_keyfile: Some("k.pem".into()), ..Settings::default() });
        let error = Endpoint::new(&options(), &half).expect_err("half");
        assert!(error.contains("sslCertfile"), "{error}");
    }

    #[test]
    fn only_loopback_goes_without_a_key() {
        let needs_key = |hosts: &[&str]| {
            let hosts = hosts.iter().map(|host| host.parse().expect("an address")).collect();
            Endpoint { hosts, port: 0, tls: None }.needs_key()
        };
        assert_eq!(needs_key(&["127.0.0.1", "127.0.0.9", "::1"]), None);
        for hosts in [&["0.0.0.0"][..], &["::"], &["127.0.0.1", "172.17.0.1"], &["fe80::1"]] {
            let reason = needs_key(hosts).expect("a reason");
            assert!(reason.contains("--api-key") && reason.contains("--host 127.0.0.1"), "{reason}");
        }
    }
}
