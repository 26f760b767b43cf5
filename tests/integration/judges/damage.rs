//! The judges themselves are judged: each must complain of what is damaged on purpose.

use axum::{Json, Router, http::StatusCode, routing::get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use traygate_tests::{Exhibits, Gateway, Home, Judges, fake, stdio};

use super::awkward;

type Damage = fn(&mut Value);

/// (name, what is done to the document of the awkward tools, what must be said of it).
const DOCUMENTS: &[(&str, Damage, &str)] = &[
    (
        "no_version",
        |document| drop(at(document, "/info").remove("version")),
        r#"openapi-spec-validator: "version" is"#,
    ),
    (
        "no_version_either",
        |document| drop(at(document, "/info").remove("version")),
        "the OpenAPI 3.1 schema: ",
    ),
    (
        "no_type",
        |document| put(document, &argument("s01_enum", "c"), "type", "strnig"),
        "not of the OpenAPI 3.1 dialect",
    ),
    (
        "boolean",
        |document| put(document, &arguments("s01_enum"), "c", true),
        "a boolean schema at /properties/c",
    ),
    ("boolean_converted", |document| put(document, &arguments("s01_enum"), "c", true), "converter raises"),
    (
        "dangling",
        |document| put(document, &argument("s01_enum", "c"), "$ref", "#/components/schemas/X"),
        "dangles",
    ),
    (
        "defs",
        |document| put(document, &argument("s01_enum", "c"), "$defs", json!({})),
        "`$defs` at /properties/c",
    ),
    (
        "stranger_name",
        |document| put(document, "/paths/~1s01_enum/post", "operationId", "a.b"),
        "no name that a model's provider accepts",
    ),
    (
        "name_twice",
        |document| put(document, "/paths/~1s01_enum/post", "operationId", "nothing"),
        "stands twice",
    ),
    (
        "no_description",
        |document| put(document, "/paths/~1s01_enum/post", "description", " "),
        "no description",
    ),
    (
        "no_tool",
        |document| drop(at(document, "/paths").remove("/s01_enum")),
        "the tool is not in the document",
    ),
    (
        "no_enum",
        |document| drop(at(document, &argument("s01_enum", "c")).remove("enum")),
        r#"lost in the document: enum ["\"a\"", "\"b\""] at /c"#,
    ),
    (
        "no_enum_converted",
        |document| drop(at(document, &argument("s01_enum", "c")).remove("enum")),
        r#"lost behind Open WebUI's converter: enum ["\"a\"", "\"b\""] at /c"#,
    ),
    (
        "no_property",
        |document| drop(at(document, &arguments("s08_bounds")).remove("i")),
        "lost in the document: properties i at /",
    ),
    (
        "no_bound",
        |document| drop(at(document, &argument("s08_bounds", "i")).remove("maximum")),
        "maximum 9 at /i",
    ),
    (
        "not_required",
        |document| drop(at(document, &schema("s01_enum")).remove("required")),
        "lost in the document: required c at /",
    ),
    (
        "another_type",
        |document| put(document, &argument("s08_bounds", "i"), "type", "string"),
        "string in the document instead of number at /i",
    ),
    (
        "another_default",
        |document| put(document, &argument("s01_enum", "c"), "default", "a"),
        "invented in the document: default",
    ),
    (
        "one_of",
        |document| {
            let alternatives = at(document, &argument("s05_one_of", "a")).remove("anyOf").unwrap();
            put(document, &argument("s05_one_of", "a"), "oneOf", alternatives);
        },
        "behind Open WebUI's converter",
    ),
    (
        "no_condition",
        |document| put(document, "/paths/~1root_condition/post", "description", "Reads."),
        r#"lost in the document: condition ["enum", "kind", "\"dir\""] at /"#,
    ),
    (
        "no_condition_converted",
        |document| put(document, "/paths/~1root_condition/post", "description", "With `kind`: `path`."),
        r#"lost behind Open WebUI's converter: condition ["enum", "kind", "\"file\""] at /"#,
    ),
    (
        "nothing_narrowed",
        |document| {
            put(document, "/paths/~1root_condition/post", "description", r#""file" "dir" `path`, `text`"#);
        },
        r#"lost behind Open WebUI's converter: condition ["maximum", "n", "5"] at /"#,
    ),
    (
        "no_dependency",
        |document| put(document, "/paths/~1root_dependencies/post", "description", "Pays."),
        r#"lost behind Open WebUI's converter: condition ["required", "address", ""] at /"#,
    ),
    (
        "no_count",
        |document| put(document, "/paths/~1root_dependencies/post", "description", "`card` `address` `both`"),
        r#"lost behind Open WebUI's converter: condition ["maxProperties", "", "2"] at /"#,
    ),
    (
        "no_result",
        |document| {
            at(document, "/paths/~1result/post/responses/200/content/application~1json/schema/properties")
                .remove("sum");
        },
        "lost of the result: properties sum at /",
    ),
];

fn schema(tool: &str) -> String {
    format!("/paths/~1{tool}/post/requestBody/content/application~1json/schema")
}

fn arguments(tool: &str) -> String {
    format!("{}/properties", schema(tool))
}

fn argument(tool: &str, name: &str) -> String {
    format!("{}/{name}", arguments(tool))
}

fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut serde_json::Map<String, Value> {
    document.pointer_mut(pointer).and_then(Value::as_object_mut).expect(pointer)
}

fn put(document: &mut Value, pointer: &str, keyword: &str, value: impl Into<Value>) {
    at(document, pointer).insert(keyword.to_owned(), value.into());
}

#[tokio::test]
async fn damaged_documents_are_found() {
    let home = Home::new();
    let (entry, tools) = awkward();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"awkward": entry}})).await;
    let document = gateway.wait_ready("awkward").await;
    gateway.stop().await;
    let exhibits = Exhibits::new(&home);
    exhibits.add("whole", &document, &json!({"": tools}));
    for (name, damage, _) in DOCUMENTS {
        let mut damaged = document.clone();
        damage(&mut damaged);
        exhibits.add(name, &damaged, &json!({"": tools}));
    }
    let (content, said) = exhibits.verdict().await;
    assert!(!content, "{said}");
    for (name, _, complaint) in DOCUMENTS {
        let found =
            said.lines().any(|line| line.starts_with(&format!("{name}: ")) && line.contains(complaint));
        assert!(found, "of `{name}` nobody says `{complaint}`:\n{said}");
    }
    assert!(!said.contains("whole: "), "{said}");
}

