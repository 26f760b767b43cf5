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
        r#"{"url": "http://x", "headers": {"authorization": "Bearer ${T}"}, "oauth": {}}"#,
        r#"{"url": "http://x", "auth": {"CLIENT_ID": "a"}}"#,
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
fn sign_ins() {
    let texts = [
        "[]",
        "\"https://as.example\"",
        r#"{"server_url": "", "callback_port": 0}"#,
        r#"{"server_url": "as.example", "callback_port": 70000}"#,
        r#"{"server_url": "http://as.example", "callback_port": "3030"}"#,
        r#"{"server_url": 1, "callback_port": true}"#,
        r#"{"flow": "divice", "storage_type": "keychian", "grant": "client_credential"}"#,
        r#"{"flow": "popup", "storage_type": "disk", "grant": "password", "redirect_host": "::1"}"#,
        r#"{"use_loopback": false, "flow": "browser"}"#,
        r#"{"use_loopback": "no"}"#,
        r#"{"grant": "client_credentials", "flow": "device"}"#,
        r#"{"client_id": "id", "client_secret": "plain"}"#,
        r#"{"client_secret": "${keychain:s}"}"#,
        r#"{"client_metadata_url": "http://example.com/client.json"}"#,
        r#"{"client_metadata_url": "https://example.com"}"#,
        r#"{"client_metadata_url": "https://me@example.com/client.json"}"#,
        r#"{"client_metadata_url": "client.json"}"#,
        r#"{"resource": "omitt"}"#,
        r#"{"resource": "my-api"}"#,
        r#"{"scope": "repo,user"}"#,
        r#"{"scope": ["a", 1, "${b c}"]}"#,
        r#"{"authorization_endpoint": "https://x/a", "tokenUrl": "https://x/t"}"#,
        r#"{"authServerMetadataUrl": "https://x/.well-known/openid-configuration"}"#,
        r#"{"redirect_uris": ["http://localhost:1/"], "redirectUri": "http://localhost:1/", "serverurl": "x", "wat": 1}"#,
        r#"{"client_metadata": ["x"]}"#,
        r#"{"client_metadata": {"client_id": "id", "redirect_uri": "http://localhost:1/", "token_endpoint": "x"}}"#,
        r#"{"client_metadata": {"token_endpoint_auth_method": "private_key_jwt", "logo_uri": "logo.png"}}"#,
        r#"{"client_metadata": {"redirect_uris": ["http://example.com/callback", "urn:ietf:wg:oauth:2.0:oob"]}}"#,
        r#"{"callback_port": 3030, "client_metadata": {"redirect_uris": ["http://localhost:4000/callback"]}}"#,
        r#"{"client_metadata": {"redirect_uris": ["${A"], "contacts": 1}}"#,
        r#"{"allow_private_addresses": "true", "enabled": 1}"#,
    ];
    let said = said(&texts, |oauth| {
        format!("{{\"mcpServers\": {{\"github\": {{\"url\": \"https://x/mcp\", \"oauth\":\n{oauth}\n}}}}}}")
    });
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
        r#"{"signIn": "Auto", "tokenStorage": "disk", "sign_in": "ask"}"#,
        "[]",
    ];
    let said = said(&texts, |settings| format!("{{\"mcpServers\": {{}}, \"traygate\":\n{settings}\n}}"));
    assert_snapshot!(said);
}
