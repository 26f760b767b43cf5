use std::{
    borrow::Cow,
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;
use secrecy::{ExposeSecret as _, SecretString};
use traygate_config::ServerName;

use crate::{one_line, redact::Redaction};

/// The last lines that one server wrote to stderr, and what became of its connection, without its secrets. Cheap to
/// clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerLog(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Whose it is, for the gateway's own log.
    server: Option<ServerName>,
    lines: Mutex<Lines>,
    redaction: ArcSwap<Redaction>,
    token: ArcSwap<Token>,
    evidence: Mutex<Evidence>,
}

/// The access token that its requests carry.
#[derive(Debug, Default)]
struct Token {
    text: SecretString,
    redaction: Redaction,
}

/// What one attempt left behind for whoever tells why it failed.
#[derive(Debug, Default)]
struct Evidence {
    /// The first line on stdout that is no message, while no message has come.
    stray: Option<Arc<str>>,
    /// The end of stderr of a process that ended by itself.
    last_words: Vec<String>,
    /// What was told of it since the server last answered.
    told: Vec<String>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<Arc<str>>,
    /// Of all that are kept.
    bytes: usize,
}

impl ServerLog {
    /// Lines kept; older ones go.
    const LINES: usize = 500;
    /// Bytes kept of all lines together: many talkative servers must not fill the memory.
    const BYTES: usize = 128 * 1024;
    /// Characters kept of one line.
    const WIDTH: usize = 2000;
    /// Characters shown of a line that is no message.
    const STRAY: usize = 200;

    pub(crate) fn of(server: ServerName) -> Self {
        Self(Arc::new(Shared { server: Some(server), ..Shared::default() }))
    }

    /// Hides these values in all that follows, in place of those before.
    pub(crate) fn hide(&self, redaction: Redaction) {
        self.0.redaction.store(Arc::new(redaction));
    }

    /// Hides an access token too, in place of the one before, which has ended.
    pub(crate) fn hide_token(&self, token: &str) {
        if self.0.token.load().text.expose_secret() != token {
            let redaction = Redaction::of([], [token]);
            self.0.token.store(Arc::new(Token { text: token.into(), redaction }));
        }
    }

