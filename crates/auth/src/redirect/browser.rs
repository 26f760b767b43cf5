use std::{
    collections::HashMap,
    ffi::OsString,
    io,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use url::Url;

use crate::Browser;

/// The person's own browser. On Linux and BSD `$BROWSER` wins: words of a command, `%s` in them for the address, several
/// commands separated by colons, as xdg-open and Python read it.
#[derive(Debug, Default)]
pub struct SystemBrowser {
    /// The commands of `$BROWSER`, where it is set and this system reads it.
    commands: Option<Vec<String>>,
    desktop: bool,
}

/// Whether this system reads `$BROWSER` and may be without a desktop.
const FREE_DESKTOP: bool = cfg!(all(unix, not(target_os = "macos")));
/// What fails sooner did not open, and the next command is tried.
const AT_ONCE: Duration = Duration::from_millis(250);

impl SystemBrowser {
    /// The browser that these environment variables name, or the system's.
    pub fn new(variables: &HashMap<OsString, OsString>) -> Self {
        let set = FREE_DESKTOP && is_set(variables, "BROWSER");
        let commands = variables.get(&OsString::from("BROWSER")).filter(|_| set).map(|commands| {
            let commands = commands.to_string_lossy();
            commands.split(':').filter(|command| !command.trim().is_empty()).map(str::to_owned).collect()
        });
        Self { commands, desktop: Self::has_desktop(variables) }
    }

    /// Whether a page that is opened here is likely to be seen by someone.
    pub fn has_desktop(variables: &HashMap<OsString, OsString>) -> bool {
        // Under WSL it is Windows' browser that opens.
        !FREE_DESKTOP
            || ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_INTEROP", "WSL_DISTRO_NAME"]
                .iter()
                .any(|name| is_set(variables, name))
    }
}

impl Browser for SystemBrowser {
    /// Blocks for a quarter of a second at most for each command that is tried.
    fn open(&self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("only web pages are opened in a browser, and `{}:` is none", url.scheme()));
        }
        let Some(commands) = &self.commands else {
            if !self.desktop {
                return Err("there is no desktop session in which a browser could open".to_owned());
            }
            return open::that_detached(url.as_str())
                // Its words name the whole command, the address included.
                .map_err(|error| format!("the system could not open a browser ({})", error.kind()));
        };
        let mut reasons = Vec::new();
        for command in commands {
            match start(command, url) {
                Ok(()) => return Ok(()),
                Err(reason) => reasons.push(format!("`{}`: {reason}", command.trim())),
            }
        }
        if reasons.is_empty() {
            reasons.push("it names no command".to_owned());
        }
        Err(format!("the browser that $BROWSER names could not be started ({})", reasons.join("; ")))
    }
}

fn is_set(variables: &HashMap<OsString, OsString>, name: &str) -> bool {
    variables.get(&OsString::from(name)).is_some_and(|value| !value.is_empty())
}

/// Starts one command of `$BROWSER`. It and its children live on without this process, and it is reaped when it ends.
fn start(command: &str, url: &Url) -> Result<(), String> {
    let words = words(command, url).ok_or("a quote is not closed")?;
    let (program, arguments) = words.split_first().ok_or("it is empty")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "it was not found".to_owned(),
        _ => error.to_string(),
    })?;
    match reap(child).recv_timeout(AT_ONCE) {
        Ok(false) => Err("it ended at once with an error".to_owned()),
        _ => Ok(()),
    }
}

/// Waits for a child on a thread, which tells whether it ended well.
fn reap(mut child: Child) -> mpsc::Receiver<bool> {
    let (tell, told) = mpsc::channel();
    let waiting = thread::Builder::new().name("browser".into()).stack_size(64 << 10).spawn(move || {
        let ended = child.wait();
        let _ = tell.send(ended.is_ok_and(|status| status.success()));
    });
    if let Err(error) = waiting {
        tracing::debug!("no thread for the browser's end: {error}");
    }
    told
}

/// The words of a command with the address in them: in place of each `%s`, else as the last one.
fn words(command: &str, url: &Url) -> Option<Vec<String>> {
    let mut words = shlex::split(command)?;
    // Python: "run in the background", which everything is here.
    if words.last().is_some_and(|word| word == "&") {
        words.pop();
    }
    if words.is_empty() {
        return Some(words);
    }
    let mut placed = false;
    for word in &mut words {
        *word = fill(word, url, &mut placed);
    }
    if !placed {
        words.push(url.to_string());
    }
    Some(words)
}

fn fill(word: &str, url: &Url, placed: &mut bool) -> String {
    let mut filled = String::with_capacity(word.len());
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('%') {
        filled.push_str(before);
        rest = if let Some(after) = after.strip_prefix('s') {
            *placed = true;
            filled.push_str(url.as_str());
            after
        } else {
            filled.push('%');
            after.strip_prefix('%').unwrap_or(after)
        };
    }
    filled + rest
}

#[cfg(test)]
mod tests;
