//! The end of what a child wrote to stderr, and the one line of it that tells why it ended.

use std::collections::VecDeque;

/// The end of what a child wrote to stderr.
#[derive(Debug, Default)]
pub(super) struct LastWords(VecDeque<String>);

impl LastWords {
    /// Lines that are searched for the cause: a stack trace stands below it.
    const LINES: usize = 40;
    /// Lines that a person is shown.
    const SHOWN: usize = 10;
    /// Characters kept of a line.
    const WIDTH: usize = 300;

    pub(super) fn push(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if self.0.len() == Self::LINES {
            self.0.pop_front();
        }
        self.0.push_back(line.trim_end().chars().take(Self::WIDTH).collect());
    }

    /// The last lines, oldest first.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().skip(self.0.len().saturating_sub(Self::SHOWN)).map(String::as_str)
    }

    /// What tells best why the child ended: the message of a tool that is known, the last line that speaks of an error,
    /// the last line.
    pub(super) fn cause(&self) -> Option<String> {
        let lines: Vec<&str> =
            self.0.iter().map(String::as_str).filter(|line| !is_trailer(line.trim())).collect();
        let flush = || lines.iter().copied().filter(|line| !is_indented(line));
        of_uv(&lines)
            .or_else(|| of_python(&lines).map(str::to_owned))
            .or_else(|| of_npm(&lines).map(str::to_owned))
            .or_else(|| {
                let found = flush().rfind(|line| speaks_of_error(line));
                // A stack trace is indented, and so is the message of some.
                let found = found.or_else(|| lines.iter().copied().rfind(|line| speaks_of_error(line)));
                let found = found.or_else(|| flush().next_back()).or_else(|| lines.last().copied());
                found.map(|line| line.trim().to_owned())
            })
            .or_else(|| self.0.back().map(|line| line.trim().to_owned()))
    }
}

/// Stands below the cause and says nothing of it.
fn is_trailer(line: &str) -> bool {
    let docker =
        (line.starts_with("Run 'docker ") || line.starts_with("See 'docker ")) && line.contains("--help'");
    let node = line.starts_with("Node.js v");
    let rust = line.starts_with("note: run with `RUST_BACKTRACE");
    docker || node || rust
}

fn is_indented(line: &str) -> bool {
    line.starts_with(char::is_whitespace)
}

fn speaks_of_error(line: &str) -> bool {
    line.to_ascii_lowercase().contains("error")
}

/// uv and uvx draw the cause with the last arrow and go on below it.
fn of_uv(lines: &[&str]) -> Option<String> {
    const ARROW: &str = "╰─▶";
    let at = lines.iter().rposition(|line| line.trim_start().starts_with(ARROW))?;
    let first = lines[at].trim_start().strip_prefix(ARROW)?.trim();
    let rest = lines[at + 1..].iter().take_while(|line| is_indented(line)).map(|line| line.trim());
    Some([first].into_iter().chain(rest).collect::<Vec<_>>().join(" "))
}

/// The exception is the first line below a traceback that is not indented.
fn of_python<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let at = lines.iter().rposition(|line| line.starts_with("Traceback (most recent call last)"))?;
    lines[at + 1..].iter().copied().find(|line| !is_indented(line))
}

