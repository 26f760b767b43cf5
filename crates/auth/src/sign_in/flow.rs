//! A sign-in by a person, from the first question to the saved tokens.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use secrecy::ExposeSecret as _;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{Awaiting, Landing, SignIn, SignInRequest, SignInState};
use crate::{
    Flow, Grant, Scopes,
    authorization::{
        AuthorizationError, AuthorizationRequest, AuthorizationResponse, OFFLINE_ACCESS, Pending,
    },
    client::{Client, ClientOrigin},
    discovery::Discovered,
    http::Http,
    redirect::Response,
    token::{TokenError, exchange},
};

/// How long a person may take in the browser.
const PATIENCE: Duration = Duration::from_mins(10);

/// A sign-in that is under way.
pub(super) struct Running {
    cancel: CancellationToken,
    responses: mpsc::Sender<Response>,
    ended: CancellationToken,
}

impl Running {
    pub(super) fn start(sign_in: Arc<SignIn>, request: SignInRequest) -> Self {
        let cancel = sign_in.stop.child_token();
        let ended = CancellationToken::new();
        // One response is enough: the first counts.
        let (responses, received) = mpsc::channel(1);
        let running = Self { cancel: cancel.clone(), responses: responses.clone(), ended: ended.clone() };
        // Told at once, so that whoever started it sees it under way.
        let before = sign_in.state.send_replace(SignInState::Discovering);
        let tasks = sign_in.all.0.tasks.clone();
        tasks.spawn(async move {
            let _ended = ended.drop_guard();
            let steps = Steps { sign_in: &sign_in, request, responses, received, cancel: &cancel };
            let outcome = tokio::select! {
                biased;
                () = cancelled_in_time(&sign_in, &cancel) => None,
                outcome = steps.run() => Some(outcome),
            };
            match outcome {
                Some(Ok(())) => {}
                Some(Err(reason)) => {
                    tracing::warn!(server = %sign_in.id.name, "sign-in failed: {reason}");
                    sign_in.state.send_replace(SignInState::Failed { reason: reason.into() });
                }
                None => {
                    tracing::info!(server = %sign_in.id.name, "sign-in cancelled");
                    sign_in.state.send_replace(sign_in.settled(before));
                }
            }
        });
        running
    }

    pub(super) fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Cancelled when nothing of it runs any more.
    pub(super) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// The way for a response that is pasted.
    pub(super) fn responses(&self) -> Option<mpsc::Sender<Response>> {
        (!self.has_ended()).then(|| self.responses.clone())
    }
}

/// Gives a pasted response to the sign-in that waits.
pub(super) async fn paste(responses: &mpsc::Sender<Response>, text: &str) -> Landing {
    let (landing, landed) = oneshot::channel();
    if responses.try_send(Response { text: text.trim().into(), landing }).is_err() {
        return Landing::nobody_waits();
    }
    landed.await.unwrap_or_else(|_| Landing::nobody_waits())
}

/// What one sign-in goes through.
struct Steps<'a> {
    sign_in: &'a Arc<SignIn>,
    request: SignInRequest,
    responses: mpsc::Sender<Response>,
    received: mpsc::Receiver<Response>,
    cancel: &'a CancellationToken,
}

/// How an authorization came out.
enum Round {
    SignedIn,
    /// The client is not known any more: once more with a new one.
    Reregister,
    /// These scopes are not to be had: once more without `offline_access`.
    WithoutOfflineAccess,
}

