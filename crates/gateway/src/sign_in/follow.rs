//! The policy at work: looks at servers and sign-ins whenever one changes.

use std::{
    collections::{HashMap, HashSet},
    future::{Future as _, pending, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
};

use arc_swap::ArcSwap;
use tokio::{
    sync::watch::Receiver,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use traygate_auth::{Flow, SignIn, SignInRequest, SignInState, SignIns};
use traygate_upstream::{Hub, State};

use super::{
    Terminal,
    policy::{Act, Phase, Prompts, Seen, Way},
    words,
};
use crate::http::Rules;

/// What follows the sign-ins of all servers, and has them begun as the policy says.
pub(crate) struct Follow {
    pub(crate) hub: Hub,
    pub(crate) sign_ins: SignIns,
    pub(crate) rules: Arc<ArcSwap<Rules>>,
    pub(crate) terminal: Option<Terminal>,
    /// Tells of each reading of the config file, which may have changed the policy.
    pub(crate) reloads: Receiver<u64>,
}

/// The sign-in of a server, and where it stands.
struct Followed {
    sign_in: Arc<SignIn>,
    state: Receiver<SignInState>,
}

impl Follow {
    /// Follows them until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.follow()).await;
    }

    async fn follow(mut self) {
        let (mut revisions, mut prompts) = (self.hub.revisions(), Prompts::default());
        let mut followed: HashMap<String, Followed> = HashMap::new();
        let mut unshown: HashSet<String> = HashSet::new();
        loop {
            revisions.mark_unchanged();
            self.reloads.mark_unchanged();
            let seen = self.look(&mut followed, &mut prompts);
            let policy = self.rules.load().sign_in;
            let (acts, later) = prompts.step(policy, &seen, Instant::now());
            for act in &acts {
                self.act(act, &followed, &mut unshown).await;
            }
            self.show(&followed, &mut unshown);
            let later = async {
                match later {
                    Some(later) => sleep_until(later).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                changed = revisions.changed() => if changed.is_err() { return },
                () = any_changed(followed.values_mut().map(|one| &mut one.state)) => {}
                () = reloaded(&mut self.reloads) => {}
                () = later => {}
            }
        }
    }

    /// All servers that have a sign-in, in the config file's order.
    fn look(&self, followed: &mut HashMap<String, Followed>, prompts: &mut Prompts) -> Vec<Seen> {
        let (catalogue, mut seen) = (self.hub.catalogue(), Vec::new());
        followed.retain(|name, _| catalogue.servers.contains_key(name.as_str()));
        for server in catalogue.servers.values() {
            let name = server.name.to_string();
            let Some(sign_in) = self.sign_ins.find(&name) else {
                followed.remove(&name);
                continue;
            };
            if followed.get(&name).is_none_or(|one| !Arc::ptr_eq(&one.sign_in, &sign_in)) {
                prompts.forget(&name);
                followed
                    .insert(name.clone(), Followed { state: sign_in.state(), sign_in: Arc::clone(&sign_in) });
            }
            let Some(one) = followed.get_mut(&name) else { continue };
            let phase = phase(&one.state.borrow_and_update());
            let changes = *sign_in.changes().borrow();
            let waits = server.state == State::SignInNeeded;
            seen.push(Seen { name, waits, phase, changes, way: way(&sign_in) });
        }
        seen
    }

    async fn act(&self, act: &Act, followed: &HashMap<String, Followed>, unshown: &mut HashSet<String>) {
        let (Act::Open(name) | Act::Show(name) | Act::Begin(name) | Act::Tell(name)) = act;
        let Some(Followed { sign_in, state }) = followed.get(name) else { return };
        match act {
            Act::Open(_) => {
                tracing::info!("`{name}` needs sign-in: opening the browser");
                sign_in.start(SignInRequest { open: true, ..SignInRequest::default() });
            }
            Act::Show(_) if self.terminal.is_some() => {
                unshown.insert(name.clone());
                sign_in.start(SignInRequest::default());
            }
            // Nobody would see its address.
            Act::Show(_) | Act::Tell(_) => {
                let mcpo = sign_in.has_mcpo_sign_in().await;
                tracing::info!("{}", words::need(name, &state.borrow(), mcpo));
            }
            Act::Begin(_) => sign_in.start(SignInRequest::default()),
        }
    }

    /// Shows the addresses that were waited for.
    fn show(&self, followed: &HashMap<String, Followed>, unshown: &mut HashSet<String>) {
        let Some(terminal) = &self.terminal else { return };
        unshown.retain(|name| {
            let Some(one) = followed.get(name) else { return false };
            let state = one.sign_in.state();
            let state = state.borrow();
            if let SignInState::AwaitingRedirect(awaiting) = &*state {
                terminal.show(&invitation(name, awaiting.url.as_str()));
                return false;
            }
            state.is_under_way()
        });
    }
}

fn invitation(server: &str, url: &str) -> String {
    let command = words::command(server);
    format!(
        "To sign in to `{server}`, open this address in a browser:\n\n  {url}\n\nThen run `{command}` and paste there the \
         address that the browser ends on."
    )
}

fn phase(state: &SignInState) -> Phase {
    match state {
        state if state.is_under_way() => Phase::UnderWay,
        SignInState::SignedIn { .. } | SignInState::Refreshing => Phase::SignedIn,
        SignInState::ReauthNeeded { .. } | SignInState::StepUpNeeded { .. } => Phase::Again,
        SignInState::Failed { .. } => Phase::Failed,
        _ => Phase::SignedOut,
    }
}

fn way(sign_in: &SignIn) -> Way {
    if !sign_in.needs_person() {
        return Way::Alone;
    }
    match sign_in.flow() {
        Flow::Browser => Way::Page,
        Flow::Manual => Way::Pasted,
        Flow::Webview | Flow::DeepLink | Flow::Device => Way::Told,
    }
}

/// Waits for a change of one of them; for ever where none can change any more.
async fn any_changed<'r>(receivers: impl Iterator<Item = &'r mut Receiver<SignInState>>) {
    let mut changes: Vec<_> = receivers.map(|receiver| Box::pin(receiver.changed())).collect();
    poll_fn(|context| {
        let mut any = Poll::Pending;
        changes.retain_mut(|change| match Pin::new(change).poll(context) {
            Poll::Ready(Ok(())) => {
                any = Poll::Ready(());
                false
            }
            Poll::Ready(Err(_)) => false,
            Poll::Pending => true,
        });
        any
    })
    .await;
}

/// Waits for the next reading of the config file; for ever where nobody reads one.
async fn reloaded(reloads: &mut Receiver<u64>) {
    if reloads.changed().await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tokio::sync::watch::channel;
    use traygate_auth::Scopes;

    use super::*;

    #[tokio::test]
    async fn a_change_of_any_is_heard_and_the_end_of_one_is_not() {
        let ((a, mut seen_a), (b, mut seen_b)) =
            (channel(SignInState::SignedOut), channel(SignInState::SignedOut));
        drop(a);
        let waiting = any_changed([&mut seen_a, &mut seen_b].into_iter());
        tokio::pin!(waiting);
        assert!(futures::poll!(&mut waiting).is_pending());
        b.send_replace(SignInState::Discovering);
        assert!(futures::poll!(&mut waiting).is_ready());
    }

    #[test]
    fn a_renewal_is_no_sign_in() {
        assert_eq!(phase(&SignInState::Refreshing), Phase::SignedIn);
        let until = SystemTime::UNIX_EPOCH;
        assert_eq!(
            phase(&SignInState::SignedIn { scopes: Scopes::default(), expires_at: Some(until) }),
            Phase::SignedIn
        );
        assert_eq!(phase(&SignInState::StepUpNeeded { scopes: Scopes::default() }), Phase::Again);
        assert_eq!(phase(&SignInState::Exchanging), Phase::UnderWay);
        assert_eq!(phase(&SignInState::SignedOut), Phase::SignedOut);
    }

    #[test]
    fn an_invitation_says_where_to_go_on() {
        let text = invitation("github", "https://as/authorize?x=1");
        assert!(text.contains("\n  https://as/authorize?x=1\n"), "{text}");
        assert!(text.contains("`traygate sign-in github`"), "{text}");
    }
}
