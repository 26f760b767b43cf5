//! Whom a child leaves behind, and who ends them.

use process_wrap::tokio::ChildWrapper;
use tokio::process::Command;

#[cfg(unix)]
use super::family::Family;
use crate::{connection::Surroundings, resolve::ResolvedCommand};

/// A child's descendants, and the guardian that knows of them.
#[cfg(unix)]
pub(super) struct Kin {
    family: Family,
    /// With the tokens of the gateways that we run under.
    tokens: std::ffi::OsString,
    surroundings: Surroundings,
}

#[cfg(unix)]
impl Kin {
    /// Tells the guardian before the child exists, so that no moment is left in which our death would orphan it.
    pub(super) fn announce(command: &ResolvedCommand, surroundings: &Surroundings) -> Self {
        let token = format!("{:032x}", random());
        let mut tokens =
            command.env.get(std::ffi::OsStr::new(super::TOKEN_VARIABLE)).cloned().unwrap_or_default();
        if !tokens.is_empty() {
            tokens.push(":");
        }
        tokens.push(&token);
        surroundings.guardian.watch(&token, None);
        Self { family: Family { group: None, token }, tokens, surroundings: surroundings.clone() }
    }

    pub(super) fn mark(&self, child: &mut Command) {
        child.env(super::TOKEN_VARIABLE, &self.tokens);
    }

    pub(super) fn started(&mut self, pid: Option<u32>) {
        self.family.group = pid.and_then(|pid| rustix::process::Pid::from_raw(pid.try_into().ok()?));
        self.surroundings.guardian.watch(&self.family.token, self.family.group);
    }

    /// Asks all of them to go; false where there is no way to ask.
    pub(super) async fn terminate(&self) -> bool {
        self.look(|family| family.signal(rustix::process::Signal::TERM)).await;
        true
    }

    pub(super) async fn kill(&self) {
        self.look(|family| family.signal(rustix::process::Signal::KILL)).await;
    }

    /// Ends whoever is left.
    pub(super) async fn end(&self, child: &mut dyn ChildWrapper) {
        self.look(Family::end).await;
        // Those of the group that died as our own: only where we inherit orphans.
        let _ = child.try_wait();
    }

    /// Looks through all processes, which takes milliseconds.
    async fn look(&self, work: impl FnOnce(&Family) + Send + 'static) {
        let family = self.family.clone();
        let _ = self.surroundings.tracker.spawn_blocking(move || work(&family)).await;
    }

    pub(super) fn forget(&self) {
        self.surroundings.guardian.forget(&self.family.token);
    }
}

#[cfg(unix)]
fn random() -> u128 {
    let mut bytes = [0; 16];
    // Without randomness the group alone is watched.
    let _ = getrandom::fill(&mut bytes);
    u128::from_ne_bytes(bytes)
}

/// The job object holds the kin, and the kernel guards it.
#[cfg(not(unix))]
pub(super) struct Kin;

#[cfg(not(unix))]
impl Kin {
    pub(super) fn announce(_: &ResolvedCommand, surroundings: &Surroundings) -> Self {
        let _ = &surroundings.guardian;
        Self
    }

    pub(super) fn mark(&self, _: &mut Command) {}

    pub(super) fn started(&mut self, _: Option<u32>) {}

    pub(super) async fn terminate(&self) -> bool {
        std::future::ready(false).await
    }

    pub(super) async fn kill(&self) {
        std::future::ready(()).await;
    }

    pub(super) async fn end(&self, child: &mut dyn ChildWrapper) {
        let _ = child.start_kill();
        std::future::ready(()).await;
    }

    pub(super) fn forget(&self) {}
}
