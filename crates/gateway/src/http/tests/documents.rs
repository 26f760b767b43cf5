use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use traygate_config::OperationIds;
use traygate_upstream::{State, ToolEntry};

use super::{Answer, Stand, get, stand::request, tool};
use crate::http::Rules;

fn time_tool() -> ToolEntry {
    ToolEntry {
        title: Some("Convert a time".into()),
        description: Some("Convert a time between zones.".into()),
        output_schema: Some(Arc::new(
            json!({"type": "object", "properties": {"time": {"$ref": "#/$defs/T"}}, "$defs": {"T": {"type": "string"}}})
                .as_object()
                .unwrap()
                .clone(),
        )),
        ..tool(
            "convert-time",
            json!({"type": "object", "properties": {"zone": {"type": "string", "enum": ["UTC", "CET"]}}, "required": ["zone"]}),
        )
    }
}

/// What a server says of its results is told, and not held against it.
#[tokio::test]
async fn a_result_that_is_not_as_its_schema_says_is_answered_all_the_same() {
    for result in [
        json!({"content": [{"type": "text", "text": "late"}], "structuredContent": {"time": 7}}),
        json!({"content": [], "structuredContent": {"time": 7}}),
    ] {
        let stand =
            Stand::new(Rules::default()).ready("time", vec![time_tool()]).answers("convert-time", Ok(result));
        let answer = stand.call("/time/convert-time", r#"{"zone":"UTC"}"#).await;
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains(r#"{"time":7}"#), "{}", answer.text());
    }
}

fn ids(answer: &Answer) -> Vec<String> {
    let paths = answer.json()["paths"].as_object().unwrap().clone();
    paths.values().map(|path| path["post"]["operationId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_servers_document_is_whole() {
    let mut rules = Rules::clone(&Stand::with_key().rules.load());
    rules.open_docs = true;
    let stand = Stand::new(rules).ready("time", vec![time_tool(), tool("now", json!({}))]);
    let document = stand.get("/time/openapi.json").await.json();
    insta::assert_snapshot!("server-document", serde_json::to_string_pretty(&document).unwrap());
}

#[tokio::test]
async fn the_root_document_lists_what_is_known() {
    let rules = Rules { root_path: "/tools".into(), path_prefix: "/v1".into(), ..Rules::default() };
    let stand = Stand::new(rules)
        .ready("a", vec![tool("search", json!({})), tool("one", json!({}))])
        .ready("b", vec![tool("search", json!({}))])
        .server("starting", State::Connecting { last: None }, None);
    let answer = stand.get("/openapi.json").await;
    assert_eq!(ids(&answer), ["a_search", "one", "b_search"]);
    let document = answer.json();
    assert_eq!(document["servers"][0]["url"], "/tools");
    assert_eq!(document["paths"]["/v1/a/search"]["post"]["tags"], json!(["a"]));
    let description = document["info"]["description"].as_str().unwrap();
    assert!(description.contains("[starting](/tools/v1/starting/docs)"), "{description}");
}

#[tokio::test]
async fn titles_come_from_the_config_file_and_ids_as_it_wants() {
    let stand = Stand::new(Rules { operation_ids: OperationIds::Mcpo, ..Rules::default() })
        .ready("one", vec![tool("get-env", json!({}))])
        .ready("two", vec![tool("get-env", json!({}))]);
    for name in ["one", "two"] {
        let answer = stand.get(&format!("/{name}/openapi.json")).await;
        assert_eq!(answer.json()["info"]["title"], name);
        assert_eq!(ids(&answer), ["tool_get_env_post"]);
    }
}

#[tokio::test]
async fn ids_are_unique_legal_and_the_same_whatever_the_order() {
    let names = ["get.item", "get-item", "get_item", "日本語", "with space", "a/b"];
    let document = |names: Vec<&str>| {
        let stand =
            Stand::new(Rules::default()).ready("s", names.iter().map(|name| tool(name, json!({}))).collect());
        async move { stand.get("/s/openapi.json").await }
    };
    let mut one = ids(&document(names.to_vec()).await);
    let mut other = ids(&document(names.iter().rev().copied().collect()).await);
    one.sort();
    other.sort();
    assert_eq!(one, other);
    one.dedup();
    assert_eq!(one.len(), names.len());
}

#[tokio::test]
async fn a_bad_schema_costs_one_property_of_one_tool() {
    let stand = Stand::new(Rules::default()).ready(
        "s",
        vec![
            tool("bad", json!({"properties": {"a": {"$ref": "#/$defs/Missing"}, "b": {"type": "string"}}})),
            tool("good", json!({"properties": {"c": {"type": "string"}}})),
        ],
    );
    let document = stand.get("/s/openapi.json").await.json();
    let properties = |path: &str| {
        document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
            .clone()
    };
    assert_eq!(properties("/bad")["b"], json!({"type": "string"}));
    assert_eq!(properties("/good")["c"], json!({"type": "string"}));
    assert_eq!(stand.call("/s/bad", r#"{"a":1}"#).await.status, 200);
}

#[tokio::test]
async fn a_document_changes_with_its_tools_and_rules_and_only_then() {
    let stand = Stand::new(Rules::default()).ready("s", vec![tool("a", json!({}))]);
    let first = stand.get("/s/openapi.json").await;
    let etag = first.header("etag").to_owned();
    let known = [("if-none-match", etag.as_str())];
    let answer = stand.send(get("/s/openapi.json", &known)).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (304, 0));
    let stand = stand.ready("s", vec![tool("b", json!({}))]);
    assert_eq!(ids(&stand.send(get("/s/openapi.json", &known)).await), ["b"]);
    assert_eq!(ids(&stand.get("/openapi.json").await), ["b"]);
    stand.rules.store(Arc::new(Rules { operation_ids: OperationIds::Mcpo, ..Rules::default() }));
    assert_eq!(ids(&stand.get("/s/openapi.json").await), ["tool_b_post"]);
    assert_eq!(ids(&stand.get("/openapi.json").await), ["tool_b_post"]);
}

#[tokio::test]
async fn known_tools_stay_while_their_server_is_away_and_go_when_it_is_disabled() {
    let stand = Stand::new(Rules::default()).ready("s", vec![tool("a", json!({}))]);
    let tools = crate::http::Upstreams::catalogue(&stand.servers).servers["s"].tools.clone();
    let stand = stand.server("s", State::Failed { reason: "gone".into() }, tools.clone());
    assert_eq!(ids(&stand.get("/s/openapi.json").await), ["a"]);
    assert_eq!(ids(&stand.get("/openapi.json").await), ["a"]);
    let stand = stand.server("s", State::Disabled, tools);
    assert_eq!(stand.get("/s/openapi.json").await.status, 503);
    assert_eq!(ids(&stand.get("/openapi.json").await), Vec::<String>::new());
}

#[tokio::test]
async fn documents_are_compressed_and_readable_by_head() {
    let stand = Stand::new(Rules::default()).ready("s", vec![tool("a", json!({}))]);
    let plain = stand.get("/s/openapi.json").await;
    let packed = stand.send(get("/s/openapi.json", &[("accept-encoding", "gzip, deflate, br")])).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    let head = stand.send(request(Method::HEAD, "/s/openapi.json", "", &[])).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), plain.body.len().to_string());
}

#[tokio::test]
async fn a_thousand_tools_are_one_document() {
    let schema = json!({"properties": {"a": {"type": "string"}, "b": {"$ref": "#/properties/a"}}});
    let tools = (0..1000).map(|at| tool(&format!("tool {at}"), schema.clone())).collect();
    let stand = Stand::new(Rules::default()).ready("s", tools);
    assert_eq!(ids(&stand.get("/s/openapi.json").await).len(), 1000);
    assert_eq!(stand.call("/s/tool%20999", "{}").await.status, 200);
}

/// Every `$ref` of a document names something in it.
#[tokio::test]
async fn references_of_a_document_lead_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document =
        Stand::new(Rules::default()).ready("time", vec![time_tool()]).get("/openapi.json").await.json();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
}
