//! Servers that ask something back during a call: declined with a reason, or answered with their own defaults.

use serde_json::{Map, Value, json};
use traygate_tests::{Answer, Gateway, Home, HttpUpstream, Record, stdio};

/// One fake server for each transport and era: its name, its entry, its record.
struct Asking {
    entries: Map<String, Value>,
    records: Vec<(&'static str, Record)>,
    upstreams: Vec<HttpUpstream>,
}

impl Asking {
    /// `extra` goes into every entry.
    async fn start(home: &Home, extra: &Value) -> Self {
        let mut asking = Self { entries: Map::new(), records: Vec::new(), upstreams: Vec::new() };
        for (name, era) in [("stdio-legacy", "legacy"), ("stdio-modern", "modern")] {
            let (entry, record) = stdio(home, name, &["--era", era]);
            asking.add(name, entry, record, extra);
        }
        for (name, transport, era) in [
            ("http-legacy", "streamable-http", "legacy"),
            ("http-modern", "streamable-http", "modern"),
            ("sse-legacy", "sse", "legacy"),
        ] {
            let upstream = HttpUpstream::start(home, name, transport, &["--era", era]).await;
            asking.add(name, upstream.entry(), upstream.record().clone(), extra);
            asking.upstreams.push(upstream);
        }
        asking
    }

    fn add(&mut self, name: &'static str, mut entry: Value, record: Record, extra: &Value) {
        entry.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        self.entries.insert(name.to_owned(), entry);
        self.records.push((name, record));
    }

