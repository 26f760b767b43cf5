//! Who holds a port, in words.

use std::{net::SocketAddr, path::Path};

use crate::admin::RunningGateway;

/// The process that listens where `wanted` would: another Traygate, a program with its process id, or just another
/// program where the system does not tell.
pub(crate) fn describe(wanted: SocketAddr, runtime_dir: Option<&Path>) -> String {
    let running = runtime_dir.map(RunningGateway::all).unwrap_or_default();
    if let Some(gateway) =
        running.iter().find(|gateway| gateway.addresses.iter().any(|a| clashes(*a, wanted)))
    {
        let config = match &gateway.config {
            Some(path) => format!(", serving {}", path.display()),
            None => String::new(),
        };
        return format!("another Traygate (process {}{config})", gateway.pid);
    }
    match system::process_at(wanted) {
        Some((pid, program)) => format!("`{program}` (process {pid})"),
        None => "another program".to_owned(),
    }
}

/// Whether a listener at `taken` keeps `wanted` from being bound.
fn clashes(taken: SocketAddr, wanted: SocketAddr) -> bool {
    let same_host = taken.ip() == wanted.ip() || taken.ip().is_unspecified() || wanted.ip().is_unspecified();
    taken.port() == wanted.port() && same_host
}

#[cfg(target_os = "linux")]
mod system {
    use std::{
        net::{IpAddr, Ipv6Addr, SocketAddr},
        path::{Path, PathBuf},
    };

    /// Process id and program of whoever listens at `wanted`. Never its arguments: they may hold a key.
    pub(super) fn process_at(wanted: SocketAddr) -> Option<(u32, String)> {
        let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .filter_map(|table| fs_err::read_to_string(table).ok())
            .flat_map(|table| table.lines().filter_map(listener).collect::<Vec<_>>())
            .filter(|(taken, _)| super::clashes(*taken, wanted))
            .map(|(_, inode)| format!("socket:[{inode}]"))
            .collect();
        let holds = |process: &Path| {
            fs_err::read_dir(process.join("fd")).is_ok_and(|descriptors| {
                descriptors.flatten().filter_map(|entry| fs_err::read_link(entry.path()).ok()).any(|target| {
                    target.to_str().is_some_and(|target| sockets.iter().any(|socket| socket == target))
                })
            })
        };
        fs_err::read_dir("/proc").ok()?.flatten().find_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            holds(&entry.path()).then(|| (pid, program(&entry.path())))
        })
    }

    /// Address and inode of one line of /proc/net/tcp that listens (`proc_pid_net(5)`: state 0A).
    pub(super) fn listener(line: &str) -> Option<(SocketAddr, u64)> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        if *state != "0A" {
            return None;
        }
        let (ip, port) = local.split_once(':')?;
        let words = (0..ip.len() / 8)
            .map(|word| u32::from_str_radix(ip.get(word * 8..word * 8 + 8)?, 16).ok())
            .collect::<Option<Vec<_>>>()?;
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
        let ip = match bytes.len() {
            4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
            _ => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical(),
        };
        Some((SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?), inode.parse().ok()?))
    }

    /// A program's name, and the script's where it is an interpreter: `python3 mcpo`.
    fn program(process: &Path) -> String {
        let line = fs_err::read(process.join("cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let name =
            |path: &str| PathBuf::from(path).file_name().map(|name| name.to_string_lossy().into_owned());
        let Some(program) = words.next().and_then(|word| name(&word)) else {
            return "a program without a name".to_owned();
        };
        let script = words.next().filter(|word| Path::new(word.as_ref()).is_file());
        match script.and_then(|script| name(&script)) {
            Some(script) => format!("{program} {script}"),
            None => program,
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::net::SocketAddr;

    /// Not told without further programs.
    pub(super) fn process_at(_: SocketAddr) -> Option<(u32, String)> {
        None
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn lines_of_the_tcp_table_are_read() {
        let line = "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0";
        let expected = Some(("127.0.0.1:8000".parse().expect("an address"), 4242));
        assert_eq!(system::listener(line), expected.filter(|_| cfg!(target_endian = "little")));
        assert_eq!(system::listener(&line.replace(" 0A ", " 01 ")), None, "a connection is no listener");
        assert_eq!(system::listener("  sl  local_address rem_address   st"), None);
    }

    #[test]
    fn the_own_process_is_found_by_its_socket() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (pid, program) = system::process_at(address).expect("a process");
        assert_eq!(pid, std::process::id());
        assert!(!program.is_empty());
        drop(listener);
        assert_eq!(system::process_at(address), None);
    }

    #[test]
    fn an_unspecified_address_clashes_with_every_host() {
        let at = |text: &str| text.parse::<SocketAddr>().expect("an address");
        assert!(clashes(at("0.0.0.0:1"), at("127.0.0.1:1")));
        assert!(clashes(at("127.0.0.1:1"), at("0.0.0.0:1")));
        assert!(!clashes(at("127.0.0.1:1"), at("127.0.0.2:1")));
        assert!(!clashes(at("127.0.0.1:1"), at("127.0.0.1:2")));
    }
}
