use std::{io::Read as _, path::Path};

use super::*;

fn variables(of: &[(&str, &str)]) -> HashMap<OsString, OsString> {
    of.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

fn browser(command: &str) -> SystemBrowser {
    SystemBrowser::new(&variables(&[("BROWSER", command)]))
}

fn page() -> Url {
    Url::parse("https://example.com/authorize?a=1&state=st%20ate").unwrap()
}

#[test]
fn the_address_is_put_into_the_words() {
    let url = page();
    let at = url.as_str();
    for (command, expected) in [
        ("firefox", vec!["firefox", at]),
        ("  firefox   --new-window ", vec!["firefox", "--new-window", at]),
        ("firefox %s --private", vec!["firefox", at, "--private"]),
        ("'my browser' \"a b\" c\\ d", vec!["my browser", "a b", "c d", at]),
        ("x 100%% %d", vec!["x", "100%", "%d", at]),
        ("firefox %s &", vec!["firefox", at]),
        ("", vec![]),
    ] {
        assert_eq!(words(command, &url).unwrap(), expected, "{command}");
    }
    assert_eq!(words("x --url=<%s>%%s", &url).unwrap(), ["x", &format!("--url=<{at}>%s")]);
    assert_eq!(words("firefox 'a", &url), None);
}

/// A pipe by name: it is open as long as what writes into it lives, and its end needs no waiting for.
#[cfg(unix)]
fn fifo(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("told");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[cfg(target_os = "linux")]
#[test]
fn the_first_command_that_starts_gets_the_address_as_one_word() {
    let folder = tempfile::tempdir().unwrap();
    let told = fifo(folder.path());
    let script = folder.path().join("a browser");
    fs_err::write(&script, "printf '%s|' \"$@\" > \"$1\"\n").unwrap();
    let command =
        format!("/nowhere/firefox:false::sh 'unclosed:sh '{}' '{}'", script.display(), told.display());
    let opening = thread::spawn(move || browser(&command).open(&page()));
    let mut text = String::new();
    fs_err::File::open(&told).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, format!("{}|{}|", told.display(), page()));
    assert_eq!(opening.join().unwrap(), Ok(()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_browser_that_runs_on_is_not_waited_for_and_has_a_group_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let told = fifo(folder.path());
    // Its own id and its group's; then it waits for a reader that comes after `open` has returned.
    let script = format!("sh -c 'read -r all </proc/$$/stat; echo \"$all\" >\"$0\"' {}", told.display());
    assert_eq!(browser(&script).open(&page()), Ok(()));
    let mut stat = String::new();
    fs_err::File::open(&told).unwrap().read_to_string(&mut stat).unwrap();
    let fields: Vec<_> = stat.split_whitespace().collect();
    assert_eq!(fields[0], fields[4], "pid and process group: {stat}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_did_not_start_is_told_without_the_address() {
    let error = browser("/nowhere/firefox %s:false").open(&page()).unwrap_err();
    assert_eq!(
        error,
        "the browser that $BROWSER names could not be started (`/nowhere/firefox %s`: it was not found; \
         `false`: it ended at once with an error)"
    );
    let error = browser(":").open(&page()).unwrap_err();
    assert_eq!(error, "the browser that $BROWSER names could not be started (it names no command)");
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_desktop_nothing_opens() {
    for nothing in [&[][..], &[("BROWSER", ""), ("DISPLAY", "")]] {
        let variables = variables(nothing);
        assert!(!SystemBrowser::has_desktop(&variables));
        let error = SystemBrowser::new(&variables).open(&page()).unwrap_err();
        assert_eq!(error, "there is no desktop session in which a browser could open");
    }
    for name in ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_INTEROP"] {
        assert!(SystemBrowser::has_desktop(&variables(&[(name, "x")])), "{name}");
    }
}

#[test]
fn only_web_pages_are_opened() {
    for url in ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "vscode://x"] {
        let error = browser("true").open(&Url::parse(url).unwrap()).unwrap_err();
        assert!(error.starts_with("only web pages are opened in a browser"), "{error}");
    }
}
