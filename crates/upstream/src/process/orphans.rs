//! The end of processes that nobody waits for: as process 1 of a container we inherit what servers leave behind, and
//! the dead among it stay in the process table until we ask for their exit codes.

use std::{collections::HashSet, time::Duration};

use rustix::process::{Pid, WaitOptions, getpid, waitpid};

/// The time between two looks. Our own children are waited for at once: who is still dead at the next look is none.
const PAUSE: Duration = Duration::from_secs(10);

/// Whether orphans become ours: we are the first process of a container.
pub(crate) fn are_ours() -> bool {
    getpid().is_init()
}

/// Takes the exit codes of orphans, for ever.
pub(crate) async fn reap() {
    let mut seen = HashSet::new();
    loop {
        tokio::time::sleep(PAUSE).await;
        seen = look(&seen);
    }
}

/// Reaps the dead children that were dead at the last look; tells of the others.
fn look(seen: &HashSet<Pid>) -> HashSet<Pid> {
    let dead = dead_children();
    for &pid in dead.intersection(seen) {
        // Fails where another was faster.
        let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    }
    dead.difference(seen).copied().collect()
}

fn dead_children() -> HashSet<Pid> {
    let own = getpid();
    let Ok(entries) = fs_err::read_dir("/proc") else { return HashSet::new() };
    let processes = entries.flatten().filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)?;
        let stat = fs_err::read_to_string(entry.path().join("stat")).ok()?;
        is_dead_child(&stat, own).then_some(pid)
    });
    processes.collect()
}

/// Reads a line of /proc/PID/stat (`proc_pid_stat(5)`: state, then parent, behind the name in parentheses).
fn is_dead_child(stat: &str, parent: Pid) -> bool {
    let Some((_, fields)) = stat.rsplit_once(')') else { return false };
    let mut fields = fields.split_ascii_whitespace();
    fields.next() == Some("Z")
        && fields.next().and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw) == Some(parent)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_state_and_the_parent_stand_behind_a_name_that_may_hold_anything() {
        let parent = Pid::from_raw(7).expect("a pid");
        assert!(is_dead_child("12 (a) S 1 (b) Z 7 12 12 0", parent));
        assert!(!is_dead_child("12 (x) S 7 12 12 0", parent));
        assert!(!is_dead_child("12 (x) Z 8 12 12 0", parent));
        assert!(!is_dead_child("", parent));
    }

    /// As process 1 inherits orphans, so does a subreaper.
    #[test]
    fn an_orphan_is_reaped_at_the_second_look() {
        rustix::process::set_child_subreaper(Some(getpid())).expect("any process may be one");
        // The shell ends at once; what it started ends when its input does.
        let mut shell = Command::new("sh")
            .args(["-c", "exec 3<&0; cat <&3 & echo $!"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("sh starts");
        let input = shell.stdin.take().expect("a pipe");
        let mut line = String::new();
        let mut output = std::io::BufReader::new(shell.stdout.take().expect("a pipe"));
        std::io::BufRead::read_line(&mut output, &mut line).expect("a pid");
        let orphan = Pid::from_raw(line.trim().parse().expect("a pid")).expect("a pid");
        shell.wait().expect("sh ends");
        drop(input);
        // Its end of the pipe is closed when it is dead.
        std::io::Read::read_to_string(&mut output, &mut line).expect("the end");
        let mut dead = dead_children();
        while !dead.contains(&orphan) {
            std::thread::yield_now();
            dead = dead_children();
        }
        assert!(look(&HashSet::new()).contains(&orphan), "it may be a child of ours that is waited for");
        assert!(!look(&dead).contains(&orphan));
        assert!(!dead_children().contains(&orphan));
    }
}
