use std::path::{Path, PathBuf};

/// The `traygate` program under test: `TRAYGATE_BIN`, else the one of this build.
///
/// # Panics
/// Where it has not been built.
pub fn traygate() -> PathBuf {
    find("TRAYGATE_BIN", "traygate")
}

/// The `fake-mcp` program of this kit: `FAKE_MCP_BIN`, else the one of this build.
///
/// # Panics
/// Where it has not been built.
pub fn fake_mcp() -> PathBuf {
    find("FAKE_MCP_BIN", "fake-mcp")
}

fn find(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test has a path");
    // target/debug/deps/integration-0123 stands two folders below target/debug.
    let folder = test.parent().and_then(Path::parent).expect("a test lies in target/*/deps");
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is missing. `cargo nextest run` builds it by its set-up script; with `cargo test` run \
         `cargo build --workspace --exclude traygate-desktop --bins --tests` first.",
        path.display()
    );
    path
}
