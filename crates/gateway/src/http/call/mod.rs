//! One call: body in, arguments checked, tool called, result or problem out.

mod arguments;
mod failure;
mod forwarding;
mod result;
mod validator;

use axum::response::Response;
use http::HeaderMap;
use traygate_upstream::{CallContext, ServerSnapshot};

use super::{Rules, Upstreams, incoming::Incoming, prepared::PreparedTool, problem::Problem};

pub(crate) use self::{failure::unavailable, validator::ToolValidator};

/// Calls `tool` of `server`.
pub(crate) async fn call<U: Upstreams>(
    upstreams: &U,
    rules: &Rules,
    server: &ServerSnapshot,
    tool: PreparedTool<'_>,
    headers: &HeaderMap,
    body: &mut Incoming,
) -> Result<Response, Problem> {
    let mut measured = tool.meter.start();
    let answered = async {
        let arguments = arguments::read(headers, body, rules.max_body_size).await?;
        let arguments = tool.validator.check(tool.entry, arguments)?;
        let context = CallContext { headers: forwarding::headers(rules, &server.name, headers) };
        let result = upstreams
            .call(server.name.as_str(), &tool.entry.name, arguments, context)
            .await
            .map_err(|error| failure::problem(server, &tool.entry.name, error))?;
        result::respond(&result, headers)
    }
    .await;
    match &answered {
        Ok(_) => measured.ok(),
        Err(problem) => measured.failed(problem.code()),
    }
    answered
}
