use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// The stateless revision.
pub(crate) const MODERN: &str = "2026-07-28";

/// A JSON-RPC message, its parts as written.
#[derive(Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow, default)]
    pub(crate) id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) params: Option<&'a RawValue>,
}

/// `params` of tools/call, arguments as written.
#[derive(Deserialize)]
pub(crate) struct Call<'a> {
    #[serde(borrow)]
    pub(crate) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) arguments: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "inputResponses")]
    pub(crate) input_responses: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "requestState")]
    pub(crate) request_state: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "_meta")]
    pub(crate) meta: Option<Meta<'a>>,
}

/// What of `_meta` matters here.
#[derive(Deserialize, Default)]
pub(crate) struct Meta<'a> {
    #[serde(borrow, default, rename = "progressToken")]
    pub(crate) progress_token: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "io.modelcontextprotocol/protocolVersion")]
    pub(crate) revision: Option<Cow<'a, str>>,
}

/// Any `params` that may carry `_meta`.
#[derive(Deserialize, Default)]
pub(crate) struct WithMeta<'a> {
    #[serde(borrow, default, rename = "_meta")]
    pub(crate) meta: Option<Meta<'a>>,
}

/// Reads `params`; absent or odd ones read as `None`.
pub(crate) fn params<'a, T: Deserialize<'a>>(message: &Message<'a>) -> Option<T> {
    serde_json::from_str(message.params?.get()).ok()
}

/// A response whose result is already JSON text.
pub(crate) fn result(id: &str, result: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

/// An error response. `data` may be null: then it is left out.
pub(crate) fn error(id: &str, code: i64, message: &str, data: &Value) -> String {
    let mut error = serde_json::json!({"code": code, "message": message});
    if !data.is_null() {
        error["data"] = data.clone();
    }
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)
}

/// A notification.
pub(crate) fn notification(method: &str, params: &Value) -> String {
    serde_json::json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string()
}

/// A tool's result of one text item.
pub(crate) fn text(text: &str) -> String {
    let text = Value::from(text);
    format!(r#"{{"content":[{{"type":"text","text":{text}}}],"resultType":"complete"}}"#)
}
