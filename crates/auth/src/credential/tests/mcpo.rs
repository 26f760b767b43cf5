use std::time::Duration;

use md5::Digest as _;

use super::*;

/// md5("github") begins so.
const HASH: &str = "bf215181";

fn home(tokens: &str, client: Option<&str>) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".mcpo/tokens");
    fs_err::create_dir_all(&folder).unwrap();
    fs_err::write(folder.join(format!("{HASH}_tokens.json")), tokens).unwrap();
    if let Some(client) = client {
        fs_err::write(folder.join(format!("{HASH}_client.json")), client).unwrap();
    }
    home
}

const TOKENS: &str = r#"{
  "access_token": "mcpo-access", "token_type": "Bearer", "expires_in": 3600, "scope": "read write",
  "refresh_token": "mcpo-refresh"
}"#;
/// As pydantic writes it, nulls and all.
const CLIENT: &str = r#"{
  "redirect_uris": ["http://localhost:3030/callback"], "token_endpoint_auth_method": "client_secret_post",
  "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "scope": null,
  "client_name": "MCPO Client", "client_uri": null, "contacts": null, "client_id": "mcpo-client",
  "client_secret": "mcpo-secret", "client_id_issued_at": 1754920000, "client_secret_expires_at": null
}"#;

#[test]
fn mcpos_files_become_tokens_and_a_client() {
    let home = home(TOKENS, Some(CLIENT));
    let (tokens, client) = McpoSignIn::found(home.path(), "github").unwrap().into_parts(issuer(1));
    assert_eq!(tokens.issuer, issuer(1));
    assert_eq!(tokens.access_token.expose_secret(), "mcpo-access");
    assert_eq!(tokens.refresh_token.unwrap().expose_secret(), "mcpo-refresh");
    assert_eq!(tokens.granted, Scopes::parse("read write"));
    assert_eq!(tokens.expires_at.unwrap(), tokens.issued_at + Duration::from_hours(1));

    let client = client.unwrap();
    assert_eq!((client.issuer, client.client_id.as_str()), (issuer(1), "mcpo-client"));
    assert_eq!(client.client_secret.unwrap().expose_secret(), "mcpo-secret");
    assert_eq!(client.auth_method, ClientAuth::ClientSecretPost);
    assert_eq!(client.redirect_uri.unwrap().as_str(), "http://localhost:3030/callback");
    assert_eq!(client.client_secret_expires_at, None);
    assert!(McpoSignIn::found(home.path(), "gitlab").is_none());
}

#[test]
fn newer_versions_have_another_file_name_which_wins() {
    let home = home(TOKENS, None);
    let hash = &hex::encode(md5::Md5::digest("github_default"))[..12];
    let newer = home.path().join(format!(".mcpo/tokens/{hash}_tokens.json"));
    fs_err::write(newer, TOKENS.replace("mcpo-access", "newer")).unwrap();
    let (tokens, _) = McpoSignIn::found(home.path(), "github").unwrap().into_parts(issuer(1));
    assert_eq!(tokens.access_token.expose_secret(), "newer");
}

#[test]
fn what_is_missing_or_odd_is_taken_as_it_is() {
    let (tokens, client) = McpoSignIn::found(
        home(r#"{"access_token":"a","token_type":"bearer","expires_in":"60.5","scope":null}"#, None).path(),
        "github",
    )
    .unwrap()
    .into_parts(issuer(1));
    assert_eq!(tokens.expires_at.unwrap(), tokens.issued_at + Duration::from_mins(1));
    assert!(client.is_none() && tokens.refresh_token.is_none() && tokens.granted.is_empty());

    for expires_in in ["null", "-1", "1e400", "true", "18446744073709551615", "\"x\""] {
        let home = home(&format!(r#"{{"access_token":"a","expires_in":{expires_in}}}"#), Some("{"));
        let (tokens, client) = McpoSignIn::found(home.path(), "github").unwrap().into_parts(issuer(1));
        assert!(tokens.expires_at.is_none() && client.is_none(), "{expires_in}");
    }

    let public = r#"{"client_id":"c","redirect_uris":["::","http://localhost:1/x"]}"#;
    let home = home(TOKENS, Some(public));
    let (_, client) = McpoSignIn::found(home.path(), "github").unwrap().into_parts(issuer(1));
    let client = client.unwrap();
    assert_eq!(client.auth_method, ClientAuth::None);
    assert_eq!(client.redirect_uri.unwrap().as_str(), "http://localhost:1/x");
}

#[test]
fn what_is_no_sign_in_is_left_alone() {
    let large = format!(r#"{{"access_token":"{}"}}"#, "x".repeat(300_000));
    for text in
        ["", "[]", "{}", r#"{"access_token":""}"#, r#"{"access_token":"a","token_type":"mac"}"#, &large]
    {
        let home = home(text, None);
        assert!(McpoSignIn::found(home.path(), "github").is_none(), "{}", &text[..text.len().min(50)]);
    }
}

#[tokio::test]
async fn it_is_offered_until_it_was_imported_and_never_deleted() {
    let (home, folder) = (home(TOKENS, Some(CLIENT)), tempfile::tempdir().unwrap());
    let of = || store(StorageType::Keychain, Some(folder.path()), &[]);
    assert!(of().mcpo_sign_in(home.path(), &github()).await.is_some());
    assert!(of().mcpo_sign_in(home.path(), &github()).await.is_some());
    of().mcpo_was_imported(&github()).await.unwrap();
    assert!(of().mcpo_sign_in(home.path(), &github()).await.is_none());
    of().forget(&github()).await.unwrap();
    assert!(of().mcpo_sign_in(home.path(), &github()).await.is_none(), "a sign-out stays one");
    assert_eq!(fs_err::read_dir(home.path().join(".mcpo/tokens")).unwrap().count(), 2);
}
