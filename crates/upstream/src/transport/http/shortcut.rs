//! Calls that go straight from the caller's task to the connection pool.
//!
//! rmcp carries the session: handshake, lists, notifications, renewal, and the first call of each tool. How it posted
//! that call (session, revision and routing headers, `_meta`) is learned here, and the next calls of the tool are posted
//! in the same way without the ten task switches of its loops. Whatever is out of the ordinary goes back to rmcp.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use futures::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientJsonRpcMessage, ClientRequest, ErrorData, GetMeta,
    JsonObject, RequestId, ServerResult, Tool,
};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::{
    answer::{Kind, beginning, kind, read},
    client::{HttpClient, HttpError},
    headers::allowed,
    refusal::{Answered, Body, Refused},
};
use crate::transport::{MAX_MESSAGE, broken, sse::bounded};

/// rmcp counts its ids from 0; these never meet them, and JavaScript counts them exactly.
const FIRST_ID: i64 = 1 << 40;
pub(super) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// How long a server may need to take an answer.
const TAKING: Duration = Duration::from_secs(5);

/// How each tool was last called by rmcp. One per session.
#[derive(Debug)]
pub(super) struct Routes {
    by_tool: ArcSwap<HashMap<String, Arc<Route>>>,
    /// Tools whose arguments travel in headers too (specification 2026-07-28, `x-mcp-header`): rmcp's alone.
    in_headers: Mutex<HashSet<String>>,
    next_id: AtomicI64,
}

/// What a call of one tool is posted with.
#[derive(Debug)]
pub(crate) struct Route {
    url: Arc<str>,
    headers: HeaderMap,
    meta: JsonObject,
}

impl Route {
    fn in_session(&self) -> bool {
        self.headers.contains_key(SESSION)
    }
}

/// Why a call that took the shortcut has no result.
#[derive(Debug)]
pub(crate) enum ShortcutError {
    /// It did not run: rmcp knows what to do (renew the session, speak another revision).
    NotRun,
    /// The server is not reached, or wants another sign-in than there is: it did not run.
    Http(HttpError),
    /// It may have run.
    Lost(String),
    /// The server's own error.
    Rpc(ErrorData),
}

impl Default for Routes {
    fn default() -> Self {
        Self { by_tool: ArcSwap::default(), in_headers: Mutex::default(), next_id: AtomicI64::new(FIRST_ID) }
    }
}

impl Routes {
    /// What to learn from a call that rmcp posts; `None` if nothing.
    pub(super) fn lesson(
        &self,
        url: &Arc<str>,
        message: &ClientJsonRpcMessage,
        session: Option<&Arc<str>>,
        headers: &HashMap<HeaderName, HeaderValue>,
    ) -> Option<(String, Route)> {
        let ClientJsonRpcMessage::Request(request) = message else { return None };
        let ClientRequest::CallToolRequest(call) = &request.request else { return None };
        let tool = &*call.params.name;
        if self.by_tool.load().contains_key(tool)
            || self.in_headers.lock().unwrap_or_else(PoisonError::into_inner).contains(tool)
        {
            return None;
        }
        let mut learned: HeaderMap =
            headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Some(session) = session {
            learned.insert(SESSION, HeaderValue::from_str(session).ok()?);
        }
        learned.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        learned.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut meta = request.request.get_meta().0.0.clone();
        meta.remove("progressToken");
        Some((tool.to_owned(), Route { url: Arc::clone(url), headers: learned, meta }))
    }

    pub(super) fn learn(&self, tool: &str, route: Route) {
        let route = Arc::new(route);
        self.by_tool.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.insert(tool.to_owned(), Arc::clone(&route));
            known
        });
    }

    fn forget(&self) {
        self.by_tool.store(Arc::default());
    }
}

impl HttpClient {
    /// Starts anew with what a tools/list said.
    pub(crate) fn listed(&self, tools: &[Tool]) {
        let annotated = tools
            .iter()
            .filter(|tool| tool.input_schema.values().any(|schema| mentions(schema, "x-mcp-header")))
            .map(|tool| tool.name.to_string())
            .collect();
        *self.routes.in_headers.lock().unwrap_or_else(PoisonError::into_inner) = annotated;
        self.routes.forget();
    }

    /// How to call `tool`, once rmcp has called it.
    pub(crate) fn route(&self, tool: &str) -> Option<Arc<Route>> {
        self.routes.by_tool.load().get(tool).cloned()
    }

