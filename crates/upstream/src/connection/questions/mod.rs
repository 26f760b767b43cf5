//! What a server asks of the person, the model or the folders behind a call, and what it gets: nobody is there to
//! answer. A form may be accepted with its own defaults, where the server's entry says so.

mod form;

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rmcp::model::{
    ClientCapabilities, ElicitationCapability, ErrorCode, ErrorData, FormElicitationCapability,
};
use serde_json::{Value, json};
use traygate_config::Elicitation;

use crate::log::{ServerLog, plain};

/// Questions remembered for the calls that run.
const REMEMBERED: usize = 16;
/// Characters shown of what a server asks.
const SHOWN: usize = 200;

/// Answers a session's questions, and remembers which were declined. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Questions(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    policy: Elicitation,
    log: ServerLog,
    declined: Mutex<Declined>,
}

#[derive(Debug, Default)]
struct Declined {
    /// All of the session.
    count: u64,
    /// The newest, in words.
    last: VecDeque<Arc<str>>,
    /// The kinds that the gateway's log was told of: once is enough.
    warned: HashSet<&'static str>,
}

/// How many questions had been declined at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark(u64);

impl Questions {
    pub(super) fn new(policy: Elicitation, log: ServerLog) -> Self {
        Self(Arc::new(Shared { policy, log, declined: Mutex::default() }))
    }

    /// What the server is told that it may ask.
    pub(super) fn capabilities(&self) -> ClientCapabilities {
        match self.0.policy {
            Elicitation::Decline => ClientCapabilities::default(),
            Elicitation::AcceptDefaults => {
                let form = ElicitationCapability::new().with_form(FormElicitationCapability::new());
                ClientCapabilities::builder().enable_elicitation_with(form).build()
            }
        }
    }

