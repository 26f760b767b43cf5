use std::collections::BTreeMap;

use rmcp::model::{ErrorData, ServerResult};
use serde::Deserialize;
use serde_json::{Value, json};

use super::CallQuestions;

/// What each question is answered with.
type Responses = BTreeMap<String, Value>;

/// A result that is a question. Read as JSON: rmcp's own type knows no form that is out of the ordinary.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::connection) struct InputRequired {
    input_requests: Option<BTreeMap<String, InputRequest>>,
    request_state: Option<String>,
}

#[derive(Deserialize)]
struct InputRequest {
    method: String,
    #[serde(default)]
    params: Value,
}

impl InputRequired {
    pub(in crate::connection) fn of(answer: &ServerResult) -> Option<Self> {
        let answer = match answer {
            ServerResult::InputRequiredResult(question) => serde_json::to_value(question).ok()?,
            ServerResult::CustomResult(custom) if custom.0["resultType"] == "input_required" => {
                custom.0.clone()
            }
            _ => return None,
        };
        serde_json::from_value(answer).ok()
    }

    /// What the call is repeated with.
    ///
    /// # Errors
    /// A question for a language model ends the call: an error has no place among the responses.
    pub(in crate::connection) fn answered(
        self,
        questions: &CallQuestions<'_>,
    ) -> Result<(Option<Responses>, Option<String>), ErrorData> {
        let mut responses = BTreeMap::new();
        for (key, InputRequest { method, params }) in self.input_requests.unwrap_or_default() {
            let response = match questions.answer(&method, &params) {
                Ok(response) => response,
                // No folder is as good a no.
                Err(_) if method == "roots/list" => json!({ "roots": [] }),
                Err(error) => return Err(ErrorData::internal_error(error.message, None)),
            };
            responses.insert(key, response);
        }
        // The state MUST be echoed exactly (specification 2026-07-28, multi round-trip requests).
        Ok(((!responses.is_empty()).then_some(responses), self.request_state))
    }
}

#[cfg(test)]
mod tests {
    use traygate_config::Elicitation;

    use super::*;
    use crate::{connection::questions::Questions, log::ServerLog};

    fn question(text: &Value) -> InputRequired {
        InputRequired::of(&serde_json::from_value(text.clone()).unwrap()).unwrap()
    }

    #[test]
    fn questions_are_declined_and_the_state_echoed() {
        let questions = Questions::new(Elicitation::Decline, ServerLog::default());
        let form = json!({ "type": "object", "properties": {} });
        // The second is none that rmcp can read.
        for schema in [form, json!({ "type": "object", "properties": { "a": { "type": "object" } } })] {
            let question = question(&json!({
                "resultType": "input_required",
                "requestState": "s t",
                "inputRequests": {
                    "name": { "method": "elicitation/create", "params": {
                        "mode": "form", "message": "?", "requestedSchema": schema } },
                    "where": { "method": "roots/list" },
                },
            }));
            let (responses, state) = question.answered(&questions.of_call()).unwrap();
            let responses = responses.unwrap();
            assert_eq!(responses["name"], json!({ "action": "decline" }));
            assert_eq!(responses["where"], json!({ "roots": [] }));
            assert_eq!(state.as_deref(), Some("s t"));
        }
    }

    #[test]
    fn a_question_for_a_model_ends_the_call_and_a_state_alone_is_echoed() {
        let questions = Questions::new(Elicitation::AcceptDefaults, ServerLog::default());
        let sampling = json!({ "resultType": "input_required", "inputRequests": {
            "m": { "method": "sampling/createMessage", "params": { "messages": [], "maxTokens": 1 } } } });
        assert!(question(&sampling).answered(&questions.of_call()).unwrap_err().message.contains("sampling"));
        let state = json!({ "resultType": "input_required", "requestState": "x" });
        assert_eq!(question(&state).answered(&questions.of_call()).unwrap(), (None, Some("x".to_owned())));
    }
}
