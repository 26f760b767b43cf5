use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use traygate_config::{
    Config, Diagnostic, Entry, McpoRemark, Parsed, Reference, Severity, StdioUpstream, Template, Upstream,
    mcpo_verdict, parse,
};
use traygate_gateway::{ConfigSource, Folders, StartError, refusal, remarks};
use traygate_upstream::not_found;

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
    let environment = serve::environment(args, folders.as_ref())?;
    let variables = environment.variables.clone();
    let is_set = |name: &str| is_set(&variables, name);
    let options =
        serve::options(args, ConfigSource::File(file.clone()), environment.clone(), folders.as_ref());
    let here = Here {
        is_set: &is_set,
        not_found: &|server| not_found(server, &environment),
        refusal: &|config| refusal(&options, config),
        remarks: &|config| remarks(&options, config),
    };
    let (report, exit) = report(&file.display().to_string(), &text, &here);
    output::line(report);
    Ok(exit)
}

/// As a server would find it: Windows knows no case in the names of variables.
fn is_set(variables: &std::collections::HashMap<OsString, OsString>, name: &str) -> bool {
    let same = |other: &OsString| cfg!(windows) && other.eq_ignore_ascii_case(name);
    variables.contains_key(OsStr::new(name)) || variables.keys().any(same)
}

/// What this machine and this command line make of a config.
struct Here<'h> {
    is_set: &'h dyn Fn(&str) -> bool,
    /// What a program's server needs and this machine has not: a sentence.
    not_found: &'h dyn Fn(&StdioUpstream) -> Option<String>,
    /// Why a start with it is refused.
    refusal: &'h dyn Fn(&Config) -> Option<StartError>,
    /// What a start with it says of the paths.
    remarks: &'h dyn Fn(&Config) -> Vec<Diagnostic>,
}

/// What there is to say about a config, and how `check` ends.
fn report(file: &str, text: &str, here: &Here) -> (String, Exit) {
    let parsed = parse(text);
    let remarks = mcpo_verdict(text);
    let of_start = parsed.config.as_ref().map(here.remarks).unwrap_or_default();
    let mut said: Vec<_> = parsed
        .diagnostics
        .iter()
        .chain(&of_start)
        .map(|diagnostic| {
            let severity = diagnostic.severity;
            let (line, column) = (diagnostic.position.line, diagnostic.position.column);
            let hint = diagnostic.hint.as_ref().map(|hint| format!("\n    {hint}")).unwrap_or_default();
            format!("{file}:{line}:{column}: {severity}: {}{hint}", diagnostic.message)
        })
        .collect();
    let refusal = parsed.config.as_ref().and_then(here.refusal);
    said.extend(refusal.iter().filter_map(|refusal| refused(file, &parsed, refusal)));
    let is_error = |said: &Diagnostic| said.severity == Severity::Error;
    let has_errors =
        parsed.config.is_none() || parsed.has_errors() || refusal.is_some() || of_start.iter().any(is_error);
    said.extend(parsed.config.iter().flat_map(|config| unset(file, config, here.is_set)));
    said.extend(parsed.config.iter().flat_map(|config| absent(file, config, here)));

    let mut parts = Vec::new();
    parts.extend(lines(&said));
    parts.extend(table(&parsed, &remarks, here));
    parts.extend(parsed.config.as_ref().and_then(secrets));
    let verdict = match (&parsed.config, refusal, has_errors, said.is_empty()) {
        (None, ..) => "Traygate cannot use this file.",
        (Some(_), Some(_), ..) => "Traygate does not start with this file; see the errors above.",
        (Some(_), None, true, _) if !parsed.names_servers => {
            "Traygate starts with no servers, for this file names none; see the errors above."
        }
        (Some(_), None, true, _) => "Traygate serves what is right in this file; see the errors above.",
        (Some(_), None, false, false) => "Traygate serves this file; see the warnings above.",
        (Some(_), None, false, true) => "Traygate serves this file as it is.",
    };
    parts.push(verdict.to_owned());
    let whole_file = remarks.iter().filter(|remark| remark.server.is_none());
    let of_mcpo: Vec<_> = whole_file.map(|remark| format!("  {file}:{remark}")).collect();
    parts.extend(lines(&of_mcpo).map(|lines| format!("With mcpo:\n{lines}")));
    (parts.join("\n\n"), if has_errors { Exit::Usage } else { Exit::Ok })
}

/// Why a start is refused, with the place of the setting where the file has one; `None` where a diagnostic says it.
fn refused(file: &str, parsed: &Parsed, refusal: &StartError) -> Option<String> {
    let setting = match refusal {
        StartError::Config(_) => return None,
        StartError::Unguarded(_) => "host",
        StartError::Tls(_) | StartError::Listen(_) => "sslCertfile",
    };
    let position = parsed.setting_position(setting);
    let place = position.map(|at| format!(":{}:{}", at.line, at.column)).unwrap_or_default();
    Some(format!("{file}{place}: error: {refusal}"))
}

/// What would not start because its program or its folder is not on this machine. No error, as in [`unset`].
fn absent(file: &str, config: &Config, here: &Here) -> Vec<String> {
    let absent = config.servers.iter().filter_map(|(name, entry)| {
        let sentence = not_here(entry, here)?;
        Some(format!(
            "{file}: warning: `{name}` would not start here: {sentence}\n    It may be otherwise where Traygate runs."
        ))
    });
    absent.collect()
}

