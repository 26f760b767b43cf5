//! The PATH of the login shell: a desktop starts applications without what `.profile` and the like add to it, so that
//! `npx` and `uvx` would not be found.

#[cfg(unix)]
use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    process::Stdio,
    time::Duration,
};

/// Around the value: start files print what they like.
#[cfg(unix)]
const FENCE: &str = "__traygate_path__";

/// A slow start file must not delay the application for longer.
#[cfg(unix)]
const LIMIT: Duration = Duration::from_secs(3);

/// PATH as the user's login shell sets it; `None` if the shell is unknown, fails, or takes longer than 3 s.
#[cfg(unix)]
pub async fn login_shell_path() -> Option<OsString> {
    path_of(&std::env::var_os("SHELL")?).await
}

/// Windows has one PATH for all.
#[cfg(not(unix))]
pub async fn login_shell_path() -> Option<std::ffi::OsString> {
    std::future::ready(None).await
}

#[cfg(unix)]
async fn path_of(shell: &OsStr) -> Option<OsString> {
    let mut command = tokio::process::Command::new(shell);
    command
        .arg("-ilc")
        .arg(format!("printf '%s%s%s' {FENCE} \"$PATH\" {FENCE}"))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .process_group(0);
    let output = tokio::time::timeout(LIMIT, command.output()).await.ok()?.ok()?;
    fenced(&output.stdout)
}

#[cfg(unix)]
fn fenced(output: &[u8]) -> Option<OsString> {
    let find = |text: &[u8]| text.windows(FENCE.len()).position(|part| part == FENCE.as_bytes());
    let value = &output[find(output)? + FENCE.len()..];
    let value = &value[..find(value)?];
    (!value.is_empty()).then(|| OsString::from_vec(OsStr::from_bytes(value).as_bytes().to_vec()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn start_files_may_print_around_it() {
        assert_eq!(fenced(b"hi\n__traygate_path__/a:/b__traygate_path__bye"), Some("/a:/b".into()));
        assert_eq!(fenced(b"__traygate_path__/a"), None);
        assert_eq!(fenced(b"nothing"), None);
    }

    #[tokio::test]
    async fn asks_a_real_shell() {
        let folder = tempfile::tempdir().unwrap();
        let shell = folder.path().join("shell");
        fs_err::write(
            &shell,
            "#!/bin/sh\necho welcome\nPATH=/from/profile:$PATH\nexport PATH\nshift\neval \"$1\"\n",
        )
        .unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs_err::set_permissions(&shell, mode).unwrap();
        // `eval` gets the command line itself: the script drops `-ilc`.
        let path = path_of(shell.as_os_str()).await;
        assert!(path.is_some_and(|path| path.as_bytes().starts_with(b"/from/profile:")));
        assert_eq!(path_of(OsStr::new("/no/such/shell")).await, None);
    }
}
