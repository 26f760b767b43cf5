//! Embeds what tauri.conf.json names.

fn main() {
    tauri_build::build();
}
