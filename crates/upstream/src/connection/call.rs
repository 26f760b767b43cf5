//! One tools/call.

use std::time::Duration;

use rmcp::{
    Peer, RoleClient,
    model::{
        CallToolRequest, CallToolRequestParams, CallToolResult, CancelledNotificationParam, ClientRequest,
        ContentBlock, ErrorData, JsonObject, NumberOrString, ProgressToken, RequestId, ServerResult,
    },
    service::PeerRequestOptions,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::{
    Era, Limits, Session, failure,
    questions::{CallQuestions, InputRequired},
};
use crate::{
    CallContext, CallError,
    state::stopped,
    transport::{CallHeaders, ShortcutError},
};

/// How often a server may ask for input before its call is given up; what the SDKs agree on.
const ROUNDS: usize = 10;

/// Calls a tool and waits for its result within `limits`. Where the call fails, the questions that were declined while it
/// ran are part of the reason; where it goes on without the answer, the forms that lacked defaults stand below its text.
pub(super) async fn call(
    session: &Session,
    tool: &str,
    arguments: JsonObject,
    context: CallContext,
    limits: Limits,
) -> Result<CallToolResult, CallError> {
    let questions = session.questions.of_call();
    let answered = answered(session, &questions, tool, arguments, context, limits).await;
    match (questions.declined(), answered) {
        (Some(declined), answered) => explained(answered, &declined),
        (None, answered) => answered,
    }
}

fn explained(
    answered: Result<CallToolResult, CallError>,
    declined: &str,
) -> Result<CallToolResult, CallError> {
    match answered {
        Ok(mut result) if result.is_error == Some(true) => {
            result.content.push(ContentBlock::text(declined));
            Ok(result)
        }
        Err(CallError::Rpc(mut error)) if !error.message.contains(declined) => {
            error.message = format!("{} {declined}", stopped(&error.message)).trim_start().to_owned().into();
            Err(CallError::Rpc(error))
        }
        answered => answered,
    }
}

/// Calls a tool, and calls it again with the answers to its questions as long as it has some (specification 2026-07-28,
/// multi round-trip requests).
async fn answered(
    session: &Session,
    questions: &CallQuestions<'_>,
    tool: &str,
    arguments: JsonObject,
    context: CallContext,
    limits: Limits,
) -> Result<CallToolResult, CallError> {
    let mut params = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
    for _ in 0..ROUNDS {
        // Only servers of the newer era may answer with a question.
        let again = (session.era == Era::Discover).then(|| params.clone());
        let answer = request(session, questions, params, &context, limits).await?;
        match (InputRequired::of(&answer), again) {
            (Some(question), Some(mut again)) => {
                (again.input_responses, again.request_state) =
                    question.answered(questions).map_err(CallError::Rpc)?;
                params = again;
            }
            _ => return result(answer),
        }
    }
    Err(senseless("it asks for input again and again"))
}

async fn request(
    session: &Session,
    questions: &CallQuestions<'_>,
    params: CallToolRequestParams,
    context: &CallContext,
    limits: Limits,
) -> Result<ServerResult, CallError> {
    if let Some(client) = &session.shortcut
        && let Some(route) = client.route(&params.name)
    {
        let id = client.next_id();
        let token = ProgressToken(NumberOrString::Number(id));
        let posted = client.post_call(&route, id, &params, &context.headers, |message| {
            beside(session, questions, &token, message)
        });
        // In the newer era the closed stream says it all (specification 2026-07-28, cancellation).
        let tell = (session.era == Era::Initialize).then_some(RequestId::Number(id));
        match patiently(session, tell, token.clone(), posted, limits.silence).await? {
            Err(ShortcutError::NotRun) => {}
            answer => return answer.map_err(failure::of_shortcut),
        }
    }
    let mut request = CallToolRequest::new(params);
    if !context.headers.is_empty() {
        request.extensions.insert(CallHeaders(context.headers.clone()));
    }
    let request = ClientRequest::CallToolRequest(request);
    let sent = session.peer.send_request_with_option(request, PeerRequestOptions::no_options()).await;
    let Ok(handle) = sent else {
        // Nothing was sent.
        return Err(CallError::Unavailable {
            reason: failure::reason_of_end(session, limits.farewell).await,
            retry_after: None,
        });
    };
    match patiently(session, Some(handle.id), handle.progress_token, handle.rx, limits.silence).await? {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(failure::of_request(error, session, limits.farewell).await),
        Err(_) => Err(CallError::ConnectionLost(failure::reason_of_end(session, limits.farewell).await)),
    }
}

/// What comes on a call's own stream beside its answer: progress, or a request, whose answer is given back.
fn beside(
    session: &Session,
    questions: &CallQuestions<'_>,
    token: &ProgressToken,
    message: &str,
) -> Option<String> {
    #[derive(Deserialize)]
    struct Message {
        id: Option<Value>,
        method: String,
        #[serde(default)]
        params: Value,
    }
    let Message { id, method, params } = serde_json::from_str(message).ok()?;
    let Some(id) = id else {
        if method == "notifications/progress" {
            session.progress.seen(token);
        }
        return None;
    };
    let mut answer = json!({ "jsonrpc": "2.0", "id": id });
    match questions.answer(&method, &params) {
        Ok(result) => answer["result"] = result,
        Err(error) => answer["error"] = serde_json::to_value(error).unwrap_or_default(),
    }
    Some(answer.to_string())
}

/// Waits for an answer, at most `limit` after the last sign of life. Given up before, the server is told by `id`.
async fn patiently<T>(
    session: &Session,
    id: Option<RequestId>,
    token: ProgressToken,
    answer: impl Future<Output = T>,
    limit: Duration,
) -> Result<T, CallError> {
    let mut unanswered = Unanswered::new(session, id);
    let progress = session.progress.follow(token);
    let idle = tokio::time::sleep(limit);
    tokio::pin!(idle, answer);
    loop {
        tokio::select! {
            biased;
            answer = &mut answer => {
                unanswered.settle();
                return Ok(answer);
            }
            () = &mut idle => {
                let until = progress.last() + limit;
                if until <= Instant::now() {
                    return Err(CallError::Timeout(limit));
                }
                idle.as_mut().reset(until);
            }
        }
    }
}

/// A request that the server still works on. Dropped before its answer, by a timeout or because the caller left, it
/// tells the server to stop (specification, basic/utilities/cancellation).
pub(super) struct Unanswered<'a> {
    peer: &'a Peer<RoleClient>,
    tracker: &'a TaskTracker,
    id: Option<RequestId>,
}

