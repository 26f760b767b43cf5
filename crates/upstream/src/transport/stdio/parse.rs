//! From a line to messages.

use std::collections::{HashSet, VecDeque};

use rmcp::model::{CallToolResult, JsonRpcMessage, RequestId, ServerJsonRpcMessage, ServerResult};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::transport::task_support;

/// The part of a message that tells an answer from the rest.
#[derive(Deserialize)]
struct Envelope<'a> {
    id: Option<RequestId>,
    method: Option<serde::de::IgnoredAny>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

/// Reads a line: one message, or a batch of them (an array, revision 2025-03-26). What is wrong with one of a batch is no
/// fault of the others: they are read, and the first error is told.
pub(super) fn line(
    line: &[u8],
    calls: &mut HashSet<RequestId>,
    messages: &mut VecDeque<ServerJsonRpcMessage>,
) -> Result<(), serde_json::Error> {
    if line.trim_ascii_start().starts_with(b"[") {
        let mut first = Ok(());
        for part in serde_json::from_slice::<Vec<&RawValue>>(line)? {
            match message(part.get().as_bytes(), calls) {
                Ok(message) => messages.push_back(message),
                Err(error) => first = first.and(Err(error)),
            }
        }
        return first;
    }
    messages.push_back(message(line, calls)?);
    Ok(())
}

/// The answer to a call is read as that. Everything else, an unusual answer too, goes the slow way: rmcp tries some
/// twenty types one after the other.
fn message(json: &[u8], calls: &mut HashSet<RequestId>) -> Result<ServerJsonRpcMessage, serde_json::Error> {
    if !calls.is_empty()
        && let Ok(Envelope { id: Some(id), method: None, result: Some(result) }) =
            serde_json::from_slice(json)
        && calls.contains(&id)
        && let Ok(result) = serde_json::from_str::<CallToolResult>(result.get())
    {
        calls.remove(&id);
        return Ok(JsonRpcMessage::response(ServerResult::CallToolResult(result), id));
    }
    let kept = task_support::kept(json);
    let message = serde_json::from_slice(kept.as_deref().unwrap_or(json))?;
    if let JsonRpcMessage::Response(response) = &message {
        calls.remove(&response.id);
    } else if let JsonRpcMessage::Error(error) = &message
        && let Some(id) = &error.id
    {
        calls.remove(id);
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, calls: &mut HashSet<RequestId>) -> Vec<ServerJsonRpcMessage> {
        let mut messages = VecDeque::new();
        line(text.as_bytes(), calls, &mut messages).unwrap();
        messages.into()
    }

    fn call(id: i64) -> HashSet<RequestId> {
        HashSet::from([RequestId::Number(id)])
    }

    #[test]
    fn the_answer_to_a_call_keeps_every_digit() {
        let mut calls = call(7);
        let messages = read(
            r#"{"jsonrpc":"2.0","id":7,"result":{"content":[],"structuredContent":{"n":12345678901234567890.10}}}"#,
            &mut calls,
        );
        let [JsonRpcMessage::Response(response)] = &messages[..] else { panic!("{messages:?}") };
        let ServerResult::CallToolResult(result) = &response.result else { panic!("{response:?}") };
        assert_eq!(result.structured_content.as_ref().unwrap()["n"].to_string(), "12345678901234567890.10");
        assert!(calls.is_empty());
    }

    #[test]
    fn both_ways_read_alike() {
        for result in [
            r#"{"content":[{"type":"text","text":"a"}],"isError":true}"#,
            r#"{"content":[{"type":"resource_link","uri":"a://b","name":"n","size":5}],"_meta":{"a":1}}"#,
            r#"{"resultType":"input_required","requestState":"s"}"#,
            r#"{"content":[{"type":"unheard-of"}]}"#,
            "{}",
        ] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":7,"result":{result}}}"#);
            let (fast, slow) = (read(&text, &mut call(7)), read(&text, &mut HashSet::new()));
            assert_eq!(format!("{fast:?}"), format!("{slow:?}"));
        }
    }

    #[test]
    fn one_bad_item_of_a_batch_takes_no_other_with_it() {
        let text = r#"[{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}, "hello",
                       {"jsonrpc":"2.0","id":7,"result":{"content":[]}}]"#;
        let (mut calls, mut messages) = (call(7), VecDeque::new());
        assert!(line(text.as_bytes(), &mut calls, &mut messages).is_err());
        assert_eq!((messages.len(), calls.len()), (2, 0));
    }

    #[test]
    fn batches_errors_and_garbage() {
        let mut calls = call(7);
        let text = r#"[{"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":"no"}},
                       {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}]"#;
        assert_eq!(read(text, &mut calls).len(), 2);
        assert!(calls.is_empty());
        for garbage in ["hello", r#"{"jsonrpc":"2.0","#, "{}", "[1]"] {
            assert!(line(garbage.as_bytes(), &mut calls, &mut VecDeque::new()).is_err(), "{garbage}");
        }
    }
}
