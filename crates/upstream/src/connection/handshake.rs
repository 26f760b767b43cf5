//! How a session begins, and how its end is told.

use std::sync::Arc;

use futures::{FutureExt as _, future::BoxFuture};
use rmcp::{
    Peer, RoleClient,
    model::ProtocolVersion,
    service::{
        ClientCacheConfig, ClientInitializeError, ClientLifecycleMode, RunningService,
        serve_client_with_lifecycle_and_ct,
    },
    transport::Transport,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    ConnectError, Connection, Era, Session, Surroundings,
    endpoint::Endpoint,
    events::{Client, Progress, subscribe},
    failure,
    questions::Questions,
};
use crate::{
    ServerInfo,
    log::ServerLog,
    process::{Child, Ended},
    transport::HttpClient,
};

/// How a handshake is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Initialize,
    Discover,
    Auto,
}

impl Mode {
    /// What is tried, one after the other: some servers answer a question that they do not know with nonsense, so that
    /// asking first spoils the session.
    pub(super) fn order(remembered: Option<Era>) -> [Self; 2] {
        match remembered {
            None => [Self::Auto, Self::Initialize],
            Some(Era::Initialize) => [Self::Initialize, Self::Auto],
            Some(Era::Discover) => [Self::Discover, Self::Initialize],
        }
    }

    fn lifecycle(self) -> ClientLifecycleMode {
        let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
        match self {
            Self::Initialize => ClientLifecycleMode::Initialize,
            Self::Discover => ClientLifecycleMode::Discover { preferred_versions },
            Self::Auto => ClientLifecycleMode::Auto {
                preferred_versions,
                legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
            },
        }
    }
}

/// Why no session came about.
pub(super) struct Refusal {
    pub(super) error: ConnectError,
    /// The HTTP status, if it was one.
    pub(super) status: Option<u16>,
    /// The process gave up by itself.
    pub(super) crashed: bool,
}

impl Refusal {
    pub(super) fn into_error(self) -> ConnectError {
        self.error
    }
}

impl From<ConnectError> for Refusal {
    fn from(error: ConnectError) -> Self {
        Self { error, status: None, crashed: false }
    }
}

/// How the end of a session is awaited and explained, where there is a process to ask.
#[derive(Default)]
pub(super) struct End {
    pub(super) stopping: Option<CancellationToken>,
    pub(super) ended: Option<BoxFuture<'static, Ended>>,
}

impl End {
    pub(super) fn of(child: &Child) -> Self {
        Self { stopping: Some(child.stopping()), ended: Some(child.ended().boxed()) }
    }

    /// Waits until the process of a failed handshake is gone. Its exit is the better reason where it said nothing.
    pub(super) async fn explain(
        self,
        error: &ClientInitializeError,
        server: Option<Endpoint<'_>>,
        log: &ServerLog,
    ) -> Refusal {
        let mut refusal =
            Refusal { status: failure::status(error), ..failure::of_handshake(error, server).into() };
        if let Some(ended) = self.ended {
            let ended = ended.await;
            if ended.by_itself && failure::is_silence(error) {
                let mut text = format!("its process {}", ended.text);
                if let Some(stray) = log.stray().filter(|_| !ended.failed) {
                    // A program that says so and is content is no MCP server.
                    text = format!("{text}; {stray}");
                }
                refusal.error = ConnectError::Transient(text.into());
                refusal.crashed = ended.failed;
            }
        }
        refusal
    }
}

/// A session that has just begun.
pub(super) struct Handshake {
    running: RunningService<RoleClient, Client>,
    tool_changes: watch::Sender<u64>,
    progress: Progress,
    questions: Questions,
    stop: CancellationToken,
}

impl Handshake {
    pub(super) async fn begin<T: Transport<RoleClient> + 'static>(
        surroundings: &Surroundings,
        transport: T,
        mode: Mode,
    ) -> Result<Self, ClientInitializeError> {
        let tool_changes = watch::channel(0).0;
        let progress = Progress::default();
        let questions = Questions::new(surroundings.elicitation, surroundings.log.clone());
        let client = Client {
            tool_changes: tool_changes.clone(),
            progress: progress.clone(),
            questions: questions.clone(),
            log: surroundings.log.clone(),
        };
        let stop = CancellationToken::new();
        let running =
            serve_client_with_lifecycle_and_ct(client, transport, mode.lifecycle(), stop.clone()).await?;
        // The catalogue is the cache, and a list is asked for only when it changed.
        running.peer().set_response_cache_config(ClientCacheConfig::disabled()).await;
        Ok(Self { running, tool_changes, progress, questions, stop })
    }

    pub(super) fn finish(
        self,
        surroundings: &Surroundings,
        end: End,
        shortcut: Option<HttpClient>,
    ) -> Connection {
        let Self { running, tool_changes, progress, questions, stop } = self;
        let peer = running.peer().clone();
        let (era, listens, info) = describe(&peer);
        let changes = tool_changes.subscribe();
        let stopping = end.stopping.clone();
        if era == Era::Discover && listens {
            let subscription = stop.clone().run_until_cancelled_owned(subscribe(
                peer.clone(),
                tool_changes,
                surroundings.log.clone(),
            ));
            surroundings.tracker.spawn(subscription);
        }
        let (tell, ended) = watch::channel(None);
        let close = CancellationToken::new();
        surroundings.tracker.spawn(attend(running, close.clone(), stop, end, tell));
        Connection(Arc::new(Session {
            peer,
            era,
            info,
            progress,
            questions,
            shortcut,
            tool_changes: changes,
            ended,
            stopping,
            tracker: surroundings.tracker.clone(),
            _end_on_drop: close.clone().drop_guard(),
            end: close,
        }))
    }
}

/// Waits for the end of a session, or brings it about, and tells why it ended.
async fn attend(
    running: RunningService<RoleClient, Client>,
    close: CancellationToken,
    stop: CancellationToken,
    end: End,
    tell: watch::Sender<Option<Arc<str>>>,
) {
    let over = running.waiting();
    tokio::pin!(over);
    tokio::select! {
        _ = &mut over => {}
        () = close.cancelled() => {
            if let Some(stopping) = end.stopping {
                stopping.cancel();
            }
            stop.cancel();
            let _ = over.await;
        }
    }
    stop.cancel();
    let reason = match end.ended {
        Some(ended) => format!("its process {}", ended.await.text).into(),
        None => "the server closed the connection".into(),
    };
    tell.send_replace(Some(reason));
}

/// What the handshake brought: the era, whether tool list changes are told, and who the server is.
fn describe(peer: &Peer<RoleClient>) -> (Era, bool, ServerInfo) {
    let Some(peer) = peer.peer_info() else { return (Era::Initialize, false, ServerInfo::default()) };
    let era = if peer.protocol_version.has_initialize() { Era::Initialize } else { Era::Discover };
    let listens = peer.capabilities.tools.as_ref().is_some_and(|tools| tools.list_changed == Some(true));
    let server = peer.server_info.clone();
    let info = ServerInfo {
        name: server.as_ref().map(|server| server.name.clone()).unwrap_or_default(),
        title: server.as_ref().and_then(|server| server.title.clone()),
        version: server.map(|server| server.version).unwrap_or_default(),
        instructions: peer.instructions.clone(),
    };
    (era, listens, info)
}
