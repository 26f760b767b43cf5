//! One call: body in, arguments checked, tool called, result or problem out.

mod answer;
mod arguments;
mod failure;
mod forwarding;
mod syntax;

use std::time::{Duration, Instant};

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use traygate_auth::SignIns;
use traygate_translation::Refusal;
use traygate_upstream::{CallContext, ServerSnapshot};

use self::arguments::Arguments;
use super::{
    Rules, Upstreams, aside::aside, incoming::Incoming, prepared::PreparedTool, problem::Problem, shown,
};

pub(crate) use self::failure::{unavailable, undocumented};

/// Calls `tool` of `server`.
pub(crate) async fn call<U: Upstreams>(
    upstreams: &U,
    sign_ins: &SignIns,
    rules: &Rules,
    server: &ServerSnapshot,
    tool: PreparedTool<'_>,
    headers: &HeaderMap,
    body: &mut Incoming,
) -> Result<Response, Problem> {
    let begun = Instant::now();
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
            .map_err(|error| failure::problem(server, sign_ins, &tool.entry.name, error))?;
        answer::respond(&result, headers)
    }
    .await;
    match &answered {
        Ok(_) => measured.ok(),
        Err(problem) => {
            note(server, tool, problem.code(), begun.elapsed());
            measured.failed(problem.code());
        }
    }
    answered
}

/// Says that a call failed, for whoever looks for the reason: which and when, nothing of what was sent or answered. What
/// the caller alone did wrong is for those who look closer.
fn note(server: &ServerSnapshot, tool: PreparedTool<'_>, code: &str, after: Duration) {
    let (tool, after) = (shown(&tool.entry.name), after.as_secs_f64());
    match code {
        "timeout" | "tool-error" | "rpc-error" | "connection-lost" => {
            tracing::info!(server = %server.name, "a call of `{tool}` failed after {after:.2} s: {code}");
        }
        _ => {
            tracing::debug!(server = %server.name, "a call of `{tool}` was refused after {after:.2} s: {code}");
        }
    }
}

fn refused(tool: &str, refusal: Refusal) -> Problem {
    let texts = refusal.texts.join("; ");
    let message = format!("The arguments of `{tool}` do not fit: {texts}.");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-arguments", message)
        .list(refusal.items)
        .hint("Correct the arguments and call again.")
}
