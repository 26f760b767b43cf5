use std::ffi::OsString;

/// Whether a browser can show a page here: this user named one, or there is a desktop to show it on.
pub(crate) fn has_desktop() -> bool {
    cfg!(any(windows, target_os = "macos")) || names_one(|name| std::env::var_os(name))
}

fn names_one(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY"]
        .into_iter()
        .any(|name| variable(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desktop_or_a_browser_is_named_by_a_variable_that_is_not_empty() {
        for (set, value, expected) in [
            ("DISPLAY", ":0", true),
            ("WAYLAND_DISPLAY", "wayland-0", true),
            ("BROWSER", "firefox", true),
            ("DISPLAY", "", false),
            ("TERM", "xterm", false),
        ] {
            assert_eq!(names_one(|name| (name == set).then(|| value.into())), expected, "{set}={value}");
        }
    }
}
