//! The one server of a command line without a config file.

use std::{collections::BTreeSet, ffi::OsString, path::Path, time::Duration};

use indexmap::IndexMap;
use secrecy::{ExposeSecret as _, SecretString};
use traygate_config::{
    Config, Elicitation, Entry, HttpUpstream, Server, ServerName, StdioUpstream, Template, Upstream,
};
use url::Url;

use crate::{
    args::{ServeArgs, ServerType},
    exit::{Exit, Problem},
};

/// A config of the one server that stands after `--`.
pub(super) fn config(words: &[OsString], args: &ServeArgs) -> Result<Config, Problem> {
    let words = words
        .iter()
        .map(|word| {
            word.to_str().ok_or_else(|| Exit::Usage.because("The server's command is not UTF-8 text."))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let [first, rest @ ..] = words.as_slice() else {
        return Err(Exit::Usage.because("Give the server's command after `--`."));
    };
    let (name, upstream) = match args.server_type {
        ServerType::Stdio if first.starts_with("http://") || first.starts_with("https://") => {
            return Err(Exit::Usage.because(
                "A URL stands after `--`, where a command is expected. Say how it is reached: `--type streamable-http`, \
                 or `--type sse` for older servers.",
            ));
        }
        ServerType::Stdio => {
            let program = Path::new(first).file_stem().and_then(|stem| stem.to_str()).unwrap_or(first);
            let stdio = StdioUpstream {
                command: literal(first),
                args: rest.iter().map(|word| literal(word)).collect(),
                env: IndexMap::new(),
                cwd: None,
            };
            (program.to_owned(), Upstream::Stdio(stdio))
        }
        ServerType::Sse | ServerType::StreamableHttp => {
            if !rest.is_empty() {
                return Err(Exit::Usage.because("With `--type`, only the server's URL stands after `--`."));
            }
            let url = Url::parse(first).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            let url = url.ok_or_else(|| {
                Exit::Usage.because("With `--type`, an http or https URL stands after `--`, for example `http://127.0.0.1:9000/mcp`.")
            })?;
            let http = HttpUpstream { url: literal(first), headers: headers(args.header.as_ref())? };
            let upstream = match args.server_type {
                ServerType::Sse => Upstream::Sse(http),
                _ => Upstream::StreamableHttp(http),
            };
            (url.host_str().unwrap_or("server").to_owned(), upstream)
        }
    };
    let name = ServerName::new(&name)
        .or_else(|_| ServerName::new("server"))
        .map_err(|error| Exit::Usage.because(error.to_string()))?;
    let server = Server {
        name: name.clone(),
        upstream,
        disabled: false,
        timeout: Duration::from_mins(2),
        startup_timeout: None,
        disabled_tools: BTreeSet::new(),
        elicitation: Elicitation::default(),
        header_forwarding: None,
        oauth: None,
    };
    Ok(Config { servers: [(name, Entry::Valid(Box::new(server)))].into(), ..Config::default() })
}

/// The shell has expanded the command line already: a `${` that is left is meant as it stands.
fn literal(text: &str) -> Template {
    Template::new(text.replace("${", "$${"))
}

/// `--header`: mcpo takes one JSON object.
fn headers(json: Option<&SecretString>) -> Result<IndexMap<String, Template>, Problem> {
    let Some(json) = json.filter(|json| !json.expose_secret().is_empty()) else { return Ok(IndexMap::new()) };
    // The parser's own words could repeat a header's value.
    let headers: IndexMap<String, String> = serde_json::from_str(json.expose_secret()).map_err(|_| {
        Exit::Usage.because(
            r#"`--header` wants a JSON object of texts, for example '{"Authorization": "Bearer ..."}'."#,
        )
    })?;
    Ok(headers.into_iter().map(|(name, value)| (name, literal(&value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Args;

    fn read(line: &[&str]) -> Result<Config, Problem> {
        let words = ["traygate"].iter().chain(line).map(OsString::from);
        let args = Args::read(words).map_err(|error| Exit::Usage.because(error.to_string()))?;
        config(&args.server, &args.options)
    }

    fn only(config: &Config) -> &Server {
        match config.servers.values().next() {
            Some(Entry::Valid(server)) => server,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_command_is_taken_word_for_word() {
        let config =
            read(&["--", "/usr/bin/uvx.exe", "mcp-server-time", "--x=${HOME}", "a b"]).expect("a config");
        let server = only(&config);
        assert_eq!(server.name.as_str(), "uvx");
        let Upstream::Stdio(stdio) = &server.upstream else { panic!("{:?}", server.upstream) };
        assert_eq!(stdio.command.source(), "/usr/bin/uvx.exe");
        let args: Vec<_> = stdio.args.iter().map(Template::source).collect();
        assert_eq!(args, ["mcp-server-time", "--x=$${HOME}", "a b"]);
    }

    #[test]
    fn a_url_takes_headers() {
        let line =
            ["--type", "sse", "-H", r#"{"Authorization": "Bearer x"}"#, "--", "http://127.0.0.1:9/sse"];
        let config = read(&line).expect("a config");
        let Upstream::Sse(http) = &only(&config).upstream else { panic!("{config:?}") };
        assert_eq!(http.url.source(), "http://127.0.0.1:9/sse");
        assert_eq!(http.headers["Authorization"].source(), "Bearer x");
        let config = read(&["--type", "streamable-http", "--", "http://h/mcp"]).expect("a config");
        assert!(matches!(only(&config).upstream, Upstream::StreamableHttp(_)));
    }

    #[test]
    fn what_is_no_server_is_refused_without_its_secrets() {
        for line in [
            &["--type", "sse", "--", "npx"][..],
            &["--type", "sse", "--", "ftp://h/"],
            &["--", "https://h/?key=s3cret"],
            &["--type", "sse", "--", "http://h/", "more"],
            &["--type", "sse", "-H", "s3cret", "--", "http://h/"],
            &["--type", "sse", "-H", r#"{"A": ["s3cret"]}"#, "--", "http://h/"],
        ] {
            let problem = read(line).expect_err("refused");
            assert_eq!(problem.exit, Exit::Usage);
            assert!(!problem.message.contains("s3cret"), "{}", problem.message);
        }
    }
}
