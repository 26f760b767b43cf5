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
