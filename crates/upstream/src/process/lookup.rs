//! From the `command` of a config entry to a program file.

use std::{
    collections::HashMap,
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use crate::resolve::ResolvedCommand;

/// The folder that a child starts in: its entry's `cwd`, else our own.
///
/// # Errors
/// A sentence that names the folder, where it is none.
pub(super) fn folder(cwd: Option<&Path>) -> Result<PathBuf, String> {
    let folder = cwd.map_or_else(|| env::current_dir().unwrap_or_default(), Path::to_owned);
    if folder.is_dir() {
        return Ok(folder);
    }
    Err(format!("its folder `{}` does not exist. Create it, or correct `cwd`.", folder.display()))
}

/// Whether a child could be started from `command`, as far as that can be told without starting it.
///
/// # Errors
/// A sentence that names the folder or the program that is not there.
pub(crate) fn look(command: &ResolvedCommand) -> Result<(), String> {
    let folder = folder(command.cwd.as_deref())?;
    find(&command.command, &command.env, &folder).map(drop)
}

/// Looks `command` up on the child's own PATH (with PATHEXT on Windows); a relative path starts at `cwd`.
///
/// # Errors
/// A sentence that names the command and says what to install.
pub(super) fn find(command: &str, env: &HashMap<OsString, OsString>, cwd: &Path) -> Result<PathBuf, String> {
    let path = variable(env, "PATH");
    which::which_in(command, path, cwd).map_err(|_| {
        if command.contains(['/', '\\']) {
            return format!(
                "command `{command}` does not exist or is not executable. Correct the path in `command`."
            );
        }
        format!("command `{command}` was not found. {}, or give the full path in `command`.", remedy(command))
    })
}

/// The value of an environment variable, whose name has no case on Windows.
pub(super) fn variable<'a>(env: &'a HashMap<OsString, OsString>, name: &str) -> Option<&'a OsStr> {
    if cfg!(windows) {
        env.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_os_str())
    } else {
        env.get(OsStr::new(name)).map(OsString::as_os_str)
    }
}

/// What brings a well-known command.
fn remedy(command: &str) -> &'static str {
    match command {
        "npx" | "npm" | "node" => "Install Node.js",
        "uvx" | "uv" => "Install uv",
        "python" | "python3" | "pip" | "pipx" => "Install Python",
        "docker" => "Install Docker",
        "podman" => "Install Podman",
        "deno" => "Install Deno",
        "bun" | "bunx" => "Install Bun",
        _ => "Install it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(path: &str) -> HashMap<OsString, OsString> {
        HashMap::from([("PATH".into(), path.into())])
    }

    #[test]
    fn names_the_command_and_the_remedy() {
        let error = find("npx", &env("/nowhere"), Path::new("/")).unwrap_err();
        assert_eq!(
            error,
            "command `npx` was not found. Install Node.js, or give the full path in `command`."
        );
        assert!(find("my-server", &env("/nowhere"), Path::new("/")).unwrap_err().contains("Install it,"));
        assert!(find("x", &HashMap::new(), Path::new("/")).unwrap_err().contains("was not found"));
        assert!(find("/no/such", &env(""), Path::new("/")).unwrap_err().contains("does not exist"));
    }

    #[cfg(unix)]
    #[test]
    fn searches_the_childs_path_not_ours() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("only-here");
        fs_err::write(&program, "#!/bin/sh\n").unwrap();
        fs_err::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let env = env(folder.path().to_str().unwrap());
        assert_eq!(find("only-here", &env, Path::new("/")).unwrap(), program);
        assert_eq!(
            find("./only-here", &env, folder.path()).unwrap().canonicalize().unwrap(),
            program.canonicalize().unwrap()
        );
    }
}
