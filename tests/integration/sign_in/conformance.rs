//! The official conformance suite, `@modelcontextprotocol/conformance`, drives the real `traygate` through its OpenAPI face
//! (`tests/conformance/adapter.py`). Every scored scenario of both revisions is to pass, and both of the older ways.

use traygate_tests::{Home, Peers, traygate};

/// Runs a selection of scenarios; gives the names of those that passed, and of those that failed although they count.
async fn run(selection: &[&str]) -> (Vec<String>, Vec<String>) {
    let home = Home::new();
    let adapter = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance/adapter.py");
    let adapter = format!("python3 {adapter} {}", traygate().display());
    let mut suite = Peers::installed().conformance(&home);
    suite.args(["client", "--timeout", "30000", "--command", &adapter]).args(selection);
    let ran = suite.output().await.expect("the suite runs");
    let said = String::from_utf8_lossy(&ran.stdout);
    let summary = said.split_once("=== SUITE SUMMARY ===").map(|(_, summary)| summary);
    let summary =
        summary.unwrap_or_else(|| panic!("no summary: {said}\n{}", String::from_utf8_lossy(&ran.stderr)));
    // Named below: extensions, and what was added after the revision's release.
    let (scenarios, unscored) = summary.split_once("Not scored").unwrap_or((summary, ""));
    let names = |mark: &str| -> Vec<String> {
        let lines = scenarios.lines().filter_map(|line| line.split_once(mark));
        lines.filter_map(|(_, rest)| Some(rest.split_once(':')?.0.trim().to_owned())).collect()
    };
    let counts = |name: &String| !unscored.contains(&format!("{name} ("));
    (names("✓"), names("✗").into_iter().filter(counts).collect())
}

async fn passes(selection: &[&str], scenarios: usize) {
    let (passed, failed) = run(selection).await;
    assert_eq!(failed, Vec::<String>::new(), "{passed:?} passed");
    assert!(passed.len() >= scenarios, "only {passed:?} ran");
}

#[tokio::test]
async fn every_scored_scenario_of_2025_11_25() {
    passes(&["--requirements", "2025-11-25"], 18).await;
}

#[tokio::test]
async fn every_scored_scenario_of_2026_07_28() {
    passes(&["--requirements", "2026-07-28"], 32).await;
}

#[tokio::test]
async fn both_ways_of_2025_03_26() {
    passes(&["--suite", "backcompat"], 2).await;
}
