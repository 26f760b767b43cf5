//! Names and methods that lead nowhere, answered with what would.

use http::{HeaderValue, StatusCode, header};
use traygate_config::ServerName;
use traygate_upstream::{Catalogue, Quarantined, ServerSnapshot};

use super::{
    Layout, Rules,
    problem::{Problem, shown, suggestion},
};

/// The server of this name.
pub(super) fn find_server<'a>(
    rules: &Rules,
    catalogue: &'a Catalogue,
    name: &str,
) -> Result<&'a ServerSnapshot, Problem> {
    if let Some(server) = catalogue.servers.get(name) {
        return Ok(server);
    }
    let message = match (&rules.layout, name) {
        (Layout::Many, "") => "No server is named in the path: tools are at `/SERVER/TOOL`.".to_owned(),
        _ => format!("There is no server `{}`.", shown(name)),
    };
    let problem = Problem::new(StatusCode::NOT_FOUND, "unknown-server", message);
    let known = catalogue.servers.keys().map(ServerName::as_str);
    Err(match suggestion("servers", name, known) {
        Some(hint) => problem.hint(hint),
        None => problem.hint("Add servers to `mcpServers` in the config file."),
    })
}

/// What to say of a tool that `server` does not have.
pub(super) fn unknown_tool<'a>(
    rules: &Rules,
    server: &ServerSnapshot,
    tool: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Problem {
    if rules.disabled_tools.get(&server.name).is_some_and(|disabled| disabled.contains(tool)) {
        let message = format!("The tool `{}` of `{}` is disabled.", shown(tool), server.name);
        return Problem::new(StatusCode::NOT_FOUND, "unknown-tool", message)
            .hint("Take it out of the server's `disabledTools` in the config file.");
    }
    let quarantined = server.tools.iter().flat_map(|tools| &tools.quarantined).find(|bad| bad.name == tool);
    if let Some(Quarantined { reason, .. }) = quarantined {
        let message = format!("The tool `{}` of `{}` cannot be used: {reason}", shown(tool), server.name);
        return Problem::new(StatusCode::NOT_FOUND, "unknown-tool", message);
    }
    let message = match (&rules.layout, tool) {
        (Layout::Many, "") => format!("`{0}` is a server: its tools are at `/{0}/TOOL`.", server.name),
        (_, "") => "No tool is named in the path.".to_owned(),
        _ => format!("`{}` has no tool `{}`.", server.name, shown(tool)),
    };
    let problem = Problem::new(StatusCode::NOT_FOUND, "unknown-tool", message);
    match suggestion("tools", tool, known) {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// 405 names what would be right (RFC 9110 §15.5.6).
pub(super) fn wrong_method(allowed: &'static str) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", format!("Use {allowed} here."))
        .header(header::ALLOW, HeaderValue::from_static(allowed))
}
