use traygate_config::Settings;

use crate::Options;

/// A flag of the command line and the setting of the file that it leaves without effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Override {
    flag: &'static str,
    setting: &'static str,
}

/// The settings of a file that a flag wins over.
pub(crate) fn overrides(options: &Options, settings: &Settings) -> Vec<Override> {
    let both = [
        ("--host", "host", !options.host.is_empty() && !settings.host.is_empty()),
        ("--port", "port", options.port.is_some() && settings.port.is_some()),
        ("--api-key", "apiKey", options.api_key.is_some() && settings.api_key.is_some()),
        ("--open-docs", "openDocs", options.open_docs.is_some() && settings.open_docs.is_some()),
        (
            "--cors-allow-origins",
            "corsAllowOrigins",
            options.cors_allow_origins.is_some() && settings.cors_allow_origins.is_some(),
        ),
        (
            "--allowed-hosts",
            "allowedHosts",
            !options.allowed_hosts.is_empty() && !settings.allowed_hosts.is_empty(),
        ),
        (
            "--mcpo-operation-ids",
            "operationIds",
            options.operation_ids.is_some() && settings.operation_ids.is_some(),
        ),
        ("--path-prefix", "pathPrefix", options.path_prefix.is_some() && settings.path_prefix.is_some()),
        ("--root-path", "rootPath", options.root_path.is_some() && settings.root_path.is_some()),
        ("--ssl-certfile", "sslCertfile", options.tls.is_some() && settings.ssl_certfile.is_some()),
    ];
    let won = both.into_iter().filter(|&(.., won)| won);
    won.map(|(flag, setting, _)| Override { flag, setting }).collect()
}

/// Says of each that was not so `before` that the setting has no effect.
pub(crate) fn say_overrides(file: &std::path::Path, overrides: &[Override], before: &[Override]) {
    let file = file.display();
    for Override { flag, setting } in overrides.iter().filter(|one| !before.contains(one)) {
        tracing::info!("{file}: `{setting}` has no effect, for `{flag}` was given and wins");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use traygate_upstream::Environment;

    use super::*;
    use crate::ConfigSource;

    #[test]
    fn a_setting_is_won_over_where_both_are_there() {
        let environment = Environment::new(HashMap::new(), None);
        let options = Options {
            port: Some(0),
            api_key: Some("k".into()),
            ..Options::new(ConfigSource::File("c.json".into()), environment)
        };
        assert_eq!(overrides(&options, &Settings::default()), []);
        let settings = Settings { port: Some(9000), open_docs: Some(true), ..Settings::default() };
        assert_eq!(overrides(&options, &settings), [Override { flag: "--port", setting: "port" }]);
    }
}