fn not_here(entry: &Entry, here: &Here) -> Option<String> {
    let Entry::Valid(server) = entry else { return None };
    let Upstream::Stdio(stdio) = &server.upstream else { return None };
    // Of a text that lacks a variable nothing more is known.
    if server.disabled || !missing(server.templates(), here.is_set).is_empty() {
        return None;
    }
    (here.not_found)(stdio)
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
fn table(parsed: &Parsed, remarks: &[McpoRemark], here: &Here) -> Option<String> {
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
        let ours = if !missing_of(entry, here.is_set).is_empty() {
            "lacks a variable here"
        } else if not_here(entry, here).is_some() {
            "not found here"
        } else {
            what_traygate_does(entry)
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
    use std::collections::HashMap;

    use traygate_gateway::Options;
    use traygate_upstream::Environment;

    use super::*;

    /// In an environment that holds `HOME` and nothing else, on a machine that has every program but `gone`.
    fn report(file: &str, text: &str) -> (String, Exit) {
        let environment = Environment::new(HashMap::new(), None);
        let options = Options::new(ConfigSource::File(file.into()), environment);
        let here = Here {
            is_set: &|name| name == "HOME",
            not_found: &|stdio| {
                (stdio.command.source() == "gone").then(|| "command `gone` was not found.".to_owned())
            },
            refusal: &|config| refusal(&options, config),
            remarks: &|config| remarks(&options, config),
        };
        super::report(file, text, &here)
    }

    #[test]
    fn what_no_start_would_take_is_an_error() {
        for (settings, said) in [
            (r#"{"host": "0.0.0.0"}"#, "c.json:1:33: error: Without a key, 0.0.0.0 would let"),
            (r#"{"sslCertfile": "/nope/c.pem"}"#, "c.json:1:33: error: The certificate cannot be read: "),
        ] {
            let text = format!(r#"{{"mcpServers": {{}}, "traygate": {settings}}}"#);
            let (report, exit) = report("c.json", &text);
            assert_eq!(exit, Exit::Usage, "{report}");
            assert!(report.contains(said), "{report}");
            assert!(report.contains("Traygate does not start with this file"), "{report}");
        }
        let (broken, exit) = report("c.json", r#"{"mcpServers": {}, "traygate": {"apiKey": []}}"#);
        assert_eq!(exit, Exit::Usage, "{broken}");
        assert!(broken.contains("Traygate does not start with this file"), "{broken}");
        assert_eq!(broken.matches(": error: ").count(), 1, "{broken}");
        // What the key is does not matter, only that there is one.
        let keyed = r#"{"mcpServers": {}, "traygate": {"host": "0.0.0.0", "apiKey": "${keychain:k}"}}"#;
        assert_eq!(report("c.json", keyed).1, Exit::Ok);
    }

    #[test]
    fn paths_are_judged_as_at_the_start() {
        let file = |servers: &str, settings: &str| {
            report("c.json", &format!(r#"{{"mcpServers": {servers}, "traygate": {settings}}}"#))
        };
        let (bad, exit) = file("{}", r#"{"pathPrefix": "/-"}"#);
        assert_eq!(exit, Exit::Usage, "{bad}");
        assert!(bad.contains("error: `pathPrefix` in `traygate` cannot be `/-`"), "{bad}");
        let (ambiguous, exit) = file(r#"{"a": {"type": "demo"}}"#, r#"{"rootPath": "/a"}"#);
        assert_eq!(exit, Exit::Ok, "{ambiguous}");
        assert!(ambiguous.contains("warning: `a` is at `/a`, where `rootPath`"), "{ambiguous}");
    }

    #[test]
    fn a_file_that_names_no_servers_is_not_served() {
        for text in ["", "{}", r#"{"mcpServers": []}"#, r#"{"mcpservers": {}}"#] {
            let (report, exit) = report("c.json", text);
            assert_eq!(exit, Exit::Usage, "{report}");
            assert!(report.contains("Traygate starts with no servers"), "{report}");
        }
        assert_eq!(report("c.json", r#"{"mcpServers": {}}"#).1, Exit::Ok);
    }

    #[test]
    fn a_program_that_is_not_here_is_a_warning() {
        let text =
            r#"{"mcpServers": {"a": {"command": "gone"}, "off": {"command": "gone", "disabled": true}}}"#;
        let (report, exit) = report("c.json", text);
        assert_eq!(exit, Exit::Ok, "{report}");
        let warning = "c.json: warning: `a` would not start here: command `gone` was not found.\n";
        assert!(report.contains(warning) && !report.contains("`off` would"), "{report}");
        assert!(report.contains("a       not found here"), "{report}");
    }

    #[test]
    fn what_mcpo_makes_of_the_starter_comes_last_under_its_heading() {
        let (report, exit) = report("c.jsonc", traygate_config::starter());
        assert_eq!(exit, Exit::Ok, "{report}");
        assert!(report.starts_with("Server"), "{report}");
        assert!(
            report.contains(
                "Traygate serves this file as it is.\n\nWith mcpo:\n  c.jsonc:1:1: mcpo exits: line"
            ),
            "{report}"
        );
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
        assert!(report.contains("\n\nTraygate cannot use this file.\n\nWith mcpo:"), "{report}");
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
        assert!(report.contains("\n\nTraygate serves this file; see the warnings above."), "{report}");
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
