use serde_json::{Value, json};

use super::{Model, OpenWebUi};
use crate::eventually_some;

/// An admin connection as its dialog saves it: the tools of the document at `url`, with this key.
pub fn connection(id: &str, url: &str, key: &str) -> Value {
    json!({
        "type": "openapi", "url": url, "path": "openapi.json", "auth_type": "bearer", "key": key,
        "info": {"id": id, "name": id, "description": ""},
        "config": {"enable": true, "access_grants": []},
    })
}

/// A chat that runs in Open WebUI.
#[derive(Debug)]
pub struct Chat<'a> {
    webui: &'a OpenWebUi,
    /// Its id.
    pub id: String,
}

/// The assistant's message of a chat that is done.
#[derive(Debug)]
pub struct Turn {
    /// What the chat shows of the call and its result, and the answer: `function_call`, `function_call_output`,
    /// `message`.
    pub output: Vec<Value>,
    /// The whole message.
    pub message: Value,
}

impl OpenWebUi {
    /// Sends a prompt in a new chat, with the tools of these servers, as its page does.
    ///
    /// # Panics
    /// Where it is refused.
    pub async fn prompt<'a>(&'a self, model: &Model, text: &str, servers: &[&str]) -> Chat<'a> {
        let user = json!({
            "id": "prompt", "parentId": null, "childrenIds": ["answer"], "role": "user", "content": text,
            "timestamp": 0, "models": [model.name()],
        });
        let tools: Vec<_> = servers.iter().map(|server| format!("server:{server}")).collect();
        let begun = self
            .post(
                "/api/chat/completions",
                &json!({
                    "stream": true, "model": model.name(), "messages": [{"role": "user", "content": text}],
                    "tool_ids": tools, "session_id": "test", "parent_id": null, "id": "answer",
                    "user_message": user,
                }),
            )
            .await;
        let id = begun["chat_id"].as_str().unwrap_or_else(|| panic!("no chat in {begun}")).to_owned();
        Chat { webui: self, id }
    }

    /// [`OpenWebUi::prompt`] and [`Chat::done`].
    pub async fn ask(&self, model: &Model, text: &str, servers: &[&str]) -> Turn {
        self.prompt(model, text, servers).await.done().await
    }
}

impl Chat<'_> {
    /// Waits for the end of the answer.
    pub async fn done(&self) -> Turn {
        eventually_some(&format!("the answer in chat {}", self.id), async || {
            let chat = self.webui.get(&format!("/api/v1/chats/{}", self.id)).await;
            let messages = chat["chat"]["history"]["messages"].as_object()?;
            let message = messages.values().find(|message| message["role"] == "assistant")?.clone();
            let output = message["output"].as_array().cloned().unwrap_or_default();
            (message["done"] == true).then_some(Turn { output, message })
        })
        .await
    }

    /// The Stop button.
    pub async fn stop(&self) {
        self.webui.post(&format!("/api/tasks/chat/{}/stop", self.id), &json!({})).await;
    }
}

impl Turn {
    /// What the chat shows as the tool's result.
    pub fn result(&self) -> &Value {
        self.of("function_call_output")
    }

    /// The call.
    pub fn call(&self) -> &Value {
        self.of("function_call")
    }

    fn of(&self, kind: &str) -> &Value {
        let found = self.output.iter().find(|item| item["type"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {:#}", self.message))
    }
}
