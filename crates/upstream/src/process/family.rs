//! A child and everything that descends from it, and how all of it is ended.

use std::{
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long SIGTERM is given to work.
const GRACE: Duration = Duration::from_millis(800);
/// How long SIGKILL is repeated for processes that are being born meanwhile.
const KILLING: Duration = Duration::from_millis(700);
/// How long a child that is just being started may hide: between fork and exec it does not carry its token yet, and a
/// gateway that died then told nobody its group. Until exec the child itself holds the guardian's pipe open, so that only
/// the moment is left in which the kernel has closed it and not yet shown the new environment.
const BIRTH: Duration = Duration::from_millis(200);
/// Between two looks at who is left.
const LOOK: Duration = Duration::from_millis(15);

/// The process group that a child leads and, on Linux, every process whose environment carries its token: those
/// left the group with setsid(2).
#[derive(Debug, Clone)]
pub(super) struct Family {
    /// `None` while the child is being started.
    pub(super) group: Option<Pid>,
    pub(super) token: String,
}

impl Family {
    /// Sends a signal to every member.
    pub(super) fn signal(&self, signal: Signal) {
        signal_all(std::slice::from_ref(self), signal);
    }

    /// Ends every member: SIGTERM, then SIGKILL. Blocks for 1.5 s at most; returns at once where nobody is left.
    pub(super) fn end(&self) {
        end_all(std::slice::from_ref(self));
    }
}

/// [`Family::end`] for several at once, in the same time.
pub(super) fn end_all(families: &[Family]) {
    let unborn: Vec<_> = families.iter().filter(|family| family.group.is_none()).cloned().collect();
    appear_within(&unborn, BIRTH);
    if signal_all(families, Signal::TERM) == 0 || gone_within(families, GRACE, None) {
        return;
    }
    signal_all(families, Signal::KILL);
    gone_within(families, KILLING, Some(Signal::KILL));
}

/// Waits until there is somebody of each family, or nobody is to be expected any more.
fn appear_within(families: &[Family], time: Duration) {
    let until = Instant::now() + time;
    let missing = || families.iter().any(|family| count(std::slice::from_ref(family)) == 0);
    while missing() && Instant::now() < until {
        thread::sleep(LOOK);
    }
}

fn gone_within(families: &[Family], time: Duration, signal: Option<Signal>) -> bool {
    let until = Instant::now() + time;
    while Instant::now() < until {
        let left = signal.map_or_else(|| count(families), |signal| signal_all(families, signal));
        if left == 0 {
            return true;
        }
        thread::sleep(LOOK);
    }
    false
}

#[cfg(target_os = "linux")]
fn count(families: &[Family]) -> usize {
    members(families).len()
}

/// Sends a signal to all members and says how many there were.
#[cfg(target_os = "linux")]
fn signal_all(families: &[Family], signal: Signal) -> usize {
    let members = members(families);
    // The group first: in one step, so that nobody slips away by forking.
    for family in families {
        if let Some(group) = family.group
            && members.iter().any(|member| member.group == group.as_raw_pid())
        {
            let _ = kill_process_group(group, signal);
        }
    }
    for member in &members {
        let _ = rustix::process::kill_process(member.pid, signal);
    }
    members.len()
}

#[cfg(target_os = "linux")]
struct Member {
    pid: Pid,
    group: i32,
}

/// All living members, zombies left out: nobody may ever reap those in a container without an init.
#[cfg(target_os = "linux")]
fn members(families: &[Family]) -> Vec<Member> {
    let Ok(entries) = fs_err::read_dir("/proc") else { return Vec::new() };
    let ours = rustix::process::getpid();
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let group = living_group(&fs_err::read_to_string(entry.path().join("stat")).ok()?)?;
            let in_group = |family: &Family| family.group.is_some_and(|own| own.as_raw_pid() == group);
            let related = families.iter().any(in_group)
                || fs_err::read(entry.path().join("environ"))
                    .is_ok_and(|environ| families.iter().any(|family| carries(&environ, &family.token)));
            (related && pid != ours).then_some(Member { pid, group })
        })
        .collect()
}

/// The process group in a line of /proc/PID/stat; `None` for the dead. The name before it may hold anything.
#[cfg(target_os = "linux")]
fn living_group(stat: &str) -> Option<i32> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    let _parent = fields.next()?;
    let group = fields.next()?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(group)
}

/// Whether the environment block holds the token, alone or among those of outer gateways.
#[cfg(target_os = "linux")]
fn carries(environ: &[u8], token: &str) -> bool {
    environ.split(|byte| *byte == 0).any(|variable| {
        variable
            .strip_prefix(super::TOKEN_VARIABLE.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"="))
            .is_some_and(|value| value.split(|byte| *byte == b':').any(|one| one == token.as_bytes()))
    })
}

#[cfg(not(target_os = "linux"))]
fn count(families: &[Family]) -> usize {
    let lives = |group| rustix::process::test_kill_process_group(group).is_ok();
    families.iter().filter(|family| family.group.is_some_and(lives)).count()
}

#[cfg(not(target_os = "linux"))]
fn signal_all(families: &[Family], signal: Signal) -> usize {
    let reached = |group| kill_process_group(group, signal).is_ok();
    families.iter().filter(|family| family.group.is_some_and(reached)).count()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn reads_the_group_whatever_the_name_holds() {
        assert_eq!(living_group("12 (a) b) c) S 1 77 77 0 -1"), Some(77));
        assert_eq!(living_group("12 (dead) Z 1 77 77 0 -1"), None);
        assert_eq!(living_group("nonsense"), None);
    }

    #[test]
    fn a_child_that_shows_its_token_late_is_ended_too() {
        let token = format!("late-{}", std::process::id());
        let family = Family { group: None, token: token.clone() };
        let end = thread::spawn(move || family.end());
        // As late as a child that is still between fork and exec when the look begins.
        thread::sleep(LOOK * 4);
        let mut child = std::process::Command::new("sleep")
            .arg("1000")
            .env(crate::process::TOKEN_VARIABLE, &token)
            .spawn()
            .unwrap();
        end.join().unwrap();
        let ended = child.try_wait().unwrap();
        let _ = child.kill();
        let _ = child.wait();
        assert!(ended.is_some(), "it lives on");
    }

    #[test]
    fn finds_a_token_among_those_of_outer_gateways() {
        let environ = b"A=1\0TRAYGATE_SERVER_TOKEN=outer:inner\0B=2\0";
        assert!(carries(environ, "outer") && carries(environ, "inner"));
        assert!(!carries(environ, "oute") && !carries(environ, "outer:inner"));
        assert!(!carries(b"X=TRAYGATE_SERVER_TOKEN=inner\0", "inner"));
    }
}
