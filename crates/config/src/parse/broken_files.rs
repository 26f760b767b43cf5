//! What a person reads about a broken file. Read the snapshots aloud before you accept a change.

use insta::assert_snapshot;

use super::parse;
use crate::Severity;

/// Each text, and its diagnostics as `traygate check` prints them.
fn said(texts: &[&str], around: impl Fn(&str) -> String) -> String {
    let mut said = Vec::new();
    for text in texts {
        let parsed = parse(&around(text));
        assert!(!parsed.diagnostics.is_empty(), "nothing is wrong with {text}");
        said.push((*text).to_owned());
        for diagnostic in parsed.diagnostics {
            let severity = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
            said.push(format!("    {severity} {diagnostic}"));
        }
        said.push(String::new());
    }
    said.join("\n")
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
    let said = said(&texts, str::to_owned);
    assert_snapshot!(said);
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
        r#"{"command": "npx", "elicitation": "accept_default"}"#,
        r#"{"command": "npx", "elicitation": true, "elicit": "decline"}"#,
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
    let said = said(&texts, |entry| format!("{{\"mcpServers\": {{\n\"github\": {entry}\n}}}}"));
    assert_snapshot!(said);
}

#[test]
fn settings() {
    let texts = [
        r#"{"host": 1, "port": "8000", "openDocs": "true", "operationIds": "x", "maxBodySize": "1MB"}"#,
        r#"{"port": 80000, "maxBodySize": 0, "apiKey": ""}"#,
        r#"{"api_key": "x", "logLevel": "verbos", "logLevel": "debg"}"#,
        r#"{"host": ["*", "0.0.0.0:8000", "eth0"]}"#,
        r#"{"corsAllowOrigins": ["localhost:3000", "http://x/path"], "allowedHosts": ["http://x"]}"#,
        r#"{"sslKeyfile": "key.pem"}"#,
        "[]",
    ];
    let said = said(&texts, |settings| format!("{{\"mcpServers\": {{}}, \"traygate\":\n{settings}\n}}"));
    assert_snapshot!(said);
}
