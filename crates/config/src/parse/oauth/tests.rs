use crate::{
    Diagnostic, Entry, OAuth, OAuthFlow, OAuthGrant, RedirectHost, ResourceIndicator, Severity, SignInMode,
    Template, TokenEndpointAuthMethod, TokenStorage, parse,
};

fn parsed(block: &str) -> (Option<OAuth>, Vec<Diagnostic>) {
    let text = format!(r#"{{"mcpServers": {{"a": {{"url": "https://x/mcp", "oauth": {block}}}}}}}"#);
    let parsed = parse(&text);
    let oauth = match parsed.config.expect("a config").servers.swap_remove("a") {
        Some(Entry::Valid(server)) => server.oauth,
        _ => None,
    };
    (oauth, parsed.diagnostics)
}

/// The block of a text about which there is nothing to say.
fn oauth(block: &str) -> OAuth {
    let (oauth, diagnostics) = parsed(block);
    assert_eq!(diagnostics, [], "{block}");
    oauth.expect("an oauth block")
}

fn codes(block: &str) -> Vec<(&'static str, Severity)> {
    parsed(block).1.iter().map(|diagnostic| (diagnostic.code, diagnostic.severity)).collect()
}

fn source(template: Option<&Template>) -> Option<&str> {
    template.map(Template::source)
}

#[test]
fn every_option_is_read() {
    let oauth = oauth(
        r#"{"server_url": "https://as.example/${TENANT}", "callback_port": 3030, "flow": "deep-link",
            "grant": "authorization_code", "storage_type": "memory", "client_id": "id",
            "client_secret": "${keychain:s}", "client_metadata_url": "https://example.com/client.json",
            "redirect_host": "localhost", "scope": "read write", "resource": "https://x/mcp",
            "allow_private_addresses": true, "client_metadata": {
                "client_name": "Mine", "redirect_uris": ["http://localhost:3030/callback"],
                "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_post", "scope": "read", "client_uri": "https://c/",
                "logo_uri": "https://c/logo.png", "contacts": ["me@c"], "tos_uri": "https://c/tos",
                "policy_uri": "https://c/policy", "software_id": "sid", "software_version": 1.0}}"#,
    );
    assert_eq!(source(oauth.server_url.as_ref()), Some("https://as.example/${TENANT}"));
    assert_eq!(oauth.callback_port, Some(3030));
    assert_eq!(oauth.flow, Some(OAuthFlow::DeepLink));
    assert_eq!(oauth.grant, Some(OAuthGrant::AuthorizationCode));
    assert_eq!(oauth.storage_type, Some(TokenStorage::Memory));
    assert_eq!(oauth.redirect_host, Some(RedirectHost::Localhost));
    assert_eq!(oauth.resource, ResourceIndicator::Value(Template::new("https://x/mcp")));
    assert!(oauth.allow_private_addresses);
    let metadata = &oauth.client_metadata;
    assert_eq!(metadata.token_endpoint_auth_method, Some(TokenEndpointAuthMethod::ClientSecretPost));
    assert_eq!(metadata.redirect_uris, [Template::new("http://localhost:3030/callback")]);
    assert_eq!(source(metadata.software_version.as_ref()), Some("1.0"));
    // Each text once, so that whoever expands them misses none.
    let mut sources: Vec<_> = oauth.templates().into_iter().map(Template::source).collect();
    sources.sort_unstable();
    assert_eq!(
        sources,
        [
            "${keychain:s}",
            "1.0",
            "Mine",
            "authorization_code",
            "code",
            "http://localhost:3030/callback",
            "https://as.example/${TENANT}",
            "https://c/",
            "https://c/logo.png",
            "https://c/policy",
            "https://c/tos",
            "https://example.com/client.json",
            "https://x/mcp",
            "id",
            "me@c",
            "read",
            "read write",
            "refresh_token",
            "sid",
        ]
    );
}

