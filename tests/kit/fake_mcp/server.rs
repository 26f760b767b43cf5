use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::{
    asking::Asked,
    behaviours,
    book::Book,
    message::{self, Call, MODERN, Message, WithMeta},
    options::{Era, Options, UnknownMethod},
    outbox::Outbox,
    switch::Switch,
};
use crate::Record;

/// One fake server, whatever its transport.
pub(crate) struct Server {
    pub(crate) options: Options,
    pub(crate) switch: Switch,
    pub(crate) tracker: TaskTracker,
    pub(crate) record: Option<Record>,
    pub(crate) asked: Asked,
    book: Mutex<Book>,
    listeners: Mutex<Vec<Listener>>,
}

/// Who is told that the tool list changed.
struct Listener {
    outbox: Outbox,
    /// The id of its subscriptions/listen, as written; `None` before 2026-07-28.
    subscription: Option<String>,
}

/// What came with a message besides its text.
pub(crate) struct Context<'a> {
    /// Where messages go before the answer.
    pub(crate) outbox: &'a Outbox,
    /// The HTTP headers, names in lower case; empty over stdio.
    pub(crate) headers: &'a Value,
    /// Whether this session has been initialized.
    pub(crate) initialized: bool,
}

/// The answer to a message.
pub(crate) enum Reply {
    /// None is due: it was a notification or a response.
    Nothing,
    /// At hand.
    Now(String),
    /// Takes a while.
    Later(BoxFuture<'static, String>),
}

impl Server {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            switch: Switch::new(),
            tracker: TaskTracker::new(),
            record: options.record.as_ref().map(Record::new),
            asked: Asked::default(),
            book: Mutex::new(Book::new(&options)),
            listeners: Mutex::default(),
            options,
        }
    }

    /// Answers one message.
    pub(crate) fn answer(self: &Arc<Self>, text: &str, context: &Context<'_>) -> Reply {
        let Ok(message) = serde_json::from_str::<Message>(text) else {
            return Reply::Now(message::error("null", -32700, "Parse error", &Value::Null));
        };
        let Some(method) = message.method.as_deref() else {
            self.asked.answered(serde_json::from_str(text).unwrap_or_default());
            return Reply::Nothing;
        };
        let Some(id) = message.id else {
            // One name, whatever the transport, for a call that its caller gave up (see `Abandoned`).
            let event = if method == "notifications/cancelled" { "abandoned" } else { method };
            self.note(event, || message.params.map_or("null", |params| params.get()).into());
            return Reply::Nothing;
        };
        let id = id.get();
        if self.options.silent {
            self.note(method, || "null".into());
            return Reply::Nothing;
        }
        match method {
            "tools/call" => self.call(id, &message, context),
            "initialize" if self.options.era != Era::Modern => {
                self.note(method, || message.params.map_or("null", |params| params.get()).into());
                Reply::Now(message::result(id, &self.initialize_result(&message)))
            }
            "initialize" => Reply::Now(self.unsupported_revision(id, "initialize")),
            "server/discover" if self.options.era != Era::Legacy => {
                self.note(method, || "null".into());
                Reply::Now(message::result(id, &self.discover_result()))
            }
            "ping" => Reply::Now(message::result(id, "{}")),
            "tools/list" => self.list(id, &message, context),
            "subscriptions/listen" if self.options.era != Era::Legacy => self.listen(id, &message, context),
            other => {
                self.note(other, || "null".into());
                match self.options.unknown_method {
                    UnknownMethod::Error => {
                        let text = format!("Method not found: {other}");
                        Reply::Now(message::error(id, -32601, &text, &Value::Null))
                    }
                    UnknownMethod::EmptyResult => Reply::Now(message::result(id, "{}")),
                    UnknownMethod::Ignore => Reply::Later(Box::pin(std::future::pending())),
                }
            }
        }
    }

    fn list(self: &Arc<Self>, id: &str, message: &Message<'_>, context: &Context<'_>) -> Reply {
        let WithMeta { meta } = message::params(message).unwrap_or_default();
        if let Some(refusal) = self.refusal(id, meta.and_then(|meta| meta.revision).as_deref(), context) {
            return Reply::Now(refusal);
        }
        let params: Value = message::params(message).unwrap_or_default();
        let cursor = params["cursor"].as_str();
        self.note("tools/list", || json!({"cursor": cursor}).to_string());
        if self.options.hang_list {
            return Reply::Later(Box::pin(std::future::pending()));
        }
        Reply::Now(message::result(id, &lock(&self.book).page(cursor)))
    }

    fn call(self: &Arc<Self>, id: &str, message: &Message<'_>, context: &Context<'_>) -> Reply {
        let Some(call) = message::params::<Call>(message) else {
            return Reply::Now(message::error(id, -32602, "tools/call needs a name", &Value::Null));
        };
        let revision = call.meta.as_ref().and_then(|meta| meta.revision.as_deref());
        if let Some(refusal) = self.refusal(id, revision, context) {
            return Reply::Now(refusal);
        }
        self.note("call", || {
            format!(
                r#"{{"tool":{},"id":{id},"arguments":{}}}"#,
                Value::from(&*call.name),
                call.arguments.map_or("null", |arguments| arguments.get())
            )
        });
        behaviours::run(self, id, &call, context)
    }

    /// Why a request is refused: before initialize, or of a revision that is not spoken here.
    fn refusal(&self, id: &str, revision: Option<&str>, context: &Context<'_>) -> Option<String> {
        match (self.options.era, revision) {
            (Era::Modern | Era::Both, Some(MODERN)) => None,
            (Era::Modern, other) => Some(self.unsupported_revision(id, other.unwrap_or("none"))),
            _ if context.initialized => None,
            _ => Some(message::error(id, -32002, "Server not initialized", &Value::Null)),
        }
    }

    fn unsupported_revision(&self, id: &str, requested: &str) -> String {
        let mut supported = vec![MODERN];
        if self.options.era == Era::Both {
            supported.push(&self.options.revision);
        }
        let data = json!({"supported": supported, "requested": requested});
        message::error(id, -32022, "Unsupported protocol version", &data)
    }

    fn capabilities(&self) -> Value {
        let mut capabilities = json!({"tools": {"listChanged": true}});
        if !self.options.without_tasks && lock(&self.book).speaks_of_tasks() {
            capabilities["tasks"] = json!({"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}});
        }
        capabilities
    }

    fn initialize_result(&self, message: &Message<'_>) -> String {
        let params: Value = message::params(message).unwrap_or_default();
        let asked = params["protocolVersion"].as_str().unwrap_or_default();
        // Revisions are dates: their order is that of their texts.
        let agreed = if asked <= self.options.revision.as_str() { asked } else { &self.options.revision };
        let mut result = json!({
            "protocolVersion": agreed,
            "capabilities": self.capabilities(),
            "serverInfo": {"name": self.options.name, "version": self.options.server_version},
        });
        if let Some(instructions) = &self.options.instructions {
            result["instructions"] = json!(instructions);
        }
        result.to_string()
    }

    fn discover_result(&self) -> String {
        let mut result = json!({
            "resultType": "complete",
            "supportedVersions": [MODERN],
            "capabilities": self.capabilities(),
            "ttlMs": 0,
            "cacheScope": "private",
            "_meta": {"io.modelcontextprotocol/serverInfo":
                {"name": self.options.name, "version": self.options.server_version}},
        });
        if let Some(instructions) = &self.options.instructions {
            result["instructions"] = json!(instructions);
        }
        result.to_string()
    }

    /// subscriptions/listen: acknowledged at once, answered never.
    fn listen(self: &Arc<Self>, id: &str, message: &Message<'_>, context: &Context<'_>) -> Reply {
        let params: Value = message::params(message).unwrap_or_default();
        let wanted = params["notifications"]["toolsListChanged"].as_bool().unwrap_or_default();
        let filter = if wanted { json!({"toolsListChanged": true}) } else { json!({}) };
        let mut acknowledgment = json!({"notifications": filter});
        mark(&mut acknowledgment, Some(id));
        context
            .outbox
            .send(message::notification("notifications/subscriptions/acknowledged", &acknowledgment));
        if wanted {
            self.add_listener(context.outbox.clone(), Some(id.into()));
        }
        self.note("subscriptions/listen", || params.to_string());
        Reply::Later(Box::pin(std::future::pending()))
    }

    /// Tells this client of changes from now on.
    pub(crate) fn add_listener(&self, outbox: Outbox, subscription: Option<String>) {
        lock(&self.listeners).push(Listener { outbox, subscription });
    }

    /// Lists one more tool, and tells everyone who listens.
    pub(crate) fn add_tool(&self, name: &str) {
        lock(&self.book).add(name);
        self.tell_of_change();
    }

    fn tell_of_change(&self) {
        lock(&self.listeners).retain(|listener| {
            let mut params = json!({});
            mark(&mut params, listener.subscription.as_deref());
            listener.outbox.send(message::notification("notifications/tools/list_changed", &params))
        });
    }

    /// Lists the tools of the tools file as it is now, and tells everyone who listens.
    pub(crate) fn reread_tools(&self) {
        *lock(&self.book) = Book::new(&self.options);
        self.tell_of_change();
    }

    /// Whether a tool is listed.
    pub(crate) fn lists(&self, name: &str) -> bool {
        lock(&self.book).lists(name)
    }

    /// Writes to the record, where there is one; `data` is JSON text.
    pub(crate) fn note(&self, event: &str, data: impl FnOnce() -> String) {
        if let Some(record) = &self.record {
            record.append(event, &serde_json::from_str(&data()).unwrap_or_default());
        }
    }
}

/// Puts the subscription's id into a notification's `_meta`.
fn mark(params: &mut Value, subscription: Option<&str>) {
    if let Some(id) = subscription {
        let id: Value = serde_json::from_str(id).unwrap_or_default();
        params["_meta"] = json!({"io.modelcontextprotocol/subscriptionId": id});
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
