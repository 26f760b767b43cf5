use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, Sse},
    },
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The name of the only model.
const NAME: &str = "rule-follower";

/// A language model behind `OpenAI`'s API that follows one rule: a prompt with `CALL tool {json}` is answered with a
/// call of that tool, and the tool's result with [`Model::SAYS`] and the result. Ends when dropped.
#[derive(Debug)]
pub struct Model {
    base: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    stopped: CancellationToken,
}

/// One request for a completion, as it came.
#[derive(Debug, Clone)]
pub struct Asked(Value);

impl Model {
    /// What stands before a tool's result in the model's answer.
    pub const SAYS: &str = "The tool says: ";

    /// Starts one on a port of its own.
    ///
    /// # Panics
    /// Where it cannot listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}/v1", listener.local_addr().expect("a bound socket has an address"));
        let (asked, stopped) = (Arc::<Mutex<Vec<Asked>>>::default(), CancellationToken::new());
        let app = Router::new()
            .route("/v1/models", get(models))
            .route("/v1/chat/completions", post(complete))
            .with_state(Arc::clone(&asked));
        let end = stopped.clone();
        TaskTracker::new().spawn(async move {
            let _ = axum::serve(listener, app).with_graceful_shutdown(end.cancelled_owned()).await;
        });
        Self { base, asked, stopped }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// Its address, e.g. `http://127.0.0.1:40123/v1`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The requests that came with this prompt in them, in their order.
    pub fn asked_with(&self, prompt: &str) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| asked.prompt().is_some_and(|(_, text)| text.contains(prompt)));
        asked
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.stopped.cancel();
    }
}

impl Asked {
    /// The tools that the model was offered, by name.
    pub fn tools(&self) -> Vec<(String, Value)> {
        let tools = self.0["tools"].as_array().into_iter().flatten();
        let tools = tools.map(|tool| &tool["function"]);
        tools.map(|tool| (tool["name"].as_str().unwrap_or_default().into(), tool.clone())).collect()
    }

    /// The tool of this name: `name`, `description`, `parameters`.
    pub fn tool(&self, name: &str) -> Option<Value> {
        self.tools().into_iter().find_map(|(found, tool)| (found == name).then_some(tool))
    }

    /// What the model was told of the tool's result: the text, all parts together.
    pub fn result(&self) -> Option<String> {
        self.after_the_prompt().iter().rfind(|message| message["role"] == "tool").map(text)
    }

    /// The images that came after the prompt: their URLs.
    pub fn images(&self) -> Vec<String> {
        let messages = self.after_the_prompt().into_iter();
        let parts = messages.filter_map(|message| message["content"].as_array().cloned()).flatten();
        parts.filter_map(|part| part["image_url"]["url"].as_str().map(ToOwned::to_owned)).collect()
    }

    /// The whole request.
    pub fn whole(&self) -> &Value {
        &self.0
    }

    fn messages(&self) -> &[Value] {
        self.0["messages"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The last message with the rule in it. Open WebUI puts messages of its own behind it, e.g. with a tool's images.
    fn prompt(&self) -> Option<(usize, String)> {
        let messages = self.messages().iter().enumerate().filter(|(_, message)| message["role"] == "user");
        messages.map(|(at, message)| (at, text(message))).rfind(|(_, text)| text.contains("CALL "))
    }

    fn after_the_prompt(&self) -> Vec<Value> {
        self.prompt().map(|(at, _)| self.messages()[at + 1..].to_vec()).unwrap_or_default()
    }

    fn answer(&self) -> Answer {
        if let Some(result) = self.result() {
            return Answer::Text(format!("{}{result}", Model::SAYS));
        }
        let Some((_, prompt)) = self.prompt() else { return Answer::Text("There is nothing to do.".into()) };
        // What is typed into Open WebUI's page gets typographic quotes.
        let prompt = prompt.replace(['“', '”'], "\"");
        let order = prompt.split_once("CALL ").map(|(_, order)| order.trim()).unwrap_or_default();
        let (tool, arguments) = order.split_once(' ').unwrap_or((order, "{}"));
        match self.tool(tool) {
            Some(_) => Answer::Call(tool.into(), arguments.into()),
            None => Answer::Text(format!("I have no tool {tool}.")),
        }
    }
}

/// The text of a message whose content is a string or parts.
fn text(message: &Value) -> String {
    match &message["content"] {
        Value::String(text) => text.clone(),
        parts => {
            let parts = parts.as_array().into_iter().flatten();
            parts.filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
        }
    }
}

enum Answer {
    Text(String),
    Call(String, String),
}

impl Answer {
    /// The assistant's message, and why it ends.
    fn message(self) -> (Value, &'static str) {
        match self {
            Self::Text(text) => (json!({"role": "assistant", "content": text}), "stop"),
            Self::Call(tool, arguments) => {
                let function = json!({"name": tool, "arguments": arguments});
                let call = json!({"index": 0, "id": "call_1", "type": "function", "function": function});
                (json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls")
            }
        }
    }
}

async fn models() -> Json<Value> {
    Json(json!({"object": "list", "data": [{"id": NAME, "object": "model", "owned_by": "tests"}]}))
}

async fn complete(State(asked): State<Arc<Mutex<Vec<Asked>>>>, Json(request): Json<Value>) -> Response {
    let is_streaming = request["stream"] == true;
    let request = Asked(request);
    let (message, reason) = request.answer().message();
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    if !is_streaming {
        let choice = json!({"index": 0, "message": message, "finish_reason": reason});
        return Json(
            json!({"id": "completion", "object": "chat.completion", "model": NAME, "choices": [choice]}),
        )
        .into_response();
    }
    let chunk = |delta: &Value, reason: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
        let chunk = json!({"id": "completion", "object": "chat.completion.chunk", "model": NAME, "choices": [choice]});
        Ok::<_, Infallible>(Event::default().data(chunk.to_string()))
    };
    let events =
        [chunk(&message, None), chunk(&json!({}), Some(reason)), Ok(Event::default().data("[DONE]"))];
    Sse::new(futures::stream::iter(events)).into_response()
}