impl Steps<'_> {
    /// Signs in; the error is one sentence that says what to do.
    async fn run(mut self) -> Result<(), String> {
        let sign_in = Arc::clone(self.sign_in);
        let http = sign_in.http()?;
        let discovered = sign_in.discover(&http).await?;
        if self.request.mcpo {
            return sign_in.take_over_mcpo(&discovered).await;
        }
        let flow = self.request.flow.unwrap_or(sign_in.options.flow);
        let mut scopes = sign_in.scopes(&discovered);
        if sign_in.options.grant == Grant::ClientCredentials {
            return sign_in.own_sign_in(&http, &discovered, &scopes).await;
        }
        if flow == Flow::Device {
            return sign_in.device_sign_in(&http, &discovered, &scopes, &self.request).await;
        }
        let (mut reregistered, mut reduced) = (false, false);
        loop {
            if self.cancel.is_cancelled() {
                return Err("It was cancelled.".into());
            }
            match self.authorize(&http, &discovered, &scopes, flow).await? {
                Round::SignedIn => return Ok(()),
                Round::Reregister if !reregistered => reregistered = true,
                Round::WithoutOfflineAccess if !reduced => {
                    reduced = true;
                    scopes = scopes.without(OFFLINE_ACCESS);
                }
                Round::Reregister | Round::WithoutOfflineAccess => {
                    return Err("The authorization server refuses each attempt in the same way.".into());
                }
            }
        }
    }

    /// One authorization request and its response.
    async fn authorize(
        &mut self,
        http: &Http,
        discovered: &Discovered,
        scopes: &Scopes,
        flow: Flow,
    ) -> Result<Round, String> {
        let sign_in = Arc::clone(self.sign_in);
        // Bound before anything is registered or opened: a port that is taken is said, and nothing is left behind.
        let (wished, _listener) = sign_in.receive(flow).await?;
        let client = sign_in.client(http, discovered, flow, &wished, scopes, &self.request).await?;
        let redirect_uri = client.redirect_uri.clone().unwrap_or(wished);
        let resource = sign_in.resource(discovered);
        let AuthorizationRequest { url, pending } = AuthorizationRequest::new(
            &discovered.server,
            &client,
            &redirect_uri,
            scopes,
            resource.as_deref(),
        )
        .map_err(|error| sentence(&error))?;
        let _wait = sign_in.all.0.waiting.wait(&pending.state, redirect_uri.clone(), self.responses.clone());
        let awaiting = Awaiting { url: url.clone(), redirect_uri, flow, until: SystemTime::now() + PATIENCE };
        sign_in.state.send_replace(SignInState::AwaitingRedirect(awaiting));
        if self.request.open && flow == Flow::Browser {
            sign_in.open(&url);
        }
        let waited = timeout(PATIENCE, self.response(&pending)).await;
        let (response, landing) = waited.map_err(|_| late(&sign_in.id.name))?;
        let done = self.redeem(http, discovered, &client, &pending, response).await;
        let name = &sign_in.id.name;
        // The page that waits for it may be closed by now.
        let _ = landing.send(match &done {
            Ok(Round::SignedIn) => Landing::well(name),
            Ok(_) => {
                Landing::failed("The authorization server wants to be asked once more: look for a new page.")
            }
            Err(reason) => Landing::failed(reason.clone()),
        });
        done
    }

    /// Waits for the response that belongs to `pending`; what is pasted and belongs to another is answered, and waited on.
    async fn response(&mut self, pending: &Pending) -> (AuthorizationResponse, oneshot::Sender<Landing>) {
        loop {
            let Some(Response { text, landing }) = self.received.recv().await else {
                return std::future::pending().await;
            };
            let failed = match AuthorizationResponse::pasted(text.expose_secret()) {
                Ok(response) if response.is_bare() || response.answers(pending) => {
                    return (response, landing);
                }
                Ok(_) => Landing::failed(
                    "This is the answer to another sign-in, or an old one. Paste the address of the page that this one ended on.",
                ),
                Err(error) => Landing::failed(sentence(&error)),
            };
            let _ = landing.send(failed);
        }
    }

    /// From a response to saved tokens.
    async fn redeem(
        &self,
        http: &Http,
        discovered: &Discovered,
        client: &Client,
        pending: &Pending,
        response: AuthorizationResponse,
    ) -> Result<Round, String> {
        let sign_in = self.sign_in;
        let code = match response.accept(pending) {
            Ok(code) => code,
            Err(AuthorizationError::Refused { code, .. })
                if code == "invalid_scope" && pending.scopes.contains(OFFLINE_ACCESS) =>
            {
                return Ok(Round::WithoutOfflineAccess);
            }
            Err(error) => return Err(sentence(&error)),
        };
        sign_in.state.send_replace(SignInState::Exchanging);
        match exchange(http, &discovered.server, client, pending, &code).await {
            Ok(tokens) => {
                sign_in.store_new(tokens).await;
                Ok(Round::SignedIn)
            }
            Err(TokenError::InvalidClient { .. }) if client.origin == ClientOrigin::Dynamic => {
                sign_in.forget_client(&client.issuer).await;
                Ok(Round::Reregister)
            }
            Err(error) => Err(sentence(&error)),
        }
    }
}

/// Waits until the sign-in is cancelled. Too late for that is when the code is being given for tokens: they would live on at
/// the authorization server, and nobody would know them.
async fn cancelled_in_time(sign_in: &SignIn, cancel: &CancellationToken) {
    cancel.cancelled().await;
    if matches!(*sign_in.state.borrow(), SignInState::Exchanging | SignInState::Storing) {
        std::future::pending::<()>().await;
    }
}

impl SignIn {
    /// Where a sign-in that was cancelled leaves it.
    fn settled(&self, before: SignInState) -> SignInState {
        match (self.held().tokens(), before) {
            (Some(tokens), SignInState::SignedIn { .. } | SignInState::Refreshing) => {
                SignInState::SignedIn { scopes: tokens.granted.clone(), expires_at: tokens.expires_at }
            }
            (
                _,
                before @ (SignInState::ReauthNeeded { .. }
                | SignInState::StepUpNeeded { .. }
                | SignInState::Failed { .. }),
            ) => before,
            _ => SignInState::SignedOut,
        }
    }
}

/// A reason as a sentence of its own.
pub(super) fn sentence(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => text,
    }
}

fn late(server: &str) -> String {
    let minutes = PATIENCE.as_secs() / 60;
    format!(
        "Nobody came back from the browser within {minutes} minutes. Sign in again; if the page said that it does not know \
         this client, run `traygate sign-out {server} --forget-client` first."
    )
}
