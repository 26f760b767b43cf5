use std::{
    io::{self, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use fs_err::{File, OpenOptions};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::Folders;

/// A gateway of this user that is running, as it announced itself in the runtime folder.
#[derive(Debug, Clone)]
pub struct RunningGateway {
    /// Its process.
    pub pid: u32,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// Whether it listens with TLS.
    pub tls: bool,
    /// Its config file, absolute.
    pub config: Option<PathBuf>,
    /// Opens its `/-/api/`.
    pub token: SecretString,
}

/// The announcement as it stands in its file.
#[derive(Serialize, Deserialize)]
struct Content {
    pid: u32,
    addresses: Vec<SocketAddr>,
    tls: bool,
    config: Option<PathBuf>,
    token: String,
}

/// This gateway's own announcement; gone when dropped.
///
/// Beside it lies a file that is locked as long as the process lives: a process id alone can be another program's by
/// the time somebody looks.
#[derive(Debug)]
pub(crate) struct Announcement {
    file: PathBuf,
    lock: PathBuf,
    locked: File,
}

impl RunningGateway {
    /// All gateways that this user runs, in this session or outside of it.
    pub fn of_user(folders: &Folders) -> Vec<Self> {
        folders.runtimes().iter().flat_map(|dir| Self::all(dir)).collect()
    }

    /// All gateways that announced themselves in `runtime_dir` and still run. What dead ones left there is removed.
    pub fn all(runtime_dir: &Path) -> Vec<Self> {
        let Ok(entries) = fs_err::read_dir(runtime_dir) else { return Vec::new() };
        let announced = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
        entries
            .flatten()
            .map(|entry| entry.path())
            .filter(announced)
            .filter_map(|file| Self::read(&file))
            .collect()
    }

    /// Its URL by loopback, as the admin API wants it; `None` where the gateway listens on other addresses only.
    pub fn loopback_url(&self) -> Option<String> {
        let address = loopback(&self.addresses)?;
        Some(format!("{}://{address}", if self.tls { "https" } else { "http" }))
    }

    fn read(file: &Path) -> Option<Self> {
        let lock = file.with_extension("lock");
        // An absent lock is free too: what it guarded is over.
        let free =
            OpenOptions::new().read(true).write(true).open(&lock).is_ok_and(|lock| lock.try_lock().is_ok());
        if free || !lock.exists() {
            let _ = fs_err::remove_file(file);
            let _ = fs_err::remove_file(&lock);
            return None;
        }
        let Content { pid, addresses, tls, config, token } =
            serde_json::from_slice(&fs_err::read(file).ok()?).ok()?;
        Some(Self { pid, addresses, tls, config, token: token.into() })
    }
}

impl Announcement {
    /// Announces `gateway` in `runtime_dir`, readable for its owner only.
    ///
    /// # Errors
    /// The folder cannot be made, or not be written.
    pub(crate) fn write(runtime_dir: &Path, gateway: &RunningGateway) -> io::Result<Self> {
        create_private_dir(runtime_dir)?;
        let mut suffix = [0; 4];
        getrandom::fill(&mut suffix).map_err(io::Error::other)?;
        let name = format!("gateway-{}-{}", gateway.pid, hex::encode(suffix));
        let (file, lock) =
            (runtime_dir.join(&name).with_extension("json"), runtime_dir.join(&name).with_extension("lock"));
        let locked = create_private(&lock)?;
        locked.lock()?;
        let announcement = Self { file, lock, locked };
        let content = Content {
            pid: gateway.pid,
            addresses: gateway.addresses.clone(),
            tls: gateway.tls,
            config: gateway.config.clone(),
            token: gateway.token.expose_secret().to_owned(),
        };
        // Written aside and renamed, so that nobody reads half of it.
        let new = announcement.file.with_extension("new");
        create_private(&new)?.write_all(&serde_json::to_vec(&content)?)?;
        fs_err::rename(&new, &announcement.file)?;
        Ok(announcement)
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        let _ = self.locked.unlock();
        let _ = fs_err::remove_file(&self.file);
        let _ = fs_err::remove_file(&self.lock);
    }
}

/// The first address that this machine reaches by loopback, as loopback.
pub(crate) fn loopback(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    addresses.iter().find_map(|address| match address.ip() {
        ip if ip.is_loopback() => Some(*address),
        IpAddr::V4(ip) if ip.is_unspecified() => Some((Ipv4Addr::LOCALHOST, address.port()).into()),
        IpAddr::V6(ip) if ip.is_unspecified() => Some((Ipv6Addr::LOCALHOST, address.port()).into()),
        _ => None,
    })
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway() -> RunningGateway {
        RunningGateway {
            pid: std::process::id(),
            addresses: vec!["127.0.0.1:8000".parse().expect("an address")],
            tls: false,
            config: Some("/etc/traygate.jsonc".into()),
            token: "s3cret".into(),
        }
    }

    #[test]
    fn this_machine_reaches_loopback_and_what_listens_everywhere() {
        let first = |addresses: &[&str]| {
            let addresses: Vec<SocketAddr> =
                addresses.iter().map(|address| address.parse().expect("an address")).collect();
            loopback(&addresses).map(|address| address.to_string())
        };
        assert_eq!(first(&["172.17.0.1:80", "127.0.0.2:80"]).as_deref(), Some("127.0.0.2:80"));
        assert_eq!(first(&["0.0.0.0:80"]).as_deref(), Some("127.0.0.1:80"));
        assert_eq!(first(&["[::]:80"]).as_deref(), Some("[::1]:80"));
        assert_eq!(first(&["172.17.0.1:80"]), None);
    }

    #[test]
    fn an_announced_gateway_is_found_until_it_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("run");
        let announcement = Announcement::write(&dir, &gateway()).expect("announced");
        let second = Announcement::write(&dir, &gateway()).expect("two in one process");
        let found = RunningGateway::all(&dir);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].token.expose_secret(), "s3cret");
        assert_eq!(found[0].addresses, gateway().addresses);
        assert_eq!(found[0].config, gateway().config);
        drop((announcement, second));
        assert!(RunningGateway::all(&dir).is_empty());
        assert_eq!(fs_err::read_dir(&dir).expect("the folder").count(), 0);
    }

    #[test]
    fn what_a_dead_gateway_left_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let announcement = Announcement::write(folder.path(), &gateway()).expect("announced");
        // As after SIGKILL: the lock is gone with its process, the files are not.
        announcement.locked.unlock().expect("unlocked");
        assert!(RunningGateway::all(folder.path()).is_empty());
        assert!(!announcement.file.exists() && !announcement.lock.exists());
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_the_token() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("run");
        let announcement = Announcement::write(&dir, &gateway()).expect("announced");
        let mode = |path: &Path| fs_err::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(&announcement.file), 0o600);
        assert_eq!(mode(&dir), 0o700);
    }

    #[test]
    fn debug_output_holds_no_token() {
        assert!(!format!("{:?}", gateway()).contains("s3cret"));
    }

    #[test]
    fn the_loopback_url_is_one_that_this_machine_reaches() {
        let url = |addresses: &[&str], tls| {
            let addresses = addresses.iter().map(|text| text.parse().expect("an address")).collect();
            RunningGateway { addresses, tls, ..gateway() }.loopback_url()
        };
        assert_eq!(url(&["127.0.0.1:8000"], false).as_deref(), Some("http://127.0.0.1:8000"));
        assert_eq!(url(&["172.17.0.1:1", "127.0.0.1:1"], true).as_deref(), Some("https://127.0.0.1:1"));
        assert_eq!(url(&["0.0.0.0:1"], false).as_deref(), Some("http://127.0.0.1:1"));
        assert_eq!(url(&["[::]:1"], false).as_deref(), Some("http://[::1]:1"));
        assert_eq!(url(&["172.17.0.1:1"], false), None);
    }
}
