use std::time::Duration;

use proptest::prelude::*;

use super::{Parsed, parse};
use crate::{
    Config, Elicitation, Entry, HeaderForwarding, OperationIds, Position, Server, ServerName, Severity,
    SignInMode, Template, TokenStorage, Upstream, mcpo_verdict, starter,
};

/// The config of a text about which there is nothing to say.
fn config(text: &str) -> Config {
    let Parsed { config, diagnostics, .. } = parse(text);
    assert_eq!(diagnostics, [], "{text}");
    config.expect("a config")
}

/// The one server of a text about which there is nothing to say.
fn server(entry: &str) -> Server {
    match config(&format!(r#"{{"mcpServers": {{"a": {entry}}}}}"#)).servers.swap_remove("a") {
        Some(Entry::Valid(server)) => *server,
        other => panic!("{entry}: {other:?}"),
    }
}

fn codes(text: &str) -> Vec<(&'static str, Severity)> {
    parse(text).diagnostics.iter().map(|diagnostic| (diagnostic.code, diagnostic.severity)).collect()
}

fn sources<'t>(templates: impl IntoIterator<Item = &'t Template>) -> Vec<&'t str> {
    templates.into_iter().map(Template::source).collect()
}

#[test]
fn a_stdio_server_has_everything_it_says() {
    let server = server(
        r#"{"command": "npx", "args": ["-y", "${PKG}", 8080, true], "env": {"A": "1", "N": 2.50, "B": false},
            "cwd": "/tmp", "timeout": 0.5, "startupTimeout": 300, "disabledTools": ["x"]}"#,
    );
    let Upstream::Stdio(stdio) = &server.upstream else { panic!("{server:?}") };
    assert_eq!(stdio.command.source(), "npx");
    assert_eq!(sources(&stdio.args), ["-y", "${PKG}", "8080", "true"]);
    assert_eq!(stdio.env.keys().collect::<Vec<_>>(), ["A", "N", "B"]);
    assert_eq!(sources(stdio.env.values()), ["1", "2.50", "false"]);
    assert_eq!(stdio.cwd.as_ref().map(Template::source), Some("/tmp"));
    assert_eq!(server.timeout, Duration::from_millis(500));
    assert_eq!(server.startup_timeout, Some(Duration::from_mins(5)));
    assert!(server.disabled_tools.contains("x"));
    assert_eq!(server.templates().len(), 9);
}

