//! The official conformance suite, `@modelcontextprotocol/conformance`, drives the real `traygate` through its OpenAPI face
//! (`tests/conformance/adapter.py`). Every scored scenario of both revisions passes, and both of the older ways.

use futures::{StreamExt as _, stream};
use traygate_tests::{Home, Peers, traygate};

/// Each scenario starts a server, a gateway and a browser: more of them only wait for the processors, and the suite's own
/// limits are seconds.
const AT_ONCE: usize = 3;

async fn passes(revision: Option<&str>, scenarios: &[String]) {
    let peers = &Peers::installed();
    let failed: Vec<String> = stream::iter(scenarios)
        .map(async |scenario| run(peers, revision, scenario).await.err())
        .buffer_unordered(AT_ONCE)
        .filter_map(async |failed| failed)
        .collect()
        .await;
    assert!(failed.is_empty(), "{} of {} failed:\n{}", failed.len(), scenarios.len(), failed.join("\n"));
}

/// Runs one scenario; the error is all that was said of it.
async fn run(peers: &Peers, revision: Option<&str>, scenario: &str) -> Result<(), String> {
    let home = Home::new();
    let adapter = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/adapter.py");
    let adapter = format!("python3 {adapter} {}", traygate().display());
    let mut suite = peers.conformance(&home);
    suite
        .args(["client", "--timeout", "30000", "--command", &adapter])
        .args(["--scenario", scenario])
        .args(revision.into_iter().flat_map(|revision| ["--spec-version", revision]))
        .env("TRAYGATE_CONFORMANCE_LOG", "1");
    let ran = suite.output().await.expect("the suite runs");
    let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    if ran.status.success() && said.contains("OVERALL: PASSED") {
        return Ok(());
    }
    Err(format!("--- {scenario}\n{said}"))
}

#[tokio::test]
async fn every_scored_scenario_of_2025_11_25() {
    let scored = Peers::installed().scored_scenarios("2025-11-25");
    assert!(scored.len() >= 18, "{scored:?}");
    passes(Some("2025-11-25"), &scored).await;
}

#[tokio::test]
async fn every_scored_scenario_of_2026_07_28() {
    let scored = Peers::installed().scored_scenarios("2026-07-28");
    assert!(scored.len() >= 32, "{scored:?}");
    passes(Some("2026-07-28"), &scored).await;
}

#[tokio::test]
async fn both_ways_of_2025_03_26() {
    let ways = ["auth/2025-03-26-oauth-metadata-backcompat", "auth/2025-03-26-oauth-endpoint-fallback"];
    passes(Some("2025-03-26"), &ways.map(String::from)).await;
}

/// An extension that nobody has to have: a machine's own tokens.
#[tokio::test]
async fn client_credentials_with_a_secret() {
    passes(None, &["auth/client-credentials-basic".to_owned()]).await;
}
