//! Answers that cannot be read: whoever waits for one is told so at once, and the session goes on.

use std::fmt::Display;

use futures::{StreamExt, stream::BoxStream};
use rmcp::model::{
    ErrorData, JsonRpcError, JsonRpcMessage, JsonRpcVersion2_0, RequestId, ServerJsonRpcMessage,
};
use serde::Deserialize;
use sse_stream::Sse;

/// Bytes of the broken place that are shown.
const SHOWN: usize = 24;

/// The error that stands in for an answer that is no JSON-RPC; `None` where no request's id can be read from it.
pub(super) fn instead_of(answer: &[u8], error: &serde_json::Error) -> Option<(RequestId, ErrorData)> {
    let id = Top::of(answer).answered()?;
    let near =
        answer.get(error.column().saturating_sub(1)..).filter(|_| error.line() == 1).unwrap_or_default();
    let near = String::from_utf8_lossy(&near[..near.len().min(SHOWN)]).into_owned();
    let what = if error.is_data() { "no answer" } else { "not JSON" };
    let near = if near.is_empty() || error.is_data() { String::new() } else { format!(", near `{near}`") };
    Some((id, nonsense(format!("{what}: {error}{near}"))))
}

/// The same for an answer of which only the beginning and the end are there. An id may stand at either.
pub(super) fn instead_of_oversized(
    beginning: &[u8],
    end: &[u8],
    size: usize,
    most: usize,
) -> Option<ServerJsonRpcMessage> {
    let top = Top::of(beginning);
    let id = if top.method { None } else { top.id.or_else(|| id_at_end(end)) };
    id.map(|id| message(id, nonsense(format!("too long: {size} bytes, and at most {most} are read"))))
}

pub(super) fn message(id: RequestId, error: ErrorData) -> ServerJsonRpcMessage {
    JsonRpcMessage::Error(JsonRpcError { jsonrpc: JsonRpcVersion2_0, id: Some(id), error })
}

/// An event stream in which such answers are replaced: rmcp would skip them.
pub(super) fn replaced<E: Send + 'static>(
    events: BoxStream<'static, Result<Sse, E>>,
) -> BoxStream<'static, Result<Sse, E>> {
    events
        .map(|event| {
            event.map(|mut event| {
                if let Some(data) = &event.data
                    && let Err(error) = readable(data)
                    && let Some((id, error)) = instead_of(data.as_bytes(), &error)
                    && let Ok(error) = serde_json::to_string(&message(id, error))
                {
                    event.data = Some(error);
                }
                event
            })
        })
        .boxed()
}

/// Whether rmcp can read a message, without reading it where that is plain.
fn readable(data: &str) -> Result<(), serde_json::Error> {
    /// Beyond 128 levels JSON is not read.
    const PLAIN: usize = 100;
    if data.bytes().filter(|byte| matches!(byte, b'{' | b'[')).take(PLAIN).count() < PLAIN {
        return serde_json::from_str(data).map(|_: serde::de::IgnoredAny| ());
    }
    serde_json::from_str(data).map(|_: ServerJsonRpcMessage| ())
}

fn nonsense(what: impl Display) -> ErrorData {
    ErrorData::internal_error(format!("the server's answer is {what}"), None)
}

/// What stands at the top of a message that may be no JSON.
#[derive(Debug, Default, PartialEq)]
struct Top {
    id: Option<RequestId>,
    jsonrpc: bool,
    method: bool,
}

impl Top {
    /// Follows strings and brackets alone.
    fn of(text: &[u8]) -> Self {
        let mut top = Self::default();
        let (mut at, mut depth) = (0, 0_usize);
        while let Some(byte) = text.get(at) {
            at += 1;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                b'"' => {
                    let end = end_of_string(text, at);
                    let value = text[end..].trim_ascii_start().strip_prefix(b":");
                    if let (1, Some(value)) = (depth, value) {
                        match text[at..end].strip_suffix(b"\"") {
                            Some(b"id") => top.id = scalar(value.trim_ascii_start()),
                            Some(b"jsonrpc") => top.jsonrpc = true,
                            Some(b"method") => top.method = true,
                            _ => {}
                        }
                    }
                    at = end;
                }
                _ => {}
            }
        }
        top
    }

    /// The request that it answers.
    fn answered(self) -> Option<RequestId> {
        self.id.filter(|_| self.jsonrpc && !self.method)
    }
}

