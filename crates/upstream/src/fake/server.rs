use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures::future::BoxFuture;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool};
use tokio::sync::watch;

use super::{FOREVER, tool};
use crate::{
    CallContext, CallError, ServerInfo,
    catalogue::ToolList,
    connection::{ConnectError, Era, Limits, Surroundings},
    connector::{Connector, Session},
    resolve::{ResolvedServer, ResolvedUpstream},
};

/// What an attempt to open a session comes to.
#[derive(Clone)]
pub(crate) enum Opens {
    Session,
    /// A session that ends as soon as its tools are listed.
    Brief,
    Fails(ConnectError),
    /// A session, after this time.
    Slowly(Duration),
    Never,
}

/// What a call comes to.
#[derive(Clone, Copy)]
pub(crate) enum Calls {
    Answers,
    Never,
    /// The server dies of it.
    Kills,
    /// The connection ends, and nobody ever says why.
    Vanishes,
    /// Its transport knows the session no more.
    ForgetsSession,
    /// The answer is lost, the session lives on.
    Loses,
    Challenges,
    /// The session lives on, but nothing can be sent over it.
    Unavailable,
}

pub(crate) struct Script {
    pub(crate) opens: Opens,
    /// Used up before `opens` counts.
    pub(crate) first: VecDeque<Opens>,
    pub(crate) tools: Vec<Tool>,
    /// Why no list is given.
    pub(crate) refuses_lists: Option<CallError>,
    pub(crate) calls: Calls,
    pub(crate) closes: bool,
    /// Every list is followed by word of a change.
    pub(crate) announces: bool,
    pub(crate) attempts: usize,
    pub(crate) lists: usize,
    pub(crate) alive: usize,
    pub(crate) most_alive: usize,
    /// The command line of the last attempt.
    pub(crate) command: Vec<String>,
    pub(crate) era: Option<Era>,
    pub(crate) sessions: Vec<Arc<FakeSession>>,
}

/// One fake server; cheap to clone.
#[derive(Clone)]
pub(crate) struct FakeServer {
    script: Arc<Mutex<Script>>,
    /// Changes with every count of the script.
    counted: watch::Sender<()>,
}

pub(crate) struct FakeSession {
    server: FakeServer,
    ended: watch::Sender<Option<Arc<str>>>,
    changes: watch::Sender<u64>,
}

/// Opens sessions with the fake servers it knows.
#[derive(Default)]
pub(crate) struct FakeConnector(Mutex<HashMap<String, FakeServer>>);

impl FakeServer {
    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no panic while scripting")
    }

    fn count(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script());
        self.counted.send_replace(());
    }

    /// Waits until the script's counts are such.
    pub(crate) async fn until(&self, such: impl Fn(&Script) -> bool) {
        let mut counted = self.counted.subscribe();
        let waiting = async {
            while !such(&self.script()) {
                counted.changed().await.expect("the server lives");
            }
        };
        tokio::time::timeout(FOREVER, waiting).await.expect("the counts that the test waits for");
    }

    pub(crate) fn attempts(&self) -> usize {
        self.script().attempts
    }

    pub(crate) fn alive(&self) -> usize {
        self.script().alive
    }

    pub(crate) fn most_alive(&self) -> usize {
        self.script().most_alive
    }

    pub(crate) fn crash(&self, reason: &str) {
        let session = self.script().sessions.last().cloned().expect("a session");
        session.end(reason);
    }

    pub(crate) fn announce(&self) {
        let session = self.script().sessions.last().cloned().expect("a session");
        session.changes.send_modify(|changes| *changes += 1);
    }
}

impl FakeSession {
    fn end(&self, reason: &str) {
        let first = self.ended.send_if_modified(|ended| {
            let first = ended.is_none();
            ended.get_or_insert_with(|| reason.into());
            first
        });
        if first {
            self.server.count(|script| script.alive -= 1);
        }
    }
}

impl FakeConnector {
    /// The fake server of this name, made at its first mention.
    pub(crate) fn server(&self, name: &str) -> FakeServer {
        let mut servers = self.0.lock().expect("no panic while scripting");
        let new = || FakeServer {
            script: Arc::new(Mutex::new(Script {
                opens: Opens::Session,
                first: VecDeque::new(),
                tools: vec![tool("echo")],
                refuses_lists: None,
                calls: Calls::Answers,
                closes: true,
                announces: false,
                attempts: 0,
                lists: 0,
                alive: 0,
                most_alive: 0,
                command: Vec::new(),
                era: None,
                sessions: Vec::new(),
            })),
            counted: watch::Sender::new(()),
        };
        servers.entry(name.to_owned()).or_insert_with(new).clone()
    }
}