    async fn gateway(&self, home: &Home) -> Gateway {
        let gateway = Gateway::start(home, &json!({"mcpServers": self.entries})).await;
        for (name, _) in &self.records {
            gateway.wait_ready(name).await;
        }
        gateway
    }
}

/// What the server got for its last question, whatever the era.
fn got(record: &Record) -> Value {
    let mut answered = record.named("answered");
    let data = answered.pop().expect("the server was answered").data;
    match data.get("responses") {
        Some(responses) => responses["question"].clone(),
        None => data.get("result").or_else(|| data.get("error")).cloned().unwrap_or_default(),
    }
}

fn form(schema: &Value) -> Value {
    json!({"mode": "form", "message": "Your name?", "requestedSchema": schema})
}

fn named_form() -> Value {
    let properties = json!({"name": {"type": "string", "default": "Ada"}});
    form(&json!({"type": "object", "properties": properties, "required": ["name"]}))
}

#[tokio::test]
async fn questions_are_declined_by_default_and_a_failed_call_says_so() {
    let home = Home::new();
    let asking = Asking::start(&home, &json!({})).await;
    let gateway = asking.gateway(&home).await;
    for (server, record) in &asking.records {
        // It goes on without an answer.
        let call = json!({"method": "elicitation/create", "params": named_form()});
        gateway.call(server, "ask", call.clone()).await.ok();
        assert_eq!(got(record), json!({"action": "decline"}), "{server}");
        // It cannot.
        let mut failing = call;
        failing["fail"] = json!(true);
        let message = gateway.call(server, "ask", failing).await.message(500);
        assert!(message.contains("I cannot go on."), "{message}");
        assert!(
            message.contains(&format!("`{server}` asked for input (\"Your name?\")"))
                && message.contains("\"elicitation\": \"accept-defaults\""),
            "{message}"
        );
        // A later call is not told of it.
        let later = gateway.call(server, "ask", json!({"fail": true})).await;
        assert!(!later.text.contains("asked for input"), "{}", later.text);
        gateway.wait_for_stderr(&format!("`{server}` asked for input")).await;
    }
    for record in asking.records.iter().filter(|(name, _)| name.ends_with("legacy")).map(|(_, record)| record)
    {
        let initialize = record.wait_for("initialize").await.data;
        assert_eq!(initialize["capabilities"], json!({}), "it is not told that it may ask");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn models_and_folders_are_declined_in_words_and_no_call_hangs() {
    let home = Home::new();
    let asking = Asking::start(&home, &json!({"elicitation": "accept-defaults"})).await;
    let gateway = asking.gateway(&home).await;
    for (server, record) in &asking.records {
        let sampling = json!({"method": "sampling/createMessage", "fail": true,
            "params": {"messages": [{"role": "user", "content": {"type": "text", "text": "?"}}], "maxTokens": 5}});
        let message = gateway.call(server, "ask", sampling).await.message(500);
        assert!(message.contains("asked for an answer of a language model (sampling)"), "{message}");
        let roots = json!({"method": "roots/list"});
        gateway.call(server, "ask", roots).await.ok();
        if server.ends_with("legacy") {
            let refusal = got(record);
            assert_eq!(refusal["code"], -32601, "{refusal}");
            assert!(refusal["message"].as_str().unwrap().contains("(roots)"), "{refusal}");
        } else {
            assert_eq!(got(record), json!({"roots": []}));
        }
        let page = json!({"method": "elicitation/create", "params": {
            "mode": "url", "message": "Pay here", "url": "https://example.com/", "elicitationId": "e"}});
        gateway.call(server, "ask", page).await.ok();
        assert_eq!(got(record), json!({"action": "decline"}), "{server}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn defaults_are_accepted_where_the_entry_says_so() {
    let home = Home::new();
    let asking = Asking::start(&home, &json!({"elicitation": "accept-defaults"})).await;
    let gateway = asking.gateway(&home).await;
    let schema = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "default": "Ada"},
            "age": {"type": "integer", "default": 36},
            "score": {"type": "number", "default": 9.5},
            "sure": {"type": "boolean", "default": true},
            "colour": {"type": "string", "enum": ["red", "green"], "default": "green"},
            "size": {"type": "string", "oneOf": [{"const": "s", "title": "Small"}], "default": "s"},
            "days": {"type": "array", "items": {"type": "string", "enum": ["mo", "tu"]}, "default": ["tu"]},
            "ways": {"type": "array", "items": {"anyOf": [{"const": "a", "title": "A"}]}, "default": ["a"]},
            "note": {"type": "string"},
        },
        "required": ["name", "days"],
    });
    let content = json!({
        "name": "Ada", "age": 36, "score": 9.5, "sure": true, "colour": "green", "size": "s", "days": ["tu"],
        "ways": ["a"],
    });
    for (server, record) in &asking.records {
        let call = json!({"method": "elicitation/create", "params": form(&schema)});
        gateway.call(server, "ask", call).await.ok();
        assert_eq!(got(record), json!({"action": "accept", "content": content}), "{server}");
        // Without a `mode` it is a form; and one required field has no default.
        let lacking =
            json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
        let params = json!({"message": "Your name?", "requestedSchema": lacking});
        let call = json!({"method": "elicitation/create", "params": params, "fail": true});
        let message = gateway.call(server, "ask", call).await.message(500);
        assert_eq!(got(record), json!({"action": "decline"}), "{server}");
        assert!(message.contains("no default for `name`"), "{message}");
    }
    for record in asking.records.iter().filter(|(name, _)| name.ends_with("legacy")).map(|(_, record)| record)
    {
        let initialize = record.wait_for("initialize").await.data;
        assert_eq!(initialize["capabilities"], json!({"elicitation": {"form": {}}}));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn rounds_of_questions_echo_the_state_under_new_ids_and_have_an_end() {
    let home = Home::new();
    let (mut entry, record) = stdio(&home, "s", &["--era", "modern"]);
    entry["elicitation"] = json!("accept-defaults");
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    gateway.wait_ready("s").await;
    let ask = |rounds: u64| json!({"method": "elicitation/create", "params": named_form(), "rounds": rounds});
    gateway.call("s", "ask", ask(3)).await.ok();
    let states: Vec<_> = record.named("answered").iter().map(|event| event.data["state"].clone()).collect();
    assert_eq!(states, ["round 1", "round 2", "round 3"]);
    let mut ids: Vec<_> = record.named("call").iter().map(|event| event.data["id"].to_string()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 4, "{ids:?}");
    let message = gateway.call("s", "ask", ask(1_000)).await.message(500);
    assert!(message.contains("asks for input again and again"), "{message}");
    // Nothing of one call is left in the next.
    assert_eq!(gateway.call("s", "add", json!({"a": 1, "b": 2})).await.ok(), "3");
    gateway.stop().await;
}

#[tokio::test]
async fn a_tool_that_asks_only_at_its_second_call_does_not_hang() {
    let home = Home::new();
    let upstream = HttpUpstream::start(&home, "s", "streamable-http", &["--era", "legacy"]).await;
    let mut entry = upstream.entry();
    entry["elicitation"] = json!("accept-defaults");
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    gateway.wait_ready("s").await;
    for _ in 0..2 {
        assert_eq!(gateway.call("s", "ask", json!({})).await.ok(), "asked nothing");
        let call = json!({"method": "elicitation/create", "params": named_form()});
        gateway.call("s", "ask", call).await.ok();
        assert_eq!(got(upstream.record()), json!({"action": "accept", "content": {"name": "Ada"}}));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_changed_policy_restarts_its_server_alone() {
    let home = Home::new();
    let (entry, record) = stdio(&home, "a", &[]);
    let (other, other_record) = stdio(&home, "b", &[]);
    let mut config = json!({"mcpServers": {"a": entry, "b": other}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("a").await;
    gateway.wait_ready("b").await;
    config["mcpServers"]["a"]["elicitation"] = json!("accept-defaults");
    home.config().write(&config);
    record.wait_for_count("start", 2).await;
    assert_eq!(other_record.starts(), 1);
    gateway.stop().await;
}

/// Two calls of one server, each with a question of its own, at once. Before 2026-07-28 a question over stdio does not say
/// whose it is; a call may then hear nothing of its own, and never of another's.
#[tokio::test]
async fn of_two_calls_at_once_each_is_told_of_its_own_question_alone() {
    for era in ["legacy", "modern"] {
        let home = Home::new();
        let gate = home.path("gate");
        let (declining, declined) = stdio(&home, "declining", &["--era", era]);
        let (mut accepting, accepted) = stdio(&home, "accepting", &["--era", era]);
        accepting["elicitation"] = json!("accept-defaults");
        let config = json!({"mcpServers": {"declining": declining, "accepting": accepting}});
        let gateway = Gateway::start(&home, &config).await;
        let ask = async |server: &str, message: &str, schema: Value| {
            let params = json!({"mode": "form", "message": message, "requestedSchema": schema});
            let question =
                json!({"method": "elicitation/create", "params": params, "wait_for": gate, "fail": true});
            gateway.call(server, "ask", question).await.message(500)
        };
        // Each default is another, so that an answer tells its question; one form lacks its default.
        let full = |default: &str| {
            let properties = json!({default: {"type": "string", "default": default}});
            json!({"type": "object", "properties": properties})
        };
        let lacking = json!({"type": "object", "properties": {"c": {"type": "string"}}, "required": ["c"]});
        for server in ["declining", "accepting"] {
            gateway.wait_ready(server).await;
        }
        let open = async {
            declined.wait_for_count("call", 2).await;
            accepted.wait_for_count("call", 3).await;
            fs_err::write(&gate, "").unwrap();
        };
        let (first, second, a, b, c, ()) = tokio::join!(
            ask("declining", "First?", full("a")),
            ask("declining", "Second?", full("b")),
            ask("accepting", "Third?", full("a")),
            ask("accepting", "Fourth?", full("b")),
            ask("accepting", "Fifth?", lacking),
            open,
        );
        let own = [(&first, "First?"), (&second, "Second?"), (&a, ""), (&b, ""), (&c, "Fifth?")];
        for (told, own) in own {
            for question in ["First?", "Second?", "Third?", "Fourth?", "Fifth?"] {
                assert!(!told.contains(question) || question == own, "{era}: {own} is told {told}");
            }
            assert!(own.is_empty() || era == "legacy" || told.contains(own), "{era}: {own} is told {told}");
        }
        let answers = |record: &Record| {
            let answers =
                record.named("answered").into_iter().map(|event| match event.data.get("responses") {
                    Some(responses) => responses["question"].to_string(),
                    None => event.data["result"].to_string(),
                });
            let mut answers: Vec<_> = answers.collect();
            answers.sort();
            answers
        };
        let decline = json!({"action": "decline"}).to_string();
        assert_eq!(answers(&declined), [decline.as_str(); 2], "{era}");
        let accept = |default: &str| json!({"action": "accept", "content": {default: default}}).to_string();
        assert_eq!(answers(&accepted), [accept("a"), accept("b"), decline], "{era}");
        // Whoever is told of nothing finds it in the log.
        let token = home.admin_token(gateway.pid());
        let log =
            gateway.bare_request(reqwest::Method::GET, "/-/api/servers/declining/log").bearer_auth(token);
        let log = Answer::to(log).await.ok().to_string();
        assert!(log.contains("First?") && log.contains("Second?"), "{era}: {log}");
        gateway.stop().await;
    }
}
