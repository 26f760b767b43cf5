//! One call: body in, arguments checked, tool called, result or problem out.

mod answer;
mod arguments;
mod failure;
mod forwarding;
mod syntax;

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use traygate_translation::Refusal;
use traygate_upstream::{CallContext, ServerSnapshot};

use self::arguments::Arguments;
use super::{Rules, Upstreams, aside::aside, incoming::Incoming, prepared::PreparedTool, problem::Problem};

pub(crate) use self::failure::unavailable;

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
        let Arguments { object, long } = arguments::read(headers, body, rules.max_body_size).await?;
        let check = || tool.arguments.check(object);
        let arguments = if long { aside(check) } else { check() }
            .map_err(|refusal| refused(&tool.entry.name, refusal))?;
        let context = CallContext { headers: forwarding::headers(rules, &server.name, headers) };
        let result = upstreams
            .call(server.name.as_str(), &tool.entry.name, arguments, context)
            .await
            .map_err(|error| failure::problem(server, &tool.entry.name, error))?;
        answer::respond(&result, headers)
    }
    .await;
    match &answered {
        Ok(_) => measured.ok(),
        Err(problem) => measured.failed(problem.code()),
    }
    answered
}

fn refused(tool: &str, refusal: Refusal) -> Problem {
    let texts = refusal.texts.join("; ");
    let message = format!("The arguments of `{tool}` do not fit: {texts}.");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-arguments", message)
        .list(refusal.items)
        .hint("Correct the arguments and call again.")
}
