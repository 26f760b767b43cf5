use std::{
    fmt,
    path::{Path, PathBuf},
};

/// A running process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its command line.
    pub command: String,
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.pid, self.command)
    }
}

/// The processes whose HOME is this folder, whatever became of their parents, groups and sessions. Read from /proc;
/// zombies have no environment and are not found.
pub fn processes_at_home(home: &Path) -> Vec<Process> {
    let mark = format!("HOME={}\0", home.display());
    running()
        .into_iter()
        .filter(|process| {
            let environment = fs_err::read(folder(process.pid).join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&mark)
        })
        .collect()
}

/// Whether this process runs; a zombie does not.
pub fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|stat| stat.state != 'Z')
}

/// The children of this process, and theirs.
pub fn descendants(pid: u32) -> Vec<Process> {
    let all: Vec<_> =
        running().into_iter().filter_map(|process| Some((stat(process.pid)?.parent, process))).collect();
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        for (_, process) in all.iter().filter(|(of, _)| *of == parent) {
            parents.push(process.pid);
            found.push(process.clone());
        }
    }
    found
}

/// SIGKILL, or what comes nearest; the process may be gone already.
pub fn kill(pid: u32) {
    #[cfg(unix)]
    signal(pid, rustix::process::Signal::KILL);
    #[cfg(not(unix))]
    let _ = pid;
}

#[cfg(unix)]
pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn running() -> Vec<Process> {
    let Ok(entries) = fs_err::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| {
            let command = fs_err::read(folder(pid).join("cmdline")).ok()?;
            Some(Process { pid, command: String::from_utf8_lossy(&command).replace('\0', " ").trim().into() })
        })
        .collect()
}

/// The processor time that a process has used, in hundredths of a second.
pub fn processor_time(pid: u32) -> u64 {
    stat(pid).map_or(0, |stat| stat.ticks)
}

/// The most memory that a process ever had resident, in bytes (proc(5), `VmHWM`).
pub fn peak_memory(pid: u32) -> u64 {
    let status = fs_err::read_to_string(folder(pid).join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1024
}

struct Stat {
    state: char,
    parent: u32,
    ticks: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs_err::read_to_string(folder(pid).join("stat")).ok()?;
    // The second field is a name in brackets that may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    // proc(5), counted from the state: 1 is ppid, 11 utime, 12 stime.
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        ticks: number(11)? + number(12)?,
    })
}

fn folder(pid: u32) -> PathBuf {
    PathBuf::from("/proc").join(pid.to_string())
}
