use traygate_config::{Config, Diagnostic};

use crate::{
    Options, StartError, base_path,
    listen::{NamedBy, TlsIdentity},
    merge::{self, Endpoint},
};

/// What a gateway opens its port with, once that may be.
pub(crate) struct Opening {
    pub(crate) endpoint: Endpoint,
    pub(crate) tls: Option<TlsIdentity>,
}

impl Opening {
    /// Reads the certificate, and asks whether the port may be opened for callers with or without a key.
    ///
    /// # Errors
    /// [`StartError::Unguarded`] or [`StartError::Tls`].
    pub(crate) fn new(options: &Options, config: &Config, has_key: bool) -> Result<Self, StartError> {
        let endpoint = Endpoint::new(options, config).map_err(StartError::Tls)?;
        if let (false, Some(reason)) = (has_key, endpoint.needs_key()) {
            return Err(StartError::Unguarded(reason));
        }
        let named = if options.tls.is_some() { NamedBy::CommandLine } else { NamedBy::ConfigFile };
        let read = |files| TlsIdentity::read(files, named);
        let tls = endpoint.tls.as_ref().map(read).transpose().map_err(StartError::Tls)?;
        Ok(Self { endpoint, tls })
    }
}

/// What [`crate::Gateway::start`] would say of this config beside what parsing it says: paths that cannot be used, or
/// that lead to two places.
pub fn remarks(options: &Options, config: &Config) -> Vec<Diagnostic> {
    base_path::diagnostics(config, &merge::rules(options, config))
}

/// Why [`crate::Gateway::start`] would refuse this config before it opens a port; `None` where it would not. A key
/// counts as given wherever one is named: neither the keychain nor the environment is asked for it.
pub fn refusal(options: &Options, config: &Config) -> Option<StartError> {
    if let Err(reason) = base_path::check_flags(options) {
        return Some(StartError::Config(reason));
    }
    if let (None, Some(Err(diagnostic))) = (&options.api_key, &config.settings.api_key) {
        return Some(StartError::Config(diagnostic.to_string()));
    }
    let has_key = options.api_key.is_some() || config.settings.api_key.is_some();
    Opening::new(options, config, has_key).err()
}
