//! How the gateway becomes known to an authorization server, and the flows without a browser.

use reqwest::Method;
use serde_json::{Value, json};
use traygate_tests::{
    Gateway, eventually,
    fake_oauth::{ClientAuth, Registration},
};

use super::stand::{SigningIn as _, Stand, VISITOR, reason, visit};

#[tokio::test]
async fn where_nobody_can_register_it_says_what_to_register() {
    let stand = Stand::new().await;
    stand.server.metadata(|metadata| metadata.registration = false);
    let gateway = stand.gateway().await;
    let told = gateway.failed("up").await;
    let redirect = format!("http://127.0.0.1:{}/-/oauth/callback", gateway.port());
    assert!(told.contains(&format!("with the redirect URI `{redirect}`, exactly so")), "{told}");
    assert!(told.contains("`client_id`"), "{told}");
    assert_eq!(gateway.server("up").await["sign_in"]["client_needed"], true);
    // Typed in by a person.
    stand.server.register("by-hand", Some("secret-of-a-client-by-hand"), ClientAuth::Basic, &[&redirect]);
    gateway.begin("up", json!({"client_id": "by-hand", "client_secret": "secret-of-a-client-by-hand"})).await;
    let page = gateway.wait_for_sign_in("up", "awaiting-redirect").await["url"].clone();
    visit(&page.as_str().unwrap().parse().unwrap()).await;
    gateway.wait_until_ready("up").await;
    // It is kept for the next time.
    gateway.sign_out("up").await;
    gateway.sign_in("up").await;
}

#[tokio::test]
async fn a_registration_that_is_closed_names_what_it_said() {
    let stand = Stand::new().await;
    stand.server.registration(Registration::Refuses(403, "access_denied"));
    let gateway = stand.gateway().await;
    let told = gateway.failed("up").await;
    assert!(told.contains("We take no new clients") && told.contains("/-/oauth/callback"), "{told}");
    assert_eq!(gateway.server("up").await["sign_in"]["client_needed"], true);
}

#[tokio::test]
async fn the_method_that_a_registration_gives_is_obeyed() {
    for auth in [ClientAuth::None, ClientAuth::Basic, ClientAuth::Post] {
        let stand = Stand::new().await;
        stand.server.client_auth(auth);
        let gateway = stand.signed_in().await;
        stand.server.end_access_tokens();
        gateway.echo("up").await.ok();
        assert_eq!(gateway.sign_out("up").await["revoked"], true, "{auth:?}");
    }
}

#[tokio::test]
async fn localhost_is_tried_where_127_0_0_1_is_refused() {
    let stand = Stand::new().await;
    stand.server.registration(Registration::RefusesHost("127.0.0.1"));
    let gateway = stand.signed_in().await;
    let asked = stand.server.seen("/authorize").remove(0);
    let redirect = format!("http://localhost:{}/-/oauth/callback", gateway.port());
    assert_eq!(asked.query("redirect_uri"), redirect);
    assert_eq!(stand.server.seen("/register").len(), 2);
    gateway.sign_out("up").await;
    gateway.sign_in("up").await;
    assert_eq!(stand.server.seen("/register").len(), 2, "it is used again");
}

#[tokio::test]
async fn a_client_that_was_forgotten_is_registered_anew_once() {
    let stand = Stand::new().await;
    let gateway = stand.gateway().await;
    let page = gateway.page("up").await;
    let redirect = super::stand::consent(&page).await;
    stand.server.forget_clients();
    let landed = gateway.get(&format!("{}?{}", redirect.path(), redirect.query().unwrap())).await;
    assert!(landed.text.contains("wants to be asked once more"), "{}", landed.text);
    let again = traygate_tests::eventually_some("another page", async || {
        let url = gateway.server("up").await["sign_in"]["url"].as_str()?.to_owned();
        (url != page.as_str()).then_some(url)
    })
    .await;
    assert_eq!(visit(&again.parse().unwrap()).await.status, 200);
    gateway.wait_until_ready("up").await;
    assert_eq!(stand.server.seen("/register").len(), 2);
}

#[tokio::test]
async fn a_client_that_a_refresh_misses_is_registered_anew_with_the_next_sign_in() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    stand.server.forget_clients();
    stand.server.end_access_tokens();
    assert_eq!(gateway.echo("up").await.refused(503)["code"], "sign-in-required");
    gateway.sign_in("up").await;
    assert_eq!(stand.server.seen("/register").len(), 2);
}

#[tokio::test]
async fn a_client_is_used_again_until_it_is_forgotten() {
    let stand = Stand::new().await;
    let gateway = stand.signed_in().await;
    gateway.sign_out("up").await;
    gateway.sign_in("up").await;
    assert_eq!(stand.server.seen("/register").len(), 1);
    gateway.admin(Method::POST, "/servers/up/sign-out", Some(&json!({"forget_client": true}))).await.ok();
    gateway.sign_in("up").await;
    assert_eq!(stand.server.seen("/register").len(), 2);
}

#[tokio::test]
async fn a_callback_port_that_is_taken_is_said_with_its_process_and_nothing_is_registered() {
    let stand = Stand::new().await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let gateway = stand.gateway_with(&json!({"callback_port": port})).await;
    let told = gateway.failed("up").await;
    assert!(told.contains(&format!("Port {port}")), "{told}");
    assert!(told.contains(&format!("process {}", std::process::id())), "{told}");
    assert!(stand.server.seen("/register").is_empty() && stand.server.seen("/authorize").is_empty());
    drop(taken);
    gateway.sign_in("up").await;
    let asked = stand.server.seen("/authorize").remove(0);
    assert_eq!(asked.query("redirect_uri"), format!("http://localhost:{port}/callback"), "as in mcpo");
}