    /// A text of the server's without its secrets.
    pub(crate) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let token = self.0.token.load();
        match self.0.redaction.load().apply(text) {
            Cow::Borrowed(text) => token.redaction.apply(text),
            Cow::Owned(text) => Cow::Owned(token.redaction.apply(&text).into_owned()),
        }
    }

    /// Adds a line, without secrets, and says what goes well in the gateway's log too.
    pub(crate) fn info(&self, line: &str) {
        let line = self.push(line);
        tracing::info!(server = %self.server(), "{line}");
    }

    /// Adds a line, without secrets, and says what does not in the gateway's log too: seen at `--log-level WARNING`.
    pub(crate) fn warn(&self, line: &str) {
        let line = self.push(line);
        tracing::warn!(server = %self.server(), "{line}");
    }

    /// Adds a line that its process wrote to stderr, without secrets.
    pub(crate) fn stderr(&self, line: &str) -> Arc<str> {
        let line = self.push(line);
        tracing::debug!(server = %self.server(), "{line}");
        line
    }

    /// An attempt begins: what the last one left behind is of no use.
    pub(crate) fn begin(&self) {
        let mut evidence = self.evidence();
        evidence.stray = None;
        evidence.last_words.clear();
    }

    /// Keeps the end of stderr, which has no secrets, for [`ServerLog::tell_last_words`].
    pub(crate) fn keep_last_words<'a>(&self, lines: impl Iterator<Item = &'a str>) {
        self.evidence().last_words = lines.map(str::to_owned).collect();
    }

    /// Says in the gateway's log what the process wrote last, but no line again that a crash loop brings again. Where
    /// all of stderr is in the log, it was said already.
    pub(crate) fn tell_last_words(&self) {
        let mut evidence = self.evidence();
        let lines = std::mem::take(&mut evidence.last_words);
        let told = std::mem::replace(&mut evidence.told, lines.clone());
        drop(evidence);
        if !tracing::enabled!(tracing::Level::DEBUG) {
            for line in lines.iter().filter(|line| !told.contains(line)) {
                tracing::warn!(server = %self.server(), "{line}");
            }
        }
    }

    /// Warns of the first line of a session on stdout that is no message.
    pub(crate) fn warn_of_stray(&self, text: &str) {
        let shown: String = self.redact(&plain(text)).trim().chars().take(Self::STRAY).collect();
        let shown: Arc<str> = format!("it wrote to stdout what is no MCP message: `{shown}`").into();
        let known = self.evidence().stray.replace(Arc::clone(&shown));
        // An attempt may start its process twice.
        if known.as_ref() != Some(&shown) {
            tracing::warn!(server = %self.server(), "{shown}");
        }
    }

    /// A message came: a line that was none is not why the server is late.
    pub(crate) fn answered(&self) {
        let mut evidence = self.evidence();
        evidence.stray = None;
        evidence.told.clear();
    }

    /// "it wrote to stdout what is no MCP message: ...", if that is all that it wrote.
    pub(crate) fn stray(&self) -> Option<Arc<str>> {
        self.evidence().stray.clone()
    }

    /// The server's name; empty where it has none.
    pub(crate) fn server(&self) -> &str {
        self.0.server.as_ref().map_or("", ServerName::as_str)
    }

    fn evidence(&self) -> MutexGuard<'_, Evidence> {
        self.0.evidence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line, without secrets and as one line; the answer is what was added.
    pub(crate) fn push(&self, line: &str) -> Arc<str> {
        let line = self.redact(line);
        let end = line.char_indices().nth(Self::WIDTH).map_or(line.len(), |(at, _)| at);
        let line: Arc<str> = one_line(&line[..end]).into();
        let mut lines = self.0.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.bytes += line.len();
        lines.kept.push_back(Arc::clone(&line));
        while (lines.kept.len() > Self::LINES || lines.bytes > Self::BYTES)
            && let Some(oldest) = lines.kept.pop_front()
        {
            lines.bytes -= oldest.len();
        }
        line
    }

    /// The lines, oldest first.
    pub(crate) fn lines(&self) -> Vec<Arc<str>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner).kept.iter().cloned().collect()
    }
}

/// A line of a program's without colours and whatever else would move a terminal's cursor.
pub(crate) fn plain(line: &str) -> String {
    let line = anstream::adapter::strip_str(line).to_string();
    one_line(line.trim_end()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_whoever_wrote_it() {
        let log = ServerLog::default();
        log.push("it asked \u{202e}eman\nready, 5 tools\u{1b}[2K");
        assert_eq!(&*log.lines()[0], "it asked \u{fffd}eman ready, 5 tools [2K");
    }

    #[test]
    fn the_token_of_the_moment_is_hidden_beside_the_entrys_secrets() {
        let log = ServerLog::default();
        log.hide(Redaction::of(["configured-value"], []));
        log.hide_token("ya29.first");
        log.hide_token("ya29.second");
        assert_eq!(log.redact("configured-value and ya29.second are wrong"), "*** and *** are wrong");
        assert!(!format!("{log:?}").contains("ya29"), "{log:?}");
    }

    #[test]
    fn the_newest_lines_stay_few_in_number_and_in_bytes() {
        let log = ServerLog::default();
        for number in 0..2 * ServerLog::LINES {
            log.push(&number.to_string());
        }
        let lines = log.lines();
        assert_eq!((lines.len(), &*lines[0], &*lines[499]), (500, "500", "999"));
        for number in 0..ServerLog::LINES {
            log.push(&format!("{number} {}", "é".repeat(5000)));
        }
        let bytes: usize = log.lines().iter().map(|line| line.len()).sum();
        assert!((ServerLog::BYTES / 2..=ServerLog::BYTES).contains(&bytes), "{bytes}");
        assert!(log.lines().last().is_some_and(|line| line.starts_with("499 ")));
    }
}
