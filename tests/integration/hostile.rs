//! A server whose tools/list is as bad as one can be made: each tool has a clear outcome, and its neighbour notices nothing.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use serde_json::{Map, Value, json};
use traygate_tests::{Answer, Gateway, Home, fake, peak_memory};

use self::exploding::exploding;

#[path = "../../crates/translation/src/schema/tests/exploding.rs"]
mod exploding;

/// What the gateway may ever have had resident, of an unoptimised build; the lists alone are 11 MB of JSON.
const MOST_MEMORY: u64 = 1 << 29;

/// How long Open WebUI waits for a document, and `traygate status` for its answer.
const OTHERS_PATIENCE: Duration = Duration::from_secs(10);

/// A health check asks nothing of any server, and whoever runs one gives up soon.
const PROBES_PATIENCE: Duration = Duration::from_secs(2);

/// Names that paths, lines and terminals stumble over; each must be callable.
fn names() -> Vec<String> {
    let awkward = [
        "a/b",
        "a%2Fb",
        "a%252Fb",
        "{tool}",
        "a?b#c",
        "a b",
        "line\nbreak",
        "\r\n",
        "\u{1b}[2Jcleared",
        "\u{202e}txet",
        "\u{2066}isolated",
        "left\u{200e}right\u{200f}",
        "\u{2028}",
        "openapi.json",
        "инструмент",
        "`",
    ];
    awkward
        .into_iter()
        .map(str::to_owned)
        .chain([&"n".repeat(300), &"имя".repeat(100)].map(Clone::clone))
        .collect()
}

/// Schemas that a translation, a regular expression or a validator stumbles over, for arguments without a `value`.
fn schemas() -> Vec<Value> {
    let of = |value: Value| json!({"type": "object", "properties": {"value": value}});
    let mut deep = json!({"type": "string"});
    for _ in 0..60 {
        deep = json!({"type": "object", "properties": {"p": deep}});
    }
    let branches: Vec<_> = (0..10_000).map(|at| json!({"const": at})).collect();
    vec![
        of(json!({"description": "x".repeat(10 << 20)})),
        of(json!({"anyOf": branches})),
        of(json!({"type": "string", "pattern": "("})),
        of(json!({"type": "string", "pattern": "^(a+)+$"})),
        of(json!({"type": "string", "pattern": "(?:a{1000}){1000}"})),
        of(json!({"enum": [1, null, {"a": []}, "x"]})),
        of(json!({"enum": "x"})),
        of(json!({"$ref": "#/$defs/nowhere"})),
        of(json!({"$ref": "http://127.0.0.1:9/schema.json"})),
        of(json!({"$ref": "file:///etc/passwd"})),
        of(json!({"type": "no type", "minimum": "much", "required": 5, "properties": []})),
        of(deep),
        patterns(),
        json!({"$ref": "#"}),
        json!({"properties": [], "required": {}}),
        json!({"type": "object", "allOf": [{"$ref": "#/allOf/1"}, {"$ref": "#/allOf/0"}]}),
    ]
}

/// Patterns that each take much to be kept, and are not to be kept all.
fn patterns() -> Value {
    let property = |at: usize| {
        (format!("p{at}"), json!({"type": "string", "pattern": format!(r"^(?:\w\W\d\S){{60}}{at}$")}))
    };
    json!({"type": "object", "properties": (0..200).map(property).collect::<Map<_, _>>()})
}

/// Name and schema of every tool; then three that cannot be offered at all.
fn tools() -> Value {
    let named = names().into_iter().map(|name| (name, json!({"type": "object"})));
    let schemed = schemas().into_iter().enumerate().map(|(at, schema)| (format!("schema_{at}"), schema));
    let exploding = (0..5).map(|at| (format!("exploding_{at}"), exploding()));
    let mut tools: Vec<_> = named
        .chain(schemed)
        .chain(exploding)
        .map(|(name, schema)| json!({"name": name, "title": "\u{202e}eltit\n", "inputSchema": schema}))
        .collect();
    tools.extend([
        json!({"name": "\u{202e}bad\nINFO all is well", "inputSchema": "\u{202e}\n\u{1b}[2J"}),
        json!({"name": "", "inputSchema": {}}),
        json!({"inputSchema": {}}),
    ]);
    tools.into()
}