/// Behind the closing quote, or at the end.
fn end_of_string(text: &[u8], mut at: usize) -> usize {
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

fn scalar(text: &[u8]) -> Option<RequestId> {
    let end = match text.first()? {
        b'"' => end_of_string(text, 1),
        _ => text.iter().position(|byte| matches!(byte, b',' | b'}') || byte.is_ascii_whitespace())?,
    };
    serde_json::from_slice(&text[..end]).ok()
}

/// `..., "id": 7}`, as the SDK for TypeScript writes it.
fn id_at_end(end: &[u8]) -> Option<RequestId> {
    #[derive(Deserialize)]
    struct Rest {
        id: RequestId,
    }
    const KEY: &[u8] = b"\"id\"";
    let at = end.windows(KEY.len()).rposition(|window| window == KEY)?;
    let rest = [b"{", &end[at..]].concat();
    serde_json::from_slice(&rest).ok().map(|rest: Rest| rest.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &[u8]) -> Option<(i64, String)> {
        let error = serde_json::from_slice::<ServerJsonRpcMessage>(text).unwrap_err();
        let (id, error) = instead_of(text, &error)?;
        let RequestId::Number(id) = id else { panic!("{id:?}") };
        Some((id, error.message.into_owned()))
    }

    #[test]
    fn the_id_is_read_from_what_is_no_json() {
        let (id, text) =
            told(br#"{"jsonrpc":"2.0","id":7,"result":{"structuredContent":{"id":8,"n":NaN}}}"#).unwrap();
        assert_eq!(id, 7);
        assert!(
            text.starts_with("the server's answer is not JSON: expected value at line 1 column 6"),
            "{text}"
        );
        assert!(text.ends_with("near `NaN}}}`"), "{text}");
        let (id, text) =
            told(b"{\"result\":{\"a\":\"\xff\\\"\"}, \"jsonrpc\" : \"2.0\", \"id\" : 9 }").unwrap();
        assert_eq!(id, 9);
        assert!(text.contains("invalid unicode"), "{text}");
        let deep = format!(r#"{{"jsonrpc":"2.0","id":3,"result":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
        let (id, text) = told(deep.as_bytes()).unwrap();
        assert_eq!(id, 3);
        assert!(text.contains("recursion limit"), "{text}");
    }

    #[test]
    fn what_answers_nothing_is_left_alone() {
        for text in [
            "Listening on 3000",
            r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":NaN}"#,
            r#"{"level":"info","id":7,"n":NaN}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"id":7,"n":NaN}}"#,
            r#"{"jsonrpc":"2.0","result":{"id":7},NaN}"#,
            r#"[{"jsonrpc":"2.0","id":7,"result":NaN}]"#,
            r#"{"jsonrpc":"2.0","id":7"#,
        ] {
            assert_eq!(told(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_id_of_an_oversized_answer_stands_at_either_end() {
        let id = |beginning: &str, end: &str| match instead_of_oversized(
            beginning.as_bytes(),
            end.as_bytes(),
            2,
            1,
        )? {
            JsonRpcMessage::Error(error) => error.id,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            id(r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"te"#, "xxx"),
            Some(RequestId::Number(7))
        );
        assert_eq!(
            id(r#"{"result":{"content"#, r#"xx"}]},"jsonrpc":"2.0","id":8}"#),
            Some(RequestId::Number(8))
        );
        assert_eq!(id(r#"{"result":{"content"#, r#"xx"}],"id":8}}"#), None);
        assert_eq!(id(r#"{"method":"ping","params":{"#, r#"xx"},"id":8}"#), None);
    }
}