    /// The answer to a request of the server's: a result, or the error that it is declined with.
    pub(super) fn answer(&self, method: &str, params: &Value) -> Result<Value, ErrorData> {
        match method {
            "ping" => Ok(json!({})),
            "elicitation/create" => Ok(self.elicited(params)),
            // -32601 is what the specification has for what a client does not support (client/roots, error handling).
            "sampling/createMessage" => Err(refusal(&self.decline(
                "sampling",
                "asked for an answer of a language model (sampling), which Traygate does not offer",
            ))),
            "roots/list" => Err(refusal(&self.decline(
                "roots",
                "asked for the folders that it may work in (roots), of which Traygate offers none",
            ))),
            _ => Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method.to_owned(), None)),
        }
    }

    fn elicited(&self, params: &Value) -> Value {
        let message = plain(params["message"].as_str().unwrap_or_default());
        let message: String = message.chars().take(SHOWN).collect();
        if params["mode"] == "url" {
            self.decline(
                "url",
                &format!("asked for a web page to be opened (\"{message}\"): nobody is there to"),
            );
            return json!({ "action": "decline" });
        }
        let asked = format!("asked for input (\"{message}\")");
        let why = match self.0.policy {
            Elicitation::Decline => {
                "nobody is there to give it; with `\"elicitation\": \"accept-defaults\"` in its entry of the config \
                 file its own defaults are accepted"
                    .to_owned()
            }
            Elicitation::AcceptDefaults => match form::defaults(&params["requestedSchema"]) {
                Ok(content) => {
                    self.0.log.push(&format!("it {asked}: its defaults were accepted"));
                    return json!({ "action": "accept", "content": content });
                }
                Err(why) => why,
            },
        };
        self.decline("form", &format!("{asked}: {why}"));
        json!({ "action": "decline" })
    }

    /// Keeps what was asked, for the server's log and for the calls that run; gives it as a sentence.
    fn decline(&self, kind: &'static str, asked: &str) -> Arc<str> {
        let Shared { log, .. } = &*self.0;
        let sentence: Arc<str> =
            log.redact(&format!("`{}` {asked}. It was declined.", log.server())).into_owned().into();
        let mut declined = self.declined();
        declined.count += 1;
        declined.last.push_back(Arc::clone(&sentence));
        if declined.last.len() > REMEMBERED {
            declined.last.pop_front();
        }
        if declined.warned.insert(kind) {
            log.warn(&sentence);
        } else {
            log.push(&sentence);
        }
        sentence
    }

    /// The beginning of a call.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.declined().count)
    }

    /// What was declined since, in words, each once.
    pub(super) fn since(&self, Mark(before): Mark) -> Option<String> {
        let declined = self.declined();
        let new = usize::try_from(declined.count - before).unwrap_or(REMEMBERED).min(declined.last.len());
        let mut sentences: Vec<&str> = Vec::new();
        for sentence in declined.last.range(declined.last.len() - new..) {
            if !sentences.contains(&&**sentence) {
                sentences.push(sentence);
            }
        }
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }

    fn declined(&self) -> MutexGuard<'_, Declined> {
        self.0.declined.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(sentence: &str) -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, sentence.to_string(), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::name;

    fn questions(policy: Elicitation) -> Questions {
        Questions::new(policy, ServerLog::of(name("github")))
    }

    fn form(schema: &Value) -> Value {
        json!({ "mode": "form", "message": "Your\u{1b}[31m name?", "requestedSchema": schema })
    }

    fn declined() -> Value {
        json!({ "action": "decline" })
    }

    #[test]
    fn what_is_declined_is_told_in_the_log_and_to_the_call() {
        let questions = questions(Elicitation::Decline);
        let before = questions.mark();
        assert_eq!(questions.since(before), None);
        let schema = json!({ "type": "object", "properties": { "a": { "type": "string", "default": "x" } } });
        assert_eq!(questions.answer("elicitation/create", &form(&schema)).unwrap(), declined());
        assert_eq!(questions.answer("elicitation/create", &form(&schema)).unwrap(), declined());
        let told = questions.since(before).unwrap();
        assert_eq!(
            told,
            "`github` asked for input (\"Your name?\"): nobody is there to give it; with `\"elicitation\": \
             \"accept-defaults\"` in its entry of the config file its own defaults are accepted. It was declined."
        );
        assert_eq!(questions.0.log.lines().iter().map(|line| &**line).collect::<Vec<_>>(), [&*told, &*told]);
        assert_eq!(questions.since(questions.mark()), None);
    }

    #[test]
    fn models_folders_and_pages_are_always_declined() {
        for policy in [Elicitation::Decline, Elicitation::AcceptDefaults] {
            let questions = questions(policy);
            let before = questions.mark();
            for (method, word) in [("sampling/createMessage", "sampling"), ("roots/list", "roots")] {
                let error = questions.answer(method, &json!({})).unwrap_err();
                assert_eq!(error.code, ErrorCode::METHOD_NOT_FOUND);
                assert!(error.message.starts_with("`github` asked for ") && error.message.contains(word));
            }
            let page = json!({ "mode": "url", "message": "Pay", "url": "https://x/?k=secret", "elicitationId": "1" });
            assert_eq!(questions.answer("elicitation/create", &page).unwrap(), declined());
            let told = questions.since(before).unwrap();
            assert!(told.contains("web page") && !told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn defaults_are_accepted_where_the_entry_says_so() {
        let questions = questions(Elicitation::AcceptDefaults);
        let before = questions.mark();
        let mut schema =
            json!({ "type": "object", "properties": { "a": { "type": "string", "default": "x" } } });
        let answer = questions.answer("elicitation/create", &form(&schema)).unwrap();
        assert_eq!(answer, json!({ "action": "accept", "content": { "a": "x" } }));
        assert_eq!(questions.since(before), None);
        assert!(questions.0.log.lines()[0].contains("its defaults were accepted"));
        schema["required"] = json!(["a", "b"]);
        assert_eq!(questions.answer("elicitation/create", &form(&schema)).unwrap(), declined());
        assert!(questions.since(before).unwrap().contains("no default for `b`"));
    }

    #[test]
    fn only_what_may_be_answered_is_declared() {
        let declared = |policy| serde_json::to_value(questions(policy).capabilities()).unwrap();
        assert_eq!(declared(Elicitation::Decline), json!({}));
        assert_eq!(declared(Elicitation::AcceptDefaults), json!({ "elicitation": { "form": {} } }));
    }
}
