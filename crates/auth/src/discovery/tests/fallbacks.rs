use super::*;

#[tokio::test]
async fn without_resource_metadata_the_servers_origin_is_asked() {
    let mcp = Site::start().await;
    mcp.metadata(OAUTH, &mcp.at(""));
    let found = Search::of(&mcp).run().await.unwrap();
    assert!(found.resource.is_none() && !found.server.guessed);
    assert_eq!(found.server.issuer.as_str(), mcp.at(""));
    assert_eq!(mcp.asked(), [format!("{PRM}/mcp"), PRM.to_owned(), OAUTH.to_owned()]);
}

#[tokio::test]
async fn without_any_metadata_endpoints_are_guessed() {
    let mcp = Site::start().await;
    let found = Search::of(&mcp).run().await.unwrap().server;
    assert!(found.guessed);
    assert_eq!(found.issuer.as_str(), mcp.at(""));
    assert_eq!(found.authorization_endpoint.unwrap().url(), &mcp.url("/authorize"));
    assert_eq!(found.token_endpoint.url(), &mcp.url("/token"));
    assert_eq!(found.registration_endpoint.unwrap().url(), &mcp.url("/register"));
    assert_eq!(found.code_challenge_methods_supported, None);
}

#[tokio::test]
async fn nothing_is_guessed_on_trouble_or_from_a_web_page() {
    for (status, body, transient) in [
        (StatusCode::BAD_GATEWAY, "", true),
        (StatusCode::OK, "<html>", false),
        (StatusCode::NO_CONTENT, "", false),
    ] {
        let mcp = Site::start().await;
        mcp.answer(OAUTH, status, body);
        let error = Search::of(&mcp).run().await.unwrap_err();
        assert_eq!(error.is_transient(), transient, "{error}");
    }
}

#[tokio::test]
async fn nothing_is_guessed_over_plain_http() {
    let mcp = Site::start().await;
    let mut search = Search::of(&mcp);
    search.hint = Some(Url::parse(&format!("http://0.0.0.0:{}", mcp.address.port())).unwrap());
    let http = Http::new(search.hint.as_ref().unwrap(), false).unwrap();
    let error = discover(&http, search.start()).await.unwrap_err();
    assert!(matches!(error, DiscoveryError::Insecure { endpoint: "authorization endpoint", .. }), "{error}");
}

#[tokio::test]
async fn server_url_leads_to_an_authorization_server_that_the_server_does_not_name() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    auth.metadata(&format!("{OPENID}/realm"), &auth.at("/realm"));
    let mut search = Search::of(&mcp);
    search.hint = Some(auth.url("/realm"));
    assert_eq!(search.run().await.unwrap().server.issuer.as_str(), auth.at("/realm"));
    assert!(!mcp.asked().contains(&OAUTH.to_owned()));
}

#[tokio::test]
async fn server_url_may_be_the_servers_own_base_as_in_mcpo() {
    let mcp = Site::start().await;
    mcp.metadata(OAUTH, &mcp.at("/"));
    for hint in ["", "/mcp", "/mcp/"] {
        let search = Search { hint: Some(mcp.url(hint)), ..Search::of(&mcp) };
        assert_eq!(search.run().await.unwrap().server.issuer.as_str(), mcp.at("/"), "{hint}");
    }
}

#[tokio::test]
async fn endpoints_are_guessed_at_server_url() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    let search = Search { hint: Some(auth.url("/some/where")), ..Search::of(&mcp) };
    let found = search.run().await.unwrap().server;
    assert!(found.guessed);
    assert_eq!(found.token_endpoint.url(), &auth.url("/token"));
    assert!(mcp.asked().contains(&OAUTH.to_owned()));
}

#[tokio::test]
async fn metadata_of_another_origin_are_not_used_and_server_url_is_the_way_out() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    mcp.metadata(OAUTH, &auth.at(""));
    let error = Search::of(&mcp).run().await.unwrap_err();
    assert!(!error.is_transient());
    let text = error.to_string();
    assert!(text.contains(&format!("`{}`", auth.at(""))) && text.contains("`server_url`"), "{text}");
    auth.metadata(OAUTH, &auth.at(""));
    let search = Search { hint: Some(auth.url("")), ..Search::of(&mcp) };
    assert_eq!(search.run().await.unwrap().server.issuer.as_str(), auth.at(""));
}

#[tokio::test]
async fn server_url_is_not_used_where_the_resource_names_a_server() {
    let (mcp, auth, other) = (Site::start().await, Site::start().await, Site::start().await);
    mcp.resource(&format!("{PRM}/mcp"), &mcp.at("/mcp"), &[auth.at("")]);
    auth.metadata(OAUTH, &auth.at(""));
    other.metadata(OAUTH, &other.at(""));
    let mut search = Search { hint: Some(other.url("")), ..Search::of(&mcp) };
    assert_eq!(search.run().await.unwrap().server.issuer.as_str(), auth.at(""));
    assert!(other.asked().is_empty());
    // It names none: now it is.
    mcp.resource(&format!("{PRM}/mcp"), &mcp.at("/mcp"), &[]);
    let found = search.run().await.unwrap();
    assert_eq!(found.server.issuer.as_str(), other.at(""));
    assert!(found.resource.is_some());
    // And without a hint nothing is guessed.
    search.hint = None;
    let error = search.run().await.unwrap_err();
    assert!(matches!(error, DiscoveryError::NoAuthorizationServer { .. }), "{error}");
    assert!(error.to_string().contains("`server_url`"), "{error}");
}