#[test]
fn what_is_left_out_has_its_default() {
    let server = server(r#"{"command": "x"}"#);
    assert_eq!((server.timeout, server.startup_timeout()), (Duration::from_mins(2), Duration::from_mins(1)));
    assert!(!server.disabled && server.disabled_tools.is_empty());
    assert!(server.oauth.is_none() && server.header_forwarding.is_none());
}

#[test]
fn every_spelling_of_a_type_is_known() {
    let upstream = |word: &str| server(&format!(r#"{{"type": "{word}", "url": "https://x/mcp"}}"#)).upstream;
    for word in [
        "http",
        "HTTP",
        "streamable-http",
        "streamable_http",
        "streamablehttp",
        "streamableHttp",
        "Streamable HTTP",
    ] {
        assert!(matches!(upstream(word), Upstream::StreamableHttp(_)), "{word}");
    }
    for word in ["sse", "SSE"] {
        assert!(matches!(upstream(word), Upstream::Sse(_)), "{word}");
    }
    assert!(matches!(server(r#"{"type": "stdio", "command": "x"}"#).upstream, Upstream::Stdio(_)));
    assert!(matches!(server(r#"{"type": "demo"}"#).upstream, Upstream::Demo));
    assert!(matches!(server(r#"{"url": "http://x"}"#).upstream, Upstream::Http(_)));
}

#[test]
fn other_clients_words_mean_what_they_mean_there() {
    assert!(matches!(server(r#"{"serverUrl": "http://x"}"#).upstream, Upstream::Http(_)));
    assert!(matches!(server(r#"{"httpUrl": "http://x"}"#).upstream, Upstream::StreamableHttp(_)));
    assert!(matches!(server(r#"{"httpUrl": "http://x", "type": "sse"}"#).upstream, Upstream::Sse(_)));
    assert!(matches!(server(r#"{"transport": "sse", "url": "http://x"}"#).upstream, Upstream::Sse(_)));
    // Some clients write every key.
    let entry = r#"{"command": "", "args": [], "env": {}, "url": "http://x", "headers": {}, "type": ""}"#;
    assert!(matches!(server(entry).upstream, Upstream::Http(_)));
    for (entry, disabled) in [
        (r#"{"command": "x", "disabled": true}"#, true),
        (r#"{"command": "x", "disabled": false}"#, false),
        (r#"{"command": "x", "enabled": false}"#, true),
        (r#"{"command": "x", "isActive": true}"#, false),
        (
            r#"{"command": "x", "autoApprove": ["a"], "alwaysAllow": [], "description": "d", "gallery": true}"#,
            false,
        ),
    ] {
        assert_eq!(server(entry).disabled, disabled, "{entry}");
    }
    for key in ["disabledTools", "disabled_tools", "excludeTools"] {
        let server = server(&format!(r#"{{"command": "x", "{key}": ["t"]}}"#));
        assert!(server.disabled_tools.contains("t"), "{key}");
    }
    for (entry, elicitation) in [
        (r#"{"command": "x"}"#, Elicitation::Decline),
        (r#"{"command": "x", "elicitation": "decline"}"#, Elicitation::Decline),
        (r#"{"url": "http://x", "elicitation": "accept-defaults"}"#, Elicitation::AcceptDefaults),
    ] {
        assert_eq!(server(entry).elicitation, elicitation, "{entry}");
    }
    let server = server(r#"{"command": "x", "startup_timeout": 1.5}"#);
    assert_eq!(server.startup_timeout, Some(Duration::from_millis(1500)));
}

#[test]
fn headers_oauth_and_forwarding_belong_to_a_url() {
    let server = server(
        r#"{"url": "https://x", "headers": {"X-Key": "Bearer ${keychain:k}", "X-N": 1},
            "client_header_forwarding": {"enabled": true, "whitelist": ["X-User-*"], "blacklist": ["Cookie"], "debug_headers": true},
            "oauth": {"server_url": "https://as", "callback_port": 3030, "client_metadata": {"redirect_uris": ["http://localhost:3030/callback"]}}}"#,
    );
    let Upstream::Http(http) = &server.upstream else { panic!("{server:?}") };
    assert_eq!(sources(http.headers.values()), ["Bearer ${keychain:k}", "1"]);
    assert_eq!(
        server.header_forwarding,
        Some(HeaderForwarding {
            whitelist: vec!["X-User-*".into()],
            blacklist: vec!["Cookie".into()],
            debug_headers: true
        })
    );
    assert!(server.oauth.is_some());
}

#[test]
fn no_oauth_is_no_oauth() {
    for value in ["null", "false"] {
        assert_eq!(server(&format!(r#"{{"url": "http://x", "oauth": {value}}}"#)).oauth, None);
        assert_eq!(server(&format!(r#"{{"command": "x", "oauth": {value}}}"#)).oauth, None);
    }
    assert!(server(r#"{"url": "http://x", "oauth": {}}"#).oauth.is_some());
    assert!(server(r#"{"url": "http://x", "oauth": true}"#).oauth.is_some());
    assert_eq!(server(r#"{"url": "http://x", "oauth": {"enabled": false, "clientId": "i"}}"#).oauth, None);
    let off = r#"{"command": "x", "client_header_forwarding": {"enabled": false}}"#;
    assert_eq!(server(off).header_forwarding, None);
}

#[test]
fn every_setting_is_read() {
    let settings = config(
        r#"{"mcpServers": {}, "traygate": {
            "host": ["127.0.0.1", "localhost", "::1", "172.17.0.1"], "port": 8080, "apiKey": "${keychain:key}",
            "corsAllowOrigins": ["http://localhost:3000", "https://x.example/"], "allowedHosts": ["traygate.lan"],
            "openDocs": true, "operationIds": "mcpo", "logLevel": "WARNING", "pathPrefix": "/tools", "rootPath": "/api",
            "maxBodySize": 1048576, "sslCertfile": "cert.pem", "sslKeyfile": "key.pem", "signIn": "never",
            "tokenStorage": "memory"}}"#,
    )
    .settings;
    let hosts: Vec<_> = settings.host.iter().map(ToString::to_string).collect();
    assert_eq!(hosts, ["127.0.0.1", "127.0.0.1", "::1", "172.17.0.1"]);
    assert_eq!(settings.port, Some(8080));
    assert_eq!(settings.api_key, Some(Ok(Template::new("${keychain:key}"))));
    assert_eq!(
        settings.cors_allow_origins,
        Some(vec!["http://localhost:3000".into(), "https://x.example".into()])
    );
    assert_eq!(settings.allowed_hosts, ["traygate.lan"]);
    assert_eq!(settings.open_docs, Some(true));
    assert_eq!(settings.operation_ids, Some(OperationIds::Mcpo));
    assert_eq!(settings.log_level.as_deref(), Some("warn"));
    assert_eq!(settings.path_prefix.as_deref(), Some("/tools"));
    assert_eq!(settings.root_path.as_deref(), Some("/api"));
    assert_eq!(settings.max_body_size, Some(1_048_576));
    assert_eq!(settings.ssl_certfile, Some("cert.pem".into()));
    assert_eq!(settings.ssl_keyfile, Some("key.pem".into()));
    assert_eq!(settings.sign_in, Some(SignInMode::Never));
    assert_eq!(settings.token_storage, Some(TokenStorage::Memory));
    assert_eq!(config(r#"{"mcpServers": {}, "traygate": {"host": "0.0.0.0"}}"#).settings.host.len(), 1);
}

#[test]
fn a_broken_key_is_never_no_key() {
    for settings in
        [r#"{"apiKey": {}}"#, r#"{"apiKey": []}"#, r#"{"apiKey": " "}"#, r#"{"apiKey": "${"}"#, "[]"]
    {
        let parsed = parse(&format!(r#"{{"mcpServers": {{}}, "traygate": {settings}}}"#));
        let config = parsed.config.expect("a config");
        assert!(matches!(config.settings.api_key, Some(Err(_))), "{settings}");
    }
    let none = parse(r#"{"mcpServers": {}, "traygate": {"port": []}}"#).config.expect("a config");
    assert_eq!(none.settings.api_key, None);
}

#[test]
fn a_bad_setting_falls_back_alone() {
    let text = r#"{"mcpServers": {"a": {"type": "demo"}}, "traygate": {"port": "x", "host": ["nope", "127.0.0.1"], "openDocs": true}}"#;
    let parsed = parse(text);
    assert!(parsed.has_errors());
    let config = parsed.config.expect("a config");
    assert_eq!((config.settings.port, config.settings.open_docs), (None, Some(true)));
    assert_eq!(config.settings.host.len(), 1);
    assert!(matches!(config.servers["a"], Entry::Valid(_)));
}

#[test]
fn one_bad_entry_leaves_the_others() {
    let parsed = parse(
        r#"{"mcpServers": {"a": {"comand": "x"}, "b": {"command": "x"}, "c": 1, "-": {"command": "x"}}}"#,
    );
    let servers = parsed.config.expect("a config").servers;
    assert_eq!(servers.keys().map(ServerName::as_str).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(matches!(&servers["a"], Entry::Invalid(diagnostic) if diagnostic.code == "incomplete"));
    assert!(matches!(servers["b"], Entry::Valid(_)));
    assert!(matches!(&servers["c"], Entry::Invalid(diagnostic) if diagnostic.code == "wrong-type"));
}

#[test]
fn jsonc_a_byte_order_mark_and_crlf_are_fine() {
    let text = "\u{feff}// mine\r\n{\r\n  \"mcpServers\": { /* one */ \"a\": {\"command\": \"x\",},\r\n  },\r\n}\r\n";
    assert_eq!(config(text).servers.len(), 1);
}

#[test]
fn positions_are_exact_after_anything() {
    let text =
        "\u{feff}{\r\n  // é😀\r\n  \"mcpServers\": {\"日本😀\": {\"command\": \"é\", \"nope\": 1}}\r\n}";
    let parsed = parse(text);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert_eq!(parsed.diagnostics[0].position, Position { line: 3, column: 42 });
    let parsed = parse("{\r\n\"é😀\": \"日\" x}");
    assert_eq!(parsed.diagnostics[0].position, Position { line: 2, column: 11 });
}

#[test]
fn nothing_at_all_is_an_empty_config() {
    assert_eq!(config(r#"{"mcpServers": {}}"#), Config::default());
    for (text, code) in [("", "empty-file"), (" \n// later\n", "empty-file"), ("{}", "no-servers")] {
        assert_eq!(codes(text), [(code, Severity::Error)]);
        assert_eq!(parse(text).config, Some(Config::default()));
    }
}

#[test]
fn a_file_names_its_servers_or_says_an_error() {
    for text in [
        "",
        "// later",
        "{}",
        "[]",
        r#"{"mcpServers": []}"#,
        r#"{"mcpServers": null}"#,
        r#"{"mcpServers": [], "servers": {"a": {"command": "x"}}}"#,
        r#"{"mcpservers": {"a": {"command": "x"}}}"#,
        r#"{"demo": {"type": "demo"}}"#,
        r#"{"traygate": {"port": 1}, "wat": {}}"#,
    ] {
        let parsed = parse(text);
        assert!(!parsed.names_servers && parsed.has_errors(), "{text}: {parsed:?}");
    }
    for text in [r#"{"mcpServers": {}}"#, r#"{"servers": {}}"#, r#"{"mcpServers": {"a": 1}, "servers": {}}"#]
    {
        assert!(parse(text).names_servers, "{text}");
    }
    assert!(
        !parse(r#"{"mcpServers": {}, "demo": {"type": "demo"}}"#).has_errors(),
        "it accounts for nothing"
    );
}

#[test]
fn a_number_in_quotes_is_seconds_all_the_same() {
    let text = r#"{"mcpServers": {"a": {"command": "x", "timeout": "30", "startupTimeout": " 1.5 "}}}"#;
    assert_eq!(codes(text), [("quoted-number", Severity::Warning); 2]);
    let servers = parse(text).config.expect("a config").servers;
    let Entry::Valid(server) = &servers["a"] else { panic!("{servers:?}") };
    assert_eq!((server.timeout.as_secs(), server.startup_timeout().as_millis()), (30, 1500));
    for bad in [r#""soon""#, r#""-1""#, r#""NaN""#, r#""""#] {
        let text = format!(r#"{{"mcpServers": {{"a": {{"command": "x", "timeout": {bad}}}}}}}"#);
        assert!(parse(&text).has_errors(), "{bad}");
    }
}

#[test]
fn a_setting_has_its_place() {
    let parsed = parse("{\"mcpServers\": {},\n \"traygate\": {\n  \"port\": 1}}");
    let at = |line, column| Some(Position { line, column });
    assert_eq!(parsed.setting_position("port"), at(3, 3));
    assert_eq!(parsed.setting_position("host"), at(2, 2), "where it would stand");
    assert_eq!(parse("{}").setting_position("host"), None);
}

#[test]
fn a_file_that_is_no_object_is_unusable() {
    for text in ["[]", "1", "\"x\"", "{", "{\"mcpServers\": {\"a\": {}", "nope", "{}{}", "{'a': 1}", "\u{0}"]
    {
        let parsed = parse(text);
        assert_eq!(parsed.config, None, "{text}");
        assert!(parsed.has_errors(), "{text}");
    }
}

#[test]
fn both_maps_are_merged_and_the_first_name_wins() {
    let text = r#"{"mcpServers": {"a": {"command": "mine"}}, "servers": {"a": {"command": "theirs"}, "b": {"command": "x"}}}"#;
    assert_eq!(codes(text), [("duplicate-key", Severity::Warning)]);
    let servers = parse(text).config.expect("a config").servers;
    assert_eq!(servers.len(), 2);
    let Entry::Valid(server) = &servers["a"] else { panic!("{servers:?}") };
    assert_eq!(server.templates()[0].source(), "mine");
}

#[test]
fn of_two_equal_keys_the_last_wins() {
    let text = r#"{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y", "command": "z"}}}"#;
    assert_eq!(codes(text), [("duplicate-key", Severity::Warning), ("duplicate-key", Severity::Warning)]);
    let servers = parse(text).config.expect("a config").servers;
    let Entry::Valid(server) = &servers["a"] else { panic!("{servers:?}") };
    assert_eq!(server.templates()[0].source(), "z");
}

#[test]
fn a_type_decides_between_command_and_url() {
    let text = r#"{"mcpServers": {"a": {"type": "sse", "command": "x", "url": "http://x"}}}"#;
    assert_eq!(codes(text), [("no-effect", Severity::Warning)]);
    let servers = parse(text).config.expect("a config").servers;
    assert!(matches!(&servers["a"], Entry::Valid(server) if matches!(server.upstream, Upstream::Sse(_))));
}

#[test]
fn no_secret_reaches_a_debug_output_or_a_message() {
    let text = r#"{"traygate": {"apiKey": "s3cret${"}, "mcpServers": {
        "a": {"url": "ftp://s3cret", "headers": {"Authorization": "s3cret ${x y}"}, "oauth": {"client_secret": "s3cret"}},
        "b": {"command": "x", "args": ["s3cret", ["s3cret"]], "env": {"A": {"b": "s3cret"}, "B": "s3cret ${"}},
        "c": {"url": "https://x/?key=s3cret", "oauth": {"client_secret": "s3cret"}}}}"#;
    let parsed = parse(text);
    assert!(parsed.has_errors());
    assert!(!format!("{parsed:?}").contains("s3cret"), "{parsed:?}");
}

#[test]
fn the_starter_serves_the_demo() {
    let config = config(starter());
    assert!(matches!(&config.servers["demo"], Entry::Valid(server) if server.upstream == Upstream::Demo));
}

#[test]
fn everything_in_the_starter_can_be_uncommented() {
    let uncommented: Vec<_> = starter()
        .lines()
        .map(|line| match line.trim_start().strip_prefix("// ") {
            Some(rest) if rest.starts_with(['"', ' ', '}']) => rest,
            _ => line,
        })
        .collect();
    let config = config(&uncommented.join("\n"));
    assert_eq!(config.servers.len(), 5);
    assert_eq!(config.settings.port, Some(8000));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,60}|[\\[\\]{}\":,/*\\\\ \r\né\u{feff}0-9a-z-]{0,60}") {
        parse(&text);
        mcpo_verdict(&text);
    }

    #[test]
    fn no_entry_makes_it_panic(
        entries in proptest::collection::vec((
            proptest::sample::select(vec![
                "command", "args", "env", "url", "type", "headers", "oauth", "timeout", "disabled", "cwd", "nope",
                "disabledTools", "client_header_forwarding",
            ]),
            proptest::sample::select(vec![
                "null", "1", "-1e400", "true", "\"\"", "\"sse\"", "\"${A}\"", "\"http://x\"", "[]", "[null, 1, {}]",
                "{}", "{\"enabled\": true}", "{\"client_secret\": 1, \"scope\": [1]}", "{\"client_metadata\": {\"redirect_uris\": \"\"}}", "{\"é\": [1]}", "{\"A\": \"${\"}",
            ]),
        ), 0..6)
    ) {
        let entry: Vec<_> = entries.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        let text = format!("{{\"mcpServers\": {{\"a\": {{{}}}}}}}", entry.join(", "));
        let parsed = parse(&text);
        mcpo_verdict(&text);
        // An entry is invalid exactly where something about it is an error.
        let invalid = matches!(parsed.config.as_ref().map(|config| &config.servers["a"]), Some(Entry::Invalid(_)));
        prop_assert_eq!(invalid, parsed.has_errors());
    }
}
