use super::mcpo_verdict;

fn verdicts(text: &str) -> Vec<String> {
    mcpo_verdict(text).iter().map(|remark| remark.verdict.to_string()).collect()
}

fn entry(entry: &str) -> Vec<String> {
    verdicts(&format!(r#"{{"mcpServers": {{"a": {entry}}}}}"#))
}

#[test]
fn what_mcpo_serves_as_it_is_has_no_remark() {
    assert_eq!(verdicts(include_str!("../../../../examples/mcpo.json")), [""; 0]);
    for text in [
        r#"{"command": "x", "args": ["a"], "env": {"A": "b"}, "disabled_tools": ["t"]}"#,
        r#"{"type": "stdio", "command": "x", "disabled": false, "oauth": null}"#,
        r#"{"command": "x", "client_header_forwarding": {"enabled": false}}"#,
    ] {
        assert_eq!(entry(text), [""; 0], "{text}");
    }
}

#[test]
fn c01_type_http() {
    assert_eq!(entry(r#"{"type": "http", "url": "http://x"}"#), ["mcpo exits: unknown type `http`"]);
    assert_eq!(entry(r#"{"type": "SSE", "url": "http://x"}"#), ["mcpo exits: unknown type `SSE`"]);
    assert_eq!(entry(r#"{"type": "demo"}"#), ["mcpo exits: unknown type `demo`"]);
}

#[test]
fn c02_an_entry_with_a_typo() {
    assert_eq!(entry(r#"{"comand": "x"}"#), ["mcpo exits: the entry has neither `command` nor `url`"]);
    assert_eq!(entry("1"), ["mcpo exits: the entry is not an object"]);
    assert_eq!(entry(r#"{"type": "sse"}"#), ["mcpo exits: the entry has a remote `type` but no `url`"]);
    assert_eq!(
        entry(r#"{"type": "stdio", "url": "http://x"}"#),
        ["mcpo exits: the entry has `type` `stdio` but no `command`"]
    );
    assert_eq!(entry(r#"{"command": ["x"]}"#)[0], "mcpo exits: `command` is not a text");
    assert_eq!(entry(r#"{"command": "x", "args": "y"}"#), ["mcpo exits: `args` is not a list"]);
    assert_eq!(entry(r#"{"command": "x", "env": null}"#), ["mcpo exits: `env` is not an object"]);
    assert_eq!(
        entry(r#"{"command": "x", "disabledTools": [1]}"#),
        ["mcpo exits: `disabledTools` is not a list of texts"]
    );
}

#[test]
fn c03_comments_and_trailing_commas() {
    let exits = "mcpo exits: line 2 has a comment or a trailing comma, which plain JSON has not";
    assert_eq!(verdicts("{\"mcpServers\": {\"a\": {\"command\": \"x\"}}\n// hi\n}"), [exits]);
    assert_eq!(verdicts("{\"mcpServers\": {\"a\": {\"command\": \"x\"}},\n}"), [exits]);
    assert_eq!(
        verdicts("\u{feff}{\"mcpServers\": {\"a\": {\"command\": \"x\"}}}"),
        ["mcpo exits: the file begins with a byte order mark"]
    );
    for text in ["", "{", "nope"] {
        assert_eq!(verdicts(text), ["mcpo exits: the file is not JSON"], "{text}");
    }
    assert_eq!(verdicts("[]"), ["mcpo exits: the file is not an object"]);
}

#[test]
fn c04_vs_codes_servers() {
    assert_eq!(
        verdicts(r#"{"servers": {"a": {"command": "x"}}}"#),
        ["mcpo ignores `servers`", "mcpo exits: it wants at least one server in `mcpServers`"]
    );
    assert_eq!(
        verdicts(r#"{"mcpServers": {"a": {"command": "x"}}, "traygate": {}}"#),
        ["mcpo ignores `traygate`"]
    );
}

#[test]
fn c05_no_servers() {
    for text in ["{}", r#"{"mcpServers": {}}"#, r#"{"mcpServers": null}"#] {
        assert_eq!(verdicts(text), ["mcpo exits: it wants at least one server in `mcpServers`"], "{text}");
    }
    assert_eq!(verdicts(r#"{"mcpServers": [1]}"#), ["mcpo exits: `mcpServers` is not an object"]);
}

#[test]
fn c06_disabled() {
    assert_eq!(entry(r#"{"command": "x", "disabled": true}"#), ["mcpo ignores `disabled`"]);
    assert_eq!(entry(r#"{"command": "x", "enabled": false}"#), ["mcpo ignores `enabled`"]);
}

#[test]
fn c07_references() {
    assert_eq!(
        entry(r#"{"command": "x", "args": ["${HOME}"], "env": {"A": "${B}"}}"#),
        ["mcpo does not expand `${...}` in `args`", "mcpo does not expand `${...}` in `env`"]
    );
    assert_eq!(
        entry(r#"{"type": "sse", "url": "${U}", "headers": {"A": "${B}"}}"#),
        ["mcpo does not expand `${...}` in `url`", "mcpo does not expand `${...}` in `headers`"]
    );
}

#[test]
fn c08_numbers_in_env() {
    let fails = |key| [format!("mcpo does not start it: `{key}` holds a value that is not a text")];
    assert_eq!(entry(r#"{"command": "x", "env": {"A": 1}}"#), fails("env"));
    assert_eq!(entry(r#"{"command": "x", "args": ["a", 1]}"#), fails("args"));
}

#[test]
fn c09_cwd_and_timeouts() {
    assert_eq!(
        entry(r#"{"command": "x", "cwd": "/", "timeout": 1, "startupTimeout": 1, "elicitation": "decline"}"#),
        [
            "mcpo ignores `cwd`",
            "mcpo ignores `timeout`",
            "mcpo ignores `startupTimeout`",
            "mcpo ignores `elicitation`"
        ]
    );
}

#[test]
fn c10_header_forwarding() {
    assert_eq!(
        entry(
            r#"{"type": "streamable-http", "url": "http://x", "client_header_forwarding": {"enabled": true}}"#
        ),
        ["mcpo ignores `client_header_forwarding`"]
    );
    assert_eq!(
        entry(r#"{"command": "x", "client_header_forwarding": {"enabled": "yes"}}"#)[0],
        "mcpo exits: `client_header_forwarding.enabled` is not true or false"
    );
}

#[test]
fn c11_a_url_without_type() {
    assert_eq!(entry(r#"{"url": "http://x"}"#), ["mcpo takes a `url` without `type` for SSE"]);
    assert_eq!(entry(r#"{"command": "x", "url": "http://x"}"#), ["mcpo ignores `command`"]);
}

const PLAIN: &str = "mcpo keeps tokens in plain text below `~/.mcpo/tokens`, Traygate encrypted";

#[test]
fn sign_in_is_for_streamable_http_only() {
    assert_eq!(
        entry(r#"{"type": "streamablehttp", "url": "http://x", "oauth": {"server_url": "http://y"}}"#),
        [PLAIN]
    );
    assert_eq!(
        entry(r#"{"type": "sse", "url": "http://x", "oauth": {"server_url": "http://y"}}"#),
        ["mcpo ignores `oauth`"]
    );
    assert_eq!(entry(r#"{"command": "x", "oauth": {"server_url": "http://y"}}"#), ["mcpo ignores `oauth`"]);
}

#[test]
fn mcpo_wants_a_server_url_in_oauth() {
    for text in [
        r#"{"type": "streamable-http", "url": "http://x", "oauth": {"callback_port": 1}}"#,
        r#"{"type": "streamable-http", "url": "http://x", "oauth": {"server_url": ""}}"#,
        r#"{"type": "sse", "url": "http://x", "oauth": true}"#,
        r#"{"command": "x", "oauth": {"callback_port": 1}}"#,
    ] {
        assert_eq!(entry(text), ["mcpo does not start it: `oauth` has no `server_url`"], "{text}");
    }
    assert_eq!(entry(r#"{"command": "x", "oauth": {}}"#), [""; 0]);
}

#[test]
fn mcpo_knows_five_keys_of_oauth() {
    let oauth = |rest: &str| {
        entry(&format!(
            r#"{{"type": "streamable-http", "url": "http://x", "oauth": {{"server_url": "http://y", {rest}}}}}"#
        ))
    };
    assert_eq!(oauth(r#""storage_type": "memory", "use_loopback": false, "callback_port": 1"#), [""; 0]);
    assert_eq!(
        oauth(r#""client_id": "i", "client_secret": "${keychain:s}", "flow": "manual", "callbackPort": 1"#),
        [
            PLAIN,
            "mcpo ignores `oauth.client_id`",
            "mcpo ignores `oauth.client_secret`",
            "mcpo ignores `oauth.flow`",
            "mcpo ignores `oauth.callbackPort`",
            "mcpo does not expand `${...}` in `oauth`",
        ]
    );
}

/// mcpo's issue 272: a client that was registered by hand cannot be named.
#[test]
fn mcpo_ignores_a_static_client() {
    assert_eq!(
        entry(
            r#"{"type": "streamable-http", "url": "http://x", "oauth": {"server_url": "http://y", "storage_type": "memory",
                "client_metadata": {"client_id": "i", "client_secret": "s", "redirect_uris": ["http://localhost:3030/callback"]}}}"#
        ),
        [
            "mcpo ignores `oauth.client_metadata.client_id`",
            "mcpo ignores `oauth.client_metadata.client_secret`",
        ]
    );
}

#[test]
fn mcpo_waits_at_the_callback_port_alone() {
    let oauth = |rest: &str| {
        entry(&format!(
            r#"{{"type": "streamable-http", "url": "http://x", "oauth": {{"server_url": "http://y", "storage_type": "memory",
                "client_metadata": {{"redirect_uris": ["http://localhost:4000/callback"]}}{rest}}}}}"#
        ))
    };
    assert_eq!(oauth(""), ["mcpo waits for the browser at port 3030, where no `redirect_uris` lead"]);
    assert_eq!(oauth(r#", "callback_port": 4000"#), [""; 0]);
    assert_eq!(oauth(r#", "use_loopback": false"#), [""; 0]);
}

#[test]
fn a_remark_says_where() {
    let remarks = mcpo_verdict("{\"mcpServers\": {\n  \"é\": {\"command\": \"x\", \"cwd\": \"/\"}}}");
    assert_eq!(remarks[0].to_string(), "2:25: `é`: mcpo ignores `cwd`");
}
