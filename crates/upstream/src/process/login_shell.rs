//! The PATH of the login shell: a desktop starts applications without what `.profile` and the like add to it, so that
//! `npx` and `uvx` would not be found.

#[cfg(unix)]
use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStringExt,
    process::Stdio,
    time::Duration,
};

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process_group};
#[cfg(unix)]
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    time::timeout,
};

/// Around the value: start files print what they like.
#[cfg(unix)]
const FENCE: &[u8] = b"__traygate_path__";

/// A slow start file must not delay the application for longer.
#[cfg(unix)]
const LIMIT: Duration = Duration::from_secs(3);

/// Start files that print more than this are not listened to any longer, in bytes.
#[cfg(unix)]
const LONGEST: usize = 1024 * 1024;

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
    let fence = String::from_utf8_lossy(FENCE);
    let mut shell = Command::new(shell)
        .arg("-ilc")
        .arg(format!("printf '%s%s%s' {fence} \"$PATH\" {fence}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .process_group(0)
        .spawn()
        .ok()?;
    let group = Group(Pid::from_raw(shell.id()?.try_into().ok()?)?);
    let path = timeout(LIMIT, fenced(shell.stdout.take()?)).await.ok().flatten();
    drop(group);
    let _ = shell.wait().await;
    path
}

/// The shell and what its start files left running in the background. Killed when dropped: before the shell is waited
/// for, so that the number is still its own.
#[cfg(unix)]
struct Group(Pid);

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

/// What stands between two fences. Does not wait for the end of `output`, which a background process can hold open.
#[cfg(unix)]
async fn fenced(mut output: impl AsyncRead + Unpin) -> Option<OsString> {
    let find = |text: &[u8]| text.windows(FENCE.len()).position(|part| part == FENCE);
    let mut read = Vec::new();
    // Before the first fence, and known to hold none of it.
    let mut before = 0;
    loop {
        if let Some(start) = find(&read[before..]) {
            before += start;
            let rest = &read[before + FENCE.len()..];
            if let Some(end) = find(rest) {
                return (end > 0).then(|| OsString::from_vec(rest[..end].to_vec()));
            }
        } else {
            before = read.len().saturating_sub(FENCE.len() - 1);
        }
        if read.len() > LONGEST || output.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::path::{Path, PathBuf};

    use tokio::net::unix::pipe;

    use super::*;

    #[tokio::test]
    async fn start_files_may_print_around_it() {
        let path = async |output: &'static [u8]| fenced(output).await;
        assert_eq!(path(b"hi\n__traygate_path__/a:/b__traygate_path__bye").await, Some("/a:/b".into()));
        assert_eq!(path(b"__traygate_path__/a").await, None);
        assert_eq!(path(b"__traygate_path____traygate_path__").await, None);
        assert_eq!(path(b"nothing").await, None);
        assert_eq!(fenced(tokio::io::repeat(b'y')).await, None, "and no more than a little is kept");
    }

    #[tokio::test]
    async fn asks_a_real_shell() {
        let folder = tempfile::tempdir().unwrap();
        let shell = shell(folder.path(), "echo welcome; PATH=/from/profile:$PATH");
        assert!(path_of(shell.as_os_str()).await.is_some_and(|path| starts(&path, "/from/profile:")));
        assert_eq!(path_of(OsStr::new("/no/such/shell")).await, None);
    }

    #[tokio::test]
    async fn a_background_process_is_not_waited_for_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let mut held = fifo(folder.path());
        let shell = shell(folder.path(), "exec 3>\"${0%/*}/fifo\"; sleep 60 & PATH=/from/profile:$PATH");
        assert!(path_of(shell.as_os_str()).await.is_some_and(|path| starts(&path, "/from/profile:")));
        // Ends when the last process that has the other end open does.
        assert_eq!(held.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_shell_that_takes_too_long_ends_with_all_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mut held = fifo(folder.path());
        let shell = shell(folder.path(), "exec 3>\"${0%/*}/fifo\"; sleep 60 & echo >&3; sleep 60");
        let mut path = std::pin::pin!(path_of(shell.as_os_str()));
        tokio::select! {
            started = held.read_u8() => assert_eq!(started.unwrap(), b'\n'),
            path = &mut path => panic!("{path:?} before the shell started"),
        }
        tokio::time::pause();
        assert_eq!(path.await, None);
        assert_eq!(held.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    }

    /// A shell with this start file.
    fn shell(folder: &Path, start: &str) -> PathBuf {
        let shell = folder.join("shell");
        // Of `-ilc COMMAND` only the command is left to do.
        fs_err::write(&shell, format!("#!/bin/sh\n{start}\nexport PATH\nshift\neval \"$1\"\n")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs_err::set_permissions(&shell, mode).unwrap();
        shell
    }

    /// Our end of a named pipe in the folder.
    fn fifo(folder: &Path) -> pipe::Receiver {
        let path = folder.join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        pipe::OpenOptions::new().open_receiver(path).unwrap()
    }

    fn starts(path: &OsStr, with: &str) -> bool {
        path.as_encoded_bytes().starts_with(with.as_bytes())
    }
}
