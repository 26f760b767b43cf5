use std::{collections::HashMap, ffi::OsString, path::PathBuf};

use traygate_auth::{Keychain, SignIns};

/// What a [`crate::Hub`] needs of the world around it, given once at start.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The variables that children inherit and `${NAME}` reads.
    pub variables: HashMap<OsString, OsString>,
    /// Where `${keychain:NAME}` is looked up.
    pub keychain: Keychain,
    /// The folder for what is remembered across restarts (catalogues, eras); `None`: nothing is kept.
    pub state_dir: Option<PathBuf>,
    /// The program that guards children against our own sudden death; `None`: the running program itself.
    pub guardian: Option<PathBuf>,
    /// The sign-ins of its servers.
    pub sign_ins: SignIns,
}

#[cfg(test)]
impl Environment {
    /// With these variables; nothing is kept but in `state_dir`, and no page is ever opened.
    pub(crate) fn new(variables: HashMap<OsString, OsString>, state_dir: Option<PathBuf>) -> Self {
        use std::sync::Arc;

        struct NoBrowser;

        impl traygate_auth::Browser for NoBrowser {
            fn open(&self, _: &url::Url) -> Result<(), String> {
                Err("tests have no browser".to_owned())
            }
        }

        let keychain = Keychain::system();
        let sign_ins = SignIns::new(traygate_auth::Surroundings {
            keychain: keychain.clone(),
            state_dir: None,
            storage: traygate_auth::StorageType::Memory,
            variables: HashMap::new(),
            browser: Arc::new(NoBrowser),
            port_owner: |_| "another program".to_owned(),
        });
        Self { variables, keychain, state_dir, guardian: None, sign_ins }
    }
}