#[tokio::test]
async fn a_hostile_server_costs_its_neighbour_nothing() {
    let home = Home::new();
    let file = home.path("tools.json");
    fs_err::write(&file, tools().to_string()).unwrap();
    let hostile = fake(&["--tools-file", file.to_str().unwrap(), "--page", "100"]);
    let file = home.path("many.json");
    let many = |at: usize| json!({"name": format!("exploding_{at}"), "inputSchema": exploding()});
    fs_err::write(&file, (0..300).map(many).collect::<Value>().to_string()).unwrap();
    let many = fake(&["--tools-file", file.to_str().unwrap(), "--page", "100"]);
    let config = json!({"mcpServers": {"many": many, "hostile": hostile, "normal": fake(&[])}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("normal").await;

    let done = AtomicBool::new(false);
    let neighbour = async {
        let mut rounds = 0;
        while !done.load(Ordering::Relaxed) {
            assert_eq!(within(PROBES_PATIENCE, "health", gateway.get("/-/healthy")).await.status, 200);
            let document = in_time("its document", gateway.openapi("normal")).await.ok();
            assert!(document["paths"]["/add"].is_object(), "{document}");
            let root = in_time("the root document", gateway.get("/openapi.json")).await.ok();
            assert!(root["paths"]["/normal/add"].is_object(), "{root}");
            let sum = in_time("a call", gateway.call("normal", "add", json!({"a": 40, "b": 2}))).await;
            assert_eq!(sum.ok(), "42");
            let status = in_time("the status", Gateway::builder(&home).arg("status").finish()).await;
            assert_eq!(status.code, Some(0), "{status:?}");
            rounds += 1;
        }
        rounds
    };
    let visit = async {
        visit(&gateway).await;
        done.store(true, Ordering::Relaxed);
    };
    let (rounds, ()) = tokio::join!(neighbour, visit);
    assert!(rounds > 0);
    lines_are_lines(&gateway, &home).await;
    let peak = peak_memory(gateway.pid());
    assert!(peak < MOST_MEMORY, "{peak} bytes");
    gateway.stop().await;
}

/// What a neighbour asks for, in the time that who asks would wait.
async fn in_time<T>(what: &str, answer: impl Future<Output = T>) -> T {
    within(OTHERS_PATIENCE, what, answer).await
}

async fn within<T>(patience: Duration, what: &str, answer: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(patience, answer).await;
    answer.unwrap_or_else(|_| panic!("{what} took more than {patience:?}"))
}

/// Every tool is in the document, and every call has its answer.
async fn visit(gateway: &Gateway) {
    // However long its document takes.
    gateway.wait_for_stderr("many: ready, 300 tools").await;
    assert_eq!(gateway.call("many", "exploding_299", json!({"p": {}})).await.ok(), json!({"p": {}}));
    let document = gateway.wait_ready("hostile").await;
    let offered = document["paths"].as_object().unwrap().len();
    assert_eq!(offered, names().len() + schemas().len() + 5);
    for name in names() {
        let path: Vec<_> = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(
            gateway.post(&format!("/hostile/{}", path.concat()), &json!({"x": name})).await.ok(),
            json!({"x": name}),
            "{name:?}"
        );
    }
    for at in 0..schemas().len() {
        assert_eq!(gateway.call("hostile", &format!("schema_{at}"), json!({})).await.ok(), json!({}), "{at}");
    }
    // What fits, what does not, and what nobody can tell: an answer in words, whichever.
    for value in [json!("a".repeat(100_000) + "!"), json!(5), json!(null), json!({"p": {"p": {"p": 5}}})] {
        for at in 0..schemas().len() {
            let answer = gateway.call("hostile", &format!("schema_{at}"), json!({"value": value})).await;
            match answer.status.as_u16() {
                // A null that is refused and not required is left out.
                200 if value.is_null() => assert!([json!({"value": null}), json!({})].contains(&answer.ok())),
                200 => assert_eq!(answer.ok(), json!({"value": value})),
                422 => {
                    assert!(answer.json()["message"].as_str().is_some_and(|message| message.len() < 1_000));
                }
                other => panic!("{at}: {other}: {}", answer.text),
            }
        }
    }
    let nested = json!({"p": {"to1": {"to2": {}}}});
    assert_eq!(gateway.call("hostile", "exploding_3", nested.clone()).await.ok(), nested);
}

/// Nothing of what the server calls itself ends a line of ours, moves a cursor or turns the text around it.
async fn lines_are_lines(gateway: &Gateway, home: &Home) {
    gateway.wait_for_stderr("is quarantined").await;
    let finished = Gateway::builder(home).arg("status").finish().await;
    let path = "/-/api/servers/hostile/log";
    let request =
        gateway.bare_request(reqwest::Method::GET, path).bearer_auth(home.admin_token(gateway.pid()));
    let log = Answer::to(request).await.ok();
    let log: Vec<_> = log["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert!(log.iter().any(|line| line.contains("quarantined")), "{log:#?}");
    assert!(finished.stdout.contains("quarantined `\u{fffd}bad INFO all is well`"), "{}", finished.stdout);
    let stderr = gateway.stderr();
    for line in log.into_iter().chain(stderr.lines()).chain(finished.stdout.lines()) {
        let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!line.contains(|c: char| c.is_control() || turns(c)), "{line:?}");
        assert!(!line.starts_with("INFO all is well"), "{line:?}");
    }
}
