//! What is asked for: scopes and the resource.

use super::*;

fn protected(resource: &str, scopes: &str) -> ProtectedResource {
    ProtectedResource {
        resource: resource.into(),
        authorization_servers: Vec::new(),
        scopes_supported: Scopes::parse(scopes),
    }
}

#[test]
fn scopes_are_the_configs_else_the_challenges_else_the_metadatas_else_none() {
    let known = AuthorizationServer { scopes_supported: Scopes::parse("all the rest"), ..server() };
    let metadata = protected("https://mcp.example", "m1 m2");
    let scopes = |configured: Option<&str>, challenged: Option<&str>, metadata| {
        let (configured, challenged) = (configured.map(Scopes::parse), challenged.map(Scopes::parse));
        initial(configured.as_ref(), challenged.as_ref(), metadata, &known, true).to_string()
    };
    assert_eq!(scopes(Some("mine"), Some("c1"), Some(&metadata)), "mine");
    assert_eq!(scopes(None, Some("c1"), Some(&metadata)), "c1");
    assert_eq!(scopes(None, Some(""), Some(&metadata)), "m1 m2");
    assert_eq!(scopes(None, None, Some(&metadata)), "m1 m2");
    assert_eq!(scopes(None, None, None), "");
}

#[test]
fn offline_access_is_added_only_where_the_authorization_server_lists_it() {
    let unlisted = AuthorizationServer { scopes_supported: Scopes::parse("read"), ..server() };
    let read = Scopes::parse("read");
    let scopes = |server: &AuthorizationServer, refreshes: bool, challenged: Option<&Scopes>| {
        initial(None, challenged, None, server, refreshes).to_string()
    };
    assert_eq!(scopes(&server(), true, Some(&read)), "read offline_access");
    assert_eq!(scopes(&unlisted, true, Some(&read)), "read");
    assert_eq!(scopes(&server(), false, Some(&read)), "read");
    assert_eq!(scopes(&server(), true, None), "", "alone it would shut out the default scopes");
}

#[test]
fn resource_is_the_metadatas_own_string_else_the_canonical_url_unless_told_otherwise() {
    let server = Url::parse("HTTPS://u:p@MCP.Example:443/Mcp/?key=1#part").unwrap();
    let metadata = protected("https://MCP.example/mcp/", "");
    let chosen = |indicator, metadata| resource(&indicator, metadata, &server);
    assert_eq!(chosen(ResourceIndicator::Auto, Some(&metadata)).unwrap(), "https://MCP.example/mcp/");
    assert_eq!(chosen(ResourceIndicator::Auto, None).unwrap(), "https://mcp.example/Mcp/");
    assert_eq!(chosen(ResourceIndicator::Omit, Some(&metadata)), None);
    assert_eq!(chosen(ResourceIndicator::Value("api://x/".into()), Some(&metadata)).unwrap(), "api://x/");
    for (url, canonical) in [
        ("https://mcp.example", "https://mcp.example"),
        ("https://mcp.example/", "https://mcp.example"),
        ("https://mcp.example:8443/mcp", "https://mcp.example:8443/mcp"),
        ("http://[::1]:8000/?a=b", "http://[::1]:8000"),
    ] {
        let url = Url::parse(url).unwrap();
        assert_eq!(resource(&ResourceIndicator::Auto, None, &url).unwrap(), canonical);
    }
}
