//! `traygate sign-in`, `sign-out` and `status`, through a running gateway and without one.

use serde_json::json;
use traygate_tests::{Finished, Gateway, GatewayBuilder, fake, fake_oauth::Authorize};
use url::Url;

use super::{
    stand::{SigningIn as _, Stand, VISITOR, consent},
    states::{ready, wait_for},
};

impl Stand {
    /// A command, before the same config file as the gateway.
    fn command(&self, words: &[&str]) -> GatewayBuilder {
        let config = json!({"mcpServers": {"up": self.mcp.entry(), "program": fake(&[])}});
        Gateway::builder(&self.home).config(&config).env("TRAYGATE_TOKEN_STORAGE", "file").args(words)
    }

    async fn served(&self) -> Gateway {
        self.command(&["--sign-in", "never"]).start().await
    }

    /// A command that signs in with a browser at hand.
    async fn signs_in(&self) -> Finished {
        self.command(&["sign-in", "up"]).env("BROWSER", VISITOR).finish().await
    }
}

/// The address that a person is to open.
fn address(said: &str) -> Option<Url> {
    said.split_whitespace().find(|word| word.contains("/authorize?"))?.parse().ok()
}

fn went_well(finished: &Finished) {
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stdout.starts_with("Signed in to `up`, "), "{finished:?}");
}

#[tokio::test]
async fn with_a_browser_it_opens_the_page_and_waits_until_the_server_is_ready() {
    let stand = Stand::new().await;
    let gateway = stand.served().await;
    let finished = stand.signs_in().await;
    went_well(&finished);
    let opened = format!("Opening {} in your browser.", stand.server.issuer());
    assert!(finished.stderr.contains(&opened), "{finished:?}");
    stand.home.assert_no_secret("what it said", &format!("{finished:?}"));
    gateway.echo("up").await.ok();
    gateway.stop().await;
}

#[tokio::test]
async fn manual_shows_the_address_and_takes_what_is_pasted() {
    let stand = Stand::new().await;
    let gateway = stand.served().await;
    let mut talk = stand.command(&["sign-in", "up", "--flow", "manual"]).env("BROWSER", VISITOR).talk();
    let page = talk.hear("the address", address).await;
    talk.say("http://127.0.0.1/callback?code=x&state=another").await;
    talk.hear("that it is another's", |said| said.contains("another sign-in").then_some(())).await;
    talk.say(consent(&page).await.as_str()).await;
    let finished = talk.end().await;
    went_well(&finished);
    assert!(!finished.stderr.contains("Opening"), "{finished:?}");
    gateway.echo("up").await.ok();
    gateway.stop().await;
}

