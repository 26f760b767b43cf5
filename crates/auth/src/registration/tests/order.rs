//! Which client it is.

use super::*;

fn everything() -> Wish {
    let mut wish = Wish::new();
    wish.server.client_id_metadata_document_supported = true;
    wish.options.client_id = Some("by-hand".into());
    wish.options.client_secret = Some("s3cret-by-hand".into());
    wish.options.client_metadata_url = Some(Url::parse("https://traygate.example/client.json").unwrap());
    wish
}

#[tokio::test]
async fn the_order_is_by_hand_then_metadata_document_then_dynamic_then_a_person() {
    let mut wish = everything();
    let none = Scripted::default();
    let client = wish.client(&none).await.unwrap();
    assert_eq!((client.origin, &*client.client_id), (ClientOrigin::PreRegistered, "by-hand"));
    assert_eq!((client.auth_method, client.issuer), (ClientAuth::ClientSecretBasic, server().issuer));
    wish.options.client_id = None;
    let client = wish.client(&none).await.unwrap();
    assert_eq!(
        (client.origin, &*client.client_id),
        (ClientOrigin::MetadataDocument, "https://traygate.example/client.json")
    );
    assert!(client.auth_method == ClientAuth::None && client.client_secret.is_none());
    wish.server.client_id_metadata_document_supported = false;
    let (_, client) = wish.registered(201, &json!({"client_id": "given"})).await;
    let client = client.unwrap();
    assert_eq!((client.origin, &*client.client_id), (ClientOrigin::Dynamic, "given"));
    assert_eq!(client.redirect_uri.unwrap().as_str(), REDIRECT);
    wish.server.registration_endpoint = None;
    let error = wish.client(&none).await.unwrap_err();
    assert!(matches!(error, RegistrationError::ClientNeeded { .. }));
    let text = error.to_string();
    for needed in [REDIRECT, "`client_id`", "`client_secret`", "https://as.example"] {
        assert!(text.contains(needed), "{needed} in {text}");
    }
    assert!(none.requests().is_empty());
}

#[tokio::test]
async fn a_client_by_hand_proves_itself_as_the_config_or_the_metadata_says() {
    let mut wish = everything();
    let none = Scripted::default();
    let lists = |methods: &[&str]| Some(methods.iter().map(ToString::to_string).collect::<Vec<_>>());
    for (listed, configured, expected) in [
        (None, None, ClientAuth::ClientSecretBasic),
        (lists(&["client_secret_post"]), None, ClientAuth::ClientSecretPost),
        (lists(&["client_secret_post", "client_secret_basic"]), None, ClientAuth::ClientSecretBasic),
        (lists(&["client_secret_basic"]), Some("client_secret_post"), ClientAuth::ClientSecretPost),
    ] {
        wish.server.token_endpoint_auth_methods_supported = listed;
        wish.options.client_metadata.token_endpoint_auth_method = configured.map(Into::into);
        assert_eq!(wish.client(&none).await.unwrap().auth_method, expected);
    }
    wish.options.client_metadata.token_endpoint_auth_method = Some("private_key_jwt".into());
    let error = wish.client(&none).await.unwrap_err();
    assert_eq!(error, RegistrationError::ConfiguredAuthMethod("private_key_jwt".into()));
    wish.options.client_metadata.token_endpoint_auth_method = None;
    wish.options.client_secret = Some("".into());
    let client = wish.client(&none).await.unwrap();
    assert!(client.auth_method == ClientAuth::None && client.client_secret.is_none());
}

#[tokio::test]
async fn a_client_by_hand_at_a_changed_authorization_server_is_an_error_and_not_silently_used() {
    let mut wish = everything();
    let none = Scripted::default();
    let first = wish.client(&none).await.unwrap();
    wish.kept = Some(first.clone());
    assert_eq!(wish.client(&none).await.unwrap().client_id, "by-hand");
    wish.server.issuer = Issuer::new("https://other.example");
    let error = wish.client(&none).await.unwrap_err();
    let (was, now) = (first.issuer.clone(), Issuer::new("https://other.example"));
    assert_eq!(error, RegistrationError::IssuerChanged { was, now });
    // Typed in, and so not in the config: the same.
    wish.options.client_id = None;
    assert!(matches!(wish.client(&none).await.unwrap_err(), RegistrationError::IssuerChanged { .. }));
    // Another id in the config is another registration.
    wish.options.client_id = Some("by-hand-over-there".into());
    assert_eq!(wish.client(&none).await.unwrap().issuer, wish.server.issuer);
}

#[tokio::test]
async fn a_client_that_was_typed_in_is_used_with_its_secret() {
    let mut wish = everything();
    let none = Scripted::default();
    wish.kept = Some(wish.client(&none).await.unwrap());
    wish.options = SignInOptions::default();
    let client = wish.client(&none).await.unwrap();
    assert_eq!((client.origin, &*client.client_id), (ClientOrigin::PreRegistered, "by-hand"));
    assert_eq!(client.client_secret.unwrap().expose_secret(), "s3cret-by-hand");
}

#[tokio::test]
async fn a_metadata_document_is_an_https_url_with_a_path() {
    let mut wish = everything();
    wish.options.client_id = None;
    for bad in [
        "http://traygate.example/client.json",
        "https://traygate.example",
        "https://traygate.example/",
        "https://traygate.example/c#f",
        "https://u@traygate.example/c",
    ] {
        wish.options.client_metadata_url = Some(Url::parse(bad).unwrap());
        assert_eq!(
            wish.client(&Scripted::default()).await.unwrap_err(),
            RegistrationError::MetadataUrl,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_dynamic_registration_is_kept_until_issuer_redirect_or_secret_end() {
    let mut wish = Wish::new();
    let given = json!({"client_id": "first", "client_secret": "s3cret-given", "client_secret_expires_at": 0});
    let (_, client) = wish.registered(201, &given).await;
    let client = client.unwrap();
    wish.kept = Some(client.clone());
    assert_eq!(wish.client(&Scripted::default()).await.unwrap().client_id, "first");
    let again = json!({"client_id": "second"});
    let second = async |wish: &Wish| wish.registered(201, &again).await.1.unwrap().client_id == "second";
    let other = |change: fn(&mut Wish)| {
        let mut wish = Wish { kept: Some(client.clone()), ..Wish::new() };
        change(&mut wish);
        wish
    };
    assert!(second(&other(|wish| wish.server.issuer = Issuer::new("https://as.example/"))).await);
    assert!(second(&other(|wish| wish.redirect_uri.set_port(Some(8001)).unwrap())).await);
    assert!(second(&other(|wish| wish.flow = Flow::Device)).await);
    let expire = |wish: &mut Wish| wish.kept.as_mut().unwrap().client_secret_expires_at = Some(1);
    assert!(second(&other(expire)).await);
    wish.kept = None;
    assert!(second(&wish).await, "refused as invalid_client");
    assert!(client.is_usable(
        &server().issuer,
        &wish.redirect_uri,
        SystemTime::now() + Duration::from_hours(24)
    ));
}
