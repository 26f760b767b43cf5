//! N01-N09: names of tools and servers, in paths and as operationIds.

use serde_json::{Value, json};
use traygate_tests::{Gateway, Home, fake};

/// An entry whose server lists tools of these names, each with its number as description.
fn server_with(home: &Home, file: &str, names: &[&str]) -> Value {
    let tools: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(number, name)| {
            json!({"name": name, "description": format!("number {number}"), "inputSchema": {"type": "object"}})
        })
        .collect();
    let path = home.path(file);
    fs_err::write(&path, json!(tools).to_string()).unwrap();
    fake(&["--tools-file", path.to_str().unwrap()])
}

fn operation_ids(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().unwrap();
    paths.values().map(|path| path["post"]["operationId"].as_str().unwrap().to_owned()).collect()
}

fn assert_legal_and_unique(ids: &[String]) {
    for id in ids {
        let legal = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        assert!(legal && (1..=64).contains(&id.len()), "{id}");
    }
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
}

#[tokio::test]
async fn n01_operation_ids_are_unique_legal_and_stable() {
    let home = Home::new();
    let long = "x".repeat(80);
    let longer = format!("{long}y");
    let names = ["get.item", "get-item", "get_item", &long, &longer];
    let config = json!({"mcpServers": {"s": server_with(&home, "tools.json", &names)}});
    let gateway = Gateway::start(&home, &config).await;
    let ids = operation_ids(&gateway.wait_ready("s").await);
    assert_eq!(ids.len(), names.len());
    assert_legal_and_unique(&ids);
    // A name that is legal stays as it is.
    assert!(ids.contains(&"get-item".to_owned()) && ids.contains(&"get_item".to_owned()), "{ids:?}");
    gateway.stop().await;
    let gateway = Gateway::start(&home, &config).await;
    assert_eq!(operation_ids(&gateway.wait_ready("s").await), ids);
    gateway.stop().await;
}

