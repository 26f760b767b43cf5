//! `/-/api/`: what the tray, the config UI and `traygate status` ask of a running gateway.

mod guard;
mod routes;
mod running;
mod sign_in;
mod status;

#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use traygate_auth::SignIns;
use traygate_config::Diagnostic;
use traygate_upstream::Hub;

pub(crate) use self::{
    routes::router,
    running::{Announcement, loopback},
};
pub use self::{
    running::RunningGateway,
    status::{
        DiagnosticStatus, QuarantinedStatus, ServerLog, ServerStatus, Status, WarningStatus, state_words,
    },
};

use crate::{
    http::{PreparedServers, Rules},
    reload::ReloadRequest,
};

/// What the admin API speaks of.
pub(crate) struct Admin {
    /// The servers.
    pub(crate) hub: Hub,
    /// Their sign-ins.
    pub(crate) sign_ins: SignIns,
    /// Where the gateway listens, and the token that is this API's guard.
    pub(crate) rules: Arc<ArcSwap<Rules>>,
    /// What is derived from the servers' tools.
    pub(crate) prepared: Arc<PreparedServers>,
    /// What is to be said about the config file.
    pub(crate) diagnostics: Arc<ArcSwap<Vec<Diagnostic>>>,
    /// The config file, where there is one.
    pub(crate) config: Option<PathBuf>,
    /// Whether the key was given at the start, whatever the file says.
    pub(crate) fixed_key: bool,
    /// Where a reading of the config file is asked for; nobody listens where there is no file.
    pub(crate) reload: mpsc::Sender<ReloadRequest>,
}
