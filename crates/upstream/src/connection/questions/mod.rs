//! What a server asks of the person, the model or the folders behind a call, and what it gets: nobody is there to
//! answer. A form may be accepted with its own defaults, where the server's entry says so.

mod form;
mod input_required;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rmcp::model::{
    ClientCapabilities, ElicitationCapability, ErrorCode, ErrorData, FormElicitationCapability,
};
use serde_json::{Value, json};
use traygate_config::Elicitation;

pub(super) use self::input_required::InputRequired;
use crate::log::{ServerLog, plain};

/// Questions that one call is told of.
const TOLD: usize = 16;
/// Characters shown of what a server asks.
const SHOWN: usize = 200;

/// Answers a session's questions, and remembers for each running call which of its own were declined. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Questions(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    policy: Elicitation,
    log: ServerLog,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    /// The number of the next call.
    next: u64,
    /// What was asked and declined, and why, by call: a sentence each.
    declined: HashMap<u64, Vec<Arc<str>>>,
    /// The kinds that the gateway's log was told of: once is enough.
    warned: HashSet<&'static str>,
}

/// The questions of one call, while it runs.
#[derive(Debug)]
pub(super) struct CallQuestions<'a> {
    questions: &'a Questions,
    number: u64,
}

impl Questions {
    pub(super) fn new(policy: Elicitation, log: ServerLog) -> Self {
        Self(Arc::new(Shared { policy, log, running: Mutex::default() }))
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

    /// The answer to a request that came on no call's stream: a result, or the error that it is declined with. It belongs
    /// to the call that runs alone; among several no one knows whose it is, and none is told what another's person reads.
    pub(super) fn answer(&self, method: &str, params: &Value) -> Result<Value, ErrorData> {
        let only = {
            let running = self.running();
            running.declined.keys().next().copied().filter(|_| running.declined.len() == 1)
        };
        self.answer_for(only, method, params)
    }

    fn answer_for(&self, call: Option<u64>, method: &str, params: &Value) -> Result<Value, ErrorData> {
        match method {
            "ping" => Ok(json!({})),
            "elicitation/create" => Ok(self.elicited(call, params)),
            // -32601 is what the specification has for what a client does not support (client/roots, error handling).
            "sampling/createMessage" => Err(refusal(&self.decline(
                call,
                "sampling",
                "asked for an answer of a language model (sampling), which Traygate does not offer",
            ))),
            "roots/list" => Err(refusal(&self.decline(
                call,
                "roots",
                "asked for the folders that it may work in (roots), of which Traygate offers none",
            ))),
            _ => Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method.to_owned(), None)),
        }
    }

    fn elicited(&self, call: Option<u64>, params: &Value) -> Value {
        let message = plain(params["message"].as_str().unwrap_or_default());
        let message: String = message.chars().take(SHOWN).collect();
        if params["mode"] == "url" {
            self.decline(
                call,
                "url",
                &format!("asked for a web page to be opened (\"{message}\"): nobody is there to"),
            );
            return json!({ "action": "decline" });
        }
        let asked = format!("asked for input (\"{message}\")");
        let (kind, why) = match self.0.policy {
            Elicitation::Decline => (
                "form",
                "nobody is there to give it; with `\"elicitation\": \"accept-defaults\"` in its entry of the config \
                 file its own defaults are accepted"
                    .to_owned(),
            ),
            Elicitation::AcceptDefaults => match form::defaults(&params["requestedSchema"]) {
                Ok(content) => {
                    self.0.log.push(&format!("it {asked}: its defaults were accepted"));
                    return json!({ "action": "accept", "content": content });
                }
                Err(why) => ("form without defaults", why),
            },
        };
        self.decline(call, kind, &format!("{asked}: {why}"));
        json!({ "action": "decline" })
    }

    /// Keeps what was asked, for the server's log and for its call; gives it as a sentence.
    fn decline(&self, call: Option<u64>, kind: &'static str, asked: &str) -> Arc<str> {
        let Shared { log, .. } = &*self.0;
        let sentence: Arc<str> =
            log.redact(&format!("`{}` {asked}. It was declined.", log.server())).into_owned().into();
        let mut running = self.running();
        if let Some(told) = call.and_then(|call| running.declined.get_mut(&call))
            && told.len() < TOLD
            && !told.contains(&sentence)
        {
            told.push(Arc::clone(&sentence));
        }
        if running.warned.insert(kind) {
            log.warn(&sentence);
        } else {
            log.push(&sentence);
        }
        sentence
    }

    /// Follows one call until the answer is dropped.
    pub(super) fn of_call(&self) -> CallQuestions<'_> {
        let mut running = self.running();
        let number = running.next;
        running.next += 1;
        running.declined.insert(number, Vec::new());
        CallQuestions { questions: self, number }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallQuestions<'_> {
    /// The answer to a request that came for this call, as [`Questions::answer`].
    pub(super) fn answer(&self, method: &str, params: &Value) -> Result<Value, ErrorData> {
        self.questions.answer_for(Some(self.number), method, params)
    }

    /// What was declined, in words, each once.
    pub(super) fn declined(&self) -> Option<String> {
        let questions = self.questions.running();
        let declined = questions.declined.get(&self.number)?;
        let sentences: Vec<&str> = declined.iter().map(|sentence| &**sentence).collect();
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }
}

