use super::*;

/// Where nobody listens that this machine would let us ask.
const METADATA_SERVICE: &str = "http://169.254.169.254";

#[tokio::test]
async fn metadata_that_point_inwards_are_refused() {
    let public = Url::parse("https://93.184.215.14/mcp").unwrap();
    let inside = Site::start().await;
    let challenge = Challenge::parse_value(&format!("Bearer resource_metadata=\"{}\"", inside.at("/x")));
    let start = Start { server: &public, challenge: &challenge, hint: None, preferred: None };
    let error = discover(&Http::new(&public, false).unwrap(), start).await.unwrap_err();
    assert!(!error.is_transient() && error.to_string().contains("allow_private_addresses"), "{error}");
    let issuer = Issuer::new(inside.at(""));
    let error = first_usable(&Http::new(&public, false).unwrap(), &[issuer], None).await.unwrap_err();
    assert!(!error.is_transient() && error.to_string().contains("allow_private_addresses"), "{error}");
    assert!(inside.asked().is_empty());
}

#[tokio::test]
async fn redirects_that_lead_to_instance_metadata_are_refused() {
    let mcp = Site::start().await;
    mcp.answer(&format!("{PRM}/mcp"), StatusCode::FOUND, format!("{METADATA_SERVICE}/latest?token=secret"));
    let error = Search::of(&mcp).run().await.unwrap_err();
    assert!(!error.is_transient());
    let text = error.to_string();
    assert!(text.contains("`169.254.169.254`") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn insecure_endpoints_make_metadata_unusable() {
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "registration_endpoint",
        "revocation_endpoint",
        "device_authorization_endpoint",
    ] {
        for address in ["http://as.example.com/x?secret", "javascript:alert(1)", "file:///etc/passwd", "x"] {
            let (mcp, auth) = (Site::start().await, Site::start().await);
            mcp.resource(&format!("{PRM}/mcp"), &mcp.at("/mcp"), &[auth.at("")]);
            let mut document = auth.document(&auth.at(""));
            document[endpoint] = address.into();
            auth.json(OAUTH, &document);
            let error = Search::of(&mcp).run().await.unwrap_err();
            assert!(!error.is_transient());
            let text = error.to_string();
            assert!(text.contains(&endpoint.replace('_', " ")) && !text.contains("secret"), "{text}");
        }
    }
}

#[tokio::test]
async fn insecure_issuers_are_not_asked() {
    for issuer in ["http://as.example.com", "javascript:alert(1)", "nonsense", "https://as.example.com/?a=b"]
    {
        let mcp = Site::start().await;
        mcp.resource(&format!("{PRM}/mcp"), &mcp.at("/mcp"), &[issuer.to_owned()]);
        let error = Search::of(&mcp).run().await.unwrap_err();
        assert!(
            matches!(error, DiscoveryError::BadIssuer { .. }) && error.to_string().contains(issuer),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_challenge_that_leads_to_plain_http_elsewhere_is_refused() {
    let mcp = Site::start().await;
    let error = Search::challenged(&mcp, "http://mcp.example.com/x?key=secret").run().await.unwrap_err();
    assert!(matches!(error, DiscoveryError::InsecureChallenge { .. }), "{error}");
    assert!(!error.to_string().contains("secret"));
}

#[tokio::test]
async fn oversized_metadata_are_refused() {
    let mcp = Site::start().await;
    let padding = "x".repeat(1024 * 1024);
    mcp.json("/x", &json!({"resource": mcp.at("/mcp"), "padding": padding}));
    let error = Search::challenged(&mcp, &mcp.at("/x")).run().await.unwrap_err();
    assert!(!error.is_transient() && error.to_string().contains("more than 1024 KiB"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_is_given_up_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Url::parse(&format!("http://{}/mcp", listener.local_addr().unwrap())).unwrap();
    let search = Search { server, challenge: Challenge::default(), hint: None, preferred: None };
    let error = search.run().await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(matches!(error, DiscoveryError::Unanswered { .. }), "{error}");
}

#[tokio::test]
async fn many_authorization_servers_are_not_all_asked() {
    let (mcp, auth) = (Site::start().await, Site::start().await);
    let issuers: Vec<String> = (0..50).map(|tenant| auth.at(&format!("/{tenant}"))).collect();
    mcp.resource(&format!("{PRM}/mcp"), &mcp.at("/mcp"), &issuers);
    assert!(Search::of(&mcp).run().await.is_err());
    assert_eq!(auth.asked().len(), 3 * MAX_SERVERS);
}

#[tokio::test]
async fn foreign_words_are_cut_short_in_messages() {
    let mcp = Site::start().await;
    let resource = format!("https://evil.example/\u{1b}[31m\n{}", "x".repeat(10_000));
    mcp.resource(&format!("{PRM}/mcp"), &resource, &[]);
    let text = Search::of(&mcp).run().await.unwrap_err().to_string();
    assert!(text.len() < 600 && !text.contains(['\u{1b}', '\n']), "{text}");
}
