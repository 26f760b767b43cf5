use super::*;

/// An MCP server whose metadata name `issuer`.
async fn named(issuer: &str) -> Site {
    let mcp = Site::start().await;
    mcp.resource(&format!("{PRM}/mcp"), &mcp.at("/mcp"), &[issuer.to_owned()]);
    mcp
}

#[tokio::test]
async fn must_support_rfc_8414_and_openid_discovery() {
    for path in [OAUTH, OPENID] {
        let auth = Site::start().await;
        auth.metadata(path, &auth.at(""));
        let found = Search::of(&named(&auth.at("")).await).run().await.unwrap().server;
        assert_eq!(found.token_endpoint.url(), &auth.url("/token"));
        assert!(!found.guessed);
        assert_eq!(auth.asked().last().unwrap(), path);
    }
}

#[tokio::test]
async fn issuer_with_path_insert_insert_append_and_never_the_root() {
    let auth = Site::start().await;
    let issuer = auth.at("/tenant1");
    let order = [format!("{OAUTH}/tenant1"), format!("{OPENID}/tenant1"), format!("/tenant1{OPENID}")];
    auth.metadata(OAUTH, &issuer).metadata(OPENID, &issuer);
    let error = Search::of(&named(&issuer).await).run().await.unwrap_err();
    assert!(
        matches!(error, DiscoveryError::NoMetadata { .. }) && error.to_string().contains(&issuer),
        "{error}"
    );
    assert_eq!(auth.asked(), order);
    for path in order.iter().rev() {
        auth.metadata(path, &issuer);
        auth.asked.lock().unwrap().clear();
        Search::of(&named(&issuer).await).run().await.unwrap();
        assert_eq!(auth.asked().last(), Some(path));
    }
}

#[tokio::test]
async fn issuer_without_path_oauth_then_openid() {
    let auth = Site::start().await;
    let error = Search::of(&named(&auth.at("")).await).run().await.unwrap_err();
    assert!(matches!(error, DiscoveryError::NoMetadata { .. }), "{error}");
    assert_eq!(auth.asked(), [OAUTH, OPENID]);
}

#[tokio::test]
async fn must_check_the_metadatas_issuer_else_must_not_use_it() {
    let auth = Site::start().await;
    for other in ["https://attacker.example.com", &auth.at("/t"), &auth.at("//")] {
        auth.metadata(OAUTH, other);
        let error = Search::of(&named(&auth.at("")).await).run().await.unwrap_err();
        assert!(!error.is_transient());
        let text = error.to_string();
        assert!(text.contains(other) && text.contains(&auth.at("")), "{text}");
    }
    // Another document of the same server may still be right.
    auth.metadata(OPENID, &auth.at(""));
    assert_eq!(
        Search::of(&named(&auth.at("")).await).run().await.unwrap().server.issuer.as_str(),
        auth.at("")
    );
}

#[tokio::test]
async fn a_roots_slash_is_tolerated_and_the_metadatas_own_issuer_kept() {
    let auth = Site::start().await;
    for (named_as, own) in [(auth.at("/"), auth.at("")), (auth.at(""), auth.at("/"))] {
        auth.metadata(OAUTH, &own);
        let found = Search::of(&named(&named_as).await).run().await.unwrap();
        assert_eq!(found.server.issuer.as_str(), own);
        assert_eq!(found.resource.unwrap().authorization_servers, [Issuer::new(named_as)]);
    }
    // A path's slash is another path.
    auth.metadata(&format!("{OAUTH}/t"), &auth.at("/t"));
    assert!(Search::of(&named(&auth.at("/t/")).await).run().await.is_err());
}

#[tokio::test]
async fn all_that_is_used_is_read() {
    let auth = Site::start().await;
    let mut document = auth.document(&auth.at(""));
    let more = json!({
        "revocation_endpoint": auth.at("/revoke"),
        "device_authorization_endpoint": auth.at("/device"),
        "scopes_supported": ["openid", "offline_access"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "client_id_metadata_document_supported": true,
        "authorization_response_iss_parameter_supported": true,
        "jwks_uri": "http://not.used.example/",
        "code_challenge_methods_supported": null,
    });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    auth.json(OAUTH, &document);
    let found = Search::of(&named(&auth.at("")).await).run().await.unwrap().server;
    assert_eq!(found.authorization_endpoint.unwrap().url(), &auth.url("/authorize"));
    assert_eq!(found.registration_endpoint.unwrap().url(), &auth.url("/register"));
    assert_eq!(found.revocation_endpoint.unwrap().url(), &auth.url("/revoke"));
    assert_eq!(found.device_authorization_endpoint.unwrap().url(), &auth.url("/device"));
    assert!(found.scopes_supported.contains("offline_access"));
    assert_eq!(found.token_endpoint_auth_methods_supported.unwrap(), ["none", "client_secret_post"]);
    assert_eq!(found.grant_types_supported.unwrap(), ["authorization_code", "refresh_token"]);
    assert!(
        found.client_id_metadata_document_supported && found.authorization_response_iss_parameter_supported
    );
    assert_eq!(found.code_challenge_methods_supported, None);
}

#[tokio::test]
async fn trouble_of_one_document_does_not_hide_another() {
    let auth = Site::start().await;
    auth.answer(OAUTH, StatusCode::INTERNAL_SERVER_ERROR, "").metadata(OPENID, &auth.at(""));
    Search::of(&named(&auth.at("")).await).run().await.unwrap();
    auth.metadata(OPENID, "https://attacker.example.com");
    assert!(Search::of(&named(&auth.at("")).await).run().await.unwrap_err().is_transient());
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_transient() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = Search::of(&named(&format!("http://{gone}")).await).run().await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().contains("could not be reached"), "{error}");
}
