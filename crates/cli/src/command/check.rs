use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use traygate_config::{
    Config, Entry, McpoRemark, Parsed, Reference, Template, Upstream, mcpo_verdict, parse,
};
use traygate_gateway::Folders;

use crate::{
    args::ServeArgs,
    exit::{Exit, Problem},
    output, serve,
};

/// `traygate check [FILE]`.
pub(crate) fn check(args: &ServeArgs, file: Option<PathBuf>) -> Result<Exit, Problem> {
    let folders = Folders::system();
    let file = match file {
        Some(file) => file,
        None => serve::config_file(args, folders.as_ref(), false)?,
    };
    let text = fs_err::read_to_string(&file).map_err(|error| {
        let name = file.display();
        Exit::Usage.because(match error.kind() {
            std::io::ErrorKind::NotFound => format!("There is no file `{name}`."),
            std::io::ErrorKind::InvalidData => format!("`{name}` is not UTF-8 text. Save it as UTF-8."),
            _ => format!("The config cannot be read: {error}."),
        })
    })?;
    let variables = serve::environment(args, folders.as_ref())?.variables;
    let is_set = |name: &str| is_set(&variables, name);
    let (report, exit) = report(&file.display().to_string(), &text, &is_set);
    output::line(report);
    Ok(exit)
}

/// As a server would find it: Windows knows no case in the names of variables.
fn is_set(variables: &std::collections::HashMap<OsString, OsString>, name: &str) -> bool {
    let same = |other: &OsString| cfg!(windows) && other.eq_ignore_ascii_case(name);
    variables.contains_key(OsStr::new(name)) || variables.keys().any(same)
}

/// What there is to say about a config, and how `check` ends.
fn report(file: &str, text: &str, is_set: &dyn Fn(&str) -> bool) -> (String, Exit) {
    let parsed = parse(text);
    let remarks = mcpo_verdict(text);
    let mut said: Vec<_> = parsed
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let severity = diagnostic.severity;
            let (line, column) = (diagnostic.position.line, diagnostic.position.column);
            let hint = diagnostic.hint.as_ref().map(|hint| format!("\n    {hint}")).unwrap_or_default();
            format!("{file}:{line}:{column}: {severity}: {}{hint}", diagnostic.message)
        })
        .collect();
    let has_errors = parsed.config.is_none() || parsed.has_errors();
    said.extend(parsed.config.iter().flat_map(|config| unset(file, config, is_set)));
    let has_warnings = !said.is_empty();

    let mut parts = Vec::new();
    parts.extend(lines(&said));
    let whole_file = remarks.iter().filter(|remark| remark.server.is_none());
    let of_mcpo: Vec<_> = whole_file.map(|remark| format!("{file}:{remark}")).collect();
    parts.extend(lines(&of_mcpo));
    parts.extend(table(&parsed, &remarks, is_set));
    parts.extend(parsed.config.as_ref().and_then(secrets));
    parts.push(
        match (&parsed.config, has_errors, has_warnings) {
            (None, ..) => "Traygate cannot use this file.",
            (Some(_), true, _) => "Traygate serves what is right in this file; see the errors above.",
            (Some(_), false, true) => "Traygate serves this file; see the warnings above.",
            (Some(_), false, false) => "Traygate serves this file as it is.",
        }
        .to_owned(),
    );
    (parts.join("\n\n"), if has_errors { Exit::Usage } else { Exit::Ok })
}