impl<'a> Unanswered<'a> {
    pub(super) fn new(session: &'a Session, id: Option<RequestId>) -> Self {
        Self { peer: &session.peer, tracker: &session.tracker, id }
    }

    pub(super) fn settle(&mut self) {
        self.id = None;
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) else { return };
        let peer = self.peer.clone();
        self.tracker.spawn_on(
            async move {
                let cancelled = CancelledNotificationParam::new(
                    Some(id),
                    Some("nobody waits for it any more".to_owned()),
                );
                let _ = peer.notify_cancelled(cancelled).await;
            },
            &runtime,
        );
    }
}

/// What a server answered, read as the result of a call.
fn result(answer: ServerResult) -> Result<CallToolResult, CallError> {
    match answer {
        ServerResult::CallToolResult(result) => Ok(result),
        ServerResult::EmptyResult(_) | ServerResult::TaskAckResult(_) => {
            Ok(CallToolResult::success(Vec::new()))
        }
        ServerResult::CustomResult(custom) if custom.0["resultType"] == "input_required" => {
            Err(senseless("it asks for input"))
        }
        ServerResult::CustomResult(custom) => {
            salvage(custom.0).ok_or_else(|| senseless("it is no tool result"))
        }
        ServerResult::InputRequiredResult(_) => Err(senseless("it asks for input")),
        _ => Err(senseless("it is no tool result")),
    }
}

/// A result with content of a kind that is not known here: such an item becomes its JSON text, the rest stays.
fn salvage(answer: Value) -> Option<CallToolResult> {
    let Value::Object(mut answer) = answer else { return None };
    let content = match answer.remove("content") {
        Some(Value::Array(items)) => items
            .into_iter()
            .map(|mut item| {
                if let Ok(block) = serde_json::from_value(item.clone()) {
                    return block;
                }
                // What cannot be read may be these alone, which nobody is shown.
                if let Value::Object(item) = &mut item {
                    item.shift_remove("_meta");
                    item.shift_remove("annotations");
                }
                let text = item.to_string();
                serde_json::from_value(item).unwrap_or_else(|_| ContentBlock::text(text))
            })
            .collect(),
        Some(_) => return None,
        None => Vec::new(),
    };
    let mut result = CallToolResult::success(content);
    result.structured_content = answer.remove("structuredContent");
    result.is_error = answer.get("isError").and_then(Value::as_bool);
    Some(result)
}

fn senseless(why: &str) -> CallError {
    CallError::Rpc(ErrorData::internal_error(format!("the server's answer makes no sense: {why}"), None))
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn unknown_content_is_kept_as_its_text() {
        let answer = json!({
            "content": [{ "type": "text", "text": "a" }, { "type": "hologram", "depth": 3 }],
            "isError": true,
        });
        let result = salvage(answer).unwrap();
        assert_eq!(result.content[0].as_text().unwrap().text, "a");
        assert_eq!(result.content[1].as_text().unwrap().text, r#"{"type":"hologram","depth":3}"#);
        assert_eq!(result.is_error, Some(true));
        assert!(salvage(json!("text")).is_none());
        let annotated =
            json!({"content": [{"type": "text", "text": "b", "annotations": {"priority": "high"}}]});
        assert_eq!(salvage(annotated).unwrap().content[0].as_text().unwrap().text, "b");
    }

    #[test]
    fn a_failed_call_says_what_was_declined() {
        let failed = CallToolResult::error(vec![ContentBlock::text("no")]);
        let result = explained(Ok(failed), "It asked.").unwrap();
        assert_eq!(result.content.last().unwrap().as_text().unwrap().text, "It asked.");
        let good = CallToolResult::success(vec![ContentBlock::text("yes")]);
        assert_eq!(explained(Ok(good), "It asked.").unwrap().content.len(), 1);
        let said = ErrorData::internal_error("It asked.", None);
        let Err(CallError::Rpc(error)) = explained(Err(CallError::Rpc(said)), "It asked.") else { panic!() };
        assert_eq!(error.message, "It asked.");
        let error = ErrorData::internal_error("no", None);
        let Err(CallError::Rpc(error)) = explained(Err(CallError::Rpc(error)), "It asked.") else { panic!() };
        assert_eq!(error.message, "no. It asked.");
    }
}