/// npm says the cause first, below a head of codes, and its advice after it.
fn of_npm<'a>(lines: &[&'a str]) -> Option<&'a str> {
    // The first words of what only surrounds the cause.
    const AROUND: [&str; 12] = [
        "code ",
        "errno ",
        "syscall ",
        "path ",
        "dest ",
        "command ",
        "location ",
        "workspace ",
        "Lifecycle script ",
        "404 Not Found - ",
        "A complete log of this run ",
        "Log files were not written ",
    ];
    lines.iter().copied().find(|line| {
        let said = line.strip_prefix("npm error ").or_else(|| line.strip_prefix("npm ERR! "));
        said.map(str::trim).is_some_and(|said| {
            // "404" alone parts two paragraphs.
            said.contains(' ') && !AROUND.iter().any(|around| said.starts_with(around))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> LastWords {
        let mut words = LastWords::default();
        text.lines().for_each(|line| words.push(line));
        words
    }

    fn cause(text: &str) -> String {
        words(text).cause().expect("something was said")
    }

    #[test]
    fn an_error_is_preferred_to_what_follows_it() {
        assert_eq!(words("").cause(), None);
        assert_eq!(cause("starting\n\n"), "starting");
        assert_eq!(
            cause("starting\nTypeError: x is not a function\n\nNode.js v22.1.0"),
            "TypeError: x is not a function"
        );
        let thrown = "file:///srv/index.js:3\n  throw new Error('no');\n  ^\n\nError: API_KEY is not set\n    at error (file:///srv/index.js:3:9)\n\nNode.js v22.1.0";
        assert_eq!(cause(thrown), "Error: API_KEY is not set");
    }

    #[test]
    fn npm_says_which_package_it_did_not_find() {
        let missing = "\
npm warn Unknown user config \"nodedir\".
npm error code E404
npm error 404 Not Found - GET https://registry.npmjs.org/no-such-pkg-zzz
npm error 404
npm error 404  The requested resource 'no-such-pkg-zzz@*' could not be found or you do not have permission to access it.
npm error 404
npm error 404 Note that you can also install from a
npm error 404 tarball, folder, http url, or git url.
npm error A complete log of this run can be found in: /home/ada/.npm/_logs/debug-0.log";
        let expected = "npm error 404  The requested resource 'no-such-pkg-zzz@*' could not be found or you do not have \
                        permission to access it.";
        assert_eq!(cause(missing), expected);
        assert_eq!(
            cause(&missing.replace("npm error", "npm ERR!")),
            expected.replace("npm error", "npm ERR!")
        );
    }

    #[test]
    fn npm_says_the_cause_before_its_advice() {
        let offline = "\
npm error code ENOTFOUND
npm error syscall getaddrinfo
npm error errno ENOTFOUND
npm error network request to https://registry.npmjs.org/x failed, reason: getaddrinfo ENOTFOUND registry.npmjs.org
npm error network This is a problem related to network connectivity.
npm error network
npm error A complete log of this run can be found in: /home/ada/.npm/_logs/debug-0.log";
        assert!(
            cause(offline).starts_with("npm error network request to https://registry.npmjs.org/x failed")
        );
        let script = "\
Error: API_KEY is not set
npm error Lifecycle script `start` failed with error:
npm error code 1
npm error path /srv/server";
        // Nothing of npm's own is the cause: the last line that speaks of an error is as good as it gets.
        assert_eq!(of_npm(&script.lines().collect::<Vec<_>>()), None);
    }

    #[test]
    fn docker_says_it_before_where_help_is() {
        let down = "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon \
                    running?";
        for trailer in ["Run 'docker run --help' for more information", "See 'docker run --help'."] {
            assert_eq!(cause(&format!("{down}\n\n{trailer}\n")), down);
        }
        let denied =
            "docker: Error response from daemon: pull access denied for nosuch, repository does not exist";
        let text = format!(
            "Unable to find image 'nosuch:latest' locally\n{denied}\n\nRun 'docker run --help' for more information"
        );
        assert_eq!(cause(&text), denied);
    }

    #[test]
    fn a_traceback_ends_with_its_exception() {
        let text = "\
ERROR: nothing but a line of a log
Traceback (most recent call last):
  File \"server.py\", line 3, in <module>
    raise Error('error')
mypackage.Refused: no licence
  for this machine";
        assert_eq!(cause(text), "mypackage.Refused: no licence");
    }

    #[test]
    fn uv_says_it_at_its_arrow() {
        let text = "  × No solution found when resolving tool dependencies:
  ╰─▶ Because no-such-pkg was not found in the package registry and you
      require no-such-pkg, we can conclude that your requirements are
      unsatisfiable.";
        assert_eq!(
            cause(text),
            "Because no-such-pkg was not found in the package registry and you require no-such-pkg, we can conclude \
             that your requirements are unsatisfiable."
        );
    }

    #[test]
    fn a_trailer_alone_is_better_than_nothing() {
        assert_eq!(cause("Node.js v22.1.0"), "Node.js v22.1.0");
    }

    #[test]
    fn the_last_ten_lines_are_shown() {
        let words = words(&(0..50).map(|number| number.to_string()).collect::<Vec<_>>().join("\n"));
        assert_eq!(
            words.lines().collect::<Vec<_>>(),
            (40..50).map(|number| number.to_string()).collect::<Vec<_>>()
        );
    }
}
