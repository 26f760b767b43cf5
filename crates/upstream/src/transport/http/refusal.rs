//! When a call that was refused has provably not run, so that sending it again is no repetition.

use http::StatusCode;
use rmcp::model::{ErrorData, RequestId};

/// What is known of a refused request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused<'a> {
    pub(super) status: StatusCode,
    /// A session id was sent.
    pub(super) in_session: bool,
    pub(super) body: Body<'a>,
}

/// What the refusal says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body<'a> {
    /// A JSON-RPC error, and the request that it answers.
    Error(&'a ErrorData, Answered),
    /// Anything else, read as text.
    Text(&'a str),
}

/// Which request an error answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    /// The one that was sent: its handler may have run.
    Sent,
    /// None. The id of an error is null where the request was not even read (JSON-RPC 2.0 §5), and "server-error" where
    /// the Python SDK's transport refuses one.
    None,
}

impl Answered {
    pub(super) fn of(answered: Option<&RequestId>, sent: &RequestId) -> Self {
        if answered == Some(sent) { Self::Sent } else { Self::None }
    }
}

impl Refused<'_> {
    /// Whether the server cannot have run the call. Everything else may come from something that stands between and
    /// gave up on a call that had begun.
    pub(super) fn has_not_run(&self) -> bool {
        match self.status {
            // Whoever asks for credentials, or finds them too weak, does so before anything runs (RFC 9110 §15.5.2,
            // §15.5.4).
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => true,
            // "The server MAY terminate the session at any time, after which it MUST respond to requests containing
            // that session ID with HTTP 404" (specification 2025-11-25, transports: session management).
            StatusCode::NOT_FOUND => self.in_session,
            StatusCode::BAD_REQUEST => match self.body {
                Body::Error(error, answered) => {
                    wants_other_headers(error)
                        || (self.in_session && answered == Answered::None && is_session_refusal(error))
                }
                Body::Text(text) => self.in_session && is_refusal_of_session(text),
            },
            _ => false,
        }
    }
}

/// `HeaderMismatch`, `MissingRequiredClientCapability` and `UnsupportedProtocolVersion`, which a server MUST answer with
/// 400 instead of running the request (specification 2026-07-28, transports: server validation).
fn wants_other_headers(error: &ErrorData) -> bool {
    (-32022..=-32020).contains(&error.code.0)
}

/// The error with which a server's SDK refuses a session that it does not know (any more).
pub(super) fn is_session_refusal(error: &ErrorData) -> bool {
    is_code_of_session(error) && is_refusal_of_session(&error.message)
}

fn is_code_of_session(error: &ErrorData) -> bool {
    matches!(error.code.0, -32600 | -32000 | -32001)
}

/// What the SDKs' transports say of a session they do not know, word for word: TypeScript ("Server not initialized":
/// a server that was started again), Python, Go, C#, and those made after them. Some do so with 400.
pub(super) fn is_refusal_of_session(text: &str) -> bool {
    const WORDS: [&str; 9] = [
        "session not found",
        "no valid session id provided",
        "invalid session id",
        "invalid or expired session id",
        "invalid or expired session",
        "session has been terminated",
        "session terminated",
        "session expired",
        "server not initialized",
    ];
    let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let text =
        ["bad request: ", "not found: "].iter().find_map(|status| text.strip_prefix(status)).unwrap_or(&text);
    // Some name the session behind a colon.
    let words = text.split_once(':').map_or(text, |(words, _session)| words);
    WORDS.contains(&words)
}

/// Whether an error may mean a lost session: enough to look, or to repeat what changes nothing, but not to repeat a
/// call.
pub(crate) fn speaks_of_session(error: &ErrorData) -> bool {
    is_code_of_session(error) && (is_session_refusal(error) || mentions_lost_session(&error.message))
}

pub(super) fn mentions_lost_session(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("session")
        && ["not found", "no valid", "invalid", "expired", "unknown", "terminated", "does not exist"]
            .iter()
            .any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use rmcp::model::ErrorCode;

    use super::*;

    fn error(code: i32, message: &'static str) -> ErrorData {
        ErrorData::new(ErrorCode(code), message, None)
    }

    fn refused(status: u16, in_session: bool, body: Body<'_>) -> bool {
        Refused { status: StatusCode::from_u16(status).unwrap(), in_session, body }.has_not_run()
    }

    #[test]
    fn each_status_by_what_was_sent_with_it() {
        let html = Body::Text("<html>no such page</html>");
        for (status, in_session, without_session) in [
            (400, false, false),
            (401, true, true),
            (403, true, true),
            (404, true, false),
            (405, false, false),
            (408, false, false),
            (409, false, false),
            (429, false, false),
            (500, false, false),
            (502, false, false),
            (503, false, false),
            (504, false, false),
        ] {
            assert_eq!(refused(status, true, html), in_session, "{status} in a session");
            assert_eq!(refused(status, false, html), without_session, "{status} without a session");
        }
    }

    #[test]
    fn of_400_only_a_refusal_that_answers_no_request() {
        let gone = error(-32000, "Bad Request: No valid session ID provided");
        assert!(refused(400, true, Body::Error(&gone, Answered::None)));
        assert!(!refused(400, true, Body::Error(&gone, Answered::Sent)), "the tool's own words");
        assert!(!refused(400, false, Body::Error(&gone, Answered::None)), "there was no session to lose");
        assert!(!refused(200, true, Body::Error(&gone, Answered::None)));
        let other = error(-32000, "the session of the browser was not found");
        assert!(!refused(400, true, Body::Error(&other, Answered::None)));
        for code in [-32022, -32021, -32020] {
            let revision = error(code, "HeaderMismatch");
            assert!(refused(400, false, Body::Error(&revision, Answered::Sent)));
            assert!(!refused(200, false, Body::Error(&revision, Answered::Sent)));
        }
        assert!(refused(400, true, Body::Text("Invalid session ID\n")));
        assert!(!refused(400, true, Body::Text("upstream session not found in the pool")));
    }

    #[test]
    fn knows_the_sdks_words() {
        for words in [
            "Session not found",
            "Session not found: 6f3a",
            "Not Found: Session has been terminated",
            "Not Found: Invalid or expired session ID.",
            "Bad Request: Server not initialized",
            "Session terminated\n",
        ] {
            assert!(is_refusal_of_session(words), "{words}");
        }
        for words in ["tool not found", "session", "Your shopping session expired; log in again", ""] {
            assert!(!is_refusal_of_session(words), "{words}");
        }
        assert!(speaks_of_session(&error(-32000, "the session of the browser was not found")));
        assert!(!speaks_of_session(&error(-32602, "session expired")), "a tool's own words");
    }
}