#[tokio::test]
async fn where_no_browser_opens_the_address_is_shown_and_what_it_ends_on_taken() {
    let stand = Stand::new().await;
    let gateway = stand.served().await;
    for browser in ["false", ""] {
        let mut talk = stand.command(&["sign-in", "up"]).env("BROWSER", browser).talk();
        let page = talk.hear("the address", address).await;
        talk.say(consent(&page).await.as_str()).await;
        went_well(&talk.end().await);
        gateway.sign_out("up").await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn device_shows_a_code_and_waits_for_the_other_device() {
    let stand = Stand::new().await;
    stand.server.metadata(|metadata| metadata.device = true);
    let gateway = stand.served().await;
    for agrees in [false, true] {
        let talk = stand.command(&["sign-in", "up", "--flow", "device"]).talk();
        let code = talk.hear("the code", |said| {
            let (_, after) = said.split_once("type the code ")?;
            after.split_once('\n').map(|(code, _)| code.to_owned())
        });
        let code = code.await;
        assert!(talk.said().contains(&format!("Open {}/activate on any device", stand.server.issuer())));
        stand.server.types(&code, agrees);
        let finished = talk.end().await;
        if agrees {
            went_well(&finished);
        } else {
            assert_eq!(finished.code, Some(1), "{finished:?}");
            assert!(finished.stderr.contains("Not signed in to `up`: "), "{finished:?}");
        }
    }
    gateway.echo("up").await.ok();
    gateway.stop().await;
}

#[tokio::test]
async fn without_a_gateway_it_signs_in_by_itself_and_the_next_gateway_is_signed_in() {
    let stand = Stand::new().await;
    went_well(&stand.signs_in().await);
    let gateway = stand.served().await;
    ready(&gateway, "up").await;
    gateway.echo("up").await.ok();
    gateway.stop().await;

    let finished = stand.command(&["sign-out", "up"]).finish().await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert_eq!(finished.stdout, "Signed out of `up`. Its tokens were revoked.\n");
    assert!(!stand.server.has_live_tokens());
    let finished = stand.command(&["status"]).finish().await;
    assert_eq!(finished.code, Some(4), "{finished:?}");
}

#[tokio::test]
async fn ctrl_c_cancels_and_nothing_is_left_under_way() {
    let stand = Stand::new().await;
    stand.server.authorize(Authorize::Waits);
    for with_gateway in [true, false] {
        let gateway = if with_gateway { Some(stand.served().await) } else { None };
        let talk = stand.command(&["sign-in", "up"]).env("BROWSER", VISITOR).talk();
        talk.hear("that it waits", |said| said.contains("Waiting for you").then_some(())).await;
        talk.interrupt();
        let finished = talk.end().await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(finished.stderr.contains("The sign-in was cancelled."), "{finished:?}");
        if let Some(gateway) = gateway {
            gateway.wait_for_sign_in("up", "signed-out").await;
            gateway.stop().await;
        }
    }
}

#[tokio::test]
async fn what_cannot_be_signed_in_to_is_refused_in_a_sentence() {
    let stand = Stand::new().await;
    for with_gateway in [true, false] {
        let gateway = if with_gateway { Some(stand.served().await) } else { None };
        for command in ["sign-in", "sign-out"] {
            for (server, told) in [("nope", "no server `nope`"), ("program", "`program` is a program")] {
                let finished = stand.command(&[command, server]).finish().await;
                assert_eq!(finished.code, Some(1), "{finished:?}");
                assert!(finished.stderr.contains(told), "{finished:?}");
            }
        }
        if let Some(gateway) = gateway {
            gateway.stop().await;
        }
    }
    let finished = stand.command(&["sign-in", "up", "--flow", "pigeon"]).finish().await;
    assert_eq!(finished.code, Some(2), "{finished:?}");
}

#[tokio::test]
async fn a_sign_in_that_the_authorization_server_refuses_is_told_with_its_reason() {
    let stand = Stand::new().await;
    stand.server.authorize(Authorize::Refuses("access_denied", "Your admin says no"));
    let gateway = stand.served().await;
    let finished = stand.signs_in().await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stderr.contains("Not signed in to `up`: "), "{finished:?}");
    assert!(finished.stderr.contains("Your admin says no"), "{finished:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn sign_out_keeps_the_client_unless_it_is_to_be_forgotten() {
    let stand = Stand::new().await;
    let gateway = stand.served().await;
    let finished = stand.command(&["sign-out", "up"]).finish().await;
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), "`up` was not signed in.\n"));
    for (words, registrations) in [(&["sign-out", "up"][..], 1), (&["sign-out", "up", "--forget-client"], 2)]
    {
        went_well(&stand.signs_in().await);
        let finished = stand.command(words).finish().await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert!(finished.stdout.starts_with("Signed out of `up`. Its tokens were revoked."), "{finished:?}");
        assert_eq!(finished.stdout.contains("Its client is forgotten."), words.len() == 3, "{finished:?}");
        went_well(&stand.signs_in().await);
        assert_eq!(stand.server.seen("/register").len(), registrations);
        gateway.sign_out("up").await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn status_says_where_the_sign_in_stands() {
    let stand = Stand::new().await;
    let gateway = stand.served().await;
    wait_for(&gateway, "up", "sign-in-needed").await;
    let words = async || {
        let finished = stand.command(&["status"]).finish().await;
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished.stdout.lines().find(|line| line.trim_start().starts_with("up ")).unwrap().to_owned()
    };
    assert!(words().await.contains("Needs sign-in"), "{}", words().await);
    let page = gateway.page("up").await;
    let waiting = words().await;
    assert!(waiting.contains("Waiting for the browser"), "{waiting}");
    assert!(!waiting.contains(page.as_str()), "{waiting}");
    gateway.admin(reqwest::Method::DELETE, "/servers/up/sign-in", None).await;
    gateway.wait_for_sign_in("up", "signed-out").await;
    gateway.sign_in("up").await;
    assert!(words().await.contains("Ready"), "{}", words().await);
    stand.server.revoke_everything();
    gateway.echo("up").await.refused(503);
    let again = words().await;
    assert!(again.contains("Sign in again"), "{again}");
    gateway.stop().await;
}