#[tokio::test]
async fn n02_any_name_is_callable_and_its_id_is_ascii() {
    let home = Home::new();
    let entry = server_with(&home, "tools.json", &["日本語", "with space"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    let document = gateway.wait_ready("s").await;
    assert_legal_and_unique(&operation_ids(&document));
    for path in ["/s/%E6%97%A5%E6%9C%AC%E8%AA%9E", "/s/日本語", "/s/with%20space"] {
        assert_eq!(gateway.post(path, &json!({"x": 1})).await.ok(), json!({"x": 1}), "{path}");
    }
    // A client appends the document's path to its base URL as it stands.
    for path in document["paths"].as_object().unwrap().keys() {
        assert_eq!(
            gateway.post(&format!("/s{path}"), &json!({"x": 2})).await.ok(),
            json!({"x": 2}),
            "{path}"
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn n03_a_slash_in_a_name_works_plain_and_encoded() {
    let home = Home::new();
    let entry = server_with(&home, "tools.json", &["a/b"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    gateway.wait_ready("s").await;
    for path in ["/s/a/b", "/s/a%2Fb"] {
        assert_eq!(gateway.post(path, &json!({"x": 1})).await.ok(), json!({"x": 1}), "{path}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn n04_braces_in_a_name_are_no_template() {
    let home = Home::new();
    let entry = server_with(&home, "tools.json", &["a/{id}"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    let document = gateway.wait_ready("s").await;
    assert_eq!(gateway.post("/s/a/%7Bid%7D", &json!({"x": 1})).await.ok(), json!({"x": 1}));
    assert_eq!(gateway.post("/s/a/anything", &json!({})).await.refused(404)["code"], "unknown-tool");
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.keys().all(|path| !path.contains('{')), "OpenAPI reads braces as a parameter: {paths:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn n05_tools_named_like_pages_work_beside_them() {
    let home = Home::new();
    let entry = server_with(&home, "tools.json", &["docs", "openapi.json"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    let document = gateway.wait_ready("s").await;
    assert_eq!(document["paths"].as_object().unwrap().len(), 2);
    for tool in ["docs", "openapi.json"] {
        assert_eq!(gateway.call("s", tool, json!({"x": 1})).await.ok(), json!({"x": 1}), "{tool}");
    }
    assert!(gateway.get("/s/docs").await.header("content-type").starts_with("text/html"));
    gateway.stop().await;
}

#[tokio::test]
async fn n06_of_two_tools_of_one_name_the_first_wins() {
    let home = Home::new();
    let entry = server_with(&home, "tools.json", &["twice", "other", "twice"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    let document = gateway.wait_ready("s").await;
    assert_eq!(document["paths"].as_object().unwrap().len(), 2);
    assert_eq!(document["paths"]["/twice"]["post"]["description"], "number 0");
    assert_eq!(gateway.call("s", "twice", json!({"x": 1})).await.ok(), json!({"x": 1}));
    gateway.stop().await;
}

#[tokio::test]
async fn n07_a_document_is_titled_by_the_config_key() {
    let home = Home::new();
    let same = fake(&["--name", "same"]);
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"one": same, "two": same}})).await;
    assert_eq!(gateway.wait_ready("one").await["info"]["title"], "one");
    assert_eq!(gateway.wait_ready("two").await["info"]["title"], "two");
    gateway.stop().await;
}

#[tokio::test]
async fn n08_odd_server_names_are_encoded_or_refused_alone() {
    let home = Home::new();
    let config = json!({"mcpServers": {
        "my server": fake(&[]), "ключ": fake(&[]), "docs": fake(&[]), "api": fake(&[]),
        "a/b": fake(&[]), "-": fake(&[]), "": fake(&[]), "ok": fake(&[]),
    }});
    let gateway = Gateway::start(&home, &config).await;
    for server in ["ok", "my%20server", "%D0%BA%D0%BB%D1%8E%D1%87", "docs", "api"] {
        gateway.wait_ready(server).await;
        assert_eq!(gateway.call(server, "add", json!({"a": 1, "b": 1})).await.ok(), "2", "{server}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn n08_what_cannot_be_a_name_is_said_with_its_place_and_reason() {
    let home = Home::new();
    let names = ["-", "", ".", "..", "a/b", "a\\b", "line\nbreak"];
    let entry = |name: &str| format!("  {}: {{\"type\": \"demo\"}}", json!(name));
    let entries: Vec<_> = names.into_iter().chain(["ok"]).map(entry).collect();
    home.config().write_text(&format!("{{\"mcpServers\": {{\n{}\n}}}}\n", entries.join(",\n")));
    let gateway = Gateway::builder(&home).config_file().start().await;
    gateway.wait_ready("ok").await;
    let said = [
        (2, r#""-" cannot be used: this name is reserved"#),
        (3, r#""" cannot be used: a server's name must not be empty"#),
        (4, r#""." cannot be used: this name is reserved"#),
        (5, r#"".." cannot be used: this name is reserved"#),
        (6, r#""a/b" cannot be used: a server's name must not hold a slash or a control character"#),
        (7, r#""a\\b" cannot be used: a server's name must not hold a slash or a control character"#),
        (8, r#""line\nbreak" cannot be used: a server's name must not hold a slash or a control character"#),
    ];
    for (line, said) in said {
        let place = format!("config.json:{line}:3: ");
        let log = gateway.stderr();
        let told = log.lines().find(|told| told.contains(&place)).unwrap_or_else(|| panic!("{place}{log}"));
        assert!(told.contains(said) && told.contains("Rename it"), "{told}");
    }
    // They are no servers of the documents either.
    let document = gateway.get("/openapi.json").await.ok();
    assert!(document["paths"].as_object().unwrap().keys().all(|path| path.starts_with("/ok/")));
    gateway.stop().await;
}

#[tokio::test]
async fn n09_mcpos_operation_ids_are_there_for_who_wants_them() {
    let home = Home::new();
    let entry = server_with(&home, "tools.json", &["get_time", "get.item", "get-item", "日本語"]);
    let config = json!({"mcpServers": {"s": entry}, "traygate": {"operationIds": "mcpo"}});
    let gateway = Gateway::start(&home, &config).await;
    let ids = operation_ids(&gateway.wait_ready("s").await);
    assert_legal_and_unique(&ids);
    // Legal and unique: as mcpo writes it, so that saved filters go on matching.
    assert!(ids.contains(&"tool_get_time_post".to_owned()), "{ids:?}");
    // mcpo gives these two the same; a model could not tell them apart.
    assert_eq!(ids.iter().filter(|id| id.starts_with("tool_get_item_post")).count(), 2, "{ids:?}");
    gateway.stop().await;
    // Otherwise names stay as they are.
    let gateway = Gateway::start(&home, &json!({"mcpServers": {"s": entry}})).await;
    let ids = operation_ids(&gateway.wait_ready("s").await);
    assert!(ids.contains(&"get_time".to_owned()) && ids.contains(&"get-item".to_owned()), "{ids:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn the_root_document_lists_all_tools_with_unique_ids() {
    let home = Home::new();
    let config = json!({"mcpServers": {"one": fake(&[]), "two": fake(&[])}});
    let gateway = Gateway::start(&home, &config).await;
    gateway.wait_ready("one").await;
    gateway.wait_ready("two").await;
    let document = gateway.get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/one/add") && paths.contains_key("/two/add"));
    assert_legal_and_unique(&operation_ids(&document));
    gateway.stop().await;
}
