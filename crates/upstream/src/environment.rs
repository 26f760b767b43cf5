use std::{collections::HashMap, ffi::OsString, path::PathBuf, sync::Arc};

use traygate_auth::{Keychain, SignIns, StorageType, Surroundings, SystemBrowser};

/// What a [`crate::Hub`] needs of the world around it, given once at start.
#[derive(Debug, Clone)]
pub struct Environment {
    /// The variables that children inherit and `${NAME}` reads.
    pub variables: HashMap<OsString, OsString>,
    /// Where `${keychain:NAME}` is looked up.
    pub keychain: Keychain,
    /// The sign-ins of its servers.
    pub sign_ins: SignIns,
    /// The folder for what is remembered across restarts (catalogues, eras); `None`: nothing is kept.
    pub state_dir: Option<PathBuf>,
    /// The program that guards children against our own sudden death; `None`: the running program itself.
    pub guardian: Option<PathBuf>,
}

impl Environment {
    /// With these variables, the system's keychain and the system's browser. Without a `state_dir` nothing is kept:
    /// sign-ins end with the program.
    pub fn new(variables: HashMap<OsString, OsString>, state_dir: Option<PathBuf>) -> Self {
        let keychain = Keychain::system();
        let sign_ins = SignIns::new(Surroundings {
            keychain: keychain.clone(),
            state_dir: state_dir.clone(),
            storage: if state_dir.is_some() { StorageType::Keychain } else { StorageType::Memory },
            browser: Arc::new(SystemBrowser::new(&variables)),
            variables: variables.clone(),
        });
        Self { variables, keychain, sign_ins, state_dir, guardian: None }
    }
}