impl Drop for CallQuestions<'_> {
    fn drop(&mut self) {
        self.questions.running().declined.remove(&self.number);
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
        let call = questions.of_call();
        assert_eq!(call.declined(), None);
        let schema = json!({ "type": "object", "properties": { "a": { "type": "string", "default": "x" } } });
        assert_eq!(questions.answer("elicitation/create", &form(&schema)).unwrap(), declined());
        assert_eq!(questions.answer("elicitation/create", &form(&schema)).unwrap(), declined());
        let told = call.declined().unwrap();
        assert_eq!(
            told,
            "`github` asked for input (\"Your name?\"): nobody is there to give it; with `\"elicitation\": \
             \"accept-defaults\"` in its entry of the config file its own defaults are accepted. It was declined."
        );
        assert_eq!(questions.0.log.lines().iter().map(|line| &**line).collect::<Vec<_>>(), [&*told, &*told]);
        assert_eq!(questions.of_call().declined(), None);
    }

    #[test]
    fn a_call_is_not_told_what_another_was_asked() {
        let questions = questions(Elicitation::Decline);
        let (one, other) = (questions.of_call(), questions.of_call());
        one.answer("elicitation/create", &form(&json!({}))).unwrap();
        assert!(one.declined().is_some());
        assert_eq!(other.declined(), None);
        // Nobody knows whose this is.
        questions.answer("roots/list", &json!({})).unwrap_err();
        assert!(!one.declined().unwrap().contains("roots"));
        drop(one);
        questions.answer("roots/list", &json!({})).unwrap_err();
        assert!(other.declined().unwrap().contains("roots"));
    }

    #[test]
    fn models_folders_and_pages_are_always_declined() {
        for policy in [Elicitation::Decline, Elicitation::AcceptDefaults] {
            let questions = questions(policy);
            let call = questions.of_call();
            for (method, word) in [("sampling/createMessage", "sampling"), ("roots/list", "roots")] {
                let error = questions.answer(method, &json!({})).unwrap_err();
                assert_eq!(error.code, ErrorCode::METHOD_NOT_FOUND);
                assert!(error.message.starts_with("`github` asked for ") && error.message.contains(word));
            }
            let page = json!({ "mode": "url", "message": "Pay", "url": "https://x/?k=secret", "elicitationId": "1" });
            assert_eq!(questions.answer("elicitation/create", &page).unwrap(), declined());
            let told = call.declined().unwrap();
            assert!(told.contains("web page") && !told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn defaults_are_accepted_where_the_entry_says_so() {
        let questions = questions(Elicitation::AcceptDefaults);
        let call = questions.of_call();
        let mut schema =
            json!({ "type": "object", "properties": { "a": { "type": "string", "default": "x" } } });
        let answer = questions.answer("elicitation/create", &form(&schema)).unwrap();
        assert_eq!(answer, json!({ "action": "accept", "content": { "a": "x" } }));
        assert_eq!(call.declined(), None);
        assert!(questions.0.log.lines()[0].contains("its defaults were accepted"));
        schema["required"] = json!(["a", "b"]);
        assert_eq!(questions.answer("elicitation/create", &form(&schema)).unwrap(), declined());
        assert!(call.declined().unwrap().contains("no default for `b`"));
    }

    #[test]
    fn only_what_may_be_answered_is_declared() {
        let declared = |policy| serde_json::to_value(questions(policy).capabilities()).unwrap();
        assert_eq!(declared(Elicitation::Decline), json!({}));
        assert_eq!(declared(Elicitation::AcceptDefaults), json!({ "elicitation": { "form": {} } }));
    }
}