#[test]
fn a_block_without_options_changes_nothing() {
    for block in ["{}", "true", r#"{"client_id": "", "client_secret": "", "scope": "", "resource": "auto"}"#]
    {
        assert_eq!(oauth(block), OAuth::default(), "{block}");
    }
}

/// mcpo's guide, letter by letter.
#[test]
fn the_blocks_of_mcpos_guide_are_taken_as_they_are() {
    let minimal = oauth(r#"{"server_url": "http://localhost:8000"}"#);
    assert_eq!(source(minimal.server_url.as_ref()), Some("http://localhost:8000"));
    let legacy = oauth(
        r#"{"server_url": "http://localhost:8000", "storage_type": "file", "client_metadata": {
            "client_name": "My MCPO Client", "redirect_uris": ["http://localhost:3030/callback"],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"]}}"#,
    );
    assert_eq!(legacy.storage_type, Some(TokenStorage::File));
    // It was required there, and is not here.
    assert_eq!(oauth(r#"{"callback_port": 3030}"#).callback_port, Some(3030));
}

#[test]
fn use_loopback_is_an_older_word_for_flow() {
    let flow = |block: &str| (parsed(block).0.expect("a block").flow, codes(block));
    let quiet = |flow| (flow, vec![]);
    let beaten = |flow| (Some(flow), vec![("no-effect", Severity::Warning)]);
    assert_eq!(flow(r#"{"use_loopback": true}"#), quiet(None));
    assert_eq!(flow(r#"{"use_loopback": false}"#), quiet(Some(OAuthFlow::Manual)));
    assert_eq!(flow(r#"{"use_loopback": false, "flow": "manual"}"#), quiet(Some(OAuthFlow::Manual)));
    assert_eq!(flow(r#"{"use_loopback": true, "flow": "webview"}"#), quiet(Some(OAuthFlow::Webview)));
    assert_eq!(flow(r#"{"use_loopback": false, "flow": "browser"}"#), beaten(OAuthFlow::Browser));
    assert_eq!(flow(r#"{"use_loopback": false, "flow": "device"}"#), beaten(OAuthFlow::Device));
    assert_eq!(flow(r#"{"use_loopback": true, "flow": "manual"}"#), beaten(OAuthFlow::Manual));
}

#[test]
fn other_clients_spellings_mean_the_same() {
    let gemini =
        oauth(r#"{"enabled": true, "clientId": "i", "clientSecret": "${S}", "scopes": ["read", "write"]}"#);
    let claude = oauth(r#"{"clientId": "i", "callbackPort": 8080, "scopes": "read write"}"#);
    let cursor = oauth(r#"{"CLIENT_ID": "i", "CLIENT_SECRET": "${S}", "scopes": ["read", "write"]}"#);
    for oauth in [&gemini, &claude, &cursor] {
        assert_eq!(source(oauth.client_id.as_ref()), Some("i"));
        assert_eq!(source(oauth.scope.as_ref()), Some("read write"));
    }
    assert_eq!(source(gemini.client_secret.as_ref()), Some("${S}"));
    assert_eq!(gemini, cursor);
    assert_eq!(claude.callback_port, Some(8080));
}

#[test]
fn a_redirect_uri_leads_here_or_is_https() {
    let codes = |uri: &str| codes(&format!(r#"{{"client_metadata": {{"redirect_uris": ["{uri}"]}}}}"#));
    for uri in [
        "http://localhost:3030/callback",
        "http://127.0.0.1:8000/-/oauth/callback",
        "http://[::1]:1/",
        "http://localhost/callback",
        "https://traygate.example.com/-/oauth/callback",
        "dev.traygate.desktop:/oauth/callback",
        "${REDIRECT}",
    ] {
        assert_eq!(codes(uri), [], "{uri}");
    }
    for uri in [
        "http://example.com/callback",
        "http://localhost.example.com/",
        "http://127.0.0.1:1/#x",
        "traygate:/oauth/callback",
        "urn:ietf:wg:oauth:2.0:oob",
        "javascript:alert(1)",
        "localhost:3030/callback",
        "/callback",
        "",
    ] {
        assert_eq!(codes(uri), [("invalid-redirect-uri", Severity::Error)], "{uri}");
    }
}

#[test]
fn redirect_uris_win_over_the_callback_port() {
    let both = |port: u16, uri: &str| {
        codes(&format!(r#"{{"callback_port": {port}, "client_metadata": {{"redirect_uris": ["{uri}"]}}}}"#))
    };
    let beaten = [("no-effect", Severity::Warning)];
    assert_eq!(both(3030, "http://localhost:3030/callback"), []);
    assert_eq!(both(80, "http://localhost/callback"), []);
    assert_eq!(both(3030, "http://localhost:${PORT}/callback"), []);
    assert_eq!(both(3030, "http://localhost:4000/callback"), beaten);
    assert_eq!(both(3030, "https://example.com/callback"), beaten);
    assert_eq!(codes(r#"{"callback_port": 3030, "client_metadata": {"redirect_uris": []}}"#), []);
}

#[test]
fn a_scope_that_is_set_is_honoured_without_a_word() {
    let metadata = oauth(r#"{"client_metadata": {"scope": "a b"}}"#).client_metadata;
    assert_eq!(source(metadata.scope.as_ref()), Some("a b"));
}

#[test]
fn what_is_discovered_is_ignored() {
    for block in [
        r#"{"token_endpoint": "https://x/token"}"#,
        r#"{"authorizationUrl": "https://x/authorize"}"#,
        r#"{"client_metadata": {"authorization_endpoint": "https://x/authorize"}}"#,
    ] {
        assert_eq!(codes(block), [("discovered", Severity::Warning)], "{block}");
        assert_eq!(parsed(block).0, Some(OAuth::default()), "{block}");
    }
}

#[test]
fn a_header_of_the_config_is_a_sign_in_of_its_own() {
    let codes = |headers: &str, oauth: &str| -> Vec<_> {
        let text = format!(
            r#"{{"mcpServers": {{"a": {{"url": "https://x", "headers": {headers}, "oauth": {oauth}}}}}}}"#
        );
        parse(&text).diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
    };
    assert_eq!(codes(r#"{"authorization": "Bearer ${T}"}"#, "{}"), ["header-wins"]);
    assert_eq!(codes(r#"{"authorization": null}"#, "{}"), ["null-value"]);
    assert_eq!(codes(r#"{"Authorization": "Bearer ${T}"}"#, "false"), [""; 0]);
    assert_eq!(codes(r#"{"X-Authorization": "${T}"}"#, "{}"), [""; 0]);
}

#[test]
fn the_settings_of_all_servers() {
    let settings = |settings: &str| {
        let parsed = parse(&format!(r#"{{"mcpServers": {{}}, "traygate": {settings}}}"#));
        assert_eq!(parsed.diagnostics, [], "{settings}");
        let settings = parsed.config.expect("a config").settings;
        (settings.sign_in, settings.token_storage)
    };
    assert_eq!(settings("{}"), (None, None));
    assert_eq!(
        settings(r#"{"signIn": "auto", "tokenStorage": "file"}"#),
        (Some(SignInMode::Auto), Some(TokenStorage::File))
    );
    assert_eq!(
        settings(r#"{"signIn": "ask", "tokenStorage": "keychain"}"#),
        (Some(SignInMode::Ask), Some(TokenStorage::Keychain))
    );
    assert_eq!(
        settings(r#"{"signIn": "never", "tokenStorage": "memory"}"#),
        (Some(SignInMode::Never), Some(TokenStorage::Memory))
    );
}
