use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use directories::BaseDirs;
use fs_err::OpenOptions;
use sha2::{Digest as _, Sha256};

/// What Traygate's folder is called in the system's.
const NAME: &str = "traygate";

/// Where this user's files of Traygate are, by the system's own rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// What a person edits: `~/.config/traygate`, `~/Library/Application Support/traygate`, `%APPDATA%\traygate`.
    pub config: PathBuf,
    /// What is remembered across restarts.
    pub state: PathBuf,
    /// What holds while this user is logged in; in the state folder where the system has no place for it.
    pub runtime: PathBuf,
}

impl Folders {
    /// This user's folders; `None` where there is no home.
    pub fn system() -> Option<Self> {
        let base = BaseDirs::new()?;
        let state = base.state_dir().unwrap_or(base.data_local_dir()).join(NAME);
        let runtime = base.runtime_dir().map_or_else(|| run_in(&state), |dir| dir.join(NAME));
        Some(Self { config: base.config_dir().join(NAME), state, runtime })
    }

    /// Where a gateway of this user may have announced itself: whoever starts one or asks for it from outside of a
    /// login session, as cron and `docker exec` do, has another `runtime` than the session.
    pub(crate) fn runtimes(&self) -> Vec<PathBuf> {
        let mut all = vec![self.runtime.clone()];
        let outside = run_in(&self.state);
        if self.runtime != outside {
            all.push(outside);
            return all;
        }
        #[cfg(target_os = "linux")]
        all.push(session_runtime());
        all
    }

    /// The config file of whoever names none.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.jsonc")
    }

    /// Writes the commented starter config where there is no config file yet; `true` if it did.
    ///
    /// # Errors
    /// The folder or the file cannot be made; the error names it.
    pub fn write_starter(&self) -> io::Result<bool> {
        fs_err::create_dir_all(&self.config)?;
        let file = self.config_file();
        match OpenOptions::new().write(true).create_new(true).open(&file) {
            Ok(mut file) => file.write_all(traygate_config::starter().as_bytes()).map(|()| true),
            // A symlink that leads nowhere exists too: reading it will say so.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The runtime folder where the system has no place for it.
fn run_in(state: &Path) -> PathBuf {
    state.join("run")
}

/// The runtime folder of this user's login session, for who is outside of it (`pam_systemd(8)`).
#[cfg(target_os = "linux")]
fn session_runtime() -> PathBuf {
    Path::new("/run/user").join(rustix::process::getuid().as_raw().to_string()).join(NAME)
}

/// The folder below `state` for what is remembered of this config file's servers. Servers of two files may have the
/// same name, and one file's are none of the other's business. Nothing is kept of a server that no file names.
pub(crate) fn state_of(state: Option<&Path>, config: Option<&Path>) -> Option<PathBuf> {
    let digest = Sha256::digest(config?.as_os_str().as_encoded_bytes());
    Some(state?.join(hex::encode(&digest[..8])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_config_file_has_a_state_folder_of_its_own() {
        let of = |config: Option<&str>| state_of(Some(Path::new("state")), config.map(Path::new));
        let (one, other) = (of(Some("/a/config.json")), of(Some("/b/config.json")));
        assert!(one.as_ref().is_some_and(|folder| folder.starts_with("state")));
        assert_ne!(one, other);
        assert_eq!(one, of(Some("/a/config.json")));
        assert_eq!(of(None), None);
        assert_eq!(state_of(None, Some(Path::new("/a/config.json"))), None);
    }

    #[test]
    fn gateways_are_looked_for_inside_and_outside_of_the_login_session() {
        let folders = |runtime: &str| Folders {
            config: "/home/me/.config/traygate".into(),
            state: "/home/me/.local/state/traygate".into(),
            runtime: runtime.into(),
        };
        let outside = "/home/me/.local/state/traygate/run";
        let inside = "/run/user/7/traygate";
        assert_eq!(folders(inside).runtimes(), [Path::new(inside), Path::new(outside)]);
        let runtimes = folders(outside).runtimes();
        assert_eq!(runtimes[0], Path::new(outside));
        assert_eq!(runtimes.len(), if cfg!(target_os = "linux") { 2 } else { 1 });
        assert!(runtimes[1..].iter().all(|folder| folder.starts_with("/run/user")), "{runtimes:?}");
    }

    #[test]
    fn the_starter_is_written_once_and_never_over_a_file() {
        let home = tempfile::tempdir().expect("a folder");
        let at = |name: &str| home.path().join(name);
        let folders = Folders { config: at("config/traygate"), state: at("state"), runtime: at("run") };
        assert!(folders.write_starter().expect("written"));
        let text = fs_err::read_to_string(folders.config_file()).expect("the starter");
        assert_eq!(text, traygate_config::starter());
        fs_err::write(folders.config_file(), "mine").expect("an edit");
        assert!(!folders.write_starter().expect("left alone"));
        assert_eq!(fs_err::read_to_string(folders.config_file()).expect("mine"), "mine");
    }
}