    /// A request id of this session that is not rmcp's.
    pub(crate) fn next_id(&self) -> i64 {
        self.routes.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Posts a call and reads its answer; `beside` is told of each other message of its stream, and
    /// gives the answer where that is a request. Dropping the future
    /// closes the request's stream, which cancels the call (specification 2026-07-28, cancellation).
    pub(crate) async fn post_call(
        &self,
        route: &Route,
        id: i64,
        params: &CallToolRequestParams,
        headers: &HeaderMap,
        beside: impl Fn(&str) -> Option<String>,
    ) -> Result<ServerResult, ShortcutError> {
        let body = serde_json::to_vec(&Call::new(route, id, params))
            .map_err(|error| ShortcutError::Lost(error.to_string()))?;
        let mut all = route.headers.clone();
        for (name, value) in allowed(headers) {
            all.insert(name.clone(), value.clone());
        }
        let request = self.client.post(&*route.url).headers(all).body(body);
        let response = self.send(request).await.map_err(failed)?;
        let status = response.status();
        let refused = |body| self.refused(&Refused { status, in_session: route.in_session(), body });
        match kind(&response) {
            Kind::Json => {
                let body = read(response, MAX_MESSAGE)
                    .await
                    .map_err(|error| ShortcutError::Lost(error.to_string()))?;
                match answer(&body, id) {
                    Some(Ok(result)) if status.is_success() => Ok(result),
                    Some(Err((error, _))) if status.is_success() => Err(ShortcutError::Rpc(error)),
                    Some(Err((error, answered))) => match refused(Body::Error(&error, answered)) {
                        ShortcutError::Lost(_) => Err(ShortcutError::Rpc(error)),
                        not_run => Err(not_run),
                    },
                    _ if status.is_success() => {
                        Err(ShortcutError::Lost("its answer is no answer to the call".to_owned()))
                    }
                    _ => Err(refused(Body::Text(&String::from_utf8_lossy(&body)))),
                }
            }
            Kind::Events if status.is_success() => {
                // It streams after all: rmcp can resume a stream that breaks.
                self.routes.forget();
                let mut events = std::pin::pin!(bounded(response.bytes_stream()));
                while let Some(event) = events.next().await {
                    let data = event.data.unwrap_or_default();
                    match answer(data.as_bytes(), id) {
                        Some(Ok(result)) => return Ok(result),
                        Some(Err((error, _))) => return Err(ShortcutError::Rpc(error)),
                        None => {}
                    }
                    if let Some(answer) = beside(&data) {
                        self.post_answer(route, answer).await;
                    }
                }
                Err(ShortcutError::Lost("its event stream ended before the answer".to_owned()))
            }
            _ => {
                let text = beginning(response).await;
                Err(refused(Body::Text(&String::from_utf8_lossy(&text))))
            }
        }
    }

    /// Answers a request that came on a call's stream. A server that does not take it waits in vain, as long as the call
    /// may be silent.
    async fn post_answer(&self, route: &Route, answer: String) {
        let posted = self.send(self.client.post(&*route.url).headers(route.headers.clone()).body(answer));
        if !matches!(timeout(TAKING, posted).await, Ok(Ok(response)) if response.status().is_success()) {
            tracing::debug!("the answer to a server's question was not taken");
        }
    }

    /// What a refusal means for the call.
    fn refused(&self, refused: &Refused<'_>) -> ShortcutError {
        self.routes.forget();
        if refused.has_not_run() {
            ShortcutError::NotRun
        } else {
            ShortcutError::Lost(format!("it answered HTTP {}", refused.status.as_u16()))
        }
    }
}

fn failed(error: HttpError) -> ShortcutError {
    if error.has_not_run() { ShortcutError::Http(error) } else { ShortcutError::Lost(error.to_string()) }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    id: Option<RequestId>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<ErrorData>,
}

/// The answer to request `id`, if that is what `json` is; an error for want of a readable request is one too. A usual
/// result is read as what it is; rmcp's own reading tries some twenty types one after the other.
fn answer(json: &[u8], id: i64) -> Option<Result<ServerResult, (ErrorData, Answered)>> {
    let sent = RequestId::Number(id);
    let envelope: Envelope = match serde_json::from_slice(json) {
        Ok(envelope) => envelope,
        Err(error) => {
            let (answered, error) = broken::instead_of(json, &error)?;
            return (answered == sent).then(|| Err((error, Answered::of(Some(&answered), &sent))));
        }
    };
    match envelope {
        Envelope { error: Some(error), id: answered, .. } if !matches!(answered, Some(RequestId::Number(other)) if other != id) => {
            Some(Err((error, Answered::of(answered.as_ref(), &sent))))
        }
        Envelope { result: Some(result), id: Some(answered), .. } if answered == sent => {
            let result = result.get();
            let usual = serde_json::from_str::<CallToolResult>(result).map(ServerResult::CallToolResult);
            usual.or_else(|_: serde_json::Error| serde_json::from_str(result)).ok().map(Ok)
        }
        _ => None,
    }
}

/// Whether a schema uses a keyword, at any depth.
fn mentions(schema: &serde_json::Value, keyword: &str) -> bool {
    match schema {
        serde_json::Value::Object(map) => {
            map.contains_key(keyword) || map.values().any(|schema| mentions(schema, keyword))
        }
        serde_json::Value::Array(items) => items.iter().any(|schema| mentions(schema, keyword)),
        _ => false,
    }
}

#[derive(Serialize)]
struct Call<'a> {
    jsonrpc: &'static str,
    id: i64,
    method: &'static str,
    params: Params<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Params<'a> {
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a JsonObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_responses: Option<&'a rmcp::model::InputResponses>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_state: Option<&'a str>,
}

struct Meta<'a> {
    learned: &'a JsonObject,
    progress_token: i64,
}

impl Serialize for Meta<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.learned.len() + 1))?;
        for (key, value) in self.learned {
            map.serialize_entry(key, value)?;
        }
        map.serialize_entry("progressToken", &self.progress_token)?;
        map.end()
    }
}

impl<'a> Call<'a> {
    fn new(route: &'a Route, id: i64, params: &'a CallToolRequestParams) -> Self {
        Self {
            jsonrpc: "2.0",
            id,
            method: "tools/call",
            params: Params {
                meta: Meta { learned: &route.meta, progress_token: id },
                name: &params.name,
                arguments: params.arguments.as_ref(),
                input_responses: params.input_responses.as_ref(),
                request_state: params.request_state.as_deref(),
            },
        }
    }
}