fn lines(lines: &[String]) -> Option<String> {
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What would not start for want of a variable. No error: where Traygate runs, it may be set.
fn unset(file: &str, config: &Config, is_set: &dyn Fn(&str) -> bool) -> Vec<String> {
    let said = |what: &str, missing: &[String]| {
        let (variables, are) = match missing {
            [one] => (format!("variable `{one}`"), "is"),
            several => (format!("variables `{}`", several.join("`, `")), "are"),
        };
        let first = missing.first().map(String::as_str).unwrap_or_default();
        format!(
            "{file}: warning: {what} would not start here: the environment {variables} {are} not set.\n    \
             It may be otherwise where Traygate runs. Set it there, or give a default: `${{{first}:-default}}`."
        )
    };
    let key = config.settings.api_key.iter().flatten();
    let key = missing(key, is_set);
    let servers = config.servers.iter().map(|(name, entry)| (format!("`{name}`"), missing_of(entry, is_set)));
    let all = std::iter::once(("Traygate (`apiKey`)".to_owned(), key)).chain(servers);
    all.filter(|(_, missing)| !missing.is_empty()).map(|(what, missing)| said(&what, &missing)).collect()
}

/// The variables that an entry needs to start and that are not set, each once, in its order.
fn missing_of(entry: &Entry, is_set: &dyn Fn(&str) -> bool) -> Vec<String> {
    match entry {
        Entry::Valid(server) if !server.disabled => missing(server.templates(), is_set),
        _ => Vec::new(),
    }
}

fn missing<'t>(
    templates: impl IntoIterator<Item = &'t Template>,
    is_set: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let mut missing = Vec::new();
    for reference in templates.into_iter().flat_map(|template| template.references().unwrap_or_default()) {
        match reference {
            Reference::Environment { name, default: None } if !is_set(&name) && !missing.contains(&name) => {
                missing.push(name);
            }
            _ => {}
        }
    }
    missing
}

/// Which secrets it wants. Whether they are there is not asked: that may ask a person for a password.
fn secrets(config: &Config) -> Option<String> {
    let of_entry = |entry: &Entry| match entry {
        Entry::Valid(server) => server.templates().into_iter().cloned().collect(),
        Entry::Invalid(_) => Vec::new(),
    };
    let templates = config.servers.values().flat_map(of_entry);
    let templates = templates.chain(config.settings.api_key.iter().flatten().cloned());
    let names: BTreeSet<String> = templates
        .flat_map(|template| template.references().unwrap_or_default())
        .filter_map(|reference| match reference {
            Reference::Keychain { name } => Some(format!("`{name}`")),
            Reference::Environment { .. } => None,
        })
        .collect();
    let names: Vec<_> = names.into_iter().collect();
    let names = (!names.is_empty()).then(|| names.join(", "))?;
    Some(format!("Reads from the keychain: {names}. `traygate secret list` shows what is there."))
}

/// One row a server: what Traygate does, what mcpo would do.
fn table(parsed: &Parsed, remarks: &[McpoRemark], is_set: &dyn Fn(&str) -> bool) -> Option<String> {
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
        let ours = if missing_of(entry, is_set).is_empty() {
            what_traygate_does(entry)
        } else {
            "lacks a variable here"
        };
        [name.to_string(), ours.to_owned(), mcpo]
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

    /// In an environment that holds `HOME` and nothing else.
    fn report(file: &str, text: &str) -> (String, Exit) {
        super::report(file, text, &|name| name == "HOME")
    }

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

    #[test]
    fn what_would_not_start_here_is_a_warning() {
        let text = r#"{
            "mcpServers": {
                "github": {"url": "https://h/${PATH_OF_IT}", "headers": {"A": "${TOKEN} ${TOKEN}", "B": "${X:-y}"}},
                "home": {"command": "run", "cwd": "${HOME}"},
                "off": {"command": "${NOPE}", "disabled": true}
            },
            "traygate": {"apiKey": "${KEY}"}
        }"#;
        let (report, exit) = report("c.json", text);
        assert_eq!(exit, Exit::Ok, "{report}");
        assert!(
            report.contains(
                "c.json: warning: Traygate (`apiKey`) would not start here: the environment variable `KEY` is not set."
            ),
            "{report}"
        );
        assert!(
            report.contains(
                "c.json: warning: `github` would not start here: the environment variables `PATH_OF_IT`, `TOKEN` are \
                 not set."
            ),
            "{report}"
        );
        assert!(report.contains("It may be otherwise where Traygate runs."), "{report}");
        assert!(report.contains("github  lacks a variable here"), "{report}");
        assert!(report.contains("home    starts it"), "{report}");
        assert!(!report.contains("NOPE"), "{report}");
        assert!(report.ends_with("Traygate serves this file; see the warnings above."), "{report}");
    }

    #[test]
    fn the_secrets_that_it_wants_are_named() {
        let text = r#"{"mcpServers": {"a": {"command": "x", "env": {"A": "${keychain:b} ${keychain:a}"}}}}"#;
        let (report, exit) = report("c.json", text);
        assert_eq!(exit, Exit::Ok, "{report}");
        assert!(report.contains("Reads from the keychain: `a`, `b`."), "{report}");
        assert!(report.ends_with("Traygate serves this file as it is."), "{report}");
    }
}
