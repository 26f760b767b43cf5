//! Which crate may know which: the edges of ARCHITECTURE.md, read out of `cargo metadata`.

use std::{collections::BTreeSet, process::Command};

use serde_json::Value;

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// The names of a package's dependencies that a build of it needs; those of its tests are free.
fn dependencies(package: &Value) -> BTreeSet<&str> {
    let all = package["dependencies"].as_array().unwrap();
    all.iter()
        .filter(|dependency| dependency["kind"] != "dev")
        .map(|dependency| dependency["name"].as_str().unwrap())
        .collect()
}

#[test]
fn crates_know_only_the_crates_below_them() {
    let allowed: &[(&str, &[&str])] = &[
        ("traygate-config", &[]),
        ("traygate-auth", &[]),
        ("traygate-translation", &[]),
        ("traygate-upstream", &["traygate-config", "traygate-auth"]),
        (
            "traygate-gateway",
            &["traygate-config", "traygate-auth", "traygate-translation", "traygate-upstream"],
        ),
        ("traygate", &["traygate-config", "traygate-auth", "traygate-upstream", "traygate-gateway"]),
        ("traygate-desktop", &["traygate-config", "traygate-auth", "traygate-upstream", "traygate-gateway"]),
        (
            "traygate-tests",
            &["traygate-config", "traygate-auth", "traygate-upstream", "traygate-gateway", "traygate"],
        ),
    ];
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let (_, below) =
            allowed.iter().find(|(of, _)| *of == name).unwrap_or_else(|| panic!("{name} is new here"));
        let known: Vec<_> =
            dependencies(&package).into_iter().filter(|known| known.starts_with("traygate")).collect();
        for known in known {
            assert!(below.contains(&known), "{name} must not depend on {known}");
        }
    }
}

#[test]
fn only_the_desktop_names_tauri() {
    for package in packages() {
        if package["name"] != "traygate-desktop" {
            let toolkit: Vec<_> = dependencies(&package)
                .into_iter()
                .filter(|name| name.starts_with("tauri") || ["gtk", "wry", "tao"].contains(name))
                .collect();
            assert!(toolkit.is_empty(), "{} depends on {toolkit:?}", package["name"]);
        }
    }
}

#[test]
fn the_pure_crates_do_no_io() {
    let packages = packages();
    let package = |name| packages.iter().find(|package| package["name"] == name).unwrap();
    for (pure, foreign) in [
        ("traygate-config", &["tokio", "fs-err", "reqwest", "axum", "rmcp"][..]),
        ("traygate-translation", &["tokio", "fs-err", "reqwest", "axum"]),
    ] {
        for name in foreign {
            assert!(!dependencies(package(pure)).contains(name), "{pure} depends on {name}");
        }
    }
}
