//! Taking over the sign-in that mcpo keeps in `~/.mcpo/tokens`.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use reqwest::Method;
use serde_json::{Value, json};
use traygate_tests::{Gateway, GatewayBuilder, Home};

use super::{
    stand::{SigningIn as _, Stand},
    states::{ready, wait_for},
    walk::Walk,
};

/// A person's home in which mcpo signed in to `up`.
struct Mcpo {
    /// Not the gateway's: whose folders show no token.
    home: Home,
    files: [(PathBuf, String); 2],
}

impl Mcpo {
    /// Signed in by hand, and written as mcpo writes it.
    async fn signed_in(stand: &Stand) -> Self {
        let walk = Walk::begin(&stand.mcp.url()).await;
        let tokens = walk.exchange(&walk.consent().await).await;
        let home = Home::new();
        let folder = home.path(".mcpo/tokens");
        fs_err::create_dir_all(&folder).unwrap();
        // md5("up") begins so.
        let files = [("tokens", &tokens), ("client", &walk.client)]
            .map(|(kind, value)| (folder.join(format!("46c48bec_{kind}.json")), format!("{value:#}")));
        for (file, text) in &files {
            fs_err::write(file, text).unwrap();
        }
        // Given an age at which a refusal of the token is no surprise.
        let minute_ago = SystemTime::now() - Duration::from_mins(1);
        fs_err::File::options().write(true).open(&files[0].0).unwrap().set_modified(minute_ago).unwrap();
        Self { home, files }
    }

    /// `traygate` of this person.
    fn traygate(&self, stand: &Stand) -> GatewayBuilder {
        stand.builder(&json!({}), "file").env("HOME", self.home.path(""))
    }

    async fn served(&self, stand: &Stand) -> Gateway {
        let gateway = self.traygate(stand).args(["--sign-in", "ask"]).start().await;
        wait_for(&gateway, "up", "sign-in-needed").await;
        gateway
    }

    fn assert_untouched(&self) {
        for (file, text) in &self.files {
            assert_eq!(fs_err::read_to_string(file).unwrap(), *text);
        }
    }
}

async fn offered(gateway: &Gateway) -> bool {
    gateway.server("up").await["sign_in"]["mcpo"] == true
}

#[tokio::test]
async fn it_is_offered_taken_over_once_and_renewed_with_its_client() {
    let stand = Stand::new().await;
    let mcpo = Mcpo::signed_in(&stand).await;
    let gateway = mcpo.served(&stand).await;
    assert!(offered(&gateway).await);
    gateway
        .wait_for_stderr("mcpo is signed in to it: run `traygate sign-in --from-mcpo up` to use that")
        .await;
    gateway.begin("up", json!({"mcpo": true})).await;
    ready(&gateway, "up").await;
    assert!(!offered(&gateway).await);
    gateway.echo("up").await.ok();
    assert_eq!(stand.server.seen("/authorize").len(), 1, "nobody was asked again");
    assert_eq!(stand.server.seen("/register").len(), 1);

    stand.server.end_access_tokens();
    gateway.echo("up").await.ok();
    let refresh = &stand.server.tokens("refresh_token")[0];
    assert!(refresh.form("client_id").len() > 1 && refresh.form("resource") == stand.mcp.url());
    gateway.stop().await;

    let gateway = mcpo.traygate(&stand).args(["--sign-in", "ask"]).start().await;
    ready(&gateway, "up").await;
    assert_eq!(gateway.sign_out("up").await, json!({"was_signed_in": true, "revoked": true}));
    wait_for(&gateway, "up", "sign-in-needed").await;
    assert!(!offered(&gateway).await, "a sign-out stays one");
    gateway.begin("up", json!({"mcpo": true})).await;
    let failed = gateway.wait_for_sign_in("up", "failed").await;
    assert!(failed["reason"].as_str().unwrap().contains("taken over before"), "{failed}");
    mcpo.assert_untouched();
    gateway.stop().await;
}

#[tokio::test]
async fn the_command_takes_it_over_with_a_flag() {
    let stand = Stand::new().await;
    let mcpo = Mcpo::signed_in(&stand).await;
    for with_gateway in [true, false] {
        let gateway = if with_gateway { Some(mcpo.served(&stand).await) } else { None };
        let finished = mcpo.traygate(&stand).args(["sign-in", "--from-mcpo", "up"]).finish().await;
        if with_gateway {
            assert_eq!(finished.code, Some(0), "{finished:?}");
            assert!(finished.stdout.starts_with("Signed in to `up`, "), "{finished:?}");
        } else {
            assert_eq!(finished.code, Some(1), "{finished:?}");
            assert!(finished.stderr.contains("taken over before"), "{finished:?}");
        }
        if let Some(gateway) = gateway {
            gateway.stop().await;
        }
    }
    mcpo.assert_untouched();
}

#[tokio::test]
async fn at_a_terminal_the_command_asks_and_enter_is_yes() {
    let stand = Stand::new().await;
    let mcpo = Mcpo::signed_in(&stand).await;
    for (answer, running) in [("n", true), ("", false)] {
        let gateway = if running { Some(mcpo.served(&stand).await) } else { None };
        let mut talk = mcpo.traygate(&stand).args(["sign-in", "up"]).env("BROWSER", "").talk_at_a_terminal();
        talk.hear("the question", |said| {
            said.contains("mcpo is signed in to `up` (~/.mcpo/tokens). Use that? [Y/n]").then_some(())
        })
        .await;
        talk.say(answer).await;
        if answer == "n" {
            talk.hear("the address", |said| said.contains("/authorize?").then_some(())).await;
            talk.interrupt();
            talk.end().await;
        } else {
            let finished = talk.end().await;
            assert_eq!(finished.code, Some(0), "{finished:?}");
            assert!(finished.stdout.contains("Signed in to `up`, "), "{finished:?}");
        }
        if let Some(gateway) = gateway {
            gateway.stop().await;
        }
    }
    assert_eq!(stand.server.seen("/authorize").len(), 1);
    mcpo.assert_untouched();
}

#[tokio::test]
async fn what_the_server_no_longer_takes_is_said() {
    let stand = Stand::new().await;
    let mcpo = Mcpo::signed_in(&stand).await;
    stand.server.revoke_everything();
    let gateway = mcpo.served(&stand).await;
    let finished = mcpo.traygate(&stand).args(["sign-in", "--from-mcpo", "up"]).finish().await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("Not signed in to `up`: "), "{finished:?}");
    assert_eq!(gateway.server("up").await["state"], "sign-in-needed");
    mcpo.assert_untouched();
    gateway.stop().await;
}

#[tokio::test]
async fn another_sign_in_ends_the_offer_and_without_files_there_is_none() {
    let stand = Stand::new().await;
    let mcpo = Mcpo::signed_in(&stand).await;
    let gateway = mcpo.served(&stand).await;
    assert!(offered(&gateway).await);
    gateway.sign_in("up").await;
    gateway.sign_out("up").await;
    assert!(!offered(&gateway).await);
    gateway.stop().await;

    let other = stand.builder(&json!({}), "memory").args(["--sign-in", "ask"]).start().await;
    wait_for(&other, "up", "sign-in-needed").await;
    let told = other.server("up").await["sign_in"]["mcpo"].clone();
    assert_eq!(told, Value::Null);
    let answer = other.admin(Method::POST, "/servers/up/sign-in", Some(&json!({"mcpo": "yes"}))).await;
    assert_eq!(answer.status, 422);
    other.stop().await;
    mcpo.assert_untouched();
}
