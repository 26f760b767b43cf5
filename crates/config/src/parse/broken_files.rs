//! What a person reads about a broken file. Read the snapshots aloud before you accept a change.

use insta::assert_snapshot;

use super::parse;
use crate::Severity;

/// Each text, and its diagnostics as `traygate check` prints them.
fn said(texts: &[&str], around: impl Fn(&str) -> String) -> String {
    texts.iter().map(|text| format!("{text}\n{}\n", diagnostics(&around(text)))).collect()
}

fn diagnostics(text: &str) -> String {
    let parsed = parse(text);
    assert!(!parsed.diagnostics.is_empty(), "nothing is wrong with {text}");
    let lines = parsed.diagnostics.iter().map(|diagnostic| {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        format!("    {severity} {diagnostic}\n")
    });
    lines.collect()
}

#[test]
fn files() {
    let texts = [
        "",
        "{}",
        "[]",
        "{\"mcpServers\": {\n  \"a\": {\"command\": \"x\"",
        "{\"mcpServers\": {\n  \"a\": {\"command\": \"x\"}\n  \"b\": {\"command\": \"y\"}\n}}",
        "{'mcpServers': {}}",
        "{mcpServers: {}}",
        "{\"mcpServers\": {\"a\": {\"command\": npx}}}",
        r#"{"mcpServers": {"a": {"command": "C:\Users\x.exe"}}}"#,
        "{\"mcpServers\": {\"a\": {\"command\": \"npx}}}",
        "{\"mcpServers\": {}}}",
        "{\"mcpServers\" {}}",
        "{\"mcpServers\": }",
        "{\"mcpServers\": {},,}",
        r#"{"mcp_servers": {"a": {"command": "x"}}}"#,
        r#"{"time": {"command": "uvx"}}"#,
        r#"{"mcpServers": {}, "port": 8000, "wat": 1}"#,
        r#"{"mcpServers": [{"name": "a", "command": "x"}]}"#,
        r#"{"inputs": [], "servers": {"a": {"command": "x", "env": {"T": "${input:token}"}}}}"#,
        r#"{"servers": {"a": {"command": "x"}}, "mcpServers": {"a": {"command": "y"}}}"#,
        r#"{"mcpServers": {"-": {}, "": {}, "a/b": {}, "a\nb": {}, "..": {}}}"#,
        r#"{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}"#,
    ];
    assert_snapshot!(said(&texts, str::to_owned));
}

#[test]
fn servers() {
    let texts = [
        r#"{"comand": "npx", "args": ["-y", "x"]}"#,
        "{}",
        "\"npx\"",
        r#"{"command": "npx", "url": "https://x"}"#,
        r#"{"command": ["npx", "-y"]}"#,
        r#"{"command": "npx -y thing"}"#,
        r#"{"command": "npx", "args": "-y thing"}"#,
        r#"{"command": "npx", "args": ["-y", null, ["x"]]}"#,
        r#"{"command": "npx", "env": ["A=1"]}"#,
        r#"{"command": "npx", "env": {"TOKEN": null, "A=B": "x"}}"#,
        r#"{"type": "htttp", "url": "https://x"}"#,
        r#"{"type": "websocket", "url": "wss://x"}"#,
        r#"{"type": "local", "command": "npx"}"#,
        r#"{"type": "sse"}"#,
        r#"{"type": "http", "command": "npx"}"#,
        r#"{"type": "stdio", "url": "https://x"}"#,
        r#"{"url": "localhost:3000/mcp"}"#,
        r#"{"url": "ftp://x"}"#,
        r#"{"url": "wss://x"}"#,
        r#"{"url": "http://"}"#,
        r#"{"url": "http://x", "headers": {"X Y": "z"}}"#,
        r#"{"command": "npx", "timeout": "30"}"#,
        r#"{"command": "npx", "timeout": 600000}"#,
        r#"{"command": "npx", "timeout": 0, "startupTimeout": -1}"#,
        r#"{"command": "npx", "disabled": "true"}"#,
        r#"{"command": "npx", "disabled": true, "enabled": true}"#,
        r#"{"command": "npx", "disabledTools": [], "disabled_tools": []}"#,
        r#"{"command": "npx", "disabledTools": "a"}"#,
        r#"{"command": "npx", "oauth": {"server_url": "https://x"}, "headers": {"A": "b"}}"#,
        r#"{"url": "http://x", "oauth": "yes"}"#,
        r#"{"url": "http://x", "oauth": {"clientId": "a", "client_secret": "${keychain}"}}"#,
        r#"{"url": "http://x", "env": {"A": "b"}}"#,
        r#"{"url": "http://x", "client_header_forwarding": {"enable": true, "whitelist": "X"}}"#,
        r#"{"command": "npx", "args": ["${workspaceFolder}/x"], "cwd": "${userHome}"}"#,
        r#"{"url": "http://x", "headers": {"Authorization": "Bearer ${TOKEN"}}"#,
        r#"{"command": "npx", "env": {"A": "${MY-VAR}", "B": "${A:-${B}}", "C": "${}"}}"#,
        r#"{"command": "npx", "includeTools": ["a"], "envFile": ".env"}"#,
    ];
    assert_snapshot!(said(&texts, |entry| format!("{{\"mcpServers\": {{\n\"github\": {entry}\n}}}}")));
}

#[test]
fn settings() {
    let texts = [
        r#"{"host": 1, "port": "8000", "openDocs": "true", "operationIds": "x", "maxBodySize": "1MB"}"#,
        r#"{"port": 80000, "maxBodySize": 0, "apiKey": ""}"#,
        r#"{"api_key": "x", "logLevel": "verbos", "logLevel": "debg"}"#,
        r#"{"host": ["*", "0.0.0.0:8000", "eth0"]}"#,
        r#"{"corsAllowOrigins": ["localhost:3000", "http://x/path"], "allowedHosts": ["http://x"]}"#,
        r#"{"sslCertfile": "cert.pem"}"#,
        "[]",
    ];
    assert_snapshot!(said(&texts, |settings| format!(
        "{{\"mcpServers\": {{}}, \"traygate\":\n{settings}\n}}"
    )));
}
