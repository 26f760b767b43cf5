//! What a gateway says of a server: more than its document, which may be one of before.

use serde_json::Value;
use traygate_tests::{Gateway, eventually_some};

use super::stand::SigningIn as _;

/// Waits until it is connected: its document may be one of before.
pub(super) async fn ready(gateway: &Gateway, name: &str) {
    wait_for(gateway, name, "ready").await;
}

/// Waits for this state; gives all that is said of the server.
pub(super) async fn wait_for(gateway: &Gateway, name: &str, state: &str) -> Value {
    eventually_some(&format!("`{name}` to be {state}"), async || {
        let told = gateway.server(name).await;
        (told["state"] == state).then_some(told)
    })
    .await
}
