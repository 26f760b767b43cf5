//! Child processes: found, started, watched, and ended together with all their descendants.

mod child;
mod exit;
#[cfg(unix)]
mod family;
mod guardian;
mod kin;
mod last_words;
mod login_shell;
mod lookup;
#[cfg(target_os = "linux")]
pub(crate) mod orphans;

#[cfg(test)]
mod tests;

pub(crate) use child::{Child, Ended, Pipes, Why};
pub(crate) use guardian::Guardian;
pub use guardian::guardian_main;
pub use login_shell::login_shell_path;
pub(crate) use lookup::look;

/// Set on every child and inherited by its descendants, so that they are found when they left the process group.
/// Nested gateways append theirs after a colon.
#[cfg(unix)]
const TOKEN_VARIABLE: &str = "TRAYGATE_SERVER_TOKEN";
