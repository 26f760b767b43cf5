//! The docs pages are embedded out of `ui/dist/swagger`, which `npm run build` fills, before or after this crate is built.

use std::{env, path::PathBuf};

fn main() {
    let Some(here) = env::var_os("CARGO_MANIFEST_DIR") else { return };
    let folder = PathBuf::from(here).join("../../ui/dist/swagger");
    // The path that is compiled in is only whole where the folder exists. A checkout that cannot be written goes without.
    #[expect(clippy::disallowed_methods, reason = "the error is not shown, so fs-err would add nothing")]
    let _ = std::fs::create_dir_all(&folder);
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", folder.display());
}