impl Connector for FakeConnector {
    fn open<'a>(
        &'a self,
        resolved: &'a ResolvedServer,
        surroundings: Surroundings,
    ) -> BoxFuture<'a, Result<Arc<dyn Session>, ConnectError>> {
        Box::pin(async move {
            let server = self.server(resolved.name.as_str());
            let mut opens = Opens::Never;
            server.count(|script| {
                script.attempts += 1;
                script.era = surroundings.era;
                if let ResolvedUpstream::Stdio(stdio) = &resolved.upstream {
                    script.command = [&stdio.command].into_iter().chain(&stdio.args).cloned().collect();
                }
                opens = script.first.pop_front().unwrap_or_else(|| script.opens.clone());
            });
            match &opens {
                Opens::Fails(error) => return Err(error.clone()),
                Opens::Never => std::future::pending().await,
                Opens::Slowly(time) => tokio::time::sleep(*time).await,
                Opens::Session | Opens::Brief => {}
            }
            let session = Arc::new(FakeSession {
                server: server.clone(),
                ended: watch::Sender::new(None),
                changes: watch::Sender::new(0),
            });
            server.count(|script| {
                script.alive += 1;
                script.most_alive = script.most_alive.max(script.alive);
                script.sessions.push(Arc::clone(&session));
            });
            if matches!(opens, Opens::Brief) {
                session.end("exit status: 1");
            }
            Ok(session as Arc<dyn Session>)
        })
    }
}

impl Session for FakeSession {
    fn era(&self) -> Era {
        Era::Discover
    }

    fn info(&self) -> ServerInfo {
        ServerInfo { name: "fake".into(), ..ServerInfo::default() }
    }

    fn list_tools(&self) -> BoxFuture<'_, Result<ToolList, CallError>> {
        Box::pin(async {
            let mut listed = Ok(Vec::new());
            self.server.count(|script| {
                script.lists += 1;
                if script.announces {
                    self.changes.send_modify(|changes| *changes += 1);
                }
                listed = script.refuses_lists.clone().map_or_else(|| Ok(script.tools.clone()), Err);
            });
            listed.map(ToolList::from)
        })
    }

    fn tool_changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn call<'a>(
        &'a self,
        tool: &'a str,
        _: JsonObject,
        _: CallContext,
        limits: Limits,
    ) -> BoxFuture<'a, Result<CallToolResult, CallError>> {
        Box::pin(async move {
            let calls = self.server.script().calls;
            match calls {
                Calls::Answers if self.ended.borrow().is_some() => {
                    Err(CallError::ConnectionLost("broken pipe".into()))
                }
                Calls::Answers => Ok(CallToolResult::success(vec![ContentBlock::text(tool.to_owned())])),
                Calls::Never => std::future::pending().await,
                Calls::Kills => {
                    self.end("exit status: 1");
                    Err(CallError::ConnectionLost("exit status: 1".into()))
                }
                Calls::Vanishes => {
                    tokio::time::sleep(limits.farewell).await;
                    Err(CallError::ConnectionLost("the server closed the connection".into()))
                }
                Calls::ForgetsSession => {
                    let code = rmcp::model::ErrorCode(-32000);
                    Err(CallError::Rpc(rmcp::ErrorData::new(code, "Session not found", None)))
                }
                Calls::Loses => Err(CallError::ConnectionLost("connection reset".into())),
                Calls::Challenges => Err(CallError::SignInNeeded),
                Calls::Unavailable => {
                    let reason = "it cannot be reached: connection refused".into();
                    Err(CallError::Unavailable { reason, retry_after: None })
                }
            }
        })
    }

    fn is_closed(&self) -> bool {
        self.ended.borrow().is_some()
    }

    fn closed(&self) -> BoxFuture<'_, Arc<str>> {
        let mut ended = self.ended.subscribe();
        Box::pin(async move {
            let reason = ended.wait_for(Option::is_some).await.expect("the session holds the sender").clone();
            reason.expect("it was waited for")
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if !self.server.script().closes {
                return std::future::pending().await;
            }
            // A process takes a while to end.
            tokio::time::sleep(Duration::from_millis(500)).await;
            self.end("closed");
        })
    }
}