#[tokio::test]
async fn wrong_calls_are_found() {
    let tool = |name: &str, what: Value| json!({"name": name, "inputSchema": {"type": "object", "properties": {"x": what}, "required": ["x"]}});
    let listed = [
        tool("whole", json!({"type": "integer"})),
        tool("stricter", json!({"type": "integer"})),
        tool("looser", json!({"type": "string"})),
        tool("headers", json!({"type": "integer"})),
        tool("unasked", json!({"type": "integer"})),
    ];
    // The gateway is told one thing, and judged by another.
    let mut read = listed.clone();
    read[1] = tool("stricter", json!(true));
    let home = Home::new();
    let folder = |name: &str, content: &Value| {
        let folder = home.path("data").join(name);
        fs_err::create_dir_all(&folder).unwrap();
        fs_err::write(folder.join("server.json"), content.to_string()).unwrap();
        folder
    };
    let fakes = folder("listed", &json!(read)).join("server.json");
    let mut told = listed.clone();
    told[2] = tool("looser", json!({}));
    let tools = folder("tools", &json!(told));
    let instances = folder(
        "instances",
        &json!({"whole": [{"x": 1}], "stricter": [{"x": 1}], "looser": [{"x": 1}], "headers": [{"x": 1}], "unasked": [{"x": 1}]}),
    );
    let (entry, record) = stdio(&home, "server", &["--tools-file", fakes.to_str().unwrap()]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"server": entry}})).await;
    gateway.wait_ready("server").await;
    gateway.post("/server/unasked", &json!({"x": 7})).await.ok();
    record.wait_for("call").await;
    let folders = [tools, instances, home.path("")].map(|folder| folder.to_str().unwrap().to_owned());
    let args = [gateway.base(), &folders[0], &folders[1], &folders[2]];
    let (content, said) = Judges::installed().verdict("arguments.py", &args).await;
    gateway.stop().await;
    assert!(!content, "{said}");
    for complaint in [
        "server/stricter: invalid, answered with 200",
        "server/stricter: reached the server, unasked or changed",
        "server/looser: valid, refused with 422",
        r#"server/headers: sent {"x": 1}, the echo is "null""#,
        "server/unasked: reached the server, unasked or changed",
    ] {
        assert!(said.contains(complaint), "nobody says `{complaint}`:\n{said}");
    }
    assert!(!said.contains("server/whole"), "{said}");
}

#[tokio::test]
async fn an_answer_that_no_document_describes_is_found() {
    let home = Home::new();
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"awkward": fake(&[])}})).await;
    let document = gateway.wait_ready("awkward").await;
    gateway.stop().await;
    let other = Router::new()
        .route("/openapi.json", get(async || Json(document)))
        .fallback(async || (StatusCode::IM_A_TEAPOT, "short and stout"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = TaskTracker::new().spawn(async move { axum::serve(listener, other).await });
    let (content, said) = Judges::installed().verdict("generated_calls.py", &[&base]).await;
    serving.abort();
    assert!(!content, "{said}");
    assert!(said.contains("Undocumented Content-Type"), "{said}");
}