#[tokio::test]
async fn a_code_can_be_typed_on_another_device() {
    let stand = Stand::new().await;
    stand.server.metadata(|metadata| metadata.device = true);
    let gateway = stand.gateway_with(&json!({"flow": "device"})).await;
    gateway.begin("up", json!({})).await;
    let waiting = gateway.wait_for_sign_in("up", "awaiting-device").await;
    let code = waiting["user_code"].as_str().unwrap();
    assert_eq!(waiting["verification_uri"], format!("{}/activate", stand.server.issuer()));
    let told = gateway.echo("up").await.refused(503)["message"].to_string();
    assert!(told.contains("type its code") && !told.contains(code), "{told}");
    stand.server.types(code, true);
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.ok();
    gateway.sign_out("up").await;
    gateway.begin("up", json!({})).await;
    let waiting = gateway.wait_for_sign_in("up", "awaiting-device").await;
    stand.server.types(waiting["user_code"].as_str().unwrap(), false);
    let told = reason(&gateway.wait_for_sign_in("up", "failed").await);
    assert!(told.contains("Access was denied"), "{told}");
}

const SECRET: &str = "secret-of-a-machine-0123456789";

async fn machine(stand: &Stand, block: &Value) -> Gateway {
    stand.builder(block, "memory").args(["--sign-in", "ask"]).env("SECRET", SECRET).start().await
}

#[tokio::test]
async fn a_machine_signs_in_by_itself() {
    let stand = Stand::new().await;
    stand.server.register("machine", Some(SECRET), ClientAuth::Basic, &[]);
    let block = json!({"grant": "client_credentials", "client_id": "machine", "client_secret": "${SECRET}"});
    let gateway = machine(&stand, &block).await;
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.ok();
    stand.server.end_access_tokens();
    gateway.echo("up").await.ok();
    assert!(stand.server.seen("/authorize").is_empty() && stand.server.seen("/register").is_empty());
    assert_eq!(stand.server.tokens("client_credentials").len(), 2);
}

#[tokio::test]
async fn a_machine_whose_token_is_never_taken_does_not_ask_for_ever() {
    let stand = Stand::new().await;
    stand.server.register("machine", Some(SECRET), ClientAuth::Basic, &[]);
    let block = json!({
        "grant": "client_credentials", "client_id": "machine", "client_secret": "${SECRET}",
        "resource": "https://elsewhere.example/mcp",
    });
    let gateway = machine(&stand, &block).await;
    // Five sign-ins, each with one refresh.
    eventually("it to give up", async || stand.server.tokens("client_credentials").len() >= 10).await;
    gateway.wait_for_state("up", "sign-in-needed").await;
    gateway.wait_for_sign_in("up", "reauth-needed").await;
    for _ in 0..3 {
        assert_eq!(gateway.echo("up").await.refused(503)["code"], "sign-in-required");
    }
    assert_eq!(stand.server.tokens("client_credentials").len(), 10);
}

#[tokio::test]
async fn a_client_of_the_config_needs_no_registration() {
    let stand = Stand::new().await;
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let redirect = format!("http://localhost:{port}/callback");
    stand.server.register("of-the-config", Some(SECRET), ClientAuth::Post, &[&redirect]);
    stand.server.tells("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));
    let block = json!({"client_id": "of-the-config", "client_secret": "${SECRET}", "callback_port": port});
    let builder = stand.builder(&block, "file").args(["--sign-in", "auto"]);
    let gateway = builder.env("BROWSER", VISITOR).env("SECRET", SECRET).start().await;
    gateway.wait_until_ready("up").await;
    gateway.echo("up").await.ok();
    assert!(stand.server.seen("/register").is_empty());
    let exchange: Value = json!(stand.server.tokens("authorization_code").remove(0).form);
    assert_eq!(exchange["redirect_uri"], redirect);
}

#[tokio::test]
async fn scopes_and_client_metadata_are_sent_as_they_are_configured() {
    let stand = Stand::new().await;
    let block = json!({
        "scope": "read write", "resource": "omit",
        "client_metadata": {"client_name": "Mine", "software_id": "x-1", "contacts": ["a@example.com"]},
    });
    let gateway = stand.gateway_with(&block).await;
    gateway.sign_in("up").await;
    let registered = &stand.server.seen("/register")[0].json;
    assert_eq!(registered["client_name"], "Mine");
    assert_eq!(registered["software_id"], "x-1");
    assert_eq!(registered["contacts"], json!(["a@example.com"]));
    let asked = &stand.server.seen("/authorize")[0];
    assert_eq!(asked.query("scope"), "read write");
    assert!(!asked.query.contains_key("resource"));
    assert_eq!(gateway.server("up").await["sign_in"]["scopes"], json!(["read", "write"]));
}

#[tokio::test]
async fn a_server_that_refuses_resource_says_what_to_set() {
    let stand = Stand::new().await;
    stand.server.refuses_resource();
    let gateway = stand.gateway().await;
    visit(&gateway.page("up").await).await;
    let told = reason(&gateway.wait_for_sign_in("up", "failed").await);
    assert!(told.contains("AADSTS9010010") && told.contains("Set `resource` to `omit`"), "{told}");
}
