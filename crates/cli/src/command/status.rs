use std::fmt::Write as _;

use traygate_gateway::{Folders, QuarantinedStatus, RunningGateway, ServerStatus, Status, WarningStatus};
use traygate_upstream::{one_line, tool_count};

use crate::{
    args::ServeArgs,
    client::{self, GatewayClient},
    exit::{Exit, Problem},
    output,
};

/// `traygate status`.
pub(crate) async fn status(args: &ServeArgs) -> Result<Exit, Problem> {
    let running = Folders::system().map(|folders| RunningGateway::of_user(&folders)).unwrap_or_default();
    let gateway = client::find(running, args.config.as_deref())?;
    let Some(url) = gateway.loopback_url() else {
        return Err(Exit::Failed.because(format!(
            "Traygate runs (process {}) and listens on no loopback address, where alone it tells its status. Start \
             it with `--host 127.0.0.1` too.",
            gateway.pid
        )));
    };
    let client = GatewayClient::new(url.clone(), Some(gateway.token))?;
    let (code, body) = client.get("/-/api/status").await?;
    let status: Status = serde_json::from_str(&body).map_err(|_| {
        Exit::Failed
            .because(format!("The gateway at {url} gave no status ({code}). Is it of another version?"))
    })?;
    output::line(report(&url, &status));
    Ok(Exit::Ok)
}

fn report(url: &str, status: &Status) -> String {
    let mut text = format!("Traygate {} serves at {url} (process {})", status.version, status.pid);
    if let Some(config) = &status.config {
        let _ = write!(text, "\nConfig  {}", config.display());
    }
    let rows: Vec<_> = status
        .servers
        .iter()
        .map(|server| {
            let tools = server.tools.map_or_else(String::new, |tools| {
                tool_count(tools, server.disabled, server.quarantined.len())
            });
            // The reason has a column of its own, the last: it may be long.
            let reason = server.reason.as_deref().unwrap_or_default();
            let words = server.words.strip_suffix(reason).and_then(|words| words.strip_suffix(": "));
            let words = words.unwrap_or(&server.words);
            [server.name.as_str(), &tools, words, reason].map(|cell| one_line(cell).into_owned())
        })
        .collect();
    if rows.is_empty() {
        text += "\n\nNo servers.";
    } else {
        text += "\n\n";
        let table = output::table(&rows);
        let lines =
            table.lines().zip(&status.servers).map(|(line, server)| format!("{line}{}", remarks(server)));
        text += &lines.collect::<Vec<_>>().join("\n");
    }
    let file = status.config.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    for (index, diagnostic) in status.diagnostics.iter().enumerate() {
        let gap = if index == 0 { "\n\n" } else { "\n" };
        let hint = diagnostic.hint.as_ref().map(|hint| format!(" {hint}")).unwrap_or_default();
        let _ = write!(
            text,
            "{gap}{file}:{}:{}: {}: {}{hint}",
            diagnostic.line, diagnostic.column, diagnostic.severity, diagnostic.message
        );
    }
    text
}

/// The tools of a server that cannot be used, or not as their schemas say, one to a line.
fn remarks(server: &ServerStatus) -> String {
    let quarantined = server.quarantined.iter().map(|QuarantinedStatus { name, reason }| (name, reason));
    let warnings = server.warnings.iter().map(|WarningStatus { name, message }| (name, message));
    below("quarantined", quarantined) + &below("warning:", warnings)
}

fn below<'a>(what: &str, tools: impl ExactSizeIterator<Item = (&'a String, &'a String)>) -> String {
    const MOST: usize = 10;
    let rest = tools.len().saturating_sub(MOST);
    let mut text = String::new();
    for (name, remark) in tools.take(MOST) {
        let _ = write!(text, "\n  {what} `{}`: {}", one_line(name), one_line(remark));
    }
    if rest > 0 {
        let _ = write!(text, "\n  and {rest} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use traygate_gateway::DiagnosticStatus;

    use super::*;

    #[test]
    fn a_status_is_read_at_a_glance() {
        let server = |name: &str, state: &str, words: &str, reason: Option<&str>, tools| ServerStatus {
            name: name.into(),
            path: format!("/{name}"),
            state: state.into(),
            words: words.into(),
            reason: reason.map(Into::into),
            tools,
            disabled: 0,
            sign_in: None,
            quarantined: Vec::new(),
            warnings: Vec::new(),
        };
        let bad =
            |number: usize| QuarantinedStatus { name: format!("t{number}"), reason: "no schema.".into() };
        let mut github = server("github", "backoff", "Retrying in 8 s", Some("no answer."), None);
        github.quarantined = (1..=12).map(bad).collect();
        github.quarantined[0].reason = "no\n\u{202e}schema.".into();
        let mut lossy = server("time", "ready", "Ready", None, Some(2));
        lossy.disabled = 1;
        lossy.warnings = vec![WarningStatus { name: "now".into(), message: "`not` is not shown".into() }];
        let status = Status {
            version: "1.2.3".into(),
            pid: 7,
            addresses: vec![([127, 0, 0, 1], 8000).into()],
            tls: false,
            config: Some("/c.json".into()),
            fixed_key: false,
            servers: vec![
                lossy,
                github,
                server("slack", "sign-in-needed", "Needs sign-in", None, None),
                server("linear", "ready", "Sign in again: It ended.", Some("It ended."), Some(3)),
                server("x", "failed", "Stopped: no `npx`.", Some("no `npx`."), Some(1)),
            ],
            diagnostics: vec![DiagnosticStatus {
                severity: "warning".into(),
                code: "unknown-key".into(),
                server: None,
                line: 3,
                column: 4,
                message: "What is `a`?".into(),
                hint: Some("Remove it.".into()),
            }],
        };
        let quarantined: String = (1..=10)
            .fold(String::new(), |text, number| text + &format!("  quarantined `t{number}`: no schema.\n"))
            .replacen("no schema", "no \u{fffd}schema", 1);
        assert_eq!(
            report("http://127.0.0.1:8000", &status),
            format!(
                "Traygate 1.2.3 serves at http://127.0.0.1:8000 (process 7)\nConfig  /c.json\n\n\
             time    2 tools, 1 disabled  Ready\n  warning: `now`: `not` is not shown\n\
             github                       Retrying in 8 s  no answer.\n\
             {quarantined}  and 2 more\n\
             slack                        Needs sign-in\n\
             linear  3 tools              Sign in again    It ended.\n\
             x       1 tool               Stopped          no `npx`.\n\n\
             /c.json:3:4: warning: What is `a`? Remove it."
            )
        );
    }
}
