use std::path::Path;

use traygate_config::{Entry, McpoRemark, Parsed, Severity, Upstream, mcpo_verdict, parse};

use crate::{
    exit::{Exit, Problem},
    output,
};

/// `traygate check FILE`.
pub(crate) fn check(file: &Path) -> Result<Exit, Problem> {
    let text = fs_err::read_to_string(file)
        .map_err(|error| Exit::Usage.because(format!("The config cannot be read: {error}.")))?;
    let (report, exit) = report(&file.display().to_string(), &text);
    output::line(report);
    Ok(exit)
}

/// What there is to say about a config, and how `check` ends.
fn report(file: &str, text: &str) -> (String, Exit) {
    let parsed = parse(text);
    let remarks = mcpo_verdict(text);
    let mut parts = Vec::new();
    let diagnostics = parsed.diagnostics.iter().map(|diagnostic| {
        let severity = match diagnostic.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let (line, column) = (diagnostic.position.line, diagnostic.position.column);
        let hint = diagnostic.hint.as_ref().map(|hint| format!("\n    {hint}")).unwrap_or_default();
        format!("{file}:{line}:{column}: {severity}: {}{hint}", diagnostic.message)
    });
    parts.extend(lines(diagnostics));
    let whole_file = remarks.iter().filter(|remark| remark.server.is_none());
    parts.extend(lines(whole_file.map(|remark| format!("{file}:{remark}"))));
    parts.extend(table(&parsed, &remarks));
    let is_bad = parsed.config.is_none() || parsed.has_errors();
    parts.push(match (&parsed.config, is_bad) {
        (None, _) => "Traygate cannot use this file.".to_owned(),
        (Some(_), true) => "Traygate serves what is right in this file; see the errors above.".to_owned(),
        (Some(_), false) => "Traygate serves this file as it is.".to_owned(),
    });
    (parts.join("\n\n"), if is_bad { Exit::Usage } else { Exit::Ok })
}

fn lines(lines: impl Iterator<Item = String>) -> Option<String> {
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// One row a server: what Traygate does, what mcpo would do.
fn table(parsed: &Parsed, remarks: &[McpoRemark]) -> Option<String> {
    let servers = &parsed.config.as_ref()?.servers;
    if servers.is_empty() {
        return None;
    }
    let header = ["Server", "Traygate", "mcpo"].map(ToOwned::to_owned);
    let rows = servers.iter().map(|(name, entry)| {
        let of_server = |remark: &&McpoRemark| remark.server.as_deref() == Some(name.as_str());
        let mcpo: Vec<_> =
            remarks.iter().filter(of_server).map(|remark| remark.verdict.to_string()).collect();
        let mcpo = if mcpo.is_empty() { "does the same".to_owned() } else { mcpo.join("; ") };
        [name.to_string(), what_traygate_does(entry).to_owned(), mcpo]
    });
    Some(output::table(&std::iter::once(header).chain(rows).collect::<Vec<_>>()))
}

fn what_traygate_does(entry: &Entry) -> &'static str {
    match entry {
        Entry::Invalid(_) => "leaves it out",
        Entry::Valid(server) if server.disabled => "knows it, does not start it",
        Entry::Valid(server) => match server.upstream {
            Upstream::Stdio(_) => "starts it",
            Upstream::StreamableHttp(_) => "connects, streamable HTTP",
            Upstream::Sse(_) => "connects, SSE",
            Upstream::Http(_) => "connects, streamable HTTP or SSE",
            Upstream::Demo => "has it built in",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_file_is_good() {
        let (report, exit) =
            report("c.json", r#"{"mcpServers": {"time": {"command": "uvx", "args": ["x"]}}}"#);
        assert_eq!(exit, Exit::Ok);
        assert_eq!(
            report,
            "Server  Traygate   mcpo\ntime    starts it  does the same\n\nTraygate serves this file as it is."
        );
    }

    #[test]
    fn errors_have_their_place_and_a_hint() {
        let text = "{\n  \"mcpServers\": {\n    \"good\": {\"command\": \"a\"},\n    \"bad\": {\"comand\": \"a\"}\n  }\n}";
        let (report, exit) = report("c.json", text);
        assert_eq!(exit, Exit::Usage);
        assert!(report.contains("c.json:4:"), "{report}");
        assert!(report.contains(": error: "), "{report}");
        assert!(report.contains("bad     leaves it out  mcpo exits"), "{report}");
        assert!(report.contains("good    starts it"), "{report}");
    }

    #[test]
    fn what_mcpo_would_do_otherwise_is_said() {
        let (report, exit) =
            report("c.jsonc", "{\"mcpServers\": {\"r\": {\"url\": \"http://h/\"},}} // mine");
        assert_eq!(exit, Exit::Ok, "{report}");
        assert!(report.contains("mcpo exits: "), "{report}");
        assert!(
            report.contains("connects, streamable HTTP or SSE  mcpo takes a `url` without `type` for SSE"),
            "{report}"
        );
    }

    #[test]
    fn a_file_that_is_no_json_is_bad() {
        let (report, exit) = report("c.json", "{\"mcpServers\": {");
        assert_eq!(exit, Exit::Usage);
        assert!(report.ends_with("Traygate cannot use this file."), "{report}");
    }
}
