//! One call: body in, arguments checked, tool called, result or problem out.

mod arguments;
mod failure;
mod forwarding;
mod result;
mod validator;

use axum::{body::Body, response::Response};
use http::request;
use traygate_upstream::{CallContext, ServerSnapshot};

use super::{Rules, Upstreams, prepared::PreparedTool, problem::Problem};

pub(crate) use self::{failure::unavailable, validator::ToolValidator};

/// Calls `tool` of `server`.
pub(crate) async fn call<U: Upstreams>(
    upstreams: &U,
    rules: &Rules,
    server: &ServerSnapshot,
    tool: &PreparedTool,
    request: request::Parts,
    body: Body,
) -> Result<Response, Problem> {
    let arguments = arguments::read(&request.headers, body, rules.max_body_size).await?;
    let mut measured = tool.meter.start();
    let answered = async {
        let arguments = tool.validator.check(&tool.entry, arguments)?;
        let headers = forwarding::headers(rules, &server.name, &request.headers);
        let context = CallContext { headers };
        let result = upstreams
            .call(server.name.as_str(), &tool.entry.name, arguments, context)
            .await
            .map_err(|error| failure::problem(server, &tool.entry.name, error))?;
        result::respond(&result, &request.headers)
    }
    .await;
    match &answered {
        Ok(_) => measured.ok(),
        Err(problem) => measured.failed(problem.code()),
    }
    answered
}
