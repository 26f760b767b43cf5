//! Sign-in as the gateway sees it: who is asked when, where the browser comes back to, and the words for it.
//!
//! ```text
//! hub, SignIns --> Seen --> Prompts (pure) --> Act --> SignIn::start, the log, the terminal
//! ```

mod callback;
mod follow;
mod obstacle;
mod policy;
mod status;
mod terminal;
mod words;

use std::{collections::HashMap, ffi::OsString, path::PathBuf, sync::Arc};

use traygate_auth::{Keychain, SignIns, StorageType, Surroundings, SystemBrowser};

pub(crate) use self::{
    callback::{Callback, forwarded},
    follow::Follow,
    status::flow_word,
    words::stopped,
};
pub use self::{
    obstacle::cannot_sign_in,
    policy::SignInPolicy,
    status::{SignInStatus, SignedOutStatus},
    terminal::Terminal,
    words::{command, server_words},
};

/// The sign-ins of a gateway as a program of this user has them: the system's browser, and files in the state folder
/// where some are wanted. `variables` are all of our own, `TRAYGATE_KEY_FILE` among them.
pub fn sign_ins(
    keychain: Keychain,
    state_dir: Option<PathBuf>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> SignIns {
    let variables: HashMap<_, _> = variables.into_iter().collect();
    let browser = Arc::new(SystemBrowser::new(&variables));
    SignIns::new(Surroundings {
        keychain,
        state_dir,
        storage: StorageType::default(),
        variables,
        browser,
        port_owner: |address| crate::listen::port_owner(address, None),
    })
}
