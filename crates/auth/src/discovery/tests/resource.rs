use super::*;

#[tokio::test]
async fn must_use_resource_metadata_if_present() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    mcp.resource("/custom/place", &mcp.at("/mcp"), &[auth.at("")]);
    auth.metadata(OAUTH, &auth.at(""));
    let found = Search::challenged(&mcp, &mcp.at("/custom/place")).run().await.unwrap();
    assert_eq!(found.resource.unwrap().resource, mcp.at("/mcp"));
    assert_eq!(found.server.issuer.as_str(), auth.at(""));
    assert_eq!(mcp.asked(), ["/custom/place"]);
}

#[tokio::test]
async fn else_must_try_the_path_then_the_root() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    mcp.resource(PRM, &mcp.at(""), &[auth.at("")]);
    auth.metadata(OAUTH, &auth.at(""));
    let found = Search::of(&mcp).run().await.unwrap();
    assert_eq!(found.resource.unwrap().resource, mcp.at(""));
    assert_eq!(mcp.asked(), [format!("{PRM}/mcp"), PRM.to_owned()]);
}

#[tokio::test]
async fn the_root_is_not_asked_where_the_path_has_metadata() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    let path = format!("{PRM}/mcp");
    mcp.resource(&path, &mcp.at("/mcp"), &[auth.at("")]).resource(
        PRM,
        &mcp.at(""),
        &["http://127.0.0.1:1".into()],
    );
    auth.metadata(OAUTH, &auth.at(""));
    Search::of(&mcp).run().await.unwrap();
    assert_eq!(mcp.asked(), [path]);
}

#[tokio::test]
async fn named_metadata_that_are_not_there_are_looked_for_at_the_well_known_address() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    mcp.resource(&format!("{PRM}/mcp"), &mcp.at("/mcp"), &[auth.at("")]);
    auth.metadata(OAUTH, &auth.at(""));
    Search::challenged(&mcp, &mcp.at("/gone")).run().await.unwrap();
    assert_eq!(mcp.asked(), ["/gone".to_owned(), format!("{PRM}/mcp")]);
}

#[tokio::test]
async fn validate_resource_against_the_server_url() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    mcp.resource(&format!("{PRM}/mcp"), "https://evil.example.com/mcp", &[auth.at("")]);
    auth.metadata(OAUTH, &auth.at(""));
    let error = Search::of(&mcp).run().await.unwrap_err();
    assert!(!error.is_transient());
    let text = error.to_string();
    assert!(text.contains("https://evil.example.com/mcp") && text.contains(&mcp.at("/mcp")), "{text}");
    assert!(auth.asked().is_empty(), "nobody was asked further");
}

#[tokio::test]
async fn the_resource_is_kept_letter_by_letter() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    let resource = format!("HTTP://{}/mcp/", mcp.address);
    mcp.json(
        &format!("{PRM}/mcp"),
        &json!({"resource": resource, "authorization_servers": [auth.at("")], "scopes_supported": ["b", "a"]}),
    );
    auth.metadata(OAUTH, &auth.at(""));
    let found = Search::of(&mcp).run().await.unwrap().resource.unwrap();
    assert_eq!(found.resource, resource);
    assert_eq!(found.scopes_supported.to_string(), "b a");
}

#[tokio::test]
async fn trouble_is_not_absence() {
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_GATEWAY, StatusCode::TOO_MANY_REQUESTS]
    {
        let mcp = Site::start().await;
        mcp.answer(&format!("{PRM}/mcp"), status, "");
        let error = Search::of(&mcp).run().await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        assert_eq!(
            error.to_string(),
            format!("`{}` answered HTTP {status}. Try again later.", mcp.at(&format!("{PRM}/mcp")))
        );
        assert_eq!(mcp.asked(), [format!("{PRM}/mcp")]);
    }
}

#[tokio::test]
async fn a_web_page_in_place_of_named_metadata_is_an_error_that_says_so() {
    let mcp = Site::start().await;
    mcp.answer("/page", StatusCode::OK, "\n<!DOCTYPE html><title>Hi</title>")
        .answer("/text", StatusCode::OK, "{broken")
        .json("/other", &json!({"hello": "world"}));
    for (path, what) in
        [("/page", "a web page"), ("/text", "no JSON"), ("/other", "missing field `resource`")]
    {
        let error = Search::challenged(&mcp, &mcp.at(path)).run().await.unwrap_err();
        assert!(!error.is_transient() && error.to_string().contains(what), "{error}");
    }
}

#[tokio::test]
async fn a_web_page_at_a_well_known_address_counts_as_none() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    mcp.answer(&format!("{PRM}/mcp"), StatusCode::OK, "<html>").resource(PRM, &mcp.at(""), &[auth.at("")]);
    auth.metadata(OAUTH, &auth.at(""));
    assert!(Search::of(&mcp).run().await.unwrap().resource.is_some());
}

#[tokio::test]
async fn several_authorization_servers_the_client_chooses() {
    let (mcp, one, two) = (Site::start().await, Site::start().await, Site::start().await);
    mcp.resource(&format!("{PRM}/mcp"), &mcp.at("/mcp"), &[one.at(""), two.at("")]);
    two.metadata(OAUTH, &two.at(""));
    // The first that can be used.
    let mut search = Search::of(&mcp);
    assert_eq!(search.run().await.unwrap().server.issuer.as_str(), two.at(""));
    one.metadata(OAUTH, &one.at(""));
    assert_eq!(search.run().await.unwrap().server.issuer.as_str(), one.at(""));
    // The one from before.
    search.preferred = Some(Issuer::new(two.at("")));
    assert_eq!(search.run().await.unwrap().server.issuer.as_str(), two.at(""));
    // Its trouble sends nobody to another.
    two.answer(OAUTH, StatusCode::SERVICE_UNAVAILABLE, "");
    assert!(search.run().await.unwrap_err().is_transient());
    // One that is named no more is not asked.
    search.preferred = Some(Issuer::new("https://elsewhere.example"));
    assert_eq!(search.run().await.unwrap().server.issuer.as_str(), one.at(""));
}
