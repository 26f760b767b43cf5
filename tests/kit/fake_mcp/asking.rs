//! Questions to the client during a call: as requests of its own before 2026-07-28, as results since.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{sync::oneshot, time::sleep};

use super::{
    message::{Call, MODERN, result, text},
    server::{Context, Reply, Server},
};

/// The questions that wait for an answer, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Asked(Mutex<HashMap<String, oneshot::Sender<Value>>>);

impl Asked {
    /// Hands a response to whoever waits for it.
    pub(crate) fn answered(&self, response: Value) {
        let id = response["id"].as_str().unwrap_or_default();
        let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        if let Some(asked) = asked {
            let _ = asked.send(response);
        }
    }
}

/// `ask`: asks `method` with `params`, tells what came of it; with `fail` as an error. Without a `method` it asks nothing.
/// Since 2026-07-28 it asks `rounds` times, one after the other. It does nothing before the file `wait_for` exists.
pub(crate) fn ask(server: &Arc<Server>, id: &str, call: &Call<'_>, context: &Context<'_>) -> Reply {
    let raw = call.arguments.map_or("{}", |arguments| arguments.get());
    let arguments: Value = serde_json::from_str(raw).unwrap_or_default();
    let fail = arguments["fail"].as_bool().unwrap_or_default();
    let gate = arguments["wait_for"].as_str().map(PathBuf::from);
    let Some(method) = arguments["method"].as_str() else {
        return Reply::Now(result(id, &text("asked nothing")));
    };
    let mut question = json!({"method": method});
    if !arguments["params"].is_null() {
        question["params"] = arguments["params"].clone();
    }
    let revision = call.meta.as_ref().and_then(|meta| meta.revision.as_deref());
    if revision == Some(MODERN) {
        let rounds = arguments["rounds"].as_u64().unwrap_or(1);
        let asked = result(id, &asked_by_result(server, id, call, &question, rounds, fail));
        return Reply::Later(Box::pin(async move {
            opened(gate).await;
            asked
        }));
    }
    let own = format!("ask {id}");
    let (sender, answer) = oneshot::channel();
    server.asked.0.lock().unwrap_or_else(PoisonError::into_inner).insert(own.clone(), sender);
    question["jsonrpc"] = json!("2.0");
    question["id"] = json!(own);
    let (id, server, outbox) = (id.to_owned(), Arc::clone(server), context.outbox.clone());
    Reply::Later(Box::pin(async move {
        opened(gate).await;
        outbox.send(question.to_string());
        let answer = answer.await.unwrap_or_default();
        server.note("answered", || answer.to_string());
        result(&id, &outcome(&answer, fail))
    }))
}

async fn opened(gate: Option<PathBuf>) {
    while gate.as_ref().is_some_and(|gate| !gate.exists()) {
        sleep(Duration::from_millis(10)).await;
    }
}

fn asked_by_result(
    server: &Server,
    id: &str,
    call: &Call<'_>,
    question: &Value,
    rounds: u64,
    fail: bool,
) -> String {
    let state = call.request_state.as_deref().unwrap_or("round 0");
    let round: u64 = state.trim_start_matches("round ").parse().unwrap_or_default();
    let answer: Value = call
        .input_responses
        .map_or(Value::Null, |responses| serde_json::from_str(responses.get()).unwrap_or_default());
    if !answer.is_null() {
        let id: Value = serde_json::from_str(id).unwrap_or_default();
        server.note("answered", || json!({"id": id, "responses": answer, "state": state}).to_string());
    }
    if round >= rounds {
        return outcome(&answer["question"], fail);
    }
    let state = format!("round {}", round + 1);
    json!({"resultType": "input_required", "inputRequests": {"question": question}, "requestState": state})
        .to_string()
}

fn outcome(answer: &Value, fail: bool) -> String {
    if !fail {
        return text(&answer.to_string());
    }
    let content = json!([{"type": "text", "text": "I cannot go on."}]);
    json!({"content": content, "isError": true, "resultType": "complete"}).to_string()
}
